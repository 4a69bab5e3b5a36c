package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// exchange is a request under a rule and what of the answer shows the rule. In has and lacks, ID and SECRET are those of
// the oldest key of the process before the request.
type exchange struct {
	send       string // as [ruled.do] understands it
	status     int
	has, lacks string
}

// ruled is a sandbox with rules and two processes.
type ruled struct {
	box    *sandbox.Sandbox
	server *httptest.Server
}

var otherProcess = strings.Repeat("b", 32)

func newRuled(t *testing.T, rules ...string) *ruled {
	t.Helper()
	now := time.Date(2026, 3, 1, 9, 30, 15, 0, time.UTC)
	box := &sandbox.Sandbox{Options: sandbox.Options{
		Now: func() time.Time { return now }, Processes: []sandbox.Process{{ID: sandbox.DefaultProcessID}, {ID: otherProcess}},
	}}
	if err := box.Follow(rules...); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	return &ruled{box, server}
}

// do sends "create NAME", "list", "delete" or "use" (a listing with the secret) of the oldest key; the beginning "other"
// means the other process, "member" the other credential. "wait" moves the clock by ten seconds.
func (r *ruled) do(t *testing.T, sent string, oldest sandbox.Key) (status int, body string) {
	t.Helper()
	path, credential := keysPath, sandbox.DefaultCredential
	if rest, found := strings.CutPrefix(sent, "other "); found {
		path, sent = strings.Replace(path, sandbox.DefaultProcessID, otherProcess, 1), rest
	}
	if rest, found := strings.CutPrefix(sent, "member "); found {
		credential, sent = sandbox.MemberCredential, rest
	}
	method, content := http.MethodGet, ""
	verb, argument, _ := strings.Cut(sent, " ")
	switch verb {
	case "create":
		method, content = http.MethodPost, fmt.Sprintf(`{"name": %q, "exp": "2026-05-01T08:29:50.687Z", "scopes":
			["workspace.process.api_key:manage", "workspace.file:upload"]}`, argument)
	case "delete":
		method, path = http.MethodDelete, organizationPath+"/"+oldest.ID
	case "list":
		path += argument
	case "use":
		credential = oldest.Secret
	case "elsewhere":
		path = "/api/v0.5/elsewhere"
	case "wait":
		r.box.Advance(10 * time.Second)
	}
	status, body, err := send(t, r.server, method, path, credential, content)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// TestRules shows what each named rule does, and that it does it by itself.
func TestRules(t *testing.T) {
	t.Parallel()
	created := exchange{send: "create Export", status: 201}
	const exists = `{"detail":"An API key with the name \"Export\" already exists."}`
	never := func(shown string) []exchange {
		return []exchange{{"create Export", 201, shown, "2026-05"}, {"list", 200, shown, "2026-05"}}
	}
	shows := map[string][]exchange{
		"unique-names": {
			created,
			{"create Export", 409, exists, ""},
			{"create Import", 201, "", ""},
			{"other create Export", 201, "", ""},
			{"delete", 204, "", ""},
			{"create Export", 201, "", ""},
		},
		"unique-names-400":        {created, {"create Export", 400, exists, ""}},
		"unique-names-422":        {created, {"create Export", 422, exists, ""}},
		"unique-names-ever":       {created, {"delete", 204, "", ""}, {"create Export", 409, exists, ""}},
		"unique-names-everywhere": {created, {"other create Export", 409, exists, ""}},
		"existing-key":            {created, {"create Export", 201, `"key":"SECRET"`, ""}, {"other create Export", 201, "", "ID"}},
		"existing-key-everywhere": {created, {"other create Export", 201, `"processId":"` + sandbox.DefaultProcessID, ""}},
		"existing-key-renewed":    {created, {"create Export", 201, `"id":"ID"`, "SECRET"}, {"use", 200, "", ""}},
		"quota": {
			created, created, created, {"create Export", 403, `{"detail":"The quota of 3 API keys is used up."}`, ""},
		},
		"quota-409": {created, created, created, {"create Export", 409, "quota", ""}, {"other create Export", 201, "", ""}},
		"short-lives": {
			{"create Export", 201, `"exp":"2026-03-31T09:30:15Z"`, ""}, {"list", 200, `"exp":"2026-03-31T09:30:15Z"`, ""},
		},
		"whole-minutes": {{"create Export", 201, `"exp":"2026-05-01T08:30:00Z"`, ""}},
		"whole-hours":   {{"create Export", 201, `"exp":"2026-05-01T08:00:00Z"`, ""}},
		"whole-days":    {{"create Export", 201, `"exp":"2026-05-01T00:00:00Z"`, ""}},
		"listed-in-minutes": {
			{"create Export", 201, `"exp":"2026-05-01T08:29:50Z"`, ""}, {"list", 200, `"exp":"2026-05-01T08:29:00Z"`, ""},
		},
		"no-zone": {
			{"create Export", 201, `"exp":"2026-05-01T08:29:50"`, `Z"`}, {"list", 200, `"createdAt":"2026-03-01T09:30:15"`, `Z"`},
		},
		"no-expiry":           never(`"exp":null`),
		"no-expiry-missing":   {{"create Export", 201, "", `"exp"`}, {"list", 200, "Export", `"exp"`}},
		"no-expiry-empty":     never(`"exp":""`),
		"no-expiry-year-1":    never(`"exp":"0001-01-01T00:00:00Z"`),
		"no-expiry-year-9999": never(`"exp":"9999-12-31T23:59:59Z"`),
		"trimmed-names":       {{"create  Export ", 201, `"name":"Export"`, ""}},
		"short-names":         {{"create Exporters", 201, `"name":"Export"`, ""}, {"list", 200, `"name":"Export"`, ""}},
		"lower-names":         {{"create Export", 201, `"name":"export"`, ""}, {"list", 200, `"name":"export"`, ""}},
		"decomposed-names":    {{"create Müller", 201, "Mu\u0308ller", "ü"}, {"list", 200, "Mu\u0308ller", "ü"}},
		"listed-short-names":  {{"create Exporters", 201, `"name":"Exporters"`, ""}, {"list", 200, `"name":"Export"`, ""}},
		"listed-lower-names":  {{"create Export", 201, `"name":"Export"`, ""}, {"list", 200, `"name":"export"`, ""}},
		"sorted-scopes":       {{"create Export", 201, `["workspace.file:upload","workspace.process.api_key:manage"]`, ""}},
		"implied-scopes": {
			{"create Export", 201, "", ":read"}, {"list", 200, `"workspace.file:read","workspace.file:upload"`, ""},
		},
		"granted-implied-scopes": {{"create Export", 201, `"workspace.file:read"`, ""}},
		"renamed-scopes":         {{"create Export", 201, `"workspace.file:upload"`, ""}, {"list", 200, `"FILE:UPLOAD"`, "workspace"}},
		"first-scope":            {{"create Export", 201, `["workspace.file:upload"]`, ""}},
		"numeric-ids": {
			{"create Export", 201, `"id":100001`, ""}, {"list", 200, `"id":ID`, ""}, {"delete", 204, "", ""}, {"list", 200, "", "ID"},
		},
		"dashed-ids": {{"create Export", 201, "", "-4"}, {"list", 200, `"exp"`, `"id":"ID"`}, {"delete", 204, "", ""}},
		"upper-ids":  {created, {"list", 200, `"exp"`, `"id":"ID"`}},
		"list-own": {
			created, {"list", 200, "ID", ""}, {"member list", 200, `"apiKeys":[]`, ""}, {"use", 200, `"apiKeys":[]`, ""},
		},
		"keep-removed": {
			created,
			{"delete", 204, "", ""},
			{"list", 200, `"status":"Active"`, "deletedAt"},
			{"use", 401, "", ""},
			{"delete", 404, "No API key has this id.", ""},
		},
		"deleted-at": {
			created, {"list", 200, "", "deletedAt"}, {"delete", 204, "", ""}, {"list", 200, `"deletedAt":"2026-03-01T09:30:15Z"`, ""},
		},
		"empty-404":          {{"list", 404, `{"detail":"There are no API keys."}`, ""}, created, {"list", 200, "", ""}},
		"empty-204":          {{"list", 204, "", "apiKeys"}},
		"empty-without-list": {{"list", 200, `"total":0`, "apiKeys"}, created, {"list", 200, "apiKeys", ""}},
		"limit-422": {
			{"list ?limit=51", 422, `"loc":["query","limit"]`, ""}, {"list ?limit=50", 200, "", ""}, {"list", 200, "", ""},
		},
		"limit-400": {{"list ?limit=100", 400, `{"detail":"The limit must not be larger than 50."}`, ""}},
		"long-ago":  {{"create Export", 201, `"createdAt":"2020-01-01T00:00:00Z"`, ""}, {"list", 200, "2026-03-01", "2020"}},
		"lone-detail": {
			{"member delete", 403, `{"detail":"This API key may not do this."}`, ""},
			{"elsewhere", 404, `{"detail":"Not Found"}`, ""},
			{"create  ", 422, `"loc":["body","name"]`, "title"},
		},
		"slow-keys":    {created, {"use", 401, "", ""}, {"wait", 200, "", ""}, {"use", 200, "", ""}},
		"upper-status": {{"create Export", 201, `"status":"ACTIVE"`, ""}, {"list", 200, `"status":"ACTIVE"`, ""}},
		"enabled":      {{"create Export", 201, `"status":"Enabled"`, ""}, {"list", 200, `"status":"Enabled"`, ""}},
	}
	for _, rule := range sandbox.NamedRules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			if len(shows[rule.Name]) == 0 {
				t.Fatal("nothing shows what it does")
			}
			r := newRuled(t, rule.Name)
			for _, want := range shows[rule.Name] {
				oldest := sandbox.Key{ID: "none", Secret: "none"}
				if keys := r.box.Keys(sandbox.DefaultProcessID); len(keys) > 0 {
					oldest = keys[0]
				}
				place := strings.NewReplacer("ID", oldest.ID, "SECRET", oldest.Secret).Replace
				if status, body := r.do(t, want.send, oldest); status != want.status || !strings.Contains(body, place(want.has)) ||
					want.lacks != "" && strings.Contains(body, place(want.lacks)) {
					t.Errorf("%s: got %d %s, want %d with %q and without %q", want.send, status, body, want.status, want.has, want.lacks)
				}
			}
		})
	}
}

