package endtoend_test

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// The built provider takes keys of ten minutes through their lives against a service whose rules nobody knows: Alphamoon
// itself every night, and here a sandbox with rules of its own.

// conformance is one run, with what it found out.
type conformance struct {
	*workspace
	credential, processID string
	// adminCredential is an organization admin's. Without it no key is revoked, and the organization's keys are left alone.
	adminCredential string
	// patience is how long a write may take to show.
	patience time.Duration
	prefix   string // of the names of this run's keys
	answers  []string
}

// anyConformance is the prefix of the names of all runs' keys. The suite of the sandbox removes them too.
const anyConformance = "conformance-"

// kindOfKey is what one life is about.
type kindOfKey struct {
	resource, arguments, scope, credential string
	idPrefix                               string // of an import
	path                                   string // where the keys are listed
	removable                              bool   // whether it is documented that such a key can be removed
}

func (c *conformance) run() {
	c.prefix = anyConformance + strings.ToLower(rand.Text()[:8]) + "-"
	defer c.sweep()
	path := "/api/v0.4/processes/" + c.processID + "/api-keys"
	kinds := []kindOfKey{{
		resource: "alphamoon_process_api_key", arguments: fmt.Sprintf("process_id = %q", c.processID), idPrefix: c.processID + "/",
		scope: "workspace.process.api_key:manage", credential: c.credential, path: path,
	}}
	if c.adminCredential != "" {
		kinds = append(kinds, kindOfKey{
			resource: "alphamoon_organization_api_key", scope: "workspace.result:read", credential: c.adminCredential,
			path: "/api/v0.4/admin/api-keys", removable: true,
		})
	}
	for _, kind := range kinds {
		c.live(kind)
	}
}

// live creates, plans, rotates, adopts and revokes a key.
func (c *conformance) live(kind kindOfKey) {
	c.t.Helper()
	c.dir = c.t.TempDir()
	config := func(round int, revokes bool, more string) string {
		return requirement + fmt.Sprintf(`
resource %q "test" {
  %s
  name_prefix          = %q
  scopes               = [%q]
  expires_in           = "10m"
  rotate_before_expiry = "0s"
  rotation_triggers    = { round = "%d" }
  revoke_on_destroy    = %t
  lifecycle {
    create_before_destroy = true
  }
  %s
`, kind.resource, kind.arguments, c.prefix, kind.scope, round, revokes, more)
	}
	step := func(what string, arguments ...string) string {
		began := now()
		output, err := c.terraform(kind, "", arguments...)
		outcome := "works, " + now().Sub(began).Round(100*time.Millisecond).String()
		if err != nil {
			outcome = said(output)
		}
		c.note(kind, what, outcome+warned(output))
		if err != nil {
			c.t.Fatalf("%s: %v\n%s", what, err, output)
		}
		return output
	}
	expectEmptyPlan := func(when string) {
		outcome := "empty"
		if output, err := c.terraform(kind, "", "plan", "-input=false", "-detailed-exitcode"); err != nil {
			outcome = cmp.Or(said(output), "not empty")
			c.t.Errorf("the plan after %s: %v\n%s", when, err, output)
		}
		c.note(kind, "a plan after "+when, outcome)
	}
	apply := []string{"apply", "-input=false", "-auto-approve"}

	c.write("main.tf", config(1, false, "}"))
	initialize(c.t, c.dir)
	step("a creation", apply...)
	expectEmptyPlan("a creation")
	_, first := c.keyInState()
	letIn := func(status int) bool { return status != http.StatusUnauthorized }
	c.expectStatus(kind, first, "the new key is let in", letIn)

	c.write("main.tf", config(2, false, "}"))
	step("a rotation", apply...)
	expectEmptyPlan("a rotation")
	id, second := c.keyInState()
	if second == first || second == "" {
		c.t.Error("the rotation brought no new secret")
	}
	c.expectStatus(kind, second, "the key after that is let in", letIn)

	c.adopt(kind, config, id, second)
	expectEmptyPlan("an import")
	if c.adminCredential != "" {
		c.write("main.tf", config(2, true, "}"))
		step("a change in place", apply...)
		c.revoke(kind, second)
	}
}

