package provider_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// want is what must come of an operation under a fault.
type want struct {
	// sent is every request, in order: C creates, L lists, R revokes.
	sent string
	// says is a part of the diagnostics; empty demands that there is no error.
	says string
	// keys is how many keys exist afterwards beside the one that a read, an import and a revocation start from.
	keys int
	// state tells whether the key is in the state afterwards.
	state bool
}

// fault is a row of the matrix. Each operation is tried with the fault on the first matching request and with it
// on all; where these differ, the second field says what comes of the latter.
type faultRow struct {
	name                          string
	fault                         sandbox.Fault
	createOnce, createAlways      want
	listOnce, listAlways          want // also for read and import
	revokeOnce, revokeAlways      want
	notCreate, notList, notRevoke bool
}

// The providers of the matrix repeat a request once.
var (
	created  = want{sent: "C", keys: 1, state: true}
	found    = want{sent: "L", state: true}
	foundTwo = want{sent: "LL", state: true}
	revoked  = want{sent: "RLL", keys: -1}
)

func refusedEverywhere(name string, fault sandbox.Fault, says string) faultRow {
	create, list, revoke := want{sent: "C", says: says}, want{sent: "L", says: says, state: true}, want{sent: "RL", says: "Key could not be revoked", state: true}
	return faultRow{
		name: name, fault: fault, createOnce: create, createAlways: create,
		listOnce: list, listAlways: list, revokeOnce: revoke, revokeAlways: revoke,
	}
}

// passing is a failure of the service, before it has done anything, that may pass.
func passing(name string, fault sandbox.Fault, says string) faultRow {
	return faultRow{
		name: name, fault: fault,
		createOnce: want{sent: "CLCL", keys: 1, state: true}, createAlways: want{sent: "CLCL", says: says},
		listOnce: foundTwo, listAlways: want{sent: "LL", says: says, state: true},
		revokeOnce: want{sent: "RRLL", keys: -1}, revokeAlways: want{sent: "RRL", says: "Key could not be revoked", state: true},
	}
}

// lost is a failure after the work was done: the key exists and must be named, the removal must be noticed.
func lost(name string, fault sandbox.Fault, says string) faultRow {
	create := want{sent: "CL", says: "Key was created but its secret is lost", keys: 1}
	return faultRow{
		name: name, fault: fault, createOnce: create, createAlways: create,
		listOnce: foundTwo, listAlways: want{sent: "LL", says: says, state: true},
		// The repeated removal is answered with 404; the listing shows that the first one worked.
		revokeOnce: want{sent: "RRLL", keys: -1}, revokeAlways: want{sent: "RRLL", keys: -1},
	}
}

// onceMore is for connections that break: Go's own transport repeats a GET at once on a new connection if the
// old one had been used before, beside the retries of this client. It never does that with a POST.
func onceMore(row faultRow) faultRow {
	row.listAlways.sent += "L"
	return row
}

func onlyCreation(name string, fault sandbox.Fault, create want) faultRow {
	return faultRow{name: name, fault: fault, createOnce: create, createAlways: create, notList: true, notRevoke: true}
}

func onlyListing(name string, fault sandbox.Fault, once, always want) faultRow {
	return faultRow{name: name, fault: fault, listOnce: once, listAlways: always, notCreate: true, notRevoke: true}
}

func harmless(name string, fault sandbox.Fault) faultRow {
	return faultRow{
		name: name, fault: fault, createOnce: created, createAlways: created, listOnce: found, listAlways: found,
		revokeOnce: revoked, revokeAlways: revoked,
	}
}

