package alphamoon_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAbsenceWhileKeysMove removes and adds keys between the pages of a listing: a key that exists must never be
// taken for absent.
func TestAbsenceWhileKeysMove(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(*sandbox.Sandbox){
		"one removed before the page's end": func(box *sandbox.Sandbox) { box.RemoveKey(box.Keys(processID)[3].ID) },
		"one added":                         func(box *sandbox.Sandbox) { fill(box, 1) },
		"one removed, one added": func(box *sandbox.Sandbox) {
			box.RemoveKey(box.Keys(processID)[3].ID)
			fill(box, 1)
		},
	} {
		for _, options := range []sandbox.Options{{MaxLimit: 10}, {MaxLimit: 10, OmitPagination: true}, {MaxLimit: 10, NewestFirst: true}} {
			t.Run(fmt.Sprintf("%s, %t, %t", name, options.OmitPagination, options.NewestFirst), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, 25)
				ref := box.Keys(processID)[10].ID // the first of the second page
				box.Inject(sandbox.Fault{Operation: sandbox.List, Then: then})
				key, err := newClient(t, box, soon).ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: ref})
				if err != nil || key == nil {
					t.Errorf("got %v, %v", key, err)
				}
			})
		}
	}
}

// TestTotalOfThePage: a service whose total counts the elements of the page, as the only documented example permits.
// The last key must be found, and be listed.
func TestTotalOfThePage(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 99, 100, 101, 200, 240} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{CountPage: true}}
			fill(box, size)
			keys, err := newClient(t, box, soon).ProcessAPIKeys(processID).List(t.Context())
			if err != nil || len(keys) != size {
				t.Errorf("%d keys are listed, %v", len(keys), err)
			}
			if size > 0 && !exists(t, newClient(t, box, soon), box.Keys(processID)[size-1].ID) {
				t.Error("the last key is not found")
			}
			if exists(t, newClient(t, box, soon), "absent") {
				t.Error("a key that is absent is found")
			}
			streamed := 0
			for page, err := range newClient(t, box, soon).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
				if err != nil {
					t.Error(err)
				}
				streamed += len(page.Elements)
			}
			if streamed != size {
				t.Errorf("%d keys are streamed", streamed)
			}
		})
	}
}

// TestMovesDuringEveryListing: without a total, newest first, one key comes or goes during each listing. A key that
// exists may be missed by each of them, and must not count as absent.
func TestMovesDuringEveryListing(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(*sandbox.Sandbox){
		"added": func(box *sandbox.Sandbox) { fill(box, 1) },
		"removed": func(box *sandbox.Sandbox) {
			keys := box.Keys(processID)
			box.RemoveKey(keys[len(keys)-1].ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, OmitPagination: true, NewestFirst: true}}
			fill(box, 60)
			ref := box.Keys(processID)[40].ID
			moves := 0
			client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
				if req.URL.Query().Get("offset") == "10" { // once during each listing, behind the first page
					moves++
					then(box)
				}
				box.ServeHTTP(writer, req)
			}), soon)
			for range 3 {
				key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: ref})
				if key == nil && err == nil {
					t.Fatalf("a key that exists counts as absent after %d moves", moves)
				}
			}
		})
	}
}

// TestRefusalEndsTheListing: pages that are asked for at the same time do not go on after the first refusal.
func TestRefusalEndsTheListing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 10_000)
	box.Inject(sandbox.Fault{Operation: list, Skip: 1, Times: -1, Status: 403})
	var attempts atomic.Int64
	client := newClient(t, box, func(config *alphamoon.Config) {
		config.OnAttempt = func(context.Context, alphamoon.Attempt) { attempts.Add(1) }
	})
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !alphamoon.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
	if sent := box.Count(list); sent != 2 || attempts.Load() != 2 {
		t.Errorf("%d requests, %d reported", sent, attempts.Load())
	}
}

// TestHowAListingEnds: with a total on the first page only, and with a refusal of the offset at its end.
func TestHowAListingEnds(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 5, 10, 20, 25} {
		for name, options := range map[string]sandbox.Options{
			"a total on the first page":      {MaxLimit: 10, TotalOnFirstPage: true},
			"400 at the end, no total":       {MaxLimit: 10, OmitPagination: true, EndStatus: 400},
			"404 at the end, no total":       {MaxLimit: 10, OmitPagination: true, EndStatus: 404},
			"416 at the end, no total":       {MaxLimit: 10, OmitPagination: true, EndStatus: 416},
			"422 at the end, no total":       {MaxLimit: 10, OmitPagination: true, EndStatus: 422},
			"416 at the end, total of pages": {MaxLimit: 10, CountPage: true, EndStatus: 416},
		} {
			if size == 0 && options.EndStatus > 0 {
				continue // the offset 0 is at the end then, and its refusal an error
			}
			t.Run(fmt.Sprintf("%s, %d keys", name, size), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, size)
				client := newClient(t, box, soon)
				if keys, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil || len(keys) != size {
					t.Errorf("got %d keys, %v", len(keys), err)
				}
				if exists(t, client, "absent") {
					t.Error("a key that is absent is found")
				}
			})
		}
	}
}

