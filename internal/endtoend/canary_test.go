package endtoend_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const keyConfig = `
resource "alphamoon_process_api_key" "test" {
  process_id        = "` + sandbox.DefaultProcessID + `"
  name              = "canary"
  scopes            = ["workspace.result:read"]
  expires_in        = "90d"
  revoke_on_destroy = true
  rotation_triggers = { round = "ROUND" }
}

data "alphamoon_process_api_keys" "test" {
  process_id = "` + sandbox.DefaultProcessID + `"
  depends_on = [alphamoon_process_api_key.test]
}
`

// organizationConfig has a key of the other kind.
const organizationConfig = `
resource "alphamoon_organization_api_key" "test" {
  name       = "canary"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
  depends_on = [alphamoon_process_api_key.test]
}

data "alphamoon_organization_api_keys" "test" {
  depends_on = [alphamoon_organization_api_key.test]
}
`

// TestAccCanary goes through a whole life of a key with every log at its most talkative, under faults that send
// secrets back, and searches all that was written for the secrets in every spelling.
func TestAccCanary(t *testing.T) {
	t.Parallel()
	const credential = "canary-user:canary+pass/word"
	w := newWorkspace(t, strings.ReplaceAll(keyConfig, "ROUND", "1")+organizationConfig,
		sandbox.Options{Credential: credential, Latency: time.Millisecond})
	echo := `{"title": "Refused", "detail": "You sent ` + credential + ` as ` + base64.StdEncoding.EncodeToString([]byte(credential)) + `"}`
	page := `<html><body>` + strings.Repeat("x", 190) + ` canary+pass/word</body></html>`
	written := &strings.Builder{}
	secrets := map[string]bool{credential: true}
	// collect is also called in the middle of a run, for a key that is revoked before the run ends.
	var mu sync.Mutex
	collect := func(box *sandbox.Sandbox) {
		mu.Lock()
		defer mu.Unlock()
		for _, key := range append(box.Keys(sandbox.DefaultProcessID), box.Keys(sandbox.Organization)...) {
			secrets[key.Secret] = true
		}
	}
	run := func(arguments ...string) {
		command := w.command(t.Context(), map[string]string{
			"ALPHAMOON_API_KEY": credential, "TF_LOG": "TRACE", "TF_LOG_PATH": w.dir + "/trace.log",
			"TF_DISABLE_PLUGIN_TLS": "",
		}, arguments...)
		output, err := command.CombinedOutput()
		_, _ = fmt.Fprintf(written, "%s\n%s (%v)\n", arguments, output, err)
		collect(w.Sandbox)
	}
	run("plan", "-input=false", "-out=canary.tfplan")
	run("show", "canary.tfplan")
	w.Inject(
		sandbox.Fault{Operation: sandbox.Create, Status: 403, Body: echo},
		sandbox.Fault{
			Operation: sandbox.List,
			Skip:      1,
			Status:    502,
			Body:      page,
			Header:    http.Header{"Content-Type": {"text/html"}},
		},
	)
	run("apply", "-input=false", "-auto-approve") // refused with the credential in the answer
	w.Inject(sandbox.Fault{Operation: sandbox.Create, Truncate: true, Then: collect})
	run("apply", "-input=false", "-auto-approve") // the answer with the secret breaks off
	run("apply", "-input=false", "-auto-approve")
	run("show")
	w.write("main.tf", requirement+strings.ReplaceAll(keyConfig, "ROUND", "2")+organizationConfig)
	w.Inject(sandbox.Fault{Operation: sandbox.Create, AlterGranted: func(key *sandbox.Key) {
		key.Scopes = []string{"workspace.file:upload"}
	}})
	run("apply", "-input=false", "-auto-approve") // kept, tainted
	w.Inject(sandbox.Fault{Operation: sandbox.Create, Status: 500, AfterWork: true, Body: echo, Then: collect})
	run("apply", "-input=false", "-auto-approve")
	w.Inject(sandbox.Fault{Operation: sandbox.List, Status: 500, Body: echo, Times: 20})
	run("plan", "-input=false")
	w.ClearFaults()
	run("destroy", "-input=false", "-auto-approve")

	trace := w.read("trace.log")
	if !strings.Contains(trace, "Alphamoon API request") || !strings.Contains(trace, "duration_ms") {
		t.Error("the log has no line of the provider's requests: the search would prove nothing")
	}
	if !strings.Contains(written.String(), "(redacted)") {
		t.Error("no diagnostic had anything to take out: the search would prove nothing")
	}
	if len(secrets) < 6 { // the credential, and the keys of both kinds and of three faults
		t.Errorf("only %d secrets were made", len(secrets))
	}
	all := written.String() + trace
	for secret := range secrets {
		for _, form := range spellings(secret) {
			if i := strings.Index(all, form); i >= 0 {
				t.Errorf("%q was written: …%s…", form, all[max(0, i-200):min(len(all), i+100)])
			}
		}
	}
}

// spellings lists a secret and its parts as they could be written. A part is looked for by itself too.
func spellings(secret string) []string {
	var forms []string
	for _, text := range append(strings.Split(secret, ":"), secret) {
		raw := []byte(text)
		forms = append(forms, text, url.QueryEscape(text), url.PathEscape(text), fmt.Sprintf("%x", raw),
			strings.TrimRight(base64.StdEncoding.EncodeToString(raw), "="),
			strings.TrimRight(base64.URLEncoding.EncodeToString(raw), "="))
	}
	for i, form := range forms {
		// Whatever has the form has its beginning, and the processor finds short texts many times faster.
		forms[i] = form[:min(len(form), 30)]
	}
	return forms
}

// TestAccEncryptedSecretIsInNoFile searches every file that Terraform leaves for the secret of a key that is encrypted.
func TestAccEncryptedSecretIsInNoFile(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	config := strings.ReplaceAll(keyConfig, "ROUND", "1")
	config = strings.Replace(config, "expires_in ", fmt.Sprintf("encrypt_to        = [%q]\n  expires_in ",
		identity.Recipient()), 1)
	w := newWorkspace(t, config, sandbox.Options{})
	var keys []sandbox.Key // the replaced one too, which is in the backup of the state
	for _, arguments := range [][]string{
		{"apply", "-input=false", "-auto-approve"},
		{"plan", "-input=false", "-out=empty.tfplan"},
		{"apply", "-input=false", "-auto-approve", "-replace=alphamoon_process_api_key.test"},
	} {
		command := w.command(
			t.Context(),
			map[string]string{"TF_LOG": "TRACE", "TF_LOG_PATH": w.dir + "/trace.log"},
			arguments...)
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		keys = append(keys, w.Keys(sandbox.DefaultProcessID)...)
		if !strings.Contains(w.read("terraform.tfstate"), "BEGIN AGE ENCRYPTED FILE") {
			t.Error("the state holds no encrypted secret")
		}
	}
	if len(keys) != 3 || keys[0].ID == keys[2].ID {
		t.Errorf("%d keys were seen", len(keys))
	}
	w.expectInNoFile(keys)
}
