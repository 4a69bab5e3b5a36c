package alphamoon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// PageSize is how many elements are asked for at a time, the number in the documented example. The service may
	// return fewer.
	PageSize = 100
	// ParallelPages is how many pages of a listing are requested at a time. Measured with 20 ms to the service, four
	// of them list 10,000 keys in 0.7 s instead of 2.3 s, and eight would in 0.45 s: not worth twice the load on a
	// service whose limits nobody knows.
	ParallelPages = 4

	// maxPages ends a listing that would never end by itself, and bounds what one answer can demand.
	maxPages = 5000
	// maxAttempts bounds how often a listing starts over.
	maxAttempts = 3
)

// Reasons why a listing cannot be relied on.
var (
	// ErrInconsistentListing means that the pages of a listing contradict each other in every attempt: elements came
	// and went meanwhile, or the service miscounts.
	ErrInconsistentListing = errors.New("the pages of the listing contradict each other")
	// ErrUnproven means that nothing shows whether a listing is complete.
	ErrUnproven = errors.New("the service repeats its pages and gives no total, so there may be more than it shows")
	// ErrTooManyPages means that the service announced more pages than any real workspace can have.
	ErrTooManyPages = fmt.Errorf("the listing has more than %d pages", maxPages)
)

// Window is the part of a listing to read.
type Window struct {
	// Offset is how many elements to skip.
	Offset int
	// Limit is how many elements to read at most; 0 means all that follow.
	Limit int
}

// Page is one answer of a listing.
type Page[T any] struct {
	// Elements are those that no earlier page of the same listing had.
	Elements []T
	// Total is how many elements there are in all, -1 if that is not known.
	Total int

	offset int
	// paginated reports whether the answer had a "pagination"; counted is its total, -1 if there is none, and limit
	// is how many elements the service sends at most, 0 if it does not say.
	paginated      bool
	counted, limit int
	date           time.Time // of the answer, zero if it has none
}

// listing is a kind of listing: how to read a page of it.
type listing[T any] struct {
	id    func(T) string
	fetch func(ctx context.Context, offset, limit int) (Page[T], error)
	// parallel is how many pages are requested at a time.
	parallel int
}

// reader reads a listing page by page. It is the only place that judges whether pages add up. After a contradiction it
// reads on, so that every element that exists throughout is seen.
type reader[T any] struct {
	listing[T]
	reading[T]
	window Window

	// answers counts the pages, and pages those that brought something new.
	answers, pages int
	// position is where the next page begins.
	position int
	// total is what the service counts, -1 if it does not. With totalMayBePageCount it may be the number of elements of
	// the first page: the next page shows that.
	total               int
	totalMayBePageCount bool
	// repeats reports that a page only had elements of earlier pages: the service ignores the offset.
	repeats bool
	// refused reports that the service refused the offset at which the listing ended.
	refused bool
	ended   bool
	// problem is the first contradiction.
	problem error

	// ahead are pages that were requested together and not used yet, size is how many elements each should have, and unusedAhead
	// are those of pages that nobody used: presence needs no proof.
	ahead       []Page[T]
	size        int
	unusedAhead []T
}

func (l listing[T]) reader(window Window, parallel int) *reader[T] {
	l.parallel = parallel
	return &reader[T]{listing: l, reading: newReading[T](), window: window, position: window.Offset, total: -1}
}

// all yields the pages. An error is the last thing it yields: that of a request, or what is wrong with the whole.
func (r *reader[T]) all(ctx context.Context) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		for more := true; more; {
			page, err := r.next(ctx)
			if err != nil && r.endsWith(err) {
				r.refused = true
				page, err = Page[T]{offset: r.position, counted: -1}, nil
			}
			if err == nil {
				r.add(&page)
			}
			if r.ended {
				err = r.verdict()
			}
			more = yield(page, err) && err == nil && !r.ended
		}
	}
}

