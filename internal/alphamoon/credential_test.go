package alphamoon_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
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
	key := alphamoon.CreatedAPIKey{Key: redact.NewSecret(canary)}
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
