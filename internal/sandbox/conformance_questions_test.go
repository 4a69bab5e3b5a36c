package sandbox_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// questions are what the documentation leaves open, each with the answer that needs the least of a client. Where the
// service gives that answer, what the code does for the sake of another can go: those places carry a mark, "// U: " and the
// question. The sandbox gives all of these answers unless it is told otherwise.
var questions = []answer{
	{"a listing without keys", "200, an empty list"},
	{"a new key is listed", "first after 0s, always after 0s"},
	{"a new key is accepted", "first after 0s, always after 0s"},
	{"a removed key is no longer listed", "first after 0s, always after 0s"},
	{"an expired key", "listed as Active"},
	{"keys that never expire", "none is listed"},
	{"words of status", "Active"},
	{"a second creation of one name", "201, another key"},
	{"creations refused", "none"},
	{"a process that does not exist or may not be seen", "404, an error in a documented form"},
	{"a wrong credential", "401, an error in a documented form"},
	{"removal of a key of the organization", "204, no JSON"},
	{"its removal again", "404, an error in a documented form"},
	{"removal of a process's key", "204, no JSON; no longer listed"},
	{"page without a limit", "as many as there are"},
	{"largest page", "100 asked for as 1000"},
	{"total", "counts every key"},
	{"offset beyond the end", "200"},
	{"order of a listing", "oldest first"},
	{"secret in a listing", "absent"},
	{"a key that another credential made", "listed"},
	{"ids", "listed as answered"},
	{"names", "answered and listed as sent"},
	{"scopes", "answered and listed as sent"},
	{"expiries", "answered and listed as sent, in whole seconds"},
	{"dates", "end with Z"},
	{"createdAt of a new key", "within a minute of the clock here"},
	{"an expiry in ten years", "granted"},
	{"expiry with another offset than Z", "201, the same instant"},
	{"undocumented scope of a process's key", "201"},
	{"a member asks for the organization's keys", "403, an error in a documented form"},
	{"refusals on the way", "none"},
}

// ask finds out what the documentation leaves open. Whatever the server does is an answer; nothing here fails but what
// the suite checks elsewhere.
func (c *conformance) ask(t *testing.T) {
	note := func(question, format string, values ...any) {
		c.answers = append(c.answers, answer{question, fmt.Sprintf(format, values...)})
	}
	note("a listing without keys", "%s", c.empty)
	statuses := map[string]bool{}
	seen := func(path, credential string, id any) func() bool {
		return func() bool {
			for _, key := range c.all(t, path, credential) {
				statuses[text(key["status"])] = true
				if sameID(key["id"], id) && key["status"] == "Active" {
					return true
				}
			}
			return false
		}
	}

	_, first, _ := c.post(t, c.credential, c.keysPath(), "same", "workspace.result:read")
	note("a new key is listed", "%s", c.delays(seen(c.keysPath(), c.credential, first["id"])))
	_, manager, _ := c.post(t, c.credential, c.keysPath(), "accepted", "workspace.process.api_key:manage")
	note("a new key is accepted", "%s", c.delays(func() bool {
		status, _ := c.send(t, text(manager["key"]), http.MethodGet, c.keysPath(), nil)
		return status != http.StatusUnauthorized
	}))
	status, second, _ := c.post(t, c.credential, c.keysPath(), "same", "workspace.result:read")
	switch {
	case status >= 300:
		note("a second creation of one name", "%s", reply(status, second))
	case sameID(first["id"], second["id"]):
		note("a second creation of one name", "%d, the same key", status)
	default:
		note("a second creation of one name", "%d, another key", status)
	}

	status, body := c.sendToUnknown(t)
	note("a process that does not exist or may not be seen", "%s", reply(status, body))
	status, body = c.send(t, "nobody:nothing", http.MethodGet, c.keysPath(), nil)
	note("a wrong credential", "%s", reply(status, body))

	east := time.Now().Add(lifetime).Truncate(time.Second).In(time.FixedZone("", 2*60*60))
	status, key := c.send(t, c.credential, http.MethodPost, c.keysPath(), object{
		"name": c.prefix + "offset", "exp": east.Format(time.RFC3339), "scopes": []string{"workspace.result:read"},
	})
	got, err := time.Parse(time.RFC3339, text(key["exp"]))
	note("expiry with another offset than Z", "%d, %s", status,
		map[bool]string{true: "the same instant", false: "another instant"}[err == nil && got.Equal(east)])
	status, _, _ = c.post(t, c.credential, c.keysPath(), "undocumented", "workspace.result:create")
	note("undocumented scope of a process's key", "%d", status)

	c.askForms(t, note)
	c.askListing(t, note)
	if c.adminCredential != "" {
		c.askRemoval(t, note, first["id"], seen)
	}
	note("words of status", "%s", strings.Join(slices.Sorted(maps.Keys(statuses)), ", "))
	note("creations refused", "%s", tally(c.refusedCreations))
	note("refusals on the way", "%s", tally(c.refusals))
}

