package provider_test

import (
	"fmt"
	"strings"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// anotherProcess is a process beside the default one.
var anotherProcess = strings.Repeat("b", 32)

// loneDetails are refusals in the form that services made with FastAPI have for them. What they say is quoted.
func loneDetails() (rows []faultRow) {
	for _, status := range []int{400, 402, 403, 404, 409, 410, 422} {
		const words = "API v0.4 was turned off, use v0.5."
		row := refused(fmt.Sprintf("%d with a lone detail", status), sandbox.Fault{Status: status, Body: sandbox.Detail(words)}, words)
		switch status {
		case 404: // a process that was deleted and one that the credential cannot see look alike
			row.read, row.organization = both(found), words
		case 409:
			row.create = both(want{sent: "list, create, list", says: words})
		}
		rows = append(rows, row)
	}
	return rows
}

// ruleRows are the rows of the rules that a service may have: one for each rule that the sandbox knows by name.
func ruleRows() (rows []faultRow) {
	for _, rule := range sandbox.NamedRules() {
		row := harmless("rule "+rule.Name, sandbox.Fault{})
		row.rule = rule.Name
		if special := specialRules()[rule.Name]; special != nil {
			special(&row)
		}
		rows = append(rows, row)
	}
	return rows
}

// specialRules change what comes of some rules.
func specialRules() map[string]func(*faultRow) {
	beside := func(keys ...string) func(*fixture, string) {
		return func(f *fixture, owner string) {
			for _, name := range keys {
				f.AddKey(owner, sandbox.Key{Name: name, Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
			}
		}
	}
	refused := func(sent, says string, names ...string) func(*faultRow) {
		return func(row *faultRow) {
			*row = faultRow{name: row.name, rule: row.rule, create: both(want{sent: sent, says: says}), before: beside(names...)}
		}
	}
	elsewhere := func(sent, says string) func(*faultRow) {
		return func(row *faultRow) {
			refused(sent, says)(row)
			row.before = func(f *fixture, _ string) { beside("matrix")(f, anotherProcess) }
		}
	}
	const taken, full = `An API key with the name "matrix" already exists.`, "The quota of 3 API keys is used up."
	const conflict, refusal = "list, create, list", "list, create"
	// What a creation has learned of the limit, whatever follows knows.
	limited := func(row *faultRow) { row.create = both(want{sent: "list, list, create", keys: 1, state: true}) }
	removed := func(sent string) func(*faultRow) {
		return func(row *faultRow) { row.revoked = both(want{sent: sent, keys: -1}) }
	}
	// The organization's own key is listed too, so that its listing is not empty.
	emptied := removed("revoke, list, (?:revoke|list)")
	return map[string]func(*faultRow){
		"unique-names":            refused(conflict, taken, "matrix"),
		"unique-names-400":        refused(refusal, taken, "matrix"),
		"unique-names-422":        refused(refusal, taken, "matrix"),
		"unique-names-ever":       refused(conflict, taken, "matrix"),
		"unique-names-everywhere": elsewhere(conflict, taken),
		"existing-key":            refused(refusal, "existed before", "matrix"),
		"existing-key-renewed":    refused(refusal, "existed before", "matrix"),
		"existing-key-everywhere": elsewhere(refusal, "belongs to the process "+anotherProcess),
		"quota":                   refused(refusal, full, "a", "b", "c"),
		"quota-409":               refused(conflict, full, "a", "b", "c"),
		"first-scope": func(row *faultRow) {
			row.scopes = []string{"workspace.file:upload", "workspace.result:read"}
			*row = faultRow{
				name: row.name, rule: row.rule, scopes: row.scopes,
				create: both(want{sent: refusal, says: "workspace.result:read", keys: 1, state: true}),
			}
		},
		"long-ago": func(row *faultRow) {
			*row = faultRow{
				name: row.name, rule: row.rule, create: both(want{sent: refusal, says: "created more than a day ago", keys: 1}),
			}
		},
		"limit-400":    limited,
		"numeric-ids":  removed("(?:list, )?revoke, list, list"), // a process's: no key of the organization may have the number
		"limit-422":    limited,
		"keep-removed": removed("revoke, list, revoke"),
		"deleted-at":   removed("revoke, list"),
		"empty-404":    emptied,
		"empty-204":    emptied,
		"slow-keys": func(row *faultRow) {
			row.revokes = true
			row.create = both(want{sent: "list, create, list …", keys: 1, state: true})
		},
	}
}
