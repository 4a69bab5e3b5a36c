package provider_test

import (
	"net/http"
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
	// rule is a rule that the service has, instead of a fault: its outcome is the same once and always.
	rule string
	// before prepares what there is.
	before func(f *fixture, owner string)
	// scopes are asked for instead of one, and revokes sets revoke_on_destroy for a creation too.
	scopes  []string
	revokes bool
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
		"If the provider's api_key lacks the scope workspace.process.api_key:manage")
	forbidden.organization = "If the provider's api_key is not an organization admin's"
	unknown := refused("404 of the API", sandbox.Fault{Status: 404, Body: problem}, "Alphamoon answered that it was not found")
	unknown.organization = "If the provider's api_key belongs to no organization"
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

	conflict := refused("409", sandbox.Fault{Status: 409, Body: problem}, "The service says so.")
	conflict.create = both(want{sent: "list, create, list", says: "The service says so."}) // the cause is often visible

	return append(loneDetails(), []faultRow{
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
		conflict,
		foreign("413", sandbox.Fault{Status: 413}, "Alphamoon rejected the request"),
		refused("422", sandbox.Fault{Status: 422, Body: `{"detail": [{"loc": ["body"], "msg": "not like this"}]}`},
			"not like this"),
		foreign("redirect", sandbox.Fault{Status: 307, Header: header("Location", "https://login.example.com/")},
			"The provider does not follow redirects"),
		limiting("429", sandbox.Fault{Status: 429}, "Alphamoon limits the rate of requests"),
		limiting("503 with Retry-After", sandbox.Fault{Status: 503, Header: header("Retry-After", "0")},
			"Alphamoon failed to answer"),
		passing("500", sandbox.Fault{Status: 500}, "Alphamoon failed to answer"),
		passing("502 with a page", sandbox.Fault{Status: 502, Body: "<html>Bad Gateway</html>", Header: html},
			"502 Bad Gateway"), // the page itself is quoted only of an answer that cannot hold a secret
		passing("503", sandbox.Fault{Status: 503}, "Alphamoon failed to answer"),
		onceMore(passing("reset before the work", sandbox.Fault{ResetBefore: true}, "Alphamoon cannot be reached")),
		onceMore(lost("reset after the work", sandbox.Fault{ResetAfter: true}, "Alphamoon cannot be reached")),
		lost("500 after the work", sandbox.Fault{Status: 500, AfterWork: true}, "Alphamoon failed to answer"),
		lost("answer lost", sandbox.Fault{LoseAnswer: true}, "Alphamoon did not answer in time"),
		unreadable,
		truncated,
		onlyCreation(
			"granted otherwise, answer lost",
			sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.ExpiresAt = key.ExpiresAt.Add(time.Second) }, ResetAfter: true},
			want{sent: "list, create, list", says: "Key was created but its secret is lost", keys: 1},
		),
		onlyCreation("504 without the work", sandbox.Fault{Status: 504},
			want{sent: "list, create, list", says: "Key may have been created without its secret"}),
		onlyCreation("no id", sandbox.Fault{AlterCreated: sandbox.Without("id")},
			want{sent: "list, create, list", says: "Key was created but its secret is lost", keys: 1}),
		onlyCreation("no secret", sandbox.Fault{AlterCreated: sandbox.Without("key")}, kept("Key created without its secret")),
		onlyCreation("other scopes", sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Scopes = []string{"workspace.file:upload"} }},
			kept("Key lacks scopes")),
		onlyCreation(
			"other name",
			sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Name = "surprise" }},
			created,
		),
		onlyCreation("other expiry", sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.ExpiresAt = start.Add(day) }},
			created),
		existing,
		{name: "fields missing or odd", fault: sandbox.Fault{AlterListed: func(fields map[string]any) {
			fields["name"], fields["scopes"], fields["exp"], fields["status"] = nil, 7, "soon", nil
		}}, list: both(found), read: both(found), adopt: nil},
		faultRow{name: "pages in another order", fault: sandbox.Fault{Reverse: true}}.reading(both(found)),
		totals,
		pageTotal,
		ignored,
		added,
	}...)
}
