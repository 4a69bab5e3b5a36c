package alphamoon_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func TestParseCredential(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte("someuser:somepass"))
	for text, want := range map[string]error{
		"user:pass": nil, "user:pa:ss": nil, "u:p": nil,
		"": alphamoon.ErrCredentialForm, "userpass": alphamoon.ErrCredentialForm, ":pass": alphamoon.ErrCredentialForm,
		"user:": alphamoon.ErrCredentialForm, ":": alphamoon.ErrCredentialForm, "dXNlcg==": alphamoon.ErrCredentialForm,
		"user:pass\n": alphamoon.ErrCredentialBlank, "user: pass": alphamoon.ErrCredentialBlank,
		"user:\u200bpass": alphamoon.ErrCredentialBlank, "user:pass\u00a0": alphamoon.ErrCredentialBlank,
		encoded: alphamoon.ErrCredentialEncoded, strings.TrimRight(encoded, "="): alphamoon.ErrCredentialEncoded,
		"\ufeffuser:pass": alphamoon.ErrCredentialByteOrderMark, "\ufeffKEY=user:pass": alphamoon.ErrCredentialByteOrderMark,
		"ALPHAMOON_API_KEY=user:pass": alphamoon.ErrCredentialAssigned, `export KEY="user:pass"`: alphamoon.ErrCredentialAssigned,
		"api_key = \"user:pass\"": alphamoon.ErrCredentialAssigned, "$env:KEY = 'user:pass'": alphamoon.ErrCredentialAssigned,
		"QUJD=:pass": nil, "QUJDRA==:pass": nil, "user:A=b": nil, // the padding of base64, and a password
		`"user:pass"`: alphamoon.ErrCredentialQuoted, "'user:pass'\n": alphamoon.ErrCredentialQuoted,
		"“user:pass”": alphamoon.ErrCredentialQuoted,
		`us"er:pass"`: nil, `"`: alphamoon.ErrCredentialForm,
		"Basic " + encoded: alphamoon.ErrCredentialHeader, "Authorization: basic user:pass": alphamoon.ErrCredentialHeader,
		"basic:pass": nil,
	} {
		_, err := alphamoon.ParseCredential(text)
		if !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
		if err != nil && len(text) > len("user:") && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats %q", text)
		}
	}
}

func TestSecretIsNeverFormatted(t *testing.T) {
	t.Parallel()
	const canary = "canary-secret"
	credential, err := alphamoon.ParseCredential("canary-user:" + canary)
	if err != nil {
		t.Fatal(err)
	}
	key := alphamoon.CreatedAPIKey{Key: alphamoon.NewSecret(canary)}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("test", "secret", key.Key, "credential", credential)
	encoded, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{log.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, credential), fmt.Sprintf(verb, key), fmt.Sprintf(verb, &key),
			fmt.Sprintf(verb, key.Key), fmt.Sprintf(verb, alphamoon.NewClient(alphamoon.Config{Credential: credential})))
	}
	for _, text := range texts {
		for _, form := range []string{canary, "canary-user", fmt.Sprintf("%x", canary)} {
			if strings.Contains(strings.ToLower(text), form) {
				t.Errorf("%q shows %q", text, form)
			}
		}
	}
	if key.Key.Reveal() != canary {
		t.Error("Reveal does not return the secret")
	}
}

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

func TestProcessID(t *testing.T) {
	t.Parallel()
	const id = "2080d36bf94c4147b2e543104342fc2f"
	if !alphamoon.IsProcessID(id) {
		t.Errorf("%q is an id", id)
	}
	for _, text := range []string{
		"", id[1:], id + "0", strings.ToUpper(id), "2080d36b-f94c-4147-b2e5-43104342fc2f", id + "\n", strings.Repeat("g", 32),
	} {
		if alphamoon.IsProcessID(text) {
			t.Errorf("%q is no id", text)
		}
	}
	for _, text := range []string{
		"https://workspace.alphamoon.ai/queue/" + id, "https://workspace.alphamoon.ai/queue/" + id + "/",
		"https://workspace.alphamoon.ai/queue/" + id + "?page=2",
		"https://workspace.alphamoon.ai/queue/" + id + "#top", "https://proxy.example.com/prefix/queue/" + id + "/supervision",
		" https://workspace.alphamoon.ai/queue/" + id + "\n",
	} {
		if got, ok := alphamoon.ProcessIDFromQueueURL(text); !ok || got != id {
			t.Errorf("%q: got %q, %t", text, got, ok)
		}
	}
	for _, text := range []string{
		"", id, "https://workspace.alphamoon.ai/", "https://workspace.alphamoon.ai/queue/",
		"https://workspace.alphamoon.ai/collections/" + id,
		"https://workspace.alphamoon.ai/queue/" + id + "0", "https://workspace.alphamoon.ai/?next=/queue/" + id,
		"ftp://workspace.alphamoon.ai/queue/" + id,
	} {
		if got, ok := alphamoon.ProcessIDFromQueueURL(text); ok {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	scopes := alphamoon.Scopes()
	groups, names := map[string]bool{}, map[string]bool{}
	for _, scope := range scopes {
		groups[scope.Group], names[scope.Name] = true, true
		if !alphamoon.IsScope(scope.Name) || !alphamoon.IsDocumentedScope(scope.Name) || scope.Description == "" {
			t.Errorf("%+v is not a proper entry", scope)
		}
	}
	if len(names) != 21 || len(groups) != 7 {
		t.Errorf("got %d scopes in %d groups, want 21 in 7", len(names), len(groups))
	}
	for _, text := range []string{
		"", "workspace", "workspace:read", "workspace.result", "workspace.result:", ".result:read", "workspace.Result:read",
		"workspace.result:read ", "workspace..result:read", "workspace.result:read:write", "workspace.result2:read", "*",
	} {
		if alphamoon.IsScope(text) {
			t.Errorf("%q has not the form of a scope", text)
		}
	}
}

// TestAnswersThatRepeatTheCredential: what the libraries quote of an answer is read by people too.
func TestAnswersThatRepeatTheCredential(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte(sandbox.DefaultCredential))
	for name, answer := range map[string]string{
		"a line that is no HTTP":   "Basic " + encoded + "\r\n\r\n",
		"a header without a colon": "HTTP/1.1 200 OK\r\nAuthorization Basic " + encoded + "\r\n\r\n",
		"an address that is none":  "HTTP/1.1 302 Found\r\nLocation: http://%zz/" + encoded + "\r\nContent-Length: 0\r\n\r\n",
		"a length that is none":    "HTTP/1.1 200 OK\r\nContent-Length: " + sandbox.DefaultCredential + "\r\n\r\n",
		"a content type":           "HTTP/1.1 200 OK\r\nContent-Type: text/" + encoded + "\r\nContent-Length: 1\r\n\r\n.",
		"a total that is no number": "HTTP/1.1 200 OK\r\n\r\n" +
			`{"apiKeys": [], "pagination": {"total": "` + sandbox.DefaultCredential + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = conn.Write([]byte(answer))
				_ = conn.Close()
			}))
			_, err := client.ProcessAPIKeys(processID).List(t.Context())
			if err == nil {
				t.Fatal("the listing succeeded")
			}
			if text := err.Error(); strings.Contains(text, encoded) || strings.Contains(text, sandbox.DefaultCredential) {
				t.Error(text)
			}
			if connection, ok := errors.AsType[*alphamoon.ConnectionError](err); ok && !strings.Contains(connection.Reason, "(redacted)") {
				t.Errorf("the reason is %q", connection.Reason)
			}
		})
	}
}