// tally says how often each of some things occurred.
func tally(things []string) string {
	counts := map[string]int{}
	for _, thing := range things {
		counts[thing]++
	}
	var texts []string
	for _, thing := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprintf("%s (%d times)", thing, counts[thing]))
	}
	return cmp.Or(strings.Join(texts, "; "), "none")
}

// askForms asks how a key's fields are answered and listed that are made of what was sent.
func (c *conformance) askForms(t *testing.T, note func(question, format string, values ...any)) {
	name := "Größe  " + strings.Repeat("x", 100) + " "
	scopes := []string{"workspace.result:update", "workspace.file:upload"}
	_, created, expiry := c.post(t, c.credential, c.keysPath(), name, scopes...)
	made := time.Now()
	short := time.Now().Add(10 * time.Second)
	_, ending := c.send(t, c.credential, http.MethodPost, c.keysPath(), object{
		"name": c.prefix + "ending", "exp": short.UTC().Format(time.RFC3339), "scopes": scopes,
	})
	time.Sleep(c.patience / 2) // what was written is listed by now, and the short life is over
	find := func(credential string, id any) (found object) {
		for _, key := range c.all(t, c.keysPath(), credential) {
			if sameID(key["id"], id) {
				found = key
			}
		}
		return found
	}
	listed := find(c.credential, created["id"])
	forms := func(question, field, as string, asSent func(any) bool) {
		if asSent(created[field]) && asSent(listed[field]) {
			note(question, "%s", as)
		} else {
			note(question, "answered %v, listed %v", created[field], listed[field])
		}
	}
	forms("ids", "id", "listed as answered", func(id any) bool { return id == created["id"] })
	forms("names", "name", "answered and listed as sent", func(answered any) bool { return answered == c.prefix+name })
	forms("scopes", "scopes", "answered and listed as sent", func(answered any) bool { return sameSet(answered, scopes) })
	forms("expiries", "exp", "answered and listed as sent, in whole seconds", func(answered any) bool {
		at, err := time.Parse(time.RFC3339, strings.TrimSuffix(text(answered), "Z")+"Z")
		return err == nil && at.Equal(expiry.Truncate(time.Second))
	})
	forms("dates", "createdAt", "end with Z", func(answered any) bool { return strings.HasSuffix(text(answered), "Z") })
	at, err := time.Parse(time.RFC3339, strings.TrimSuffix(text(created["createdAt"]), "Z")+"Z")
	if away := made.Sub(at).Abs(); err == nil && away < time.Minute {
		note("createdAt of a new key", "within a minute of the clock here")
	} else {
		note("createdAt of a new key", "%v, when it was %s here", created["createdAt"], made.UTC().Format(time.RFC3339))
	}
	if expired := find(c.credential, ending["id"]); expired == nil {
		note("an expired key", "not listed")
	} else {
		note("an expired key", "listed as %v", expired["status"])
	}
	if c.adminCredential != "" {
		note("a key that another credential made", "%s",
			map[bool]string{true: "listed", false: "not listed"}[find(c.adminCredential, created["id"]) != nil])
	}
}

