package alphamoon_test

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// hostile is a service that is written from the documentation alone and shares nothing with the sandbox. Its trick
// answers a request in place of it, unless it returns false.
type hostile struct {
	trick func(h *hostile, w http.ResponseWriter, r *http.Request, number int) bool

	mu      sync.Mutex
	keys    []map[string]any
	made    int
	numbers map[string]int // of the requests, by method
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.numbers[r.Method]++
	number := h.numbers[r.Method]
	h.mu.Unlock()
	if h.trick != nil && h.trick(h, w, r, number) {
		return
	}
	switch r.Method {
	case http.MethodPost:
		respond(w, http.StatusCreated, h.create(r))
	case http.MethodDelete:
		h.remove(path.Base(r.URL.Path))
		w.WriteHeader(http.StatusNoContent)
	default:
		h.list(w, r, h.all(), true)
	}
}

// old adds n keys that were made a month ago.
func (h *hostile) old(n int) {
	for range n {
		h.add("old", time.Now().AddDate(0, -1, 0), []any{"workspace.result:read"}, "2099-01-01T00:00:00Z")
	}
}

func (h *hostile) add(name any, created time.Time, scopes, exp any) map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.made++
	key := map[string]any{
		"id": fmt.Sprintf("%032x", h.made), "name": name, "scopes": scopes, "exp": exp, "orgId": "USER:1", "status": "Active",
		"createdAt": created.UTC().Format(time.RFC3339), "processId": processID,
	}
	h.keys = append(h.keys, key)
	return key
}

// create makes the key that a request asks for and returns it with its secret.
func (h *hostile) create(r *http.Request) map[string]any {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	exp, _ := body["exp"].(string)
	key := h.add(body["name"], time.Now(), body["scopes"], exp[:19]+"Z")
	if r.URL != nil && !strings.Contains(r.URL.Path, "/processes/") {
		delete(key, "processId")
	}
	return with(key, "key", "user:pass")
}

func with(key map[string]any, field string, value any) map[string]any {
	changed := map[string]any{field: value}
	for name, old := range key {
		if name != field {
			changed[name] = old
		}
	}
	return changed
}

func (h *hostile) remove(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys = slices.DeleteFunc(h.keys, func(key map[string]any) bool { return key["id"] == id })
}

func (h *hostile) all() []map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.keys)
}

// list answers with a window of the given keys, and with their total if it counts.
func (h *hostile) list(w http.ResponseWriter, r *http.Request, keys []map[string]any, counts bool) {
	offset, limit := window(r)
	answer := map[string]any{"apiKeys": keys[min(offset, len(keys)):min(offset+limit, len(keys))]}
	if counts {
		answer["pagination"] = map[string]any{"offset": offset, "limit": limit, "total": len(keys)}
	}
	respond(w, http.StatusOK, answer)
}