// TestARefusedEndProvesNothing: without a total, a page that was the last because the next one was refused is read again.
func TestARefusedEndProvesNothing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, OmitPagination: true, EndStatus: 404}}
	fill(box, 10)
	if keys, err := newClient(t, box, soon).ProcessAPIKeys(processID).List(t.Context()); err != nil || len(keys) != 10 {
		t.Errorf("got %d keys, %v", len(keys), err)
	}
	expectSent(t, box, 10, list, list, list, list)
}

// TestAStreamIsReadTwice where nothing counts its elements.
func TestAStreamIsReadTwice(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, OmitPagination: true}}
	fill(box, 25)
	box.Inject(sandbox.Fault{Operation: list, Skip: 4, Then: func(box *sandbox.Sandbox) { fill(box, 1) }})
	var last error
	for _, err := range newClient(t, box, soon).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
		last = err
	}
	if !errors.Is(last, alphamoon.ErrInconsistentListing) {
		t.Errorf("got %v", last)
	}
}

// TestAWindowOfPagesThatCountThemselves is read to the end.
func TestAWindowOfPagesThatCountThemselves(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, CountPage: true}}
	fill(box, 35)
	for offset, want := range map[int]int{10: 25, 30: 5} {
		read := 0
		for page, err := range newClient(t, box, soon).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{Offset: offset}) {
			if read += len(page.Elements); err != nil || page.Total != -1 {
				t.Errorf("a total of %d, %v", page.Total, err)
			}
		}
		if read != want {
			t.Errorf("%d keys from %d on", read, offset)
		}
	}
}

// TestEveryElementIsSeen: a key on a page that contradicts the others is found.
func TestEveryElementIsSeen(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"on the page that does not fit": {Operation: list, Skip: 1, AddToTotal: 1, Times: -1},
		"behind a page that fails":      {Operation: list, Skip: 3, Status: 500, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
			fill(box, 35)
			box.Inject(fault)
			for _, i := range []int{0, 15, 25} {
				if name == "behind a page that fails" && i == 25 {
					continue
				}
				if !exists(t, newClient(t, box), box.Keys(processID)[i].ID) {
					t.Errorf("the key at %d is not found", i)
				}
				box.ClearFaults()
				box.Inject(fault)
			}
		})
	}
}

// TestListing reads processes of several sizes, in every way in which a server may page.
func TestListing(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{
		"as documented":           {},
		"no pagination object":    {OmitPagination: true},
		"small pages":             {MaxLimit: 7},
		"small pages, no total":   {MaxLimit: 7, OmitPagination: true},
		"limit ignored":           {IgnoreLimit: true},
		"newest first":            {NewestFirst: true},
		"secret null":             {AlterListed: sandbox.With("key", nil)},
		"secret masked":           {AlterListed: sandbox.With("key", "********")},
		"limit ignored, no total": {IgnoreLimit: true, OmitPagination: true},
	} {
		for _, size := range []int{0, 1, 6, 7, 8, 99, 100, 101, 250} {
			t.Run(fmt.Sprintf("%s, %d keys", name, size), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, size)
				listing, err := newClient(t, box).ProcessAPIKeys(processID).List(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if len(listing) != size {
					t.Errorf("got %d keys", len(listing))
				}
				page := 100
				if options.MaxLimit > 0 {
					page = options.MaxLimit
				}
				most := (size+page-1)/page + 1 // only another page shows that a full one was the last
				if options.OmitPagination && (size > page || size == alphamoon.PageSize) {
					most *= 2 // only a second reading shows that nothing moved
				}
				if got := box.Count(sandbox.List); got > most {
					t.Errorf("requests: got %d, want at most %d", got, most)
				}
				if name == "as documented" { // the guide promises it
					promised := max(1, (size+page-1)/page)
					if size == page {
						promised = 2
					}
					if got := box.Count(sandbox.List); got != promised {
						t.Errorf("requests: got %d, promised are %d", got, promised)
					}
				}
			})
		}
	}
}