func TestUnknownRule(t *testing.T) {
	t.Parallel()
	if err := (&sandbox.Sandbox{}).Follow("quota", "nothing-like-it"); err == nil || !strings.Contains(err.Error(), "nothing-like-it") {
		t.Errorf("got %v", err)
	}
}

// TestIDOfRemoval removes a key by its id in another form: the journal has the form of the creation.
func TestIDOfRemoval(t *testing.T) {
	t.Parallel()
	r := newRuled(t, "dashed-ids")
	key := r.box.AddKey(sandbox.DefaultProcessID, sandbox.Key{ID: strings.Repeat("ab", 16)})
	status, _ := r.do(t, "delete", sandbox.Key{ID: "ABABABAB-abab-abab-abab-abababababab"})
	if got := r.box.Journal()[0].KeyID; status != 204 || got != key.ID {
		t.Errorf("got %d, %q", status, got)
	}
}

// TestRulesTogether combines rules: each does what it does alone.
func TestRulesTogether(t *testing.T) {
	t.Parallel()
	r := newRuled(t, "lower-names", "unique-names", "short-lives", "whole-days", "no-zone", "upper-ids", "listed-short-names")
	for _, want := range []exchange{
		{"create EXPORTERS", 201, `"exp":"2026-03-31T00:00:00"`, "EXPORTERS"},
		{"create exporters", 409, "already exists", ""},
		{"list", 200, `"name":"export"`, "ers"},
	} {
		if status, body := r.do(t, want.send, sandbox.Key{}); status != want.status || !strings.Contains(body, want.has) ||
			want.lacks != "" && strings.Contains(body, want.lacks) {
			t.Errorf("%s: got %d %s", want.send, status, body)
		}
	}
	r.box.Update(func(options *sandbox.Options) { options.Rules = sandbox.Rules{} })
	if status, body := r.do(t, "create exporters", sandbox.Key{}); status != 201 ||
		!strings.Contains(body, `"exp":"2026-05-01T08:29:50Z"`) {
		t.Errorf("without rules: got %d %s", status, body)
	}
}
