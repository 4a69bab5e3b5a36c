package provider_test

import (
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestBadArguments tries one wrong value of each kind: one diagnostic, and nothing sent.
func TestBadArguments(t *testing.T) {
	t.Parallel()
	const in90Days = `expires_in = "90d"`
	for name, test := range map[string]struct {
		arguments []string
		message   string
	}{
		"unknown scope": {
			[]string{in90Days, `scopes = ["workspace.results:read"]`}, `the nearest one is "workspace.result:read"`,
		},
		"malformed scope": {[]string{in90Days, `scopes = ["read results"]`}, `"read results" is not a scope`},
		"empty set of scopes": {
			[]string{in90Days, `scopes = []`}, `scopes must have at least one element, and none may be null. Name at least one scope`,
		},
		"null scope": {
			[]string{in90Days, `scopes = [null]`}, `scopes must have at least one element, and none may be null`,
		},
		"both kinds of expiry": {
			[]string{in90Days, `expires_at = "2026-05-01T00:00:00Z"`}, `Both expires_at and expires_in are set. Remove one of them.`,
		},
		"no kind of expiry":     {nil, `Neither expires_at nor expires_in is set. Set one of them.`},
		"date without offset":   {[]string{`expires_at = "2026-05-01T00:00:00"`}, `Write 2027-01-31T12:00:00Z`},
		"no date":               {[]string{`expires_at = "in May"`}, `Write 2027-01-31T12:00:00Z`},
		"date in the past":      {[]string{`expires_at = "2026-02-28T00:00:00Z"`}, `because that is not in the future`},
		"date that is just now": {[]string{`expires_at = "2026-03-01T09:30:15Z"`}, `because that is not in the future`},
		"duration of zero":      {[]string{`expires_in = "0d"`}, `longer than zero`},
		"negative duration":     {[]string{`expires_in = "-90d"`}, `whole numbers with the units`},
		"fractional duration":   {[]string{`expires_in = "1.5d"`}, `whole numbers with the units`},
		"overflowing duration":  {[]string{`expires_in = "999999999w"`}, `shorter than 292 years`},
		"name with a line end": {
			[]string{in90Days, `name = "test\n"`},
			`name is "test\n", which has a line end. Names stand in one line and show all that they have: write "test"`,
		},
		"wildcard": {[]string{in90Days, `scopes = ["*"]`}, `There is no wildcard: name each scope that the key needs`},
		"no recipient": {
			[]string{in90Days, `encrypt_to = []`}, `Name at least one public key. For none write null, or remove the argument.`,
		},
		"blank name": {[]string{in90Days, `name = "  "`}, `at least one character that is not a blank`},
		"web address as process id": {
			[]string{in90Days, `process_id = "https://workspace.alphamoon.ai/queue/` + processID + `"`},
			`Use only the id in it: "` + processID + `"`,
		},
		"malformed process id": {[]string{in90Days, `process_id = "invoices"`}, `"invoices" is not the id of a process`},
		"window without lifetime": {
			[]string{`expires_at = "2026-05-01T00:00:00Z"`, `rotate_before_expiry = "1d"`},
			`rotate_before_expiry has no meaning without expires_in. Set expires_in, or remove`,
		},
		"window as long as lifetime": {[]string{in90Days, `rotate_before_expiry = "2160h"`}, `must be shorter than expires_in`},
		"null trigger": {
			[]string{in90Days, `rotation_triggers = { a = null }`}, `rotation_triggers has an element whose value is null`,
		},
		"day that does not exist":   {[]string{`expires_at = "2026-02-30T00:00:00Z"`}, `the calendar has no such day`},
		"month that does not exist": {[]string{`expires_at = "2026-13-01T00:00:00Z"`}, `the calendar has no such day`},
		"hour that does not exist":  {[]string{`expires_at = "2026-05-01T25:00:00Z"`}, `or the clock no such time`},
		"malformed window":          {[]string{in90Days, `rotate_before_expiry = "soon"`}, `Write it like 30d, or 0s for none`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			f.fails(f.key(test.arguments...), test.message)
			if got := f.Count(sandbox.AnyOperation); got != 0 {
				t.Errorf("requests: got %d, want none", got)
			}
		})
	}
}
