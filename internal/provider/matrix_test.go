package provider_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// want is what must come of an operation under a fault.
type want struct {
	// sent is every request, in order. An … behind one stands for more of the same.
	sent string
	// says is a part of the diagnostics; empty demands that there is no error.
	says string
	// keys is how many keys exist afterwards beside the one that a read, an import and a revocation start from.
	keys int
	// state tells whether the key is in the state afterwards.
	state bool
}

// pair is what comes of a fault that hits one request, and of one that hits all.
type pair struct{ once, always want }

func both(outcome want) *pair { return &pair{outcome, outcome} }

// faultRow is a row of the matrix: a fault, and what comes of each operation; nil if it does not concern it.
type faultRow struct {
	name  string
	fault sandbox.Fault
	// others is how many other keys there are.
	others                             int
	create, read, list, adopt, revoked *pair
	// organization is what is said instead when the keys are the organization's.
	organization string
}

// reading sets what comes of everything that reads.
func (r faultRow) reading(outcome *pair) faultRow {
	r.read, r.list, r.adopt = outcome, outcome, outcome
	return r
}

// The providers of the matrix repeat a request once.
var (
	created = want{sent: "list, create", keys: 1, state: true}
	found   = want{sent: "list", state: true}
	again   = want{sent: "list, list", state: true}
	ended   = want{sent: "revoke, list, list", keys: -1}
	// repeatedly is a removal that was sent twice; the repeated one may be answered with 404.
	repeatedly = want{sent: "revoke, revoke, list, list", keys: -1}
)

func failing(outcome want, says string) want {
	outcome.says = says
	if outcome.keys > 0 {
		outcome.keys, outcome.state = 0, false
	}
	return outcome
}

func notRevoked(sent string) want {
	return want{sent: sent, says: "Key could not be revoked", state: true}
}

func refused(name string, fault sandbox.Fault, says string) faultRow {
	return faultRow{
		name: name, fault: fault, create: both(failing(created, says)), revoked: both(notRevoked("revoke, list")),
	}.reading(both(failing(found, says)))
}

// foreign is a refusal that is not the API's own: it proves nothing, so that what it left is looked for.
func foreign(name string, fault sandbox.Fault, says string) faultRow {
	row := refused(name, fault, says)
	row.create = &pair{want{sent: "list, create, list, create", keys: 1, state: true}, want{sent: twice, says: says}}
	row.revoked = both(notRevoked("revoke, list, list"))
	return row
}

// twice is a creation that failed, left nothing, and was repeated once.
const twice = "list, create, list, create, list"

// passing is a failure of the service, before it has done anything, that may pass.
func passing(name string, fault sandbox.Fault, says string) faultRow {
	return faultRow{
		name: name, fault: fault,
		create:  &pair{want{sent: "list, create, list, create", keys: 1, state: true}, want{sent: twice, says: says}},
		revoked: &pair{repeatedly, notRevoked("revoke, revoke, list, list")},
	}.reading(&pair{again, failing(again, says)})
}

// lost is a failure after the work was done: the key exists and must be named, the removal must be noticed.
func lost(name string, fault sandbox.Fault, says string) faultRow {
	return faultRow{
		name: name, fault: fault, revoked: both(repeatedly),
		create: both(want{sent: "list, create, list", says: "Key was created but its secret is lost", keys: 1}),
	}.reading(&pair{again, failing(again, says)})
}

// limiting is a refusal for now, which is waited out until the patience ends.
func limiting(name string, fault sandbox.Fault, says string) faultRow {
	return faultRow{
		name:  name,
		fault: fault,
		create: &pair{
			want{sent: "list, create, create", keys: 1, state: true},
			want{sent: "list, create …", says: says},
		},
		revoked: &pair{repeatedly, notRevoked("revoke …, list")},
	}.reading(&pair{again, want{sent: "list …", says: says, state: true}})
}

// onceMore is for connections that break: Go's own transport repeats a GET at once on a new connection if the
// old one had been used before, beside the retries of this client. It never does that with a POST.
func onceMore(row faultRow) faultRow {
	more := *row.read
	more.always.sent += ", list"
	return row.reading(&more)
}

func onlyCreation(name string, fault sandbox.Fault, outcome want) faultRow {
	return faultRow{name: name, fault: fault, create: both(outcome)}
}

func harmless(name string, fault sandbox.Fault) faultRow {
	return faultRow{name: name, fault: fault, create: both(created), revoked: both(ended)}.reading(both(found))
}

