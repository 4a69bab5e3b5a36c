package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"golang.org/x/text/unicode/norm"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// This file is about services with rules of their own, see [sandbox.Rules]: nothing loops, nobody is stuck, and the words of the
// service come first.

// following is a fixture whose service follows rules, by their names.
func following(t *testing.T, names ...string) *fixture {
	t.Helper()
	var rules sandbox.Rules
	if err := rules.Follow(names...); err != nil {
		t.Fatal(err)
	}
	return newFixture(t, sandbox.Options{Rules: rules})
}

// keyOf is a configuration with one key of a kind.
func (f *fixture) keyOf(kind string, arguments ...string) string {
	if strings.Contains(kind, "process") {
		arguments = append(arguments, fmt.Sprintf("process_id = %q", processID))
	}
	return f.config(fmt.Sprintf("resource %q \"test\" {\n  %s\n}\n", kind, strings.Join(arguments, "\n  ")))
}

const (
	named  = `name = "  Schlüssel of the uploader"`
	scoped = `scopes = ["workspace.file:upload", "workspace.result:update"]`
)

// TestNothingLoops: with each rule that a service may have, three applies of an unchanged configuration make one key each.
func TestNothingLoops(t *testing.T) {
	t.Parallel()
	// Under these the service does not do what it was asked for, so that the creation fails.
	failing := []string{"first-scope", "long-ago"}
	expiries := map[string]string{
		"lifetime": lifetime, "window": lifetime + "\n  " + `rotate_before_expiry = "80d"`,
		"date": `expires_at = "2026-05-30T09:30:15.5+01:00"`,
	}
	for _, rule := range sandbox.NamedRules() {
		if slices.Contains(failing, rule.Name) {
			continue
		}
		for kind, owner := range kinds {
			t.Run(rule.Name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				f := following(t, rule.Name)
				s := f.session()
				var config string
				for name, expiry := range expiries {
					key := f.keyOf(kind, fmt.Sprintf("name = %q", "  Schlüssel of the uploader: "+name), scoped, expiry)
					if config != "" {
						key = strings.TrimPrefix(key, f.config(""))
					}
					config += strings.Replace(key, `"test"`, fmt.Sprintf("%q", name), 1)
				}
				s.apply(config).expectAll(t, create, len(expiries))
				for range 2 {
					f.clock.Advance(10 * time.Minute)
					f.Advance(10 * time.Minute)
					s.apply(config).expectAll(t, keep, len(expiries))
				}
				if created, live := f.Count(sandbox.Create), len(f.LiveKeys(owner)); created != len(expiries) || live != len(expiries) {
					t.Errorf("%d creations, %d keys", created, live)
				}
			})
		}
	}
}

// TestAccNothingLoops is the same with Terraform itself, for a few rules at once.
func TestAccNothingLoops(t *testing.T) {
	t.Parallel()
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := following(t, "short-lives", "whole-days", "implied-scopes", "listed-lower-names", "upper-ids", "no-zone")
			config := f.keyOf(kind, named, scoped, lifetime)
			f.run(resource.TestStep{Config: config}, f.after(10*time.Minute, keeps(config)), f.after(10*time.Minute, keeps(config)))
			if created := f.Count(sandbox.Create); created != 1 {
				t.Errorf("%d creations", created)
			}
		})
	}
}