func TestListingOfServersThatIgnoreTheOffset(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options sandbox.Options
		size    int
		err     error
	}{
		"everything at once, with a total":     {sandbox.Options{IgnoreOffset: true}, 30, nil},
		"everything at once, without a total":  {sandbox.Options{IgnoreOffset: true, OmitPagination: true}, 30, alphamoon.ErrUnproven},
		"only the first page, with a total":    {sandbox.Options{IgnoreOffset: true}, 130, alphamoon.ErrInconsistentListing},
		"only the first page, without a total": {sandbox.Options{IgnoreOffset: true, OmitPagination: true}, 250, alphamoon.ErrUnproven},
		"only the first page, its own total":   {sandbox.Options{IgnoreOffset: true, CountPage: true}, 250, alphamoon.ErrUnproven},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: test.options}
			fill(box, test.size)
			client := newClient(t, box, soon)
			keys, err := client.ProcessAPIKeys(processID).List(t.Context())
			if !errors.Is(err, test.err) || err == nil && len(keys) != test.size {
				t.Fatalf("got %d keys, %v, want %v", len(keys), err, test.err)
			}
			var last error
			for _, err := range client.ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
				last = err
			}
			if !errors.Is(last, test.err) {
				t.Errorf("the stream ends with %v, want %v", last, test.err)
			}
			key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: "absent"})
			if proved := key == nil && err == nil; proved != (test.err == nil) {
				t.Errorf("absence proved: %t (%v)", proved, err)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
	fill(box, 35)
	ids := box.Keys(processID)
	for _, test := range []struct{ offset, limit, from, to, requests int }{
		{0, 0, 0, 35, 4},
		{0, 10, 0, 10, 1},
		{5, 12, 5, 17, 2},
		{30, 10, 30, 35, 1},
		{35, 5, 35, 35, 1},
		{99, 0, 35, 35, 1},
		{34, 0, 34, 35, 1},
	} {
		box.ClearJournal()
		var got []alphamoon.APIKey
		window := alphamoon.Window{Offset: test.offset, Limit: test.limit}
		for page, err := range newClient(t, box).ProcessAPIKeys(processID).Pages(t.Context(), window) {
			if err != nil {
				t.Fatal(err)
			}
			if page.Total != 35 {
				t.Errorf("%+v: total %d", test, page.Total)
			}
			got = append(got, page.Elements...)
		}
		if len(got) != test.to-test.from ||
			len(got) > 0 && (got[0].ID != ids[test.from].ID || got[len(got)-1].ID != ids[test.to-1].ID) {
			t.Errorf("%+v: got %d keys", test, len(got))
		}
		if requests := box.Count(sandbox.List); requests != test.requests {
			t.Errorf("%+v: %d requests", test, requests)
		}
	}
}

func TestListingStopsEarly(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 250)
	for _, err := range newClient(t, box).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if got := box.Count(sandbox.List); got != 1 {
		t.Errorf("requests: got %d, want 1", got)
	}
}

func TestEndlessListingEnds(t *testing.T) {
	t.Parallel()
	var key atomic.Int64
	client := newClient(t, nil, func(config *alphamoon.Config) {
		config.Transport = roundTripper(func(*http.Request) (*http.Response, error) { // thousands of pages, so without a server
			page := fmt.Sprintf(`{"apiKeys":[{"id":"%d"}]}`, key.Add(1))
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(page))}, nil
		})
	})
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !errors.Is(err, alphamoon.ErrTooManyPages) {
		t.Errorf("got %v", err)
	}
}

