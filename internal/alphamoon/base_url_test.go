package alphamoon_test

import (
	"errors"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

func TestParseBaseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"https://workspace.alphamoon.ai": nil, "https://proxy.example.com/alphamoon/": nil, "https://example.com:8443": nil,
		"http://localhost:8080": nil, "http://127.0.0.1:1": nil, "http://[::1]:8080/prefix": nil, "http://127.9.9.9": nil,
		"http://example.com": alphamoon.ErrBaseURLCleartext, "http://127.0.0.1.example.com": alphamoon.ErrBaseURLCleartext,
		"http://localhost.example.com": alphamoon.ErrBaseURLCleartext, "http://10.0.0.1": alphamoon.ErrBaseURLCleartext,
		"": alphamoon.ErrBaseURLForm, "workspace.alphamoon.ai": alphamoon.ErrBaseURLForm, "/relative": alphamoon.ErrBaseURLForm,
		"ftp://example.com": alphamoon.ErrBaseURLForm, "https://": alphamoon.ErrBaseURLForm,
		"https://user:pass@example.com": alphamoon.ErrBaseURLForm,
		"https://example.com?x=1":       alphamoon.ErrBaseURLForm, "https://example.com?": alphamoon.ErrBaseURLForm,
		"https://example.com#top": alphamoon.ErrBaseURLForm, "https://exa mple.com": alphamoon.ErrBaseURLForm,
		"https://:443": alphamoon.ErrBaseURLForm,
	} {
		if _, err := alphamoon.ParseBaseURL(text); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"https://workspace.alphamoon.ai/api":      "https://workspace.alphamoon.ai",
		"https://workspace.alphamoon.ai/api/":     "https://workspace.alphamoon.ai",
		"https://workspace.alphamoon.ai/api/v0.4": "https://workspace.alphamoon.ai",
		"http://localhost:8080/a%20b//api/v1/":    "http://localhost:8080/a%20b",
		"https://example.com/alphamoon/api/v0.3":  "https://example.com/alphamoon",
		"https://example.com/myapi":               "", "https://example.com/api/alphamoon": "",
		"https://api.example.com": "", "https://example.com/v0.4": "",
	} {
		_, err := alphamoon.ParseBaseURL(text)
		without := ""
		if refusal, ok := errors.AsType[*alphamoon.BaseURLPathError](err); ok {
			without = refusal.Without
		}
		if without != want {
			t.Errorf("%q: got %q (%v), want %q", text, without, err, want)
		}
	}
}