// next returns the page at the position, which may have been requested before.
func (r *reader[T]) next(ctx context.Context) (Page[T], error) {
	if len(r.ahead) > 0 && r.ahead[0].offset != r.position {
		r.drop() // a page was shorter than the first one
		r.parallel = 1
	}
	if len(r.ahead) == 0 {
		if err := r.request(ctx); err != nil {
			r.drop()
			return Page[T]{offset: r.position, Total: -1, counted: -1}, err
		}
	}
	page := r.ahead[0]
	r.ahead = r.ahead[1:]
	return page, nil
}

// request asks for the next page, and for those behind it where the first one's size and total show where they begin.
func (r *reader[T]) request(ctx context.Context) error {
	count := 1
	if r.answers > 0 && r.total > 0 && !r.totalMayBePageCount && r.window == (Window{}) {
		count = max(1, min(r.parallel, (r.total-r.position+r.size-1)/r.size))
	}
	r.ahead = make([]Page[T], count)
	group, ctx := errgroup.WithContext(ctx)
	for i := range count {
		group.Go(func() (err error) {
			r.ahead[i], err = r.fetch(ctx, r.position+i*r.size, r.asked())
			return err
		})
	}
	return group.Wait()
}

func (r *reader[T]) drop() {
	for _, page := range r.ahead {
		r.unusedAhead = append(r.unusedAhead, page.Elements...)
	}
	r.ahead = nil
}

// asked is how many elements the next request asks for.
func (r *reader[T]) asked() int {
	if r.window.Limit == 0 {
		return PageSize
	}
	return min(PageSize, r.window.Limit-len(r.elements))
}

// endsWith reports whether the API's own refusal of the offset means that the listing has ended.
func (r *reader[T]) endsWith(err error) bool {
	status, answered := errors.AsType[*StatusError](err)
	return r.answers > 0 && (r.total < 0 || r.totalMayBePageCount) && answered && status.Documented &&
		slices.Contains([]int{400, 404, 416, 422}, status.Status)
}

// add takes the next page and leaves in it what is new.
func (r *reader[T]) add(page *Page[T]) {
	received, asked, before := len(page.Elements), r.asked(), len(r.elements)
	repeated := r.keepNew(page)
	r.judgeTotal(*page, received, asked)
	r.judgeRepeats(repeated, len(page.Elements), before)
	if r.answers == 0 {
		r.size = received
	}
	r.answers++
	r.position += received
	if len(page.Elements) > 0 {
		r.pages++
	}
	r.ended = r.full() || len(page.Elements) == 0 || !r.totalMayBePageCount && r.total >= 0 && r.position >= r.total
	if !r.ended && (r.pages >= maxPages || r.answers == 1 && r.total > maxPages*received) {
		r.ended, r.problem = true, ErrTooManyPages
	}
	if page.Total = r.total; r.totalMayBePageCount {
		page.Total = -1
	}
}

// keepNew leaves in the page what no earlier page had, and returns how many elements one had.
func (r *reader[T]) keepNew(page *Page[T]) (repeated int) {
	fresh := page.Elements[:0]
	for _, element := range page.Elements {
		if _, known := r.index[r.id(element)]; known {
			repeated++
		} else if !r.full() { // else the service ignores the limit
			fresh = append(fresh, element)
			r.put(r.id(element), element)
		}
	}
	page.Elements = fresh
	return repeated
}

func (r *reader[T]) judgeTotal(page Page[T], received, asked int) {
	switch {
	case r.answers == 0:
		r.total = page.counted
		if page.offset > 0 && received > 0 && r.total < page.offset+received {
			r.total = -1 // it counts the page
		}
		r.totalMayBePageCount = received > 0 && r.total == received && received >= cmp.Or(page.limit, asked)
	case r.totalMayBePageCount:
		r.totalMayBePageCount = false
		if received > 0 {
			r.total = -1
		}
	case r.total >= 0 && page.counted >= 0 && page.counted != r.total:
		r.contradict("the total changed from %d to %d", r.total, page.counted)
		r.total = page.counted
	}
}

