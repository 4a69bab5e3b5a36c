package redact_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// TestRedaction echoes the credential in every spelling within a sentence that must stay.
func TestRedaction(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		credential string
		parts      bool // whether each part is taken out by itself
	}{
		"long parts":    {"alphamoon-user:correct+horse/battery", true},
		"padded once":   {"alphamoon-user:correct+horse/batteryX", true},
		"padded twice":  {"alphamoon-user:correct+horse/batteryXY", true},
		"common words":  {"user:wrong", false},
		"eight letters": {"terminal:password", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			take := redact.ForTexts(test.credential)
			expect := func(echo, want string) {
				t.Helper()
				const before, after = "The user sent ", ", which is wrong."
				if got := take(before+echo+after, false); got != before+want+after {
					t.Errorf("%q became %q", echo, got)
				}
			}
			raw := []byte(test.credential)
			for _, encoding := range []*base64.Encoding{
				base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding,
			} {
				expect(encoding.EncodeToString(raw), redact.Placeholder)
			}
			expect(test.credential, redact.Placeholder)
			expect(url.QueryEscape(test.credential), redact.Placeholder)
			expect(url.PathEscape(test.credential), redact.Placeholder)
			for part := range strings.SplitSeq(test.credential, ":") {
				want := part
				if test.parts {
					want = redact.Placeholder
				}
				expect(part, want)
			}
		})
	}
}