// TestGrants: what the service makes of a request stands in the state only where the key's life depends on it, and is said.
func TestGrants(t *testing.T) {
	t.Parallel()
	const (
		date                     = `expires_at = "2026-05-30T12:00:15+02:00"`
		wide                     = lifetime + "\n  " + `rotate_before_expiry = "29d"`
		written, asked, rotation = "2026-05-30T12:00:15+02:00", "2026-05-30T09:30:15Z", "2026-04-30T09:30:15Z"
		granted                  = `with the expiry "2026-03-31T09:30:15Z", where "2026-05-30T09:30:15Z" was asked for`
		inMinutes                = `with the expiry "2026-05-30T10:00:00Z", where "2026-05-30T10:00:15Z" was asked for`
		none                     = "its answer names no expiry, where 2026-05-30T09:30:15Z was asked for"
		more                     = "granted the key %s also workspace.file:read, workspace.result:read."
	)
	for name, test := range map[string]struct {
		rules               []string
		expiry              string
		says                string
		expiresAt, rotateAt any
	}{
		"as asked for":           {nil, lifetime, "", asked, rotation},
		"a capped life":          {[]string{"short-lives"}, lifetime, granted, "2026-03-31T09:30:15Z", "2026-03-21T09:30:15Z"},
		"a window that fits":     {[]string{"short-lives"}, wide, granted, "2026-03-31T09:30:15Z", "2026-03-02T09:30:15Z"},
		"whole days":             {[]string{"whole-days"}, lifetime, "", "2026-05-30T00:00:00Z", "2026-04-30T00:00:00Z"},
		"no expiry":              {[]string{"no-expiry"}, lifetime, none, nil, rotation},
		"a date":                 {nil, date, "", written, nil},
		"a date in minutes":      {[]string{"whole-minutes"}, date, inMinutes, written, nil},
		"a date without a zone":  {[]string{"no-zone"}, date, "", written, nil},
		"a date, without expiry": {[]string{"no-expiry-missing"}, date, "its answer names no expiry", written, nil},
		"more scopes":            {[]string{"granted-implied-scopes"}, lifetime, more, asked, rotation},
		"another name":           {[]string{"lower-names", "short-names"}, lifetime, "", asked, rotation},
	} {
		for kind, owner := range kinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				f := following(t, test.rules...)
				s := f.session()
				said := s.apply(f.keyOf(kind, `name = "Schlüssel"`, scoped, test.expiry)).text
				want := strings.ReplaceAll(test.says, "%s", f.LiveKeys(owner)[0].ID)
				if !says(want).MatchString(said) || want == "" && said != "" {
					t.Errorf("it says %q, want %q", said, want)
				}
				state := s.attributes(kind + ".test")
				if state["name"] != "Schlüssel" || state["expires_at"] != test.expiresAt || state["rotates_at"] != test.rotateAt ||
					fmt.Sprint(state["scopes"]) != "[workspace.file:upload workspace.result:update]" {
					t.Errorf("got %v", state)
				}
			})
		}
	}
}

// TestMissingScopes: a key that cannot do its work is an error, and stays in the state.
func TestMissingScopes(t *testing.T) {
	t.Parallel()
	for kind, owner := range kinds {
		f := following(t, "first-scope")
		s := f.session()
		report := s.fails(f.keyOf(kind, named, scoped, lifetime), "without scopes that were asked for: workspace.result:update. "+
			"It was asked for workspace.file:upload, workspace.result:update and granted workspace.file:upload.")
		if id := f.LiveKeys(owner)[0].ID; s.attributes(kind + ".test")["id"] != id || !strings.Contains(report.text, id) {
			t.Errorf("the key %s is not in the state, or not named: %s", id, report.text)
		}
	}
}

// TestKeysThatNeverWorked: a service that rounds expiries down makes a key of a short life that is over. That is an error,
// before anything is done to the old key.
func TestKeysThatNeverWorked(t *testing.T) {
	t.Parallel()
	for kind, owner := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := following(t, "whole-days")
			s := f.session()
			short := f.keyOf(kind, named, scoped, `expires_in = "2h"`)
			report := s.fails(short, `with the expiry "2026-03-01T00:00:00Z", where "2026-03-01T11:30:15Z" was asked for`)
			if !strings.Contains(report.text, "Key has expired already") || f.Count(sandbox.Create) != 1 || f.Count(sandbox.Revoke) > 0 {
				t.Errorf("%d creations, %s", f.Count(sandbox.Create), report.text)
			}
			if len(f.Keys(owner)) != 1 {
				t.Errorf("%d keys", len(f.Keys(owner)))
			}

			f = following(t, "whole-days") // a date stays the same, so that another key would not work either
			s = f.session()
			dated := f.keyOf(kind, named, scoped, `expires_at = "2026-03-01T11:30:15Z"`)
			if report := s.apply(dated); !strings.Contains(report.text, "Key has expired already") {
				t.Errorf("it says: %s", report.text)
			}
			s.apply(dated).expect(t, keep)
			if f.Count(sandbox.Create) != 1 {
				t.Errorf("%d creations", f.Count(sandbox.Create))
			}
		})
	}
}