// judgeRepeats distinguishes a service that ignores the offset, which repeats all there was and nothing else, from
// elements that moved from page to page.
func (r *reader[T]) judgeRepeats(repeated, fresh, before int) {
	if repeated == 0 {
		return
	}
	r.repeats = true
	if fresh > 0 || r.total >= 0 || repeated != before {
		r.contradict("%d elements stood on two pages", repeated)
	}
}

func (r *reader[T]) contradict(format string, values ...any) {
	if r.problem == nil {
		r.problem = fmt.Errorf("%w: %s", ErrInconsistentListing, fmt.Sprintf(format, values...))
	}
}

// full reports whether the window is filled.
func (r *reader[T]) full() bool { return r.window.Limit > 0 && len(r.elements) >= r.window.Limit }

// verdict says at the end what is wrong with the whole; nil if what was read is all that was asked for.
func (r *reader[T]) verdict() error {
	if count := r.window.Offset + len(r.elements); !r.full() && r.total >= 0 && count != r.total &&
		(r.window.Offset == 0 || len(r.elements) > 0) {
		r.contradict("the service counts %d elements and sent %d", r.total, count)
	}
	if r.problem == nil && r.repeats && !r.full() {
		return ErrUnproven
	}
	return r.problem
}

// isProven reports that one reading is enough: the service counted the elements, or one page that was not full has all.
func (r *reader[T]) isProven() bool {
	return r.total >= 0 || r.pages <= 1 && !r.refused && len(r.elements) < PageSize
}

// reading is what was found by reading all pages. With an error it is everything that was seen.
type reading[T any] struct {
	elements []T
	index    map[string]int // of the elements, by id
	proven   bool
	date     time.Time // of the last page that has one
}

func newReading[T any]() reading[T] { return reading[T]{index: map[string]int{}} }

// put adds an element, or replaces the one with its id.
func (r *reading[T]) put(id string, element T) {
	if i, ok := r.index[id]; ok {
		r.elements[i] = element
		return
	}
	r.index[id] = len(r.elements)
	r.elements = append(r.elements, element)
}

// get returns the element of an id, nil if there is none.
func (r *reading[T]) get(id string) *T {
	if i, ok := r.index[id]; ok {
		return &r.elements[i]
	}
	return nil
}

// sameAs compares without regard to the order.
func (r *reading[T]) sameAs(other reading[T]) bool {
	for id := range r.index {
		if other.get(id) == nil {
			return false
		}
	}
	return len(r.elements) == len(other.elements)
}

// read reads everything once. It starts over when the pages contradict each other, then one page after the other.
func (l listing[T]) read(ctx context.Context) (reading[T], error) {
	seen := newReading[T]()
	for attempt, parallel := 1, l.parallel; ; attempt, parallel = attempt+1, 1 {
		r := l.reader(Window{}, parallel)
		var err error
		for page, failure := range r.all(ctx) {
			r.date, err = cmp.Or(page.date, r.date), failure
		}
		if err == nil {
			r.proven = r.isProven()
			return r.reading, nil
		}
		for _, element := range slices.Concat(r.elements, r.unusedAhead) {
			seen.put(l.id(element), element)
		}
		if !errors.Is(err, ErrInconsistentListing) || attempt == maxAttempts {
			return seen, err
		}
	}
}

// all reads everything, and again where nothing else proves that it is all.
func (l listing[T]) all(ctx context.Context) (reading[T], error) {
	previous, err := l.read(ctx)
	for attempt := 1; err == nil && !previous.proven; attempt++ {
		if attempt == maxAttempts {
			return previous, fmt.Errorf("%w: no two readings agree", ErrInconsistentListing)
		}
		var next reading[T]
		next, err = l.read(ctx)
		if err == nil && previous.sameAs(next) {
			return next, nil
		}
		previous = next
	}
	return previous, err
}