func faultMatrix() []faultRow {
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	html := header("Content-Type", "text/html")
	const problem = `{"title": "Refused", "detail": "The service says so."}`
	notNow := faultRow{
		createOnce: want{sent: "CC", keys: 1, state: true}, listOnce: foundTwo, revokeOnce: want{sent: "RRLL", keys: -1},
		revokeAlways: want{sent: "RRL", says: "Key could not be revoked", state: true},
	}
	limited, overloaded := notNow, notNow
	limited.name, limited.fault = "429", sandbox.Fault{Status: 429}
	limited.createAlways = want{sent: "CC", says: "All retries were used up"}
	limited.listAlways = want{sent: "LL", says: "All retries were used up", state: true}
	overloaded.name, overloaded.fault = "503 with Retry-After", sandbox.Fault{Status: 503, Header: header("Retry-After", "0")}
	overloaded.createAlways = want{sent: "CC", says: "Alphamoon failed to answer"}
	overloaded.listAlways = want{sent: "LL", says: "Alphamoon failed to answer", state: true}
	unreadable := lost("not JSON", sandbox.Fault{Body: "<html>Log in</html>", Header: html}, "cannot be understood")
	// The body of a removal is not looked at: nothing is known of it.
	unreadable.revokeOnce, unreadable.revokeAlways = revoked, revoked
	movedTotal := sandbox.Fault{AddToTotal: 1}
	return []faultRow{
		harmless("delay", sandbox.Fault{Delay: 20 * time.Millisecond}),
		harmless("slow body", sandbox.Fault{SlowBody: 20 * time.Millisecond}),
		harmless("wrong content type", sandbox.Fault{Header: html}),
		refusedEverywhere("400", sandbox.Fault{Status: 400, Body: problem}, "The service says so."),
		refusedEverywhere("401", sandbox.Fault{Status: 401, Body: problem}, "Alphamoon refused the credential"),
		refusedEverywhere("403", sandbox.Fault{Status: 403, Body: problem}, "needs the scope workspace.process.api_key:manage"),
		refusedEverywhere("404 of the API", sandbox.Fault{Status: 404, Body: problem}, "Alphamoon does not know the process"),
		refusedEverywhere("404 of something else", sandbox.Fault{Status: 404, Body: "<html>nginx</html>", Header: html}, "check the provider's base_url"),
		refusedEverywhere("409", sandbox.Fault{Status: 409, Body: problem}, "conflicts with something that exists already"),
		refusedEverywhere("413", sandbox.Fault{Status: 413}, "Alphamoon rejected the request"),
		refusedEverywhere("422", sandbox.Fault{Status: 422, Body: `{"detail": [{"loc": ["body"], "msg": "not like this"}]}`}, "not like this"),
		refusedEverywhere("redirect", sandbox.Fault{Status: 307, Header: header("Location", "https://login.example.com/")}, "does not follow redirects"),
		limited,
		overloaded,
		passing("500", sandbox.Fault{Status: 500}, "Alphamoon failed to answer"),
		passing("502 with a page", sandbox.Fault{Status: 502, Body: "<html>Bad Gateway</html>", Header: html}, "saying: Bad Gateway"),
		passing("503", sandbox.Fault{Status: 503}, "Alphamoon failed to answer"),
		onceMore(passing("reset before the work", sandbox.Fault{ResetBefore: true}, "Alphamoon cannot be reached")),
		onceMore(lost("reset after the work", sandbox.Fault{ResetAfter: true}, "Alphamoon cannot be reached")),
		lost("500 after the work", sandbox.Fault{Status: 500, AfterWork: true}, "Alphamoon failed to answer"),
		lost("answer lost", sandbox.Fault{LoseAnswer: true}, "Alphamoon did not answer in time"),
		unreadable,
		func() faultRow {
			row := lost("truncated body", sandbox.Fault{Truncate: true}, "cannot be understood")
			row.notRevoke = true // a removal is answered without a body
			return row
		}(),
		onlyCreation("no id", sandbox.Fault{DropID: true}, want{sent: "CL", says: "Key was created but its secret is lost", keys: 1}),
		onlyCreation("no secret", sandbox.Fault{DropSecret: true}, want{sent: "C", says: "Key created without its secret", keys: 1, state: true}),
		onlyCreation("other scopes", sandbox.Fault{GrantScopes: []string{"workspace.file:upload"}}, want{sent: "C", says: "it granted workspace.file:upload", keys: 1, state: true}),
		onlyCreation("other name", sandbox.Fault{GrantName: "surprise"}, want{sent: "C", says: `it is called "surprise"`, keys: 1, state: true}),
		onlyCreation("other expiry", sandbox.Fault{GrantExpiry: start.Add(day)}, want{sent: "C", says: "it expires at 2026-03-02T09:30:15Z", keys: 1, state: true}),
		onlyListing("pages in another order", sandbox.Fault{Reverse: true}, found, found),
		onlyListing("changing totals", movedTotal, want{sent: "LLL", state: true}, want{sent: "LLLLLL", says: "Listing of keys is not reliable", state: true}),
	}
}

// operations are the columns of the matrix.
var operations = []string{"create", "read", "list", "import", "revoke"}

// TestFaultMatrix carries out every operation under every fault, once and for all, and checks what was sent, what
// exists, what is in the state, and what is said.
func TestFaultMatrix(t *testing.T) { //nolint:tparallel // the subtests are parallel within the group that is waited for
	t.Parallel()
	cells := 0
	t.Run("cells", func(t *testing.T) {
		for _, row := range faultMatrix() {
			for _, operation := range operations {
				if expected := row.expected(operation, true); expected != nil {
					cells += 2
					t.Run(row.name+"/"+operation+"/once", func(t *testing.T) { t.Parallel(); row.check(t, operation, 1, *expected) })
					t.Run(row.name+"/"+operation+"/always", func(t *testing.T) {
						t.Parallel()
						row.check(t, operation, -1, *row.expected(operation, false))
					})
				}
			}
		}
	})
	if !t.Failed() {
		expectSection(t, "README.md", "fault matrix", matrixTable(cells))
	}
}

