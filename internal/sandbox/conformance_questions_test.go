package sandbox_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// calm is what the sandbox answers unless it is told otherwise.
var calm = []answer{
	{"a new key is listed", "first after 0s, always after 0s"},
	{"a removed key is no longer listed", "first after 0s, always after 0s"},
	{"words of status", "Active"},
	{"a second creation of one name", "201, another key"},
	{"a process that does not exist", "404, an error in a documented form"},
	{"removal of a key of the organization", "204, no JSON"},
	{"its removal again", "404, an error in a documented form"},
	{"removal of a process's key", "204, no JSON; no longer listed"},
	{"page without a limit", "as many as there are"},
	{"largest page", "100 asked for as 1000"},
	{"total", "counts every key"},
	{"offset beyond the end", "200"},
	{"order of a listing", "oldest first"},
	{"secret in a listing", "absent"},
	{"expiry with another offset", "201, the same instant"},
	{"undocumented scope of a process's key", "201"},
	{"a member asks for the organization's keys", "403, an error in a documented form"},
	{"refusals", "none"},
}

// ask finds out what the documentation leaves open. Whatever the server does is an answer; nothing here fails but what
// the suite checks elsewhere.
func (c *conformance) ask(t *testing.T) {
	note := func(question, format string, values ...any) {
		c.answers = append(c.answers, answer{question, fmt.Sprintf(format, values...)})
	}
	statuses := map[string]bool{}
	seen := func(path, credential string, id any) func() bool {
		return func() bool {
			for _, key := range c.all(t, path, credential) {
				statuses[text(key["status"])] = true
				if key["id"] == id && key["status"] == "Active" {
					return true
				}
			}
			return false
		}
	}

	_, first, _ := c.post(t, c.credential, c.keysPath(), "same", "workspace.result:read")
	note("a new key is listed", "%s", c.delays(seen(c.keysPath(), c.credential, first["id"])))
	status, second, _ := c.post(t, c.credential, c.keysPath(), "same", "workspace.result:read")
	same := map[bool]string{true: "the same key", false: "another key"}[first["id"] == second["id"]]
	note("a second creation of one name", "%d, %s", status, same)

	status, body := c.sendToUnknown(t)
	note("a process that does not exist, or may not be seen", "%s", reply(status, body))

	east := time.Now().Add(lifetime).Truncate(time.Second).In(time.FixedZone("", 2*60*60)) //nolint:forbidigo // as above
	status, key := c.send(t, c.credential, http.MethodPost, c.keysPath(), object{
		"name": c.prefix + "offset", "exp": east.Format(time.RFC3339), "scopes": []string{"workspace.result:read"},
	})
	got, err := time.Parse(time.RFC3339, text(key["exp"]))
	note("expiry with another offset than Z", "%d, %s", status,
		map[bool]string{true: "the same instant", false: "another instant"}[err == nil && got.Equal(east)])
	status, _, _ = c.post(t, c.credential, c.keysPath(), "undocumented", "workspace.result:create")
	note("undocumented scope of a process's key", "%d", status)

	c.askListing(t, note)
	if c.adminCredential != "" {
		c.askRemoval(t, note, first["id"], seen)
	}
	note("words of status", "%s", strings.Join(slices.Sorted(maps.Keys(statuses)), ", "))
	counts := map[string]int{}
	for _, refusal := range c.refusals {
		counts[refusal]++
	}
	var refusals []string
	for _, refusal := range slices.Sorted(maps.Keys(counts)) {
		refusals = append(refusals, fmt.Sprintf("%s (%d times)", refusal, counts[refusal]))
	}
	if len(refusals) == 0 {
		refusals = []string{"none"}
	}
	note("refusals on the way", "%s", strings.Join(refusals, "; "))
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
	large, pagination := c.page(t, c.keysPath(), c.credential, "?offset=0&limit=1000")
	if limit, ok := pagination["limit"].(float64); ok {
		note("largest page", "%g asked for as 1000", limit)
	} else {
		note("largest page", "at least %d of %d asked for as 1000", len(large), len(keys))
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
	status, _ := c.send(t, c.credential, http.MethodGet, fmt.Sprintf("%s?offset=%d&limit=1", c.keysPath(), len(keys)+100), nil)
	note("offset beyond the end", "%d", status)

	var times []string
	secrets := map[string]bool{}
	for _, key := range keys {
		times = append(times, text(key["createdAt"]))
		secret, ok := key["key"]
		secrets[map[bool]string{true: "null", false: "masked"}[secret == nil]] = ok
		secrets["absent"] = secrets["absent"] || !ok
	}
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
		status, body := c.send(t, c.adminCredential, http.MethodDelete, organizationPath+"/"+text(id), nil)
		return reply(status, body)
	}
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
	default:
		return fmt.Sprintf("%d, fields %s", status, strings.Join(slices.Sorted(maps.Keys(body)), ", "))
	}
}

// table is the answers in Markdown.
func table(answers []answer) string {
	var result strings.Builder
	result.WriteString("| What nobody documented | What the service does |\n|---|---|\n")
	for _, answer := range answers {
		fmt.Fprintf(&result, "| %s | %s |\n", answer.question, strings.ReplaceAll(answer.reply, "|", `\|`))
	}
	return result.String()
}
