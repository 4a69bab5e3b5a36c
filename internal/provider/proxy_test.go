package provider

import (
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"golang.org/x/net/http/httpproxy"
)

func TestWarnOfIgnoredProxy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		proxy, exempt, address string
		warns                  bool
	}{
		"none":                   {"", "", "https://workspace.alphamoon.ai", false},
		"usual":                  {"http://proxy:3128", "", "https://workspace.alphamoon.ai", false},
		"host and port":          {"proxy:3128", "", "https://workspace.alphamoon.ai", false},
		"unreadable password":    {"http://me:hidden%word@proxy:3128", "", "https://workspace.alphamoon.ai", true},
		"taken for a host name":  {"http://proxy:port", "", "https://workspace.alphamoon.ai", false}, // and the failure names it
		"unreadable, exempt":     {"http://me:%@proxy", ".alphamoon.ai", "https://workspace.alphamoon.ai", false},
		"unreadable, for http":   {"http://me:%@proxy", "", "http://service.example", false},
		"unreadable, for itself": {"http://me:%@proxy", "", "https://127.0.0.1:8080", false},
	} {
		var diags diag.Diagnostics
		address, err := url.Parse(test.address)
		if err != nil {
			t.Fatal(err)
		}
		warnOfIgnoredProxy(&httpproxy.Config{HTTPSProxy: test.proxy, NoProxy: test.exempt}, address, &diags)
		if diags.HasError() || (diags.WarningsCount() == 1) != test.warns {
			t.Errorf("%s: %v", name, diags)
		}
		for _, warning := range diags {
			if strings.Contains(warning.Detail(), "hidden") ||
				!strings.Contains(warning.Detail(), "so requests go to workspace.alphamoon.ai without a proxy") {
				t.Errorf("%s: it says %q", name, warning.Detail())
			}
		}
	}
}