// expected is nil if the fault does not concern the operation.
func (r faultRow) expected(operation string, once bool) *want {
	pick := func(not bool, first, second want) *want {
		switch {
		case not:
			return nil
		case once:
			return &first
		default:
			return &second
		}
	}
	switch operation {
	case "create":
		return pick(r.notCreate, r.createOnce, r.createAlways)
	case "revoke":
		return pick(r.notRevoke, r.revokeOnce, r.revokeAlways)
	default:
		return pick(r.notList, r.listOnce, r.listAlways)
	}
}

func (r faultRow) check(t *testing.T, operation string, times int, expected want) {
	t.Helper()
	f := newFixture(t, sandbox.Options{})
	provider := f.connect(values{"max_retries": 1, "request_timeout": "1s"})
	ctx := t.Context()
	arguments := values{"process_id": processID, "name": "matrix", "scopes": []string{"workspace.result:read"}, "expires_in": "90d", "revoke_on_destroy": operation == "revoke"}
	var prior outcome
	existing := 0
	if operation != "create" {
		prior, existing = provider.create(ctx, arguments), 1
		if prior.failed {
			t.Fatal(prior.diagnostics)
		}
	}
	f.ClearJournal()
	fault := r.fault
	fault.Times = times
	fault.Operation = map[string]sandbox.Operation{"create": sandbox.Create, "revoke": sandbox.Revoke}[operation]
	if fault.Operation == sandbox.AnyOperation {
		fault.Operation = sandbox.List
	}
	f.Inject(fault)

	var result outcome
	switch operation {
	case "create":
		result = provider.create(ctx, arguments)
	case "read":
		result = provider.read(ctx, prior)
	case "list":
		result = provider.list(ctx, values{"process_id": processID})
	case "import":
		result = provider.adopt(ctx, processID+"/"+prior.text("id"))
	case "revoke":
		result = provider.destroy(ctx, prior)
	}

	if got := f.sent(); got != expected.sent {
		t.Errorf("sent: got %s, want %s", got, expected.sent)
	}
	if got := len(f.Keys(processID)) - existing; got != expected.keys {
		t.Errorf("keys: got %+d, want %+d", got, expected.keys)
	}
	if (expected.says != "") != result.failed || !strings.Contains(result.diagnostics, expected.says) {
		t.Errorf("diagnostics: got %q, want %q", result.diagnostics, expected.says)
	}
	// A failed import has no state to keep, and Terraform drops that of a failed data source.
	inState := expected.state && (expected.says == "" || operation != "import")
	if result.state.IsNull() == inState {
		t.Errorf("in the state: %t, want %t", !result.state.IsNull(), inState)
	}
	if operation == "read" && (!result.state.Equal(prior.state)) {
		t.Error("the state was changed")
	}
	f.checkNamed(result)
}

// sent returns the requests since the journal was cleared, a letter each.
func (f *fixture) sent() string {
	letters := map[sandbox.Operation]string{sandbox.Create: "C", sandbox.List: "L", sandbox.Revoke: "R"}
	var text strings.Builder
	for _, request := range f.Journal() {
		text.WriteString(letters[request.Operation])
	}
	return text.String()
}

// checkNamed demands that every key that was created since the journal was cleared is in the state or named.
func (f *fixture) checkNamed(result outcome) {
	f.t.Helper()
	for _, request := range f.Journal() {
		exists := slices.ContainsFunc(f.Keys(processID), func(key sandbox.Key) bool { return key.ID == request.KeyID })
		if request.Operation == sandbox.Create && exists && result.text("id") != request.KeyID && !strings.Contains(result.diagnostics, request.KeyID) {
			f.t.Errorf("the key %s exists, is not in the state and is not named in %q", request.KeyID, result.diagnostics)
		}
	}
}

// matrixTable shows the matrix to a reader of the README.
func matrixTable(cells int) string {
	cell := func(once, always *want) string {
		if once == nil {
			return "–"
		}
		if *once == *always {
			return once.describe()
		}
		return "once: " + once.describe() + "; always: " + always.describe()
	}
	var table strings.Builder
	_, _ = fmt.Fprintf(&table, "%d faults × %d operations, each once and for ever: %d cells, all green in the run that made this table.\n\n",
		len(faultMatrix()), len(operations), cells)
	table.WriteString("| fault | create | read, list, import | revoke |\n|---|---|---|---|\n")
	for _, row := range faultMatrix() {
		_, _ = fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", row.name, cell(row.expected("create", true), row.expected("create", false)),
			cell(row.expected("read", true), row.expected("read", false)), cell(row.expected("revoke", true), row.expected("revoke", false)))
	}
	return table.String()
}

// describe tells the outcome to a reader of the README.
func (w want) describe() string {
	requests := fmt.Sprintf("%d requests", len(w.sent))
	if len(w.sent) == 1 {
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