// askListing asks about pages, their order and what they show.
func (c *conformance) askListing(t *testing.T, note func(question, format string, values ...any)) {
	time.Sleep(c.patience / 2) // what was written is listed by now
	keys := c.all(t, c.keysPath(), c.credential)
	unlimited, _ := c.page(t, c.keysPath(), c.credential, "?offset=0")
	if len(unlimited) == len(keys) {
		note("page without a limit", "as many as there are")
	} else {
		note("page without a limit", "%d", len(unlimited))
	}
	status, body := c.send(t, c.credential, http.MethodGet, c.keysPath()+"?offset=0&limit=1000", nil)
	large, _ := body["apiKeys"].([]any)          // what is no list has no length
	pagination, _ := body["pagination"].(object) // it is not documented
	if limit, ok := pagination["limit"].(float64); ok {
		note("largest page", "%g asked for as 1000", limit)
	} else if status == http.StatusOK {
		note("largest page", "at least %d of %d asked for as 1000", len(large), len(keys))
	} else {
		note("largest page", "%s", reply(status, body))
	}
	_, pagination = c.page(t, c.keysPath(), c.credential, "?offset=0&limit=1")
	switch total, ok := pagination["total"].(float64); {
	case !ok:
		note("total", "there is none")
	case int(total) == len(keys):
		note("total", "counts every key")
	case int(total) == 1:
		note("total", "counts the page")
	default:
		note("total", "is %g, of %d keys", total, len(keys))
	}
	status, _ = c.send(t, c.credential, http.MethodGet, fmt.Sprintf("%s?offset=%d&limit=1", c.keysPath(), len(keys)+100), nil)
	note("offset beyond the end", "%d", status)

	var times, endless []string
	secrets := map[string]bool{}
	for _, key := range keys {
		times = append(times, text(key["createdAt"]))
		if exp := text(key["exp"]); exp == "" || strings.HasPrefix(exp, "0001") || strings.HasPrefix(exp, "9999") {
			endless = append(endless, fmt.Sprintf("%#v", key["exp"]))
		}
		secret, ok := key["key"]
		secrets[map[bool]string{true: "null", false: "masked"}[secret == nil]] = ok
		secrets["absent"] = secrets["absent"] || !ok
	}
	note("keys that never expire", "%s", strings.Replace(tally(endless), "none", "none is listed", 1))
	maps.DeleteFunc(secrets, func(_ string, ok bool) bool { return !ok })
	note("secret in a listing", "%s", strings.Join(slices.Sorted(maps.Keys(secrets)), ", "))
	order := "neither by age"
	if slices.IsSorted(times) {
		order = "oldest first"
	} else if slices.Reverse(times); slices.IsSorted(times) {
		order = "newest first"
	}
	note("order of a listing", "%s", order)
}

// askRemoval asks what the removal answers, and how soon it shows.
func (c *conformance) askRemoval(t *testing.T, note func(question, format string, values ...any), processKey any,
	seen func(path, credential string, id any) func() bool,
) {
	remove := func(id any) string {
		status, body := c.send(t, c.adminCredential, http.MethodDelete, organizationPath+"/"+fmt.Sprint(id), nil)
		return reply(status, body)
	}
	c.askLifetime(t, note, remove)
	_, key, _ := c.post(t, c.adminCredential, organizationPath, "removed", "workspace.result:read")
	listed := seen(organizationPath, c.adminCredential, key["id"])
	c.eventually(t, "a key of the organization is listed", listed)
	note("removal of a key of the organization", "%s", remove(key["id"]))
	note("a removed key is no longer listed", "%s", c.delays(func() bool { return !listed() }))
	note("its removal again", "%s", remove(key["id"]))

	removal := remove(processKey)
	time.Sleep(c.patience / 2)
	left := "no longer listed"
	if seen(c.keysPath(), c.credential, processKey)() {
		left = "still listed"
	}
	note("removal of a process's key", "%s; %s", removal, left)
	status, body := c.send(t, c.credential, http.MethodGet, organizationPath, nil)
	note("a member asks for the organization's keys", "%s", reply(status, body))
}