func faultMatrix() []faultRow {
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	html := header("Content-Type", "text/html")
	const problem = `{"title": "Refused", "detail": "The service says so."}`
	kept := func(says string) want { return want{sent: "list, create", says: says, keys: 1, state: true} }

	forbidden := refused("403", sandbox.Fault{Status: 403, Body: problem},
		"needs the scope workspace.process.api_key:manage")
	forbidden.organization = "need an organization admin's API key"
	unknown := refused("404 of the API", sandbox.Fault{Status: 404, Body: problem}, "Alphamoon does not know the process")
	unknown.organization = "Alphamoon does not offer organization keys"
	// A process that was deleted and one that the credential cannot see look alike.
	unknown.read = both(found)
	unreadable := lost("not JSON", sandbox.Fault{Body: "<html>Log in</html>", Header: html}, "cannot be understood")
	// The body of a removal is not looked at: nothing is known of it.
	unreadable.revoked = both(ended)
	truncated := lost("truncated body", sandbox.Fault{Truncate: true}, "cannot be understood")
	truncated.revoked = nil // a removal is answered without a body

	// A key that was seen is found, whatever the rest of the listing did.
	const unreliable = "Listing is not reliable"
	totals := faultRow{name: "changing totals", fault: sandbox.Fault{AddToTotal: 1}}.reading(
		&pair{
			want{sent: "list, list, list", state: true},
			want{sent: "list, list, list, list, list, list", state: true},
		},
	)
	totals.list = &pair{totals.list.once, failing(totals.list.always, unreliable)}
	pageTotal := faultRow{name: "total of the page", fault: sandbox.Fault{CountPage: true}, others: 249}.reading(
		both(want{sent: "list, list, list, list", state: true}))
	// Nothing but a second reading shows that nothing moved.
	pageTotal.list = &pair{
		want{sent: "list, list, list, list, list, list, list", state: true},
		want{sent: "list, list, list, list, list, list, list, list", state: true},
	}
	ignored := faultRow{
		name:   "offset ignored, no total",
		fault:  sandbox.Fault{IgnoreOffset: true, OmitPagination: true, Reverse: true},
		others: 249,
	}.reading(&pair{want{sent: "list, list, list, list, list, list", state: true}, want{sent: "list, list", state: true}})
	added := faultRow{name: "keys added while it lists", fault: sandbox.Fault{Then: func(box *sandbox.Sandbox) {
		for _, owner := range []string{processID, sandbox.Organization} {
			box.AddKey(owner,
				sandbox.Key{Name: "added", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
		}
	}}, others: 249}

	existing := onlyCreation("an existing key answered", sandbox.Fault{AnswerExisting: true},
		want{sent: "list, create", says: "Look also for a new key of this name"})
	existing.others = 2

	ignored.list = &pair{ignored.list.once, failing(ignored.list.always, unreliable)}
	added.read = both(want{sent: "list …", state: true})
	added.adopt = added.read
	added.list = &pair{
		want{sent: "list, list, list, list, list, list", state: true},
		want{sent: "list …", says: unreliable, state: true},
	}

	return []faultRow{
		harmless("delay", sandbox.Fault{Delay: 20 * time.Millisecond}),
		harmless("slow body", sandbox.Fault{SlowBody: 20 * time.Millisecond}),
		harmless("wrong content type", sandbox.Fault{Header: html}),
		refused("400", sandbox.Fault{Status: 400, Body: problem}, "The service says so."),
		refused("401", sandbox.Fault{Status: 401, Body: problem}, "Alphamoon refused the credential"),
		forbidden,
		unknown,
		foreign("404 of something else", sandbox.Fault{Status: 404, Body: "<html>nginx</html>", Header: html},
			"check the provider's base_url"),
		passing("408", sandbox.Fault{Status: 408}, "Alphamoon did not answer in time"),
		refused("409", sandbox.Fault{Status: 409, Body: problem}, "The service says so."),
		foreign("413", sandbox.Fault{Status: 413}, "Alphamoon rejected the request"),
		refused("422", sandbox.Fault{Status: 422, Body: `{"detail": [{"loc": ["body"], "msg": "not like this"}]}`},
			"not like this"),
		foreign("redirect", sandbox.Fault{Status: 307, Header: header("Location", "https://login.example.com/")},
			"does not follow redirects"),
		limiting("429", sandbox.Fault{Status: 429}, "Alphamoon limits the rate of requests"),
		limiting("503 with Retry-After", sandbox.Fault{Status: 503, Header: header("Retry-After", "0")},
			"Alphamoon failed to answer"),
		passing("500", sandbox.Fault{Status: 500}, "Alphamoon failed to answer"),
		passing("502 with a page", sandbox.Fault{Status: 502, Body: "<html>Bad Gateway</html>", Header: html},
			"saying: Bad Gateway"),
		passing("503", sandbox.Fault{Status: 503}, "Alphamoon failed to answer"),
		onceMore(passing("reset before the work", sandbox.Fault{ResetBefore: true}, "Alphamoon cannot be reached")),
		onceMore(lost("reset after the work", sandbox.Fault{ResetAfter: true}, "Alphamoon cannot be reached")),
		lost("500 after the work", sandbox.Fault{Status: 500, AfterWork: true}, "Alphamoon failed to answer"),
		lost("answer lost", sandbox.Fault{LoseAnswer: true}, "Alphamoon did not answer in time"),
		unreadable,
		truncated,
		onlyCreation("granted otherwise, answer lost", sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.ExpiresAt = key.ExpiresAt.Add(time.Second) }, ResetAfter: true},
			want{sent: "list, create, list", says: "Key may have been created with other attributes", keys: 1}),
		onlyCreation("504 without the work", sandbox.Fault{Status: 504},
			want{sent: "list, create, list", says: "Key may have been created without its secret"}),
		onlyCreation("no id", sandbox.Fault{AlterCreated: sandbox.Without("id")},
			want{sent: "list, create, list", says: "Key was created but its secret is lost", keys: 1}),
		onlyCreation("no secret", sandbox.Fault{AlterCreated: sandbox.Without("key")}, kept("Key created without its secret")),
		onlyCreation("other scopes", sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Scopes = []string{"workspace.file:upload"} }},
			kept("it granted workspace.file:upload")),
		onlyCreation("other name", sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Name = "surprise" }}, kept(`it is called "surprise"`)),
		onlyCreation("other expiry", sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.ExpiresAt = start.Add(day) }},
			kept("it expires at 2026-03-02T09:30:15Z")),
		existing,
		{name: "fields missing or odd", fault: sandbox.Fault{AlterListed: func(fields map[string]any) {
			fields["name"], fields["scopes"], fields["exp"], fields["status"] = nil, 7, "soon", nil
		}}, list: both(found), read: both(found), adopt: nil},
		faultRow{name: "pages in another order", fault: sandbox.Fault{Reverse: true}}.reading(both(found)),
		totals,
		pageTotal,
		ignored,
		added,
	}
}

