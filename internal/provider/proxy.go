package provider

import (
	"cmp"
	"fmt"
	"net/url"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"golang.org/x/net/http/httpproxy"
)

// warnOfIgnoredProxy warns of a proxy that Go leaves out without a word, because its address cannot be read: requests would
// go to the service directly, against the will of whoever set it.
func warnOfIgnoredProxy(environment *httpproxy.Config, address *url.URL, diags *diag.Diagnostics) {
	uses := func(config httpproxy.Config) bool {
		proxy, err := config.ProxyFunc()(address)
		return err == nil && proxy != nil
	}
	readable := *environment
	readable.HTTPSProxy = "http://readable.invalid"
	if environment.HTTPSProxy == "" || uses(*environment) || !uses(readable) {
		return
	}
	name := "HTTPS_PROXY"
	if cmp.Or(os.Getenv(name), environment.HTTPSProxy) != environment.HTTPSProxy || os.Getenv(name) == "" {
		name = "https_proxy"
	}
	// The value is not repeated, because it may have a password.
	diags.AddWarning("Proxy is not used", fmt.Sprintf("The environment variable %s has an address that cannot be read, so requests go "+
		"to %s without a proxy. Write it like http://proxy.example.com:3128, or http://user:password@proxy.example.com:3128 with each "+
		"special character of the password percent-encoded.", name, address.Host))
}