// TestARefusedLimit is left out from then on, whether the service names it or not.
func TestARefusedLimit(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{
		"422":                        {Rules: sandbox.Rules{LimitCeiling: 50}, MaxLimit: 20},
		"400":                        {Rules: sandbox.Rules{LimitCeiling: 50, LimitStatus: 400}, MaxLimit: 20},
		"a lone detail":              {Rules: sandbox.Rules{LimitCeiling: 50, LoneDetail: true}, MaxLimit: 20},
		"the total is the page's":    {Rules: sandbox.Rules{LimitCeiling: 50}, MaxLimit: 20, CountPage: true},
		"no total":                   {Rules: sandbox.Rules{LimitCeiling: 50}, MaxLimit: 20, OmitPagination: true},
		"the end is refused as well": {Rules: sandbox.Rules{LimitCeiling: 50}, MaxLimit: 20, OmitPagination: true, EndStatus: 422},
	} {
		for _, size := range []int{1, 20, 45} {
			t.Run(fmt.Sprintf("%s, %d keys", name, size), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, size)
				client := newClient(t, box, soon)
				for range 2 {
					if keys, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil || len(keys) != size {
						t.Errorf("got %d keys, %v", len(keys), err)
					}
				}
				refused := 0
				for _, request := range box.Journal() {
					if request.Query.Has("limit") {
						refused++
					}
				}
				if refused != 1 {
					t.Errorf("the limit was sent %d times", refused)
				}
			})
		}
	}
	for name, nothing := range map[string]sandbox.Fault{
		"404": {Status: 404, Body: sandbox.Detail("no keys")}, "204": {Status: 204},
		"an object without the list": {Status: 200, Body: "{}"},
	} { // where there is nothing, the service says so without the limit
		box := &sandbox.Sandbox{}
		nothing.Operation = list
		box.Inject(sandbox.Fault{Operation: list, Status: 422, Body: sandbox.Detail("limit must be at most 50")})
		box.Inject(nothing)
		_, err := createWanted(t, newClient(t, box, soon), alphamoon.CreateOptions{})
		if err != nil || requests(box) != "list, list, create" {
			t.Errorf("%s: %v after %s", name, err, requests(box))
		}
	}
	// Another refusal of the first page is asked about once more, and changes nothing.
	box := &sandbox.Sandbox{}
	fill(box, 1)
	box.Inject(sandbox.Fault{Operation: list, Status: 400, Body: sandbox.Detail("The process is archived."), Times: 2})
	client := newClient(t, box, soon)
	for _, fails := range []bool{true, false, false} {
		if _, err := client.ProcessAPIKeys(processID).List(t.Context()); (err != nil) != fails {
			t.Errorf("got %v", err)
		}
	}
	box.Inject(sandbox.Fault{Operation: list, Status: 400, Body: sandbox.Detail("The process is archived.")})
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err == nil {
		t.Error("a service that takes the limit was asked without it")
	}
	if journal := box.Journal(); len(journal) != 5 || journal[1].Query.Has("limit") || !journal[3].Query.Has("limit") {
		t.Errorf("sent: %v", requests(box))
	}
}

func TestHostileTotals(t *testing.T) {
	t.Parallel()
	for _, total := range []string{"999999999999999999", "1e300", "300001", "5001"} {
		client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(writer, `{"apiKeys": [{"id": "a"}], "pagination": {"total": %s}}`, total)
		}))
		if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !errors.Is(err, alphamoon.ErrTooManyPages) {
			t.Errorf("%s: got %v", total, err)
		}
	}
	for _, total := range []string{"-5", "-1e300"} {
		client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
			keys := `[{"id": "a"}]`
			if req.URL.Query().Get("offset") != "0" {
				keys = "[]"
			}
			_, _ = fmt.Fprintf(writer, `{"apiKeys": %s, "pagination": {"total": %s}}`, keys, total)
		}))
		for page, err := range client.ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
			if err != nil || page.Total != -1 {
				t.Errorf("%s: got a total of %d, %v", total, page.Total, err)
			}
		}
	}
}

func BenchmarkListing(b *testing.B) {
	box := &sandbox.Sandbox{}
	fill(box, 10_000)
	server := httptest.NewServer(box)
	b.Cleanup(server.Close)
	b.ReportAllocs()
	for b.Loop() {
		listing, err := clientAt(b, server.URL).ProcessAPIKeys(processID).List(b.Context())
		if err != nil || len(listing) != 10_000 {
			b.Fatal(err)
		}
	}
}

// TestRefusedMiddle: a total says that there is more, and the service refuses it in its own words. That is no end of the listing,
// and does not mean that there is nothing: it is read anew.
func TestRefusedMiddle(t *testing.T) {
	t.Parallel()
	refusal := sandbox.Fault{Operation: list, Skip: 1, Status: http.StatusNotFound, Body: sandbox.Detail("No such page.")}
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 2}}
	fill(box, 5)
	box.Inject(refusal)
	if keys, err := newClient(t, box).ProcessAPIKeys(processID).List(t.Context()); err != nil || len(keys) != 5 || box.Count(list) != 5 {
		t.Errorf("once: got %d keys, %v after %d requests", len(keys), err, box.Count(list))
	}
	always := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("offset") == "0" {
			box.ServeHTTP(w, req)
			return
		}
		w.WriteHeader(refusal.Status)
		_, _ = io.WriteString(w, refusal.Body)
	})
	_, err := newClient(t, always).ProcessAPIKeys(processID).List(t.Context())
	if !errors.Is(err, alphamoon.ErrInconsistentListing) || alphamoon.SaysNothing(err) || !strings.Contains(err.Error(), "No such page.") {
		t.Errorf("always: got %v", err)
	}
}
