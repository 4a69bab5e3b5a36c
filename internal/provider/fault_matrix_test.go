package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// operations are the columns of the matrix.
var operations = []string{"create", "read", "list", "import", "revoke"}

// kinds are the two kinds of keys, with their owners in the sandbox.
var kinds = map[string]string{resourceType: processID, "alphamoon_organization_api_key": sandbox.Organization}

// TestFaultMatrix carries out every operation under every fault, once and for all, on both kinds of keys, and checks
// what was sent, what exists, what is in the state, and what is said.
func TestFaultMatrix(t *testing.T) { //nolint:tparallel // the subtests are parallel within the group that is waited for
	t.Parallel()
	cells, rows := 0, append(faultMatrix(), ruleRows()...)
	prepared := map[string]preparedKey{}
	for kind, owner := range kinds {
		f := newFixture(t, sandbox.Options{})
		made := f.connect(nil).of(kind).create(t.Context(), matrixArguments())
		prepared[kind] = preparedKey{made, f.LiveKeys(owner)[0]}
	}
	t.Run("cells", func(t *testing.T) {
		for kind := range kinds {
			for _, row := range rows {
				for _, operation := range operations {
					expected := row.expected(operation)
					if expected == nil {
						continue
					}
					cells++
					name := kind + "/" + row.name + "/" + operation
					if row.rule != "" {
						t.Run(name, func(t *testing.T) { t.Parallel(); row.check(t, kind, operation, 0, expected.always, preparedKey{}) })
						continue
					}
					cells++
					t.Run(name+"/once",
						func(t *testing.T) { t.Parallel(); row.check(t, kind, operation, 1, expected.once, prepared[kind]) })
					t.Run(name+"/always",
						func(t *testing.T) { t.Parallel(); row.check(t, kind, operation, -1, expected.always, prepared[kind]) })
				}
			}
		}
	})
	if !t.Failed() {
		expectSection(t, "internal/provider/fault-matrix.md", "fault matrix", matrixTable(cells))
	}
}

// expected is nil if the fault does not concern the operation.
func (r faultRow) expected(operation string) *pair {
	return map[string]*pair{"create": r.create, "read": r.read, "list": r.list, "import": r.adopt, "revoke": r.revoked}[operation]
}

// preparedKey is a key that was created once for many cells: its state, and what the sandbox has of it. A revocation needs a
// key that the cell's own credential has seen.
type preparedKey struct {
	outcome
	key sandbox.Key
}

func matrixArguments() values {
	return values{"process_id": processID, "name": "matrix", "scopes": []string{"workspace.result:read"}, "expires_in": "90d"}
}