// TestListedScopes: the first listing shows how the service writes scopes. Only what a later one shows otherwise is a change.
func TestListedScopes(t *testing.T) {
	t.Parallel()
	f := following(t, "renamed-scopes")
	s := f.session()
	config := f.key(lifetime)
	s.apply(config).expect(t, create)
	s.apply(config).expect(t, keep)
	f.Update(func(options *sandbox.Options) { options.Rules = sandbox.Rules{} })
	s.apply(config).expect(t, keep) // now as they were asked for
	f.ChangeKey(f.Keys(processID)[0].ID, func(key *sandbox.Key) { key.Scopes = []string{"workspace.result:read"} })
	s.apply(config).expect(t, replace, "scopes")
	s.apply(config).expect(t, keep)
	f.expectCounts(2, 2)
}

// quota, and the like, are what a service may say in the form of FastAPI.
const (
	quota    = "The quota of 3 API keys is used up."
	archived = "The process is archived."
	turned   = "API version v0.4 was turned off: use v0.5."
	early    = "exp must be in the future"
)

// TestOwnWords: a lone detail is the service's own word. It costs one request, is quoted before any advice, and every advice
// is a guess.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		words  string
		sent   string // by a creation
	}{
		"quota, 403":     {403, quota, "list, create"},
		"quota, 409":     {409, quota, "list, create, list"},
		"quota, 402":     {402, quota, "list, create"},
		"archived, 400":  {400, archived, "list, create"},
		"archived, 404":  {404, archived, "list, create"},
		"turned off":     {410, turned, "list, create"},
		"turned off 404": {404, turned, "list, create"},
		"slow clock":     {422, early, "list, create"},
		"expired":        {401, "The API key has expired.", "list, create"},
	} {
		for kind := range kinds {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, sandbox.Options{})
				began := time.Now()
				f.Inject(sandbox.Fault{Operation: sandbox.Create, Status: test.status, Body: sandbox.Detail(test.words), Times: -1})
				s := f.session()
				f.ClearJournal()
				expectOwnWords(t, s.fails(f.keyOf(kind, named, scoped, lifetime), test.words), test.words)
				if f.sent() != test.sent || time.Since(began) > 5*time.Second {
					t.Errorf("sent %s, in %s", f.sent(), time.Since(began))
				}
				if test.status == 404 && strings.Contains(kind, "process") {
					return // such a process keeps its keys, with a warning: see below
				}
				f.ClearFaults()
				s.apply(f.keyOf(kind, named, scoped, lifetime))
				f.Inject(sandbox.Fault{Operation: sandbox.List, Status: test.status, Body: sandbox.Detail(test.words), Times: -1})
				report := s.fails(f.keyOf(kind, named, scoped, lifetime), test.words)
				expectOwnWords(t, report, test.words)
				if test.status != 401 && !strings.Contains(report.text, "terraform state rm takes it out of the state") {
					t.Errorf("it names no way out: %s", report.text)
				}
			})
		}
	}
}

// expectOwnWords demands that what follows the service's words begins with "If" or says what the provider did.
func expectOwnWords(t *testing.T, report *report, words string) {
	t.Helper()
	for _, d := range report.said {
		_, advice, found := strings.Cut(d.Detail, "saying: "+strings.TrimSuffix(words, "."))
		if !found {
			continue
		}
		if advice = strings.TrimPrefix(advice, ". "); !strings.HasPrefix(advice, "If ") {
			t.Errorf("the advice is %q", advice)
		}
		for _, wrong := range []string{
			"as the message says", "words of the service", "does not know", "It conflicts", "change the configuration",
		} {
			if strings.Contains(d.Summary+d.Detail, wrong) {
				t.Errorf("%q is no guess: %s: %s", wrong, d.Summary, d.Detail)
			}
		}
	}
}

// TestProcessThatCannotBeSeen: the warning quotes the service and names its address, for it may be another reason than access.
func TestProcessThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	s.apply(f.key(lifetime))
	f.Inject(sandbox.Fault{Operation: sandbox.List, Status: 404, Body: sandbox.Detail(turned), Times: -1})
	report := s.apply(f.key(lifetime))
	report.expect(t, keep)
	for _, want := range []string{"Process cannot be seen", turned, f.URL, "terraform state rm"} {
		if !strings.Contains(report.text, want) {
			t.Errorf("it does not say %q: %s", want, report.text)
		}
	}
}