// adopt forgets the key and imports it with its secret.
func (c *conformance) adopt(kind kindOfKey, config func(int, bool, string) string, id, secret string) {
	c.t.Helper()
	if olderThan(c.t, "1.11.0") {
		c.note(kind, "an import with the secret", "not tried: this version has no write-only arguments")
		return
	}
	c.write("main.tf", config(2, false, fmt.Sprintf(`  key_wo = var.secret
}
variable "secret" {
  type      = string
  ephemeral = true
}
import {
  to = %s.test
  id = %q
}
`, kind.resource, kind.idPrefix+id)))
	if output, err := c.terraform(kind, secret, "state", "rm", kind.resource+".test"); err != nil {
		c.t.Fatalf("%v\n%s", err, output)
	}
	output, err := c.terraform(kind, secret, "apply", "-input=false", "-auto-approve")
	adopted, known := c.keyInState()
	if err != nil || strings.ReplaceAll(adopted, "-", "") != strings.ReplaceAll(id, "-", "") || known != secret {
		c.note(kind, "an import with the secret", said(output))
		c.t.Fatalf("the import brought %q: %v\n%s", adopted, err, output)
	}
	c.note(kind, "an import with the secret", "works"+warned(output))
	c.write("main.tf", config(2, false, "}"))
}

// revoke destroys the key, which revokes it. Of a process's key nobody has documented that this is possible.
func (c *conformance) revoke(kind kindOfKey, secret string) {
	c.t.Helper()
	output, err := c.terraform(kind, "", "destroy", "-input=false", "-auto-approve")
	switch {
	case err != nil && kind.removable:
		c.t.Errorf("%v\n%s", err, output)
		fallthrough
	case err != nil:
		c.note(kind, "a revocation", said(output))
		return
	}
	c.note(kind, "a revocation", "works"+warned(output))
	c.expectStatus(kind, secret, "the revoked key is refused", func(status int) bool { return status == http.StatusUnauthorized })
}

// note adds a row to the table.
func (c *conformance) note(kind kindOfKey, what, outcome string) {
	c.answers = append(c.answers, fmt.Sprintf("| %s | %s | %s |", kind.resource, what, strings.ReplaceAll(outcome, "|", "\\|")))
}

// table is what the run found out.
func (c *conformance) table() string {
	current, err := cliVersion()
	if err != nil {
		c.t.Error(err)
	}
	return fmt.Sprintf("| %s %s | what | outcome |\n|---|---|---|\n%s\n", cli.Name(), current, strings.Join(c.answers, "\n"))
}

var errorForm = regexp.MustCompile(`Error: ([^\n]*)`)

// said is the summary of what failed.
func said(output string) string {
	if match := errorForm.FindStringSubmatch(output); match != nil {
		return match[1]
	}
	return ""
}

// warned lists the summaries of warnings, without ids.
func warned(output string) string {
	var summaries []string
	for _, summary := range warnings(output) {
		if summary != "Short-lived key" {
			summaries = append(summaries, regexp.MustCompile(`"[^"]*" \([^)]*\)`).ReplaceAllString(summary, "…"))
		}
	}
	if len(summaries) == 0 {
		return ""
	}
	slices.Sort(summaries)
	return ", with the warning " + strings.Join(slices.Compact(summaries), "; ")
}

// terraform carries out a command with the credential of the kind.
func (c *conformance) terraform(kind kindOfKey, secret string, arguments ...string) (string, error) {
	environment := map[string]string{"ALPHAMOON_API_KEY": kind.credential}
	if secret != "" {
		environment["TF_VAR_secret"] = secret
	}
	output, err := c.command(c.t.Context(), environment, arguments...).CombinedOutput()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		c.t.Fatal(err)
	}
	return string(output), err
}

// send makes a request of its own, which is not the provider's.
func (c *conformance) send(credential, method, path string) (int, []byte) {
	c.t.Helper()
	request, err := http.NewRequest(method, c.address+path, nil) //nolint:noctx // also when the test has ended
	if err != nil {
		c.t.Fatal(err)
	}
	user, pass, _ := strings.Cut(credential, ":")
	request.SetBasicAuth(user, pass)
	response, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		c.t.Log(err)
		return 0, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Log(err)
	}
	return response.StatusCode, body
}