// operations are the columns of the matrix.
var operations = []string{"create", "read", "list", "import", "revoke"}

// kinds are the two kinds of keys, with their owners in the sandbox.
var kinds = map[string]string{resourceType: processID, "alphamoon_organization_api_key": sandbox.Organization}

// TestFaultMatrix carries out every operation under every fault, once and for all, on both kinds of keys, and checks
// what was sent, what exists, what is in the state, and what is said.
func TestFaultMatrix(t *testing.T) { //nolint:tparallel // the subtests are parallel within the group that is waited for
	t.Parallel()
	cells := 0
	t.Run("cells", func(t *testing.T) {
		for kind := range kinds {
			for _, row := range faultMatrix() {
				for _, operation := range operations {
					expected := row.expected(operation)
					if expected == nil {
						continue
					}
					cells += 2
					name := kind + "/" + row.name + "/" + operation
					t.Run(name+"/once",
						func(t *testing.T) { t.Parallel(); row.check(t, kind, operation, 1, expected.once) })
					t.Run(name+"/always",
						func(t *testing.T) { t.Parallel(); row.check(t, kind, operation, -1, expected.always) })
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

func (r faultRow) check(t *testing.T, kind, operation string, times int, expected want) {
	t.Helper()
	f := newFixture(t, sandbox.Options{})
	owner := kinds[kind]
	provider := f.connect(values{"max_retries": 1, "request_timeout": "1s"}).of(kind)
	ctx := t.Context()
	arguments := values{
		"process_id":        processID,
		"name":              "matrix",
		"scopes":            []string{"workspace.result:read"},
		"expires_in":        "90d",
		"revoke_on_destroy": operation == "revoke",
	}
	others := r.others
	if owner == sandbox.Organization {
		others = max(0, others-1) // the key of the provider itself is listed too
	}
	for range others {
		f.AddKey(owner, sandbox.Key{Name: "other", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
	}
	var prior outcome
	existing := others
	if operation != "create" {
		prior, existing = provider.create(ctx, arguments), existing+1
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
	if got := len(f.Keys(owner)) - existing; r.fault.Then == nil && got != expected.keys {
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
	_, _ = fmt.Fprintf(&table, "%d faults × %d operations × %d kinds of keys, each once and for ever: %d cells, all "+
		"green in the run that made this table.\n\n", len(faultMatrix()), len(operations), len(kinds), cells)
	table.WriteString("| fault | create | read, import | list | revoke |\n|---|---|---|---|---|\n")
	for _, row := range faultMatrix() {
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