// askLifetime asks for a key that lives for ten years, of the organization, because that one can certainly be removed.
func (c *conformance) askLifetime(t *testing.T, note func(question, format string, values ...any), remove func(id any) string) {
	want := time.Now().UTC().AddDate(10, 0, 0).Truncate(time.Second)
	status, key := c.send(t, c.adminCredential, http.MethodPost, organizationPath, object{
		"name": c.prefix + "ten years", "exp": want.Format(time.RFC3339), "scopes": []string{"workspace.result:read"},
	})
	switch got, err := time.Parse(time.RFC3339, text(key["exp"])); {
	case status >= 300:
		note("an expiry in ten years", "%s", reply(status, key))
	case err != nil:
		note("an expiry in ten years", "%v", key["exp"])
	case got.Equal(want):
		note("an expiry in ten years", "granted")
	default:
		note("an expiry in ten years", "granted for %d days", int(got.Sub(want.AddDate(-10, 0, 0))/(24*time.Hour)))
	}
	if key["id"] != nil {
		remove(key["id"])
	}
}

// delays watches for as long as it has patience, and says when something held first, and from when on it always did.
func (c *conformance) delays(holds func() bool) string {
	first, always := time.Duration(-1), time.Duration(-1)
	for waited := time.Duration(0); waited <= c.patience/2; waited += time.Second {
		switch held := holds(); {
		case !held:
			always = -1
		case first < 0:
			first, always = waited, waited
		case always < 0:
			always = waited
		}
		time.Sleep(time.Second)
	}
	if always < 0 {
		return fmt.Sprintf("not always after %s", c.patience/2)
	}
	return fmt.Sprintf("first after %s, always after %s", first, always)
}

func reply(status int, body object) string {
	switch {
	case body == nil:
		return fmt.Sprintf("%d, no JSON", status)
	case hasDocumentedForm(body):
		return fmt.Sprintf("%d, an error in a documented form", status)
	case len(body) == 1 && text(body["detail"]) != "":
		return fmt.Sprintf("%d, a lone detail %q", status, body["detail"])
	default:
		return fmt.Sprintf("%d, fields %s", status, strings.Join(slices.Sorted(maps.Keys(body)), ", "))
	}
}

// marks are the places in the code that a question settles, found by "// U: " and the question.
func marks(t *testing.T) map[string][]string {
	t.Helper()
	places := map[string][]string{}
	for _, pattern := range []string{"../alphamoon/*.go", "../provider/*.go", "../rotation/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(content), "\n") {
				if _, mark, found := strings.Cut(line, "// U: "); found && !strings.HasSuffix(name, "_test.go") {
					for question := range strings.SplitSeq(mark, "; ") {
						places[question] = append(places[question], fmt.Sprintf("%s:%d", strings.TrimPrefix(name, "../"), i+1))
					}
				}
			}
		}
	}
	return places
}

// TestMarks keeps the marks and the questions in step.
func TestMarks(t *testing.T) {
	t.Parallel()
	places := marks(t)
	for _, question := range questions {
		if len(places[question.question]) == 0 {
			t.Errorf("no code is marked with // U: %s", question.question)
		}
		delete(places, question.question)
	}
	for mark, where := range places {
		t.Errorf("no question is called %q: %v", mark, where)
	}
}

// table is the answers in Markdown, with the marks of each that can go.
func table(answers []answer, places map[string][]string) string {
	var result strings.Builder
	result.WriteString("| What nobody documented | What the service does | Code that can go |\n|---|---|---|\n")
	for _, answer := range answers {
		superfluous := "-"
		if slices.Contains(questions, answer) {
			superfluous = strings.Join(places[answer.question], "<br>")
		}
		fmt.Fprintf(&result, "| %s | %s | %s |\n", answer.question, strings.ReplaceAll(answer.reply, "|", `\|`), superfluous)
	}
	return result.String()
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := table([]answer{{"total", "counts every key"}, {"ids", "listed | otherwise"}},
		map[string][]string{"total": {"a.go:1", "b.go:2"}, "ids": {"c.go:3"}})
	for _, want := range []string{"| total | counts every key | a.go:1<br>b.go:2 |", `| ids | listed \| otherwise | - |`} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in\n%s", want, got)
		}
	}
}