func (r faultRow) check(t *testing.T, kind, operation string, times int, expected want, prepared preparedKey) {
	t.Helper()
	options := sandbox.Options{Processes: []sandbox.Process{{ID: processID}, {ID: anotherProcess}}}
	if r.rule != "" {
		if err := options.Follow(r.rule); err != nil {
			t.Fatal(err)
		}
		options.Activation /= 10 // some tenths of a second
	}
	f := newFixture(t, options)
	if r.revokes { // a new key is tried for as long
		f.tune = func(config *alphamoon.Config) { config.SettleTime = 10 * time.Second }
	}
	owner := kinds[kind]
	timeout := "30s" // on a busy machine an answer may take a second
	if r.fault.LoseAnswer {
		timeout = "1s"
	}
	if times > 0 {
		f.tune = func(config *alphamoon.Config) { config.RefusalPatience = time.Minute } // for the same reason
	}
	provider := f.connect(values{"max_retries": 1, "request_timeout": timeout}).of(kind)
	ctx := t.Context()
	arguments := matrixArguments()
	arguments["revoke_on_destroy"] = operation == "create" && r.revokes
	if r.scopes != nil {
		arguments["scopes"] = r.scopes
	}
	others := r.others
	if owner == sandbox.Organization {
		others = max(0, others-1) // the key of the provider itself is listed too
	}
	for range others {
		f.AddKey(owner, sandbox.Key{Name: "other", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
	}
	if r.before != nil {
		r.before(f, owner)
	}
	var prior outcome
	existing := len(f.LiveKeys(owner))
	if operation != "create" {
		existing++
		if prior = prepared.outcome; r.rule != "" || operation == "revoke" {
			prior = provider.create(ctx, arguments)
		} else {
			f.AddKey(owner, prepared.key)
			provider.list(ctx, arguments) // as a creation does: the connection has been used, and the limit is known
		}
		if prior.failed {
			t.Fatal(prior.diagnostics)
		}
		// Set afterwards: a creation with it would try the key, and a request of that could still be on its way.
		prior.state = withAttribute(prior.state, "revoke_on_destroy", tftypes.NewValue(tftypes.Bool, operation == "revoke"))
	}
	f.ClearJournal()
	fault := r.fault
	fault.Times = times
	fault.Operation = map[string]sandbox.Operation{"create": sandbox.Create, "revoke": sandbox.Revoke}[operation]
	if fault.Operation == sandbox.AnyOperation {
		fault.Operation = sandbox.List
	}
	if times != 0 {
		f.Inject(fault)
	}

	var result outcome
	switch operation {
	case "create":
		result = provider.create(ctx, arguments)
	case "read":
		result = provider.read(ctx, prior)
	case "list":
		result = provider.list(ctx, arguments)
	case "import":
		id := prior.text("id")
		if owner != sandbox.Organization {
			id = processID + "/" + id
		}
		result = provider.adopt(ctx, id)
	case "revoke":
		result = provider.destroy(ctx, prior)
	}

	if owner == sandbox.Organization {
		if operation == "read" && r.name == "404 of the API" {
			expected.says = r.organization // there is no process that could be unseen
		}
		if r.organization != "" && !strings.HasPrefix(expected.says, "Key could not") {
			expected.says = r.organization
		}
	}
	if got := f.sent(); !sentForm(expected.sent).MatchString(got) {
		t.Errorf("sent: got %s, want %s", got, expected.sent)
	}
	if got := len(f.LiveKeys(owner)) - existing; r.fault.Then == nil && got != expected.keys {
		t.Errorf("keys: got %+d, want %+d", got, expected.keys)
	}
	if (expected.says != "") != result.failed || !strings.Contains(result.diagnostics, expected.says) {
		t.Errorf("diagnostics: got %q, want %q", result.diagnostics, expected.says)
	}
	if strings.Count(result.diagnostics, "ERROR: ") > 1 {
		t.Errorf("more than one error: %q", result.diagnostics)
	}
	checkWords(t, result.diagnostics)
	// A failed import has no state to keep, and Terraform drops that of a failed data source.
	inState := expected.state && (expected.says == "" || operation != "import")
	if result.state.IsNull() == inState {
		t.Errorf("in the state: %t, want %t", !result.state.IsNull(), inState)
	}
	if operation == "read" && (!result.state.Equal(prior.state)) {
		t.Error("the state was changed")
	}
	f.checkNamed(owner, result)
}

// sentForm matches requests as [want] writes them.
func sentForm(sent string) *regexp.Regexp {
	return regexp.MustCompile("^" + regexp.MustCompile(`([a-z]+) …`).ReplaceAllString(sent, "$1(?:, $1)+") + "$")
}

// sent returns the requests since the journal was cleared, in order.
func (f *fixture) sent() string {
	var names []string
	for _, req := range f.Journal() {
		names = append(names, string(req.Operation))
	}
	return strings.Join(names, ", ")
}

// checkNamed demands that every key that was created since the journal was cleared is in the state or named.
func (f *fixture) checkNamed(owner string, result outcome) {
	f.t.Helper()
	for _, req := range f.Journal() {
		exists := slices.ContainsFunc(f.Keys(owner), func(key sandbox.Key) bool { return key.ID == req.KeyID })
		if req.Operation == sandbox.Create && exists && result.text("id") != req.KeyID &&
			!strings.Contains(result.diagnostics, req.KeyID) {
			f.t.Errorf("the key %s exists, is not in the state and is not named in %q", req.KeyID, result.diagnostics)
		}
	}
}

// matrixTable shows the matrix to a reader of the guide.
func matrixTable(cells int) string {
	cell := func(outcome *pair) string {
		switch {
		case outcome == nil:
			return "–"
		case outcome.once == outcome.always:
			return outcome.once.describe()
		default:
			return "once: " + outcome.once.describe() + "; always: " + outcome.always.describe()
		}
	}
	var table strings.Builder
	_, _ = fmt.Fprintf(&table, "%d faults, each once and for ever, and %d rules × %d operations × %d kinds of keys: %d cells, all "+
		"green in the run that made this table.\n\n", len(faultMatrix()), len(ruleRows()), len(operations), len(kinds), cells)
	table.WriteString("| fault | create | read, import | list | revoke |\n|---|---|---|---|---|\n")
	for _, row := range append(faultMatrix(), ruleRows()...) {
		_, _ = fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", row.name, cell(row.create), cell(row.adopt),
			cell(row.list), cell(row.revoked))
	}
	return table.String()
}

// describe tells the outcome to a reader of the guide.
func (w want) describe() string {
	count := strings.Count(w.sent, ",") + 1
	requests := fmt.Sprintf("%d requests", count)
	switch {
	case strings.Contains(w.sent, "…"):
		requests = "requests until the patience ends"
	case count == 1:
		requests = "1 request"
	}
	switch {
	case w.says == "":
		return "succeeds, " + requests
	case w.state:
		return "error, state kept, " + requests
	case w.keys > 0:
		return "error that names the key, " + requests
	default:
		return "error, no key, " + requests
	}
}