func window(r *http.Request) (offset, limit int) {
	offset, _ = strconv.Atoi(r.URL.Query().Get("offset"))
	limit, _ = strconv.Atoi(r.URL.Query().Get("limit"))
	return offset, limit
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func html(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><h1>Sign in</h1></html>")
}

// abort cuts the answer off.
func abort() { panic(http.ErrAbortHandler) }

// The acts say what became of a call in a word or two.

func doFind(n int) func(*alphamoon.APIKeys, *testing.T) string {
	return doFindID(fmt.Sprintf("%032x", n))
}

func doFindID(id string) func(*alphamoon.APIKeys, *testing.T) string {
	return func(keys *alphamoon.APIKeys, t *testing.T) string {
		found, err := keys.Find(t.Context(), alphamoon.KeyRef{
			ID: id, CreatedAt: time.Now().AddDate(0, -1, 0),
		})
		switch {
		case err != nil:
			t.Log(err)
			return "error"
		case found == nil:
			return "absent"
		default:
			return "found " + found.Status
		}
	}
}

func doList(keys *alphamoon.APIKeys, t *testing.T) string {
	all, err := keys.List(t.Context())
	if err != nil {
		t.Log(err)
		return "error"
	}
	return fmt.Sprint(len(all))
}

func doCreate(keys *alphamoon.APIKeys, t *testing.T) string { return createKey(keys, t, false) }

func doCreateOrRevoke(keys *alphamoon.APIKeys, t *testing.T) string { return createKey(keys, t, true) }

func createKey(keys *alphamoon.APIKeys, t *testing.T, revoke bool) string {
	key, err := keys.Create(t.Context(), wanted, alphamoon.CreateOptions{GeneratedName: revoke, RevokeRemains: revoke})
	var lost *alphamoon.LostCreationError
	var foreign *alphamoon.NotOursError
	switch {
	case errors.As(err, &lost):
		t.Log(err)
		return fmt.Sprintf("lost, %d equal, %d similar", len(lost.Equal), len(lost.Similar))
	case errors.As(err, &foreign):
		return "not ours"
	case err != nil:
		t.Log(err)
		return "error"
	default:
		return strings.TrimSpace("created " + strings.Join(wanted.Granted(key.APIKey).Missing, " "))
	}
}

func doRevoke(age time.Duration) func(*alphamoon.APIKeys, *testing.T) string {
	return func(keys *alphamoon.APIKeys, t *testing.T) string {
		err := keys.Revoke(t.Context(), alphamoon.KeyRef{
			ID: fmt.Sprintf("%032x", 3), CreatedAt: time.Now().Add(-age),
		})
		if err != nil {
			t.Log(err)
			return "error"
		}
		return "revoked"
	}
}

const month = 30 * 24 * time.Hour

// TestHostileService has one row for each trick that a service, a gateway or a cache plays, and what the client must
// make of it: what it returns, and how many keys there are in the end.
func TestHostileService(t *testing.T) {
	t.Parallel()
	type trick = func(h *hostile, w http.ResponseWriter, r *http.Request, number int) bool
	get := func(then trick) trick {
		return func(h *hostile, w http.ResponseWriter, r *http.Request, number int) bool {
			return r.Method == http.MethodGet && then(h, w, r, number)
		}
	}
	on := func(method string, then trick) trick {
		return func(h *hostile, w http.ResponseWriter, r *http.Request, number int) bool {
			return r.Method == method && then(h, w, r, number)
		}
	}
	post := func(then trick) trick { return on(http.MethodPost, then) }
	del := func(then trick) trick { return on(http.MethodDelete, then) }
	oldIndex := func(then trick) trick { // it lacks the youngest key
		return func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodGet {
				h.list(w, r, h.all()[:2], true)
				return true
			}
			return then(h, w, r, n)
		}
	}
	pages := func(then func(h *hostile, w http.ResponseWriter, r *http.Request, offset, limit int) bool) trick {
		return get(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			offset, limit := window(r)
			return then(h, w, r, offset, limit)
		})
	}
	status := func(code int, header ...string) trick {
		return func(_ *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			html(w, code)
			return true
		}
	}
	once := func(then trick) trick {
		return func(h *hostile, w http.ResponseWriter, r *http.Request, number int) bool {
			return number == 1 && then(h, w, r, number)
		}
	}
	// worked lets the service do the work before the trick answers.
	worked := func(then trick) trick {
		return func(h *hostile, w http.ResponseWriter, r *http.Request, number int) bool {
			if r.Method == http.MethodPost {
				h.create(r)
			} else {
				h.remove(path.Base(r.URL.Path))
			}
			return then(h, w, r, number)
		}
	}
	raw := func(code int, body string) trick {
		return func(_ *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	documented := func(code int) trick {
		return raw(code, `{"action": "a", "detail": "d", "errors": [], "instance": "i", "status": 404, "title": "Not found.", "type": "E"}`)
	}
	for _, test := range []struct {
		name  string
		old   int // keys that exist before
		trick trick
		act   func(*alphamoon.APIKeys, *testing.T) string
		want  string
		alive int
	}{
		// Listings.
		{"two indexes, the older one lacks the key", 3, get(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			h.list(w, r, h.all()[:1+2*((n+1)%2)], true)
			return true
		}), doFind(3), "found Active", 3},
		{"pages from two indexes", 150, get(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			h.list(w, r, h.all()[n%2:], true)
			return true
		}), doList, "error", 150},
		{"total as a string", 150, pages(func(h *hostile, w http.ResponseWriter, _ *http.Request, offset, limit int) bool {
			respond(w, 200, map[string]any{"apiKeys": h.all()[offset:min(150, offset+limit)], "pagination": map[string]any{"total": "150"}})
			return true
		}), doList, "150", 150},
		{"cursor ignores the offset, no total", 150, pages(func(h *hostile, w http.ResponseWriter, _ *http.Request, _, limit int) bool {
			respond(w, 200, map[string]any{"apiKeys": h.all()[:limit], "nextCursor": "x"})
			return true
		}), doFind(140), "error", 150},
		{"pages shrink under load", 150, get(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			q := r.URL.Query()
			q.Set("limit", strconv.Itoa(max(10, 60-10*n)))
			r.URL.RawQuery = q.Encode()
			h.list(w, r, h.all(), true)
			return true
		}), doList, "150", 150},
		{"a page is empty under load, once, no total", 150, get(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			if n == 2 {
				respond(w, 200, map[string]any{"apiKeys": []any{}})
				return true
			}
			h.list(w, r, h.all(), false)
			return true
		}), doList, "150", 150},
		{"a key twice within a page", 3, get(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			h.list(w, r, append(h.all(), h.all()[0]), true)
			return true
		}), doList, "error", 3},
		{"a key twice within a page, another sought", 3, get(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			h.list(w, r, append(h.all(), h.all()[0]), false)
			return true
		}), doFind(9), "error", 3},
		{"null among the keys", 3, get(func(h *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			respond(w, 200, map[string]any{"apiKeys": []any{nil, h.all()[0]}, "pagination": map[string]any{"total": 2}})
			return true
		}), doFind(3), "error", 3},
		{
			"numbers as ids", 3, get(raw(200, `{"apiKeys": [{"id": 7, "status": "Active"}], "pagination": {"total": 1}}`)),
			doFindID("7"), "found Active", 3,
		},
		{
			"ids with dashes and capitals", 3,
			get(raw(200, `{"apiKeys": [{"id": "AB-C", "status": "Active"}], "pagination": {"total": 1}}`)), doFindID("a-bc"),
			"found Active", 3,
		},
		{"a byte order mark", 3, get(raw(200, "\ufeff"+`{"apiKeys": [], "pagination": {"total": 0}}`)), doFind(3), "error", 3},
		{"no keys, but counted", 3, get(raw(200, `{"apiKeys": null, "pagination": {"total": 3}}`)), doFind(3), "error", 3},
		{"an error with 200", 3, get(raw(200, `{"detail": "try later"}`)), doFind(3), "error", 3},
		{"two documents in one body", 3, get(raw(200, `{"apiKeys": []}{"apiKeys": []}`)), doFind(3), "error", 3},
		{"a login page for one listing of three", 3, get(once(status(200))), doList, "3", 3},
		{"a login page for all", 3, get(status(200)), doFind(3), "error", 3},
		{"204 for a listing", 3, get(status(204)), doFind(3), "error", 3},
		{"a CDN's errors", 3, get(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			return n < 5 && status(519+2*n)(h, w, r, n)
		}), doList, "3", 3},
		{"499", 3, get(status(499)), doFind(9), "error", 3},
		{"401 once", 3, get(once(status(401))), doFind(9), "error", 3},
		{"404 of a gateway", 3, get(status(404)), doFind(9), "error", 3},
		{
			"404 of a gateway for the second page, no total", 150,
			pages(func(h *hostile, w http.ResponseWriter, r *http.Request, offset, _ int) bool {
				if offset > 0 {
					return status(404)(h, w, r, 0)
				}
				h.list(w, r, h.all(), false)
				return true
			}), doFind(140), "error", 150,
		},
		{
			"404 of a gateway for the second page, each page counts itself", 150,
			pages(func(h *hostile, w http.ResponseWriter, r *http.Request, offset, _ int) bool {
				if offset > 0 {
					return status(404)(h, w, r, 0)
				}
				h.list(w, r, h.all()[:100], true)
				return true
			}), doFind(140), "error", 150,
		},
		{"gzip that breaks off, once", 3, get(once(func(_ *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			_, _ = io.WriteString(zip, `{"apiKeys": [], "pagination": {"total": 0}}`)
			_ = zip.Flush()
			return true
		})), doFind(3), "found Active", 3},
		{"chunks that break off, once", 3, get(once(func(_ *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			_, _ = io.WriteString(w, `{"apiKeys": []}`)
			_ = http.NewResponseController(w).Flush()
			abort()
			return true
		})), doFind(3), "found Active", 3},
		{"HTTP/1.0 without a length", 3, get(func(h *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			body, _ := json.Marshal(map[string]any{"apiKeys": h.all(), "pagination": map[string]any{"total": 3}})
			conn, buffer, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = fmt.Fprintf(buffer, "HTTP/1.0 200 OK\r\n\r\n%s", body)
				_ = buffer.Flush()
				_ = conn.Close()
			}
			return true
		}), doList, "3", 3},
		{"100-continue and hints first", 3, get(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			w.WriteHeader(http.StatusProcessing)
			w.WriteHeader(http.StatusEarlyHints)
			h.list(w, r, h.all(), true)
			return true
		}), doList, "3", 3},
		{"the first byte just in time", 3, get(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			time.Sleep(30*time.Second - time.Millisecond)
			h.list(w, r, h.all(), true)
			return true
		}), doList, "3", 3},
		{"429 with a date in the past", 3, get(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			return n < 10 && status(429, "Retry-After", "Fri, 01 Jan 1999 00:00:00 GMT")(h, w, r, n)
		}), doList, "3", 3},
		{"503 with an hour", 3, get(status(503, "Retry-After", "3600")), doList, "error", 3},
		{"the service's clock is a year behind", 3, get(func(_ *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Date", "Fri, 01 Jan 1999 00:00:00 GMT")
			return false
		}), doFind(9), "error", 3},
		{"no date", 3, get(func(_ *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header()["Date"] = nil
			return false
		}), doFind(9), "absent", 3},
		{"a total on the first page only", 150, pages(func(h *hostile, w http.ResponseWriter, r *http.Request, offset, _ int) bool {
			h.list(w, r, h.all(), offset == 0)
			return true
		}), doList, "150", 150},
		{"each page counts itself", 250, pages(func(h *hostile, w http.ResponseWriter, _ *http.Request, offset, limit int) bool {
			page := h.all()[min(offset, 250):min(250, offset+limit)]
			respond(w, 200, map[string]any{"apiKeys": page, "pagination": map[string]any{"total": len(page)}})
			return true
		}), doList, "250", 250},
		{"only the active keys are counted", 3, get(func(h *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			respond(w, 200, map[string]any{"apiKeys": h.all(), "pagination": map[string]any{"total": 2}})
			return true
		}), doFind(9), "error", 3},
		{"a negative total", 3, get(func(h *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			respond(w, 200, map[string]any{"apiKeys": h.all(), "pagination": map[string]any{"total": -1}})
			return true
		}), doFind(3), "found Active", 3},
		{"dates and scopes of other types", 3, get(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			h.list(w, r, []map[string]any{with(with(h.all()[2], "exp", 7), "scopes", "all")}, true)
			return true
		}), doFind(3), "found Active", 3},

		// Creations.
		{"202 with the key", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			respond(w, 202, h.create(r))
			return true
		}), doCreate, "created", 2},
		{"202, and the work is done later", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			body, _ := io.ReadAll(r.Body)
			time.AfterFunc(time.Minute, func() { h.create(&http.Request{Body: io.NopCloser(strings.NewReader(string(body)))}) })
			w.WriteHeader(http.StatusAccepted)
			return true
		}), doCreate, "lost, 0 equal, 0 similar", 2},
		{"204", 1, post(worked(status(204))), doCreate, "lost, 1 equal, 0 similar", 2},
		{"204, revocable", 1, post(once(worked(status(204)))), doCreateOrRevoke, "created", 2},
		{"a firewall's 403 after the work", 1, post(worked(status(403))), doCreate, "lost, 1 equal, 0 similar", 2},
		{"a redirect after the work", 1, post(worked(status(302, "Location", "/login"))), doCreate, "lost, 1 equal, 0 similar", 2},
		{"499 after the work", 1, post(worked(status(499))), doCreate, "lost, 1 equal, 0 similar", 2},
		{"a CDN's timeout, and the work is done later", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			body, _ := io.ReadAll(r.Body)
			time.AfterFunc(time.Minute, func() { h.create(&http.Request{Body: io.NopCloser(strings.NewReader(string(body)))}) })
			return status(524)(h, w, r, n)
		}), doCreate, "lost, 0 equal, 0 similar", 2},
		{"cut off behind the JSON", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			respond(w, 201, h.create(r))
			_ = http.NewResponseController(w).Flush()
			abort()
			return true
		}), doCreate, "created", 2},
		{"gzip that breaks off within the key", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			key, _ := json.Marshal(h.create(r))
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			_, _ = zip.Write(key[:len(key)-9])
			_ = zip.Flush()
			return true
		}), doCreate, "lost, 1 equal, 0 similar", 2},
		{"hints for ever", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			h.create(r)
			for r.Context().Err() == nil {
				w.WriteHeader(http.StatusEarlyHints)
				time.Sleep(time.Second)
			}
			return true
		}), doCreate, "lost, 1 equal, 0 similar", 2},
		{"an error page that drips for ever", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			h.create(r)
			w.WriteHeader(http.StatusBadRequest)
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
			return true
		}), doCreate, "lost, 1 equal, 0 similar", 2},
		{"the name in other letters, the answer lost", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			h.create(r)
			h.mu.Lock()
			h.keys[1] = with(h.keys[1], "name", strings.ToUpper(wanted.Name))
			h.mu.Unlock()
			return status(502)(h, w, r, n)
		}), doCreate, "lost, 1 equal, 0 similar", 2},
		{"a byte order mark before the key", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			body, _ := json.Marshal(h.create(r))
			return raw(201, "\ufeff"+string(body))(h, w, r, n)
		}), doCreate, "lost, 1 equal, 0 similar", 2},
		{"a gateway repeats it, both answers lost", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			key := h.create(r)
			h.add(key["name"], time.Now(), key["scopes"], key["exp"])
			return status(502)(h, w, r, n)
		}), doCreate, "lost, 2 equal, 0 similar", 3},
		{
			"a gateway repeats it, both answers lost, a generated name", 1,
			post(once(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
				key := h.create(r)
				h.add(key["name"], time.Now(), key["scopes"], key["exp"])
				return status(502)(h, w, r, n)
			})), doCreateOrRevoke, "created", 2,
		},
		{"a gateway repeats it, one answer arrives", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			key := h.create(r)
			h.add(key["name"], time.Now(), key["scopes"], key["exp"])
			respond(w, 201, key)
			return true
		}), doCreate, "created", 3},
		{"a colleague's key of the name meanwhile", 1, post(once(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			h.add(wanted.Name, time.Now(), []any{"workspace.result:read"}, "2098-01-01T00:00:00Z")
			return status(502)(h, w, r, n)
		})), doCreate, "lost, 0 equal, 1 similar", 2},
		{"an answer with a key from before", 1, post(func(h *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			respond(w, 200, with(h.all()[0], "key", "user:pass"))
			return true
		}), doCreateOrRevoke, "not ours", 1},
		{"created for another process", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			respond(w, 201, with(h.create(r), "processId", strings.Repeat("f", 32)))
			return true
		}), doCreate, "not ours", 2},
		{"401 for one creation", 1, post(once(status(401))), doCreate, "created", 2},
		{
			"the removal of remains is refused by a firewall, and the index is old", 1,
			func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
				switch {
				case r.Method == http.MethodPost && n == 1:
					h.create(r)
					return status(502)(h, w, r, n)
				case r.Method == http.MethodGet && n > 2:
					h.list(w, r, h.all()[:1], true)
					return true
				}
				return r.Method == http.MethodDelete && status(403)(h, w, r, n)
			}, doCreateOrRevoke, "lost, 1 equal, 0 similar", 2,
		},
		{"the answer comes too late", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			key := h.create(r)
			time.Sleep(31 * time.Second)
			respond(w, 201, key)
			return true
		}), doCreate, "lost, 1 equal, 0 similar", 2},
		{"the answer stands in a wrapper", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			respond(w, 201, map[string]any{"apiKey": h.create(r)})
			return true
		}), doCreate, "lost, 1 equal, 0 similar", 2},
		{"503 with an hour for a creation", 1, post(status(503, "Retry-After", "3600")), doCreate, "error", 1},
		{"429 before a creation", 1, post(once(status(429))), doCreate, "created", 2},
		{"502 before the work", 1, post(once(status(502))), doCreate, "created", 2},
		{"502 after the work, and an index nine seconds old", 1, func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodPost {
				body, _ := io.ReadAll(r.Body)
				time.AfterFunc(9*time.Second, func() { h.create(&http.Request{Body: io.NopCloser(strings.NewReader(string(body)))}) })
				return status(502)(h, w, r, n)
			}
			return false
		}, doCreate, "lost, 1 equal, 0 similar", 2},
		{"502 after the work, and 401 for the listing", 1, func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodPost {
				return worked(status(502))(h, w, r, n)
			}
			return n > 1 && status(401)(h, w, r, n)
		}, doCreate, "lost, 0 equal, 0 similar", 2},
		{"502 after the work, and 403 for the listing before", 1, func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodPost {
				return worked(status(502))(h, w, r, n)
			}
			return n == 1 && status(403)(h, w, r, n)
		}, doCreateOrRevoke, "lost, 0 equal, 0 similar", 2},
		{"other scopes, name and expiry", 1, post(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			respond(w, 201, with(with(with(h.create(r), "name", "x"), "scopes", []any{}), "exp", nil))
			return true
		}), doCreate, "created workspace.file:upload workspace.result:read", 2},

		// Removals.
		{"200 with an empty body", 3, del(worked(raw(200, ""))), doRevoke(month), "revoked", 2},
		{"200, and the key goes seconds later", 3, del(func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
			time.AfterFunc(3*time.Second, func() { h.remove(path.Base(r.URL.Path)) })
			w.WriteHeader(http.StatusOK)
			return true
		}), doRevoke(month), "revoked", 2},
		{"removed, and back for one read", 3, func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodGet && n == 2 {
				h.list(w, r, append(h.all(), with(h.all()[0], "id", fmt.Sprintf("%032x", 3))), true)
				return true
			}
			return false
		}, doRevoke(month), "revoked", 2},
		{"another key goes", 3, del(func(h *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			h.remove(fmt.Sprintf("%032x", 1))
			w.WriteHeader(http.StatusNoContent)
			return true
		}), doRevoke(month), "error", 2},
		{"a login page with 200", 3, del(status(200)), doRevoke(month), "error", 3},
		{
			"a page with 200 refuses the removal of a young key, and the index is old", 3, oldIndex(status(200)), doRevoke(time.Minute),
			"error", 3,
		},
		{"the same page behind a byte order mark", 3, oldIndex(raw(200, "\ufeff <html>no</html>")), doRevoke(time.Minute), "error", 3},
		{"502 after the work, then unknown", 3, del(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			if n == 1 {
				return worked(status(502))(h, w, r, n)
			}
			return documented(404)(h, w, r, n)
		}), doRevoke(time.Minute), "revoked", 2},
		{"an answer that breaks off after the work", 3, del(worked(func(_ *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
			abort()
			return true
		})), doRevoke(time.Minute), "revoked", 2},
		{
			"a firewall refuses the removal of a young key, and the index is old", 3, oldIndex(status(403)), doRevoke(time.Minute),
			"error", 3,
		},
		{"405 for a process key", 3, del(status(405)), doRevoke(month), "error", 3},
		{"429 until it works", 3, del(func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			return n < 20 && status(429)(h, w, r, n)
		}), doRevoke(month), "revoked", 2},
		{"disabled instead of removed", 3, del(func(h *hostile, w http.ResponseWriter, _ *http.Request, _ int) bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.keys[2] = with(h.keys[2], "status", "REVOKED")
			w.WriteHeader(http.StatusNoContent)
			return true
		}), doRevoke(month), "revoked", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &hostile{trick: test.trick, numbers: map[string]int{}}
				service.old(test.old)
				client := newClient(t, service, func(config *alphamoon.Config) {
					*config = alphamoon.Config{
						BaseURL: config.BaseURL, Credential: config.Credential, Transport: config.Transport,
						MaxRetries: alphamoon.DefaultMaxRetries,
					}
				})
				if got := test.act(client.ProcessAPIKeys(processID), t); got != test.want {
					t.Errorf("%q, not %q", got, test.want)
				}
				time.Sleep(5 * time.Minute)
				if alive := len(service.all()); alive != cmp.Or(test.alive, test.old) {
					t.Errorf("%d keys, not %d", alive, test.alive)
				}
			})
		})
	}
}

