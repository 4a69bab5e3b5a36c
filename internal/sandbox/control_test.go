package sandbox_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestControl steers a sandbox as a person does with curl.
func TestControl(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	box := &sandbox.Sandbox{Options: sandbox.Options{Now: func() time.Time { return now }}}
	address, stop, err := box.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	curl := func(method, path string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(context.Background(), method, address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("sandbox", "sandbox-password")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	expect := func(method, path string, status int) string {
		t.Helper()
		got, body := curl(method, path)
		if got != status {
			t.Errorf("%s %s: got %d, want %d: %s", method, path, got, status, body)
		}
		return body
	}
	for range 2 {
		box.AddKey(sandbox.DefaultProcessID,
			sandbox.Key{Name: "x", Scopes: []string{"a.b:c"}, ExpiresAt: now.Add(24 * time.Hour)})
	}
	keys := box.Keys(sandbox.DefaultProcessID)
	page := expect(http.MethodGet, "/sandbox/", 200)
	if !strings.Contains(page, keys[0].ID) || strings.Contains(page, keys[0].Secret) ||
		!strings.Contains(page, "curl -X POST "+address+"/sandbox/keys/ID/disable") {
		t.Errorf("it says:\n%s", page)
	}
	expect(http.MethodPost, "/sandbox/keys/"+keys[0].ID+"/disable", 200)
	expect(http.MethodDelete, "/sandbox/keys/"+keys[1].ID, 200)
	expect(http.MethodDelete, "/sandbox/keys/unknown", 404)
	if left := box.Keys(sandbox.DefaultProcessID); len(left) != 1 || left[0].Status != "Disabled" {
		t.Errorf("got %+v", left)
	}
	for name := range sandbox.NamedFaults() {
		expect(http.MethodPost, "/sandbox/faults/"+name+"?times=1", 200)
	}
	expect(http.MethodDelete, "/sandbox/faults", 200)
	expect(http.MethodPost, "/sandbox/faults/outage?times=2", 200)
	for _, status := range []int{503, 503, 200} {
		expect(http.MethodGet, keysPath, status)
	}
	expect(http.MethodPost, "/sandbox/faults/outage", 200)
	for range 3 {
		expect(http.MethodGet, keysPath, 503)
	}
	expect(http.MethodDelete, "/sandbox/faults", 200)
	expect(http.MethodPost, "/sandbox/faults/none", 404)
	expect(http.MethodPost, "/sandbox/faults/outage?times=0", 400)
	expect(http.MethodPost, "/sandbox/rules/none", 404)
	expect(http.MethodPost, "/sandbox/rules/limit-400", 200)
	expect(http.MethodGet, keysPath+"?limit=100", 400)
	for _, rule := range sandbox.NamedRules() {
		expect(http.MethodPost, "/sandbox/rules/"+rule.Name, 200)
	}
	page = expect(http.MethodGet, "/sandbox/", 200)
	for _, rule := range sandbox.NamedRules() {
		if !strings.Contains(page, "rule "+rule.Name) || !strings.Contains(page, rule.Text) {
			t.Errorf("the rule %s is missing: %s", rule.Name, page)
		}
	}
	expect(http.MethodDelete, "/sandbox/rules", 200)
	expect(http.MethodGet, keysPath+"?limit=100", 200)
	if strings.Contains(expect(http.MethodGet, "/sandbox/", 200), "rule unique-names") {
		t.Error("the rules are still on")
	}
	if !strings.Contains(expect(http.MethodGet, "/sandbox/", 200), "2026-01-02T00:00:00Z  no") { // it is disabled
		t.Error("it does not say whether keys work")
	}
	expect(http.MethodPost, "/sandbox/clock?advance=60d", 200)
	expect(http.MethodPost, "/sandbox/clock?advance=soon", 400)
	expect(http.MethodPost, "/sandbox/clock?advance=-61d", 200)
	if !strings.Contains(expect(http.MethodGet, "/sandbox/", 200), "It is 2025-12-31T00:00:00Z here") {
		t.Error("the clock has not moved back")
	}
	expect(http.MethodPost, "/sandbox/clock?advance=61d", 200)
	if !strings.Contains(expect(http.MethodGet, "/sandbox/", 200), "It is 2026-03-02T00:00:00Z here") {
		t.Error("the clock has not moved")
	}
	expect(http.MethodDelete, "/sandbox/processes/"+sandbox.DefaultProcessID, 200)
	expect(http.MethodDelete, "/sandbox/processes/"+sandbox.DefaultProcessID, 404)
	expect(http.MethodGet, keysPath, 404)
}

// TestControlFitsATerminal: no line of the help is longer than 80 columns, whatever there is none is longer than 100, and rows
// stand below each other.
func TestControlFitsATerminal(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{Processes: []sandbox.Process{
		{ID: sandbox.DefaultProcessID, Name: strings.Repeat("Delivery notes ", 20)}, {ID: strings.Repeat("a", 32), Name: "Invoices"},
	}}}
	for _, owner := range []string{sandbox.Organization, sandbox.DefaultProcessID} {
		for _, name := range []string{"a", strings.Repeat("ä", 255)} {
			box.AddKey(owner, sandbox.Key{Name: name, Scopes: []string{"a.b:c"}, ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)})
		}
	}
	box.SetStatus(box.Keys(sandbox.Organization)[0].ID, "Needs review")
	box.Inject(sandbox.NamedFaults()["revocation-fails"])
	server := httptest.NewServer(box.Control())
	t.Cleanup(server.Close)
	resp, err := server.Client().Get(server.URL + "/sandbox/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	page := string(body)
	help, _, found := strings.Cut(page, "It is ")
	for line := range strings.Lines(help) {
		if width := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width > 80 || !found {
			t.Errorf("%d columns of help: %s", width, line)
		}
	}
	for line := range strings.Lines(page) {
		if width := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width > 100 {
			t.Errorf("%d columns: %s", width, line)
		}
	}
	for _, name := range slices.Collect(maps.Keys(sandbox.NamedFaults())) {
		if !strings.Contains(page, " "+name) {
			t.Errorf("the fault %s is missing:\n%s", name, page)
		}
	}
	heading := regexp.MustCompile(`(?m)^  KEY .*EXPIRES`).FindString(page)
	at := utf8.RuneCountInString(strings.TrimSuffix(heading, "EXPIRES"))
	rows := regexp.MustCompile(`(?m)^  [0-9a-f]{32} .*2099`).FindAllString(page, -1)
	for _, row := range rows {
		if got := utf8.RuneCountInString(strings.TrimSuffix(row, "2099")); got != at {
			t.Errorf("the expiry stands in column %d, its heading in %d: %s", got, at, row)
		}
	}
	if len(rows) != 4 {
		t.Errorf("%d keys are named:\n%s", len(rows), page)
	}
}

// TestForeignPages plays what a web page can make a browser do: send requests to the sandbox, and have a name of its
// own resolved to this machine.
func TestForeignPages(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	address, stop, err := box.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	port := address[strings.LastIndex(address, ":"):]
	for name, test := range map[string]struct {
		method, host string
		header       http.Header
		want         int
	}{
		"curl":                    {http.MethodPost, "", nil, 200},
		"localhost":               {http.MethodPost, "localhost" + port, nil, 200},
		"IPv6":                    {http.MethodPost, "[::1]" + port, nil, 200},
		"a form of another site":  {http.MethodPost, "", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		"an older browser's form": {http.MethodPost, "", http.Header{"Origin": {"http://example.com"}}, 403},
		"a name pointed here":     {http.MethodPost, "example.com" + port, nil, 421},
		"a name without a port":   {http.MethodPost, "example.com", nil, 421},
	} {
		for _, path := range []string{"/sandbox/clock?advance=1h", "/sandbox/"} {
			req, err := http.NewRequestWithContext(t.Context(), test.method, address+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			if path == "/sandbox/" {
				req.Method = http.MethodGet
				if want == http.StatusForbidden {
					want = http.StatusOK // a browser does not let the other site see the answer
				}
			}
			req.Host = test.host
			if test.header != nil {
				req.Header = test.header
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s, %s: got %d, want %d", name, path, resp.StatusCode, want)
			}
		}
	}
}

// TestRate refuses what comes too fast, with and without a hint.
func TestRate(t *testing.T) {
	t.Parallel()
	for _, hints := range []bool{false, true} {
		box := &sandbox.Sandbox{Options: sandbox.Options{Rate: 0.001, Burst: 2, RateHints: hints}}
		address, stop, err := box.Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		for i, want := range []int{200, 200, 429} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+keysPath, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth("sandbox", "sandbox-password")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if hint := resp.Header.Get("Retry-After") != ""; resp.StatusCode != want || hint != (hints && want == 429) {
				t.Errorf("request %d: %d, %q", i+1, resp.StatusCode, resp.Header.Get("Retry-After"))
			}
		}
	}
}