// TestProcessWithoutKeys: the last key was deleted by hand, and the service answers a listing without keys with no list.
func TestProcessWithoutKeys(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"empty-404", "empty-204"} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			f := following(t, rule)
			s := f.session()
			s.apply(f.key(lifetime))
			f.RemoveKey(f.Keys(processID)[0].ID)
			f.clock.Advance(time.Hour)
			report := s.apply(f.key(lifetime))
			report.expect(t, keep)
			if !strings.Contains(report.text, "Process cannot be seen") {
				t.Errorf("it says %s", report.text)
			}
		})
	}
}

// TestUniqueNames: a rotation that is refused because of the name says which key has it, and the way out.
func TestUniqueNames(t *testing.T) {
	t.Parallel()
	for kind, owner := range kinds {
		for _, rule := range []string{
			"unique-names", "unique-names-400", "unique-names-422", "unique-names-everywhere", "existing-key", "existing-key-renewed",
		} {
			t.Run(rule+"/"+kind, func(t *testing.T) {
				t.Parallel()
				f := following(t, rule)
				s := f.session()
				config := f.keyOf(kind, `name = "uploader"`, scoped, lifetime, "revoke_on_destroy = false")
				s.apply(config)
				old := f.LiveKeys(owner)[0]
				f.clock.Advance(60 * day)
				report := s.fails(config, old.ID)
				want := "the key " + old.ID + " stands in the way: it is the one that is to be replaced"
				if !says(want).MatchString(report.text) || !says("Set name_prefix instead of name").MatchString(report.text) ||
					strings.HasPrefix(rule, "existing") && !says("may have stopped working").MatchString(report.text) {
					t.Errorf("it does not say %q: %s", want, report.text)
				}
				if f.Count(sandbox.Revoke) != 0 || len(f.LiveKeys(owner)) != 1 || s.attributes(kind+".test") != nil {
					t.Errorf("%d removals, %d keys, state %v", f.Count(sandbox.Revoke), len(f.LiveKeys(owner)), s.attributes(kind+".test"))
				}
			})
		}
	}
}

// TestConflictOfTheSecondCreation proves that the first one worked.
func TestConflictOfTheSecondCreation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(
		sandbox.Fault{Operation: sandbox.Create, Status: 500},
		sandbox.Fault{Operation: sandbox.Create, Status: 409, Body: sandbox.Detail("The name is taken.")},
	)
	report := f.session().fails(f.key(lifetime), "The name is taken.")
	if !strings.Contains(report.text, "has worked: a key exists whose secret is lost") || strings.Contains(report.text, "nothing remains") {
		t.Errorf("it says %s", report.text)
	}
}