// TestListingOfAllProcesses: a service that lists the keys of every process shows an equal key that the same run has
// made elsewhere. It is not what a lost creation left.
func TestListingOfAllProcesses(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("f", 32)
	for name, collection := range map[string]func(*alphamoon.Client) *alphamoon.APIKeys{
		"process":      func(client *alphamoon.Client) *alphamoon.APIKeys { return client.ProcessAPIKeys(processID) },
		"organization": (*alphamoon.Client).OrganizationAPIKeys,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &hostile{numbers: map[string]int{}}
				service.old(1)
				var client *alphamoon.Client
				service.trick = func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
					switch {
					case r.Method == http.MethodPost && n == 1:
						if got := doCreate(client.ProcessAPIKeys(other), t); got != "created" {
							t.Error(got)
						}
						html(w, http.StatusBadGateway)
					case r.Method == http.MethodPost && n == 2:
						key := h.create(r)
						h.mu.Lock()
						h.keys[1] = with(h.keys[1], "processId", other)
						h.mu.Unlock()
						respond(w, http.StatusCreated, with(key, "processId", other))
					default:
						return false
					}
					return true
				}
				client = newClient(t, service, func(config *alphamoon.Config) { config.RequestTimeout = time.Hour })
				if got := doCreateOrRevoke(collection(client), t); got != "created" || len(service.all()) != 3 {
					t.Errorf("%s, with %d keys", got, len(service.all()))
				}
			})
		})
	}
}

// TestIDsInAddresses: an id comes from a state or from a listing. One that could mean something else in an address removes
// nothing, and the empty one not the collection.
func TestIDsInAddresses(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"", ".", "..", "a/b", "../processes", "%2e%2e", "a?x", "a b", "a;b", "a\x00",
		"a\nb", "\u202ea", "\u0430", "*", "a,b", strings.Repeat("a", 129),
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			service := &hostile{numbers: map[string]int{}}
			service.old(1)
			client := newClient(t, service)
			err := client.ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: id})
			if !errors.Is(err, alphamoon.ErrUnsafeID) || len(service.numbers) > 0 {
				t.Errorf("got %v after the requests %v", err, service.numbers)
			}
		})
	}
	for _, id := range []string{fmt.Sprintf("%032x", 1), "7", "Key_1-a", strings.Repeat("a", 128)} {
		service := &hostile{numbers: map[string]int{}}
		_ = newClient(t, service, soon).ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: id})
		if service.numbers[http.MethodDelete] != 1 {
			t.Errorf("%s: %v", id, service.numbers)
		}
	}
}
