package simulation

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var mutantsFlag = flag.String("mutants", "", "try the mutants whose name matches this `expression` (minutes each)")

// mutant is a line with a defect, which the fixed seeds must notice.
type mutant struct{ name, file, line, defect string }

const (
	client   = "internal/alphamoon/"
	rules    = "internal/rotation/rotation.go"
	resource = "internal/provider/api_key_resource.go"
	planning = "internal/provider/api_key_plan.go"
	model    = "internal/provider/api_key_model.go"
	notes    = "internal/provider/private_notes.go"
	creating = "internal/provider/creation_diagnostics.go"
	opening  = "internal/provider/api_key_ephemeral.go"
)

func mutants() []mutant {
	return []mutant{
		{"the ten seconds removed", client + "client.go", "cmp.Or(config.SettleTime, 10*time.Second)", "time.Nanosecond"},
		{"the five minutes removed", client + "api_keys.go", "const listingLag = 5 * time.Minute", "const listingLag = 0"},
		{
			"a listing believed once", client + "api_keys.go", "case second == nil:\n\t\treturn errLookAgain",
			"case second == nil:\n\t\treturn nil",
		},
		{"remains without a signature revoked", creating, "GeneratedName: o.generated,", "GeneratedName: true,"},
		{
			"work behind a gateway not thought of", client + "retry.go",
			"return IsUnusableAnswer(err) || IsTimeout(err) || hasStatus(err, http.StatusGatewayTimeout, 524)", "return false",
		},
		{
			"a gateway's page taken for the API's word", client + "retry.go", "refused || answered && status.Documented &&",
			"refused || answered &&",
		},
		{
			"the keys of others taken for remains", client + "lost_creations.go", "l.listed, l.begun = true, l.sightings.moment()",
			"l.listed, l.begun = true, 0",
		},
		{
			"an existing key accepted as new", client + "api_keys_create.go", "case !k.sightings.claim(key.ID, before):",
			"case false:",
		},
		{
			"a creation repeated like any request", client + "retry.go", "case IsTrustFailure(err), creation && !DidNothing(err),",
			"case IsTrustFailure(err),",
		},
		{
			"a lost creation repeated again and again", client + "api_keys_create.go", "spent := repeated || retries",
			"spent := repeated && false || retries",
		},
		{"a refused end not understood", client + "pages.go", "return r.answers > 0 &&", "return false &&"},
		{"a page's own count believed", client + "pages.go", "case received > 0 && counted == received &&", "case false &&"},
		{
			"a credential believed that never saw the key", client + "api_keys.go",
			"case removal != acceptedRemoval && ref.NeverSeen:", "case false:",
		},
		{"a removal believed without looking", client + "api_keys.go", "key == nil || DoesNotWork(key.Status) ||", "key == nil || true ||"},
		{
			"an in-place change that looks at the clock", planning,
			"if c.inApply || !c.planning && !reflect.DeepEqual(plan, c.state) {", "if false {",
		},
		{"the window forgotten", rules, "return p.EndOfLife(key).Add(-p.window(key)), true", "return p.EndOfLife(key), true"},
		{"the policy forgotten for long-lived keys", rules, "		return end", "		return key.ExpiresAt"},
		{"what a listing leaves out taken for a change", model, "	return current\n}", "	return stringOrNull(listed)\n}"},
		{"the secret in plain text", resource, "model.setSecret(key.Key, file,", "_ = file; model.setSecret(key.Key, nil,"},
		{"revoke_on_destroy turned round", resource, "case model.RevokeOnDestroy.ValueBool():", "case !model.RevokeOnDestroy.ValueBool():"},
		{"an ephemeral key left open", opening, "err := key.keys.Revoke(ctx, key.ref)", "var err error; _ = ctx"},
		{"an ephemeral key of a failed run left open", opening, "_ = key.(openKey).keys.Revoke(ctx, key.(openKey).ref)", "_ = key"},
		{"half of the lifetime", model, "now.Add(lifetime)", "now.Add(lifetime / 2)"},
		{
			"another spelling of a date taken for another date", planning,
			"{\"expires_at\", !plan.ExpiresAt.Equal(state.ExpiresAt) && !sameInstant(plan.ExpiresAt, state.ExpiresAt)}",
			"{\"expires_at\", !plan.ExpiresAt.Equal(state.ExpiresAt)}",
		},
		{
			"a changed policy taken for another key", planning, "{\"rotation_triggers\", triggered(state, plan)}",
			"{\"expires_in\", !plan.ExpiresIn.Equal(state.ExpiresIn)}",
		},
		{
			"a way to write scopes taken for a change", notes, "case slices.Equal(sorted, n.ListedScopes), set.Equal(model.Scopes):",
			"case slices.Equal(sorted, nil), set.Equal(model.Scopes):",
		},
		{"a new key not tried", resource, "resp.Diagnostics.Append(r.kind.awaitAcceptance(ctx, client, model, key.Key)...)", "_ = client"},
		{"a refused limit not remembered", client + "page_decoding.go", "c.limit.Store(limitRefused)", "_ = limitRefused"},
		{
			"ids compared letter by letter", client + "api_key.go", "return strings.ToLower(strings.ReplaceAll(id, \"-\", \"\"))",
			"return id",
		},
		{
			"a date without a zone not understood", client + "api_key.go", "`\"2006-01-02T15:04:05\"`, string(data))",
			"`\"2006-01-02T15:04:05\"`, \"\")",
		},
		{
			"a key without an expiry believed expired", model, "return *m.grantedUntil, !m.grantedUntil.IsZero()",
			"return parseInstant(m.ExpiresAt)",
		},
		{"a life that was cut with its whole window", rules, "life <= p.Window {", "false {"},
		{
			"what stays listed never believed to be removed", client + "api_keys.go", "if unlisted != nil && !SaysNothing(unlisted) {",
			"if true {",
		},
		{"what was removed taken for a key", client + "api_key.go", "if !wire.DeletedAt.IsZero() {", "if false {"},
		{
			"a forgotten key not named", resource, "scheduled == nil && !r.data.run.rotated(now, model) {",
			"scheduled == nil && r.data.run.rotated(now, model) && false {",
		},
	}
}

// TestMutants runs the fixed seeds with each of the mutants, or with -seeds fresh ones. A mutant that no seed notices fails.
func TestMutants(t *testing.T) { //nolint:paralleltest // each mutant takes all cores
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants() { //nolint:paralleltest // see above
		source, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(source, []byte(m.line)) != 1 {
			t.Errorf("%s: the line does not stand exactly once in %s: %s", m.name, m.file, m.line)
			continue
		}
		if *mutantsFlag == "" || !regexp.MustCompile(*mutantsFlag).MatchString(m.name) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			folder := t.TempDir()
			changed, overlay := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
			replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, m.file): changed}})
			if err != nil {
				t.Fatal(err)
			}
			for path, content := range map[string][]byte{
				changed: bytes.Replace(source, []byte(m.line), []byte(m.defect), 1), overlay: replaced,
			} {
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			output, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", overlay, ".", "-run", "TestSimulation$",
				"-stop", "-reports", "0", "-v", "-seeds", fmt.Sprint(*seedCount), "-first", fmt.Sprint(*firstSeed)).CombinedOutput()
			killer := regexp.MustCompile(`seed \d+: .*`).FindString(string(output))
			switch {
			case strings.Contains(string(output), "[build failed]"):
				t.Fatalf("it does not compile:\n%s", output)
			case err == nil:
				t.Error("no seed notices it")
			default:
				t.Log("killed by " + killer)
			}
		})
	}
}
