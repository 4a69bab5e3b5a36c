package alphamoon

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
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
			credential, err := ParseCredential(test.credential)
			if err != nil {
				t.Fatal(err)
			}
			redact := newRedactor(credential.forms())
			expect := func(echo, want string) {
				t.Helper()
				const before, after = "The user sent ", ", which is wrong."
				if got := redact(before+echo+after, false); got != before+want+after {
					t.Errorf("%q became %q", echo, got)
				}
			}
			raw := []byte(test.credential)
			for _, encoding := range []*base64.Encoding{
				base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding,
			} {
				expect(encoding.EncodeToString(raw), redacted)
			}
			expect(test.credential, redacted)
			expect(url.QueryEscape(test.credential), redacted)
			expect(url.PathEscape(test.credential), redacted)
			for part := range strings.SplitSeq(test.credential, ":") {
				want := part
				if test.parts {
					want = redacted
				}
				expect(part, want)
			}
		})
	}
}