// TestWhatIsNotOurs: an answer with another's key comes into no state and is never revoked, not even by an ephemeral key during
// a plan.
func TestWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	const other = "93580f176efb48cda64f25cba74d8ca4"
	for name, test := range map[string]struct {
		rule, says string
		owner      string // of the key that exists
	}{
		"another process's": {"existing-key-everywhere", "belongs to the process " + other, other},
		"an older one":      {"existing-key", "it existed before", processID},
		"made long ago":     {"long-ago", "it was created more than a day ago", ""},
	} {
		for _, body := range []string{
			`resource "alphamoon_process_api_key" "test" {
  revoke_on_destroy = true
  expires_in        = "1h"`,
			`ephemeral "alphamoon_process_api_key" "test" {
  revoke_on_close = true`,
		} {
			t.Run(name+"/"+strings.Fields(body)[0], func(t *testing.T) {
				t.Parallel()
				var rules sandbox.Rules
				if err := rules.Follow(test.rule); err != nil {
					t.Fatal(err)
				}
				f := newFixture(t, sandbox.Options{Rules: rules, Processes: []sandbox.Process{{ID: processID}, {ID: other}}})
				existing := 0
				if test.owner != "" {
					f.AddKey(test.owner, sandbox.Key{Name: "taken", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
					existing = 1
				}
				s := f.session()
				report := s.fails(f.config(body+fmt.Sprintf(`
  process_id = %q
  name       = "taken"
  scopes     = ["workspace.result:read"]
}`, processID)), test.says)
				if f.Count(sandbox.Revoke) != 0 || len(s.states) != 0 ||
					!strings.Contains(report.text, "Alphamoon answered with an existing key") {
					t.Errorf("%d removals, states %v, %s", f.Count(sandbox.Revoke), s.states, report.text)
				}
				if test.owner != "" && len(f.LiveKeys(test.owner)) != existing {
					t.Error("the key that existed is gone")
				}
			})
		}
	}
}

// TestImportUnderAnotherProcess: a listing may show the keys of other processes too. The data source says whose they are.
func TestImportUnderAnotherProcess(t *testing.T) {
	t.Parallel()
	const other = "93580f176efb48cda64f25cba74d8ca4"
	for shown, belongsTo := range map[string]string{
		other: other, "93580F17-6EFB-48CD-A64F-25CBA74D8CA4": other, strings.ToUpper(processID): processID, "process 7": processID,
	} {
		f := newFixture(t, sandbox.Options{AlterListed: sandbox.With("processId", shown)})
		key := f.AddKey(processID, sandbox.Key{Name: "listed", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
		imported := f.connect(nil).adopt(t.Context(), processID+"/"+key.ID)
		if foreign := belongsTo != processID; imported.failed != foreign || foreign &&
			(!strings.Contains(imported.diagnostics, "Key of another process") ||
				!strings.Contains(imported.diagnostics, other+"/"+key.ID)) {
			t.Errorf("%s: %s", shown, imported.diagnostics)
		}
		report := f.session().apply(f.list(""))
		keys := report.data["data.alphamoon_process_api_keys.test"]["api_keys"].([]any)
		if len(keys) != 1 || keys[0].(values)["process_id"] != belongsTo {
			t.Errorf("%s: the data source has %v", shown, keys)
		}
	}
}

// TestTheCredentialThatSawTheKey: a listing may show only what its caller made, so that only the credential that saw a key last
// can see it to be gone.
func TestTheCredentialThatSawTheKey(t *testing.T) {
	t.Parallel()
	for kind, owner := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := following(t, "list-own")
			s := f.session()
			config := f.keyOf(kind, named, scoped, lifetime)
			s.apply(config)
			key := f.LiveKeys(owner)[0]
			f.clock.Advance(time.Hour)
			f.Advance(time.Hour)
			renewed := f.AddKey(sandbox.Organization, sandbox.Key{
				Name: "the pipeline's", Scopes: []string{"workspace.admin.api_key:manage", "workspace.process.api_key:manage"},
				ExpiresAt: start.Add(900 * day),
			})
			rotated := strings.Replace(config, sandbox.DefaultCredential, renewed.Secret, 1)
			for range 3 {
				report := s.apply(rotated)
				report.expect(t, keep)
				if !strings.Contains(report.text, fmt.Sprintf("(%s) cannot be seen", key.ID)) {
					t.Errorf("it says %q", report.text)
				}
			}
			s.apply(config).expect(t, keep)
			f.RemoveKey(key.ID)
			report := s.apply(config)
			report.expect(t, create)
			if !strings.Contains(report.text, fmt.Sprintf("(%s) is gone", key.ID)) {
				t.Errorf("it says %q", report.text)
			}
		})
	}
}

// TestDeletedByHandWithinFiveMinutes: nothing but time is needed.
func TestDeletedByHandWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	for kind, owner := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			s := f.session()
			config := f.keyOf(kind, named, scoped, lifetime, "revoke_on_destroy = true")
			s.apply(config)
			f.RemoveKey(f.LiveKeys(owner)[0].ID)
			f.clock.Advance(2 * time.Minute)
			report := s.apply(config)
			report.expect(t, keep)
			if !strings.Contains(report.text, "is not listed yet") {
				t.Errorf("it says %q", report.text)
			}
			s.fails(f.config(""), "if it was deleted by hand, wait until 2026-03-01T09:35:15Z, then apply again.")
			f.clock.Advance(4 * time.Minute)
			s.destroy()
		})
	}
}