// expectStatus waits until a request with a secret is answered as it has to be.
func (c *conformance) expectStatus(kind kindOfKey, secret, what string, holds func(status int) bool) {
	c.t.Helper()
	began := now()
	for {
		status, _ := c.send(secret, http.MethodGet, kind.path+"?limit=1")
		waited := now().Sub(began).Round(time.Second)
		if status != 0 && holds(status) {
			c.note(kind, what, fmt.Sprintf("after %s", waited))
			return
		}
		if waited > c.patience {
			c.note(kind, what, fmt.Sprintf("not after %s, but %d", waited, status))
			c.t.Errorf("%s: not so after %s, but status %d", what, waited, status)
			return
		}
		time.Sleep(time.Second)
	}
}

// sweep removes the keys of this and of earlier runs, as far as there is an admin's key: they expire within minutes.
func (c *conformance) sweep() {
	if c.adminCredential == "" {
		return
	}
	for path, credential := range map[string]string{
		"/api/v0.4/processes/" + c.processID + "/api-keys": c.credential, "/api/v0.4/admin/api-keys": c.adminCredential,
	} {
		for offset := 0; ; {
			_, body := c.send(credential, http.MethodGet, fmt.Sprintf("%s?offset=%d&limit=50", path, offset))
			var listing struct{ APIKeys []struct{ ID, Name any } }
			if json.Unmarshal(body, &listing) != nil || len(listing.APIKeys) == 0 || offset > 10_000 {
				break
			}
			offset += len(listing.APIKeys)
			for _, key := range listing.APIKeys {
				if strings.HasPrefix(fmt.Sprint(key.Name), anyConformance) {
					c.send(c.adminCredential, http.MethodDelete, "/api/v0.4/admin/api-keys/"+fmt.Sprint(key.ID))
				}
			}
		}
	}
}

// TestConformanceOfTheProvider runs against Alphamoon itself; see CONTRIBUTING.md. It adds its table to the file that
// ALPHAMOON_CONFORMANCE_SUMMARY names.
func TestConformanceOfTheProvider(t *testing.T) {
	t.Parallel()
	c := &conformance{
		workspace:  &workspace{t: t, address: cmp.Or(os.Getenv("ALPHAMOON_BASE_URL"), "https://workspace.alphamoon.ai")},
		credential: os.Getenv("ALPHAMOON_CONFORMANCE_API_KEY"), processID: os.Getenv("ALPHAMOON_CONFORMANCE_PROCESS_ID"),
		adminCredential: os.Getenv("ALPHAMOON_CONFORMANCE_ADMIN_API_KEY"), patience: 2 * time.Minute,
	}
	if c.credential == "" || c.processID == "" {
		t.Skip("ALPHAMOON_CONFORMANCE_API_KEY and ALPHAMOON_CONFORMANCE_PROCESS_ID are not set")
	}
	defer func() { // also when a step has ended the test
		t.Log("\n" + c.table())
		if name := os.Getenv("ALPHAMOON_CONFORMANCE_SUMMARY"); name != "" {
			if err := os.WriteFile(name, []byte(c.table()), 0o600); err != nil {
				t.Error(err)
			}
		}
	}()
	c.run()
}

// TestAccConformance does the same in small with sandboxes that have rules.
func TestAccConformance(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]string{
		"names, ids":   {"unique-names-ever", "trimmed-names", "numeric-ids", "whole-minutes", "keep-removed", "upper-status"},
		"spells, keys": {"list-own", "dashed-ids", "lower-names", "no-zone", "lone-detail", "empty-404", "limit-422", "slow-keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := sandbox.Options{Latency: time.Millisecond}
			if err := options.Follow(rules...); err != nil {
				t.Fatal(err)
			}
			c := &conformance{
				workspace: serve(t, options), processID: sandbox.DefaultProcessID, credential: sandbox.DefaultCredential,
				adminCredential: sandbox.DefaultCredential, patience: 20 * time.Second,
			}
			c.run()
			t.Log("\n" + c.table())
			for _, owner := range []string{sandbox.DefaultProcessID, sandbox.Organization} {
				for _, key := range c.LiveKeys(owner) {
					if strings.HasPrefix(key.Name, anyConformance) {
						t.Errorf("the key %s is left", key.Name)
					}
				}
			}
			if got := len(c.answers); got != 22 {
				t.Errorf("%d answers", got)
			}
		})
	}
}