// TestKeysWithoutAnExpiry: adopted, they obey a policy, and a date in a configuration is no reason to believe that they end.
func TestKeysWithoutAnExpiry(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"no-expiry", "no-expiry-missing", "no-expiry-empty", "no-expiry-year-1", "no-expiry-year-9999"} {
		for kind, owner := range kinds {
			t.Run(rule+"/"+kind, func(t *testing.T) {
				t.Parallel()
				f := following(t, rule)
				key := f.AddKey(owner, sandbox.Key{
					Name: "old", Scopes: []string{"workspace.file:upload", "workspace.result:update"},
					CreatedAt: start.Add(-30 * day), NeverExpires: true,
				})
				adopted := func() *session {
					s := f.session()
					id := key.ID
					if owner == processID {
						id = processID + "/" + id
					}
					s.states[kind+".test"] = &instance{outcome: f.connect(nil).of(kind).adopt(t.Context(), id), kind: kind}
					return s
				}
				arguments := []string{`name = "old"`, scoped, "revoke_on_destroy = false"}
				adopted().plans(f.keyOf(kind, append(arguments, `expires_in = "90d"`)...)).expect(t, update)
				adopted().plans(f.keyOf(kind, append(arguments, `expires_in = "30d"`)...)).expect(t, replace, "rotates_at")
				adopted().plans(f.keyOf(kind, append(arguments, `expires_at = "2026-04-01T00:00:00Z"`)...)).expect(t, replace, "expires_at")

				// A key that was created with a date, and never expires all the same, is not forgotten alive.
				s := f.session()
				config := f.keyOf(kind, `name = "new"`, scoped, "revoke_on_destroy = false", `expires_at = "2026-04-01T00:00:00Z"`)
				s.apply(config)
				id := s.attributes(kind + ".test")["id"].(string)
				f.clock.Advance(60 * day)
				f.Advance(60 * day)
				s.apply(config).expect(t, keep)
				if report := s.destroy(); !strings.Contains(report.text, id) ||
					!strings.Contains(report.text, "works until it is deleted") {
					t.Errorf("it says %q", report.text)
				}
			})
		}
	}
}

// TestDecomposedNames: filters and lookups find names however the service composes them.
func TestDecomposedNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Processes: []sandbox.Process{{ID: processID, Name: norm.NFD.String("Prüfung")}}})
	f.AddKey(processID, sandbox.Key{
		Name: norm.NFD.String("Schlüssel"), Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day),
	})
	report := f.session().apply(f.config(fmt.Sprintf(`
data "alphamoon_process" "test" {
  name = "Prüfung"
}
data "alphamoon_process_api_keys" "test" {
  process_id = %q
  name       = "Schlüssel"
}`, processID)))
	keys, _ := report.data["data.alphamoon_process_api_keys.test"]["api_keys"].([]any)
	if report.data["data.alphamoon_process.test"]["id"] != processID || len(keys) != 1 {
		t.Errorf("got %v", report.data)
	}
}

// TestSoftRemoval: what was removed stays listed. A second removal, or a date, says that it is gone.
func TestSoftRemoval(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"keep-removed", "deleted-at"} {
		for kind, owner := range kinds {
			t.Run(rule+"/"+kind, func(t *testing.T) {
				t.Parallel()
				f := following(t, rule, "lone-detail")
				s := f.session()
				s.apply(f.keyOf(kind, named, scoped, lifetime, "revoke_on_destroy = true"))
				s.destroy()
				if len(f.LiveKeys(owner)) != 0 || len(s.states) != 0 {
					t.Errorf("%d keys live, states %v", len(f.LiveKeys(owner)), s.states)
				}
			})
		}
	}
}

// TestOrganizationsMeanNothing: a key's orgId is a person's as often as an organization's, and a process may move. The listing of
// the credential that saw the key proves its absence, whatever it shows beside, also where it shows nothing.
func TestOrganizationsMeanNothing(t *testing.T) {
	t.Parallel()
	for kind, owner := range kinds {
		for name, others := range map[string]int{"the last key": 0, "keys of other people": 2} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, sandbox.Options{})
				s := f.session()
				config := f.keyOf(kind, named, scoped, lifetime)
				s.apply(config)
				for range others {
					f.AddKey(owner, sandbox.Key{Name: "other", OrganizationID: "USER:google-oauth2|1", ExpiresAt: start.Add(900 * day)})
				}
				f.RemoveKey(s.attributes(kind + ".test")["id"].(string))
				f.clock.Advance(time.Hour)
				s.apply(config).expect(t, create)
				s.apply(config).expect(t, keep)
			})
		}
	}
}
