package alphamoon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

const (
	// PageSize is how many elements are asked for at a time, the number in the documented example. The service may
	// return fewer.
	PageSize = 100

	// maxPages ends a listing that would never end by itself, and bounds what one answer can demand. maxElements and
	// maxListing, in bytes, bound what is held of it: a service may ignore the limit.
	maxPages    = 5000
	maxElements = maxPages * PageSize
	maxListing  = 12 * maxBodySize
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
	// ErrTooManyPages means that the service announced or sent more than any real workspace can have.
	ErrTooManyPages = fmt.Errorf("the listing has more than %d pages or %d elements, or is larger than 192 MiB", maxPages, maxElements)
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
	// is how many elements the service sends at most, 0 if nobody knows.
	paginated      bool
	counted, limit int
	date           time.Time // of the answer
	size           int64     // of the answer, in bytes
}

// listing is a kind of listing: how to read a page of it.
type listing[T any] struct {
	id    func(T) string
	fetch func(ctx context.Context, offset, limit int) (Page[T], error)
}

// reader reads a listing page by page. It is the only place that judges whether pages add up. After a contradiction it
// reads on, so that every element that exists throughout is seen.
type reader[T any] struct {
	listing[T]
	reading[T]
	window Window

	// answers counts the pages, and pages those that brought something new.
	answers, pages int
	size           int64 // of all answers, in bytes
	// position is where the next page begins.
	position int
	total    total
	// repeats reports that a page only had elements of earlier pages: the service ignores the offset.
	repeats bool
	// refused reports that the service refused the offset at which the listing ended.
	refused bool
	ended   bool
	// problem is the first contradiction.
	problem error
}

func (l listing[T]) reader(window Window) *reader[T] {
	return &reader[T]{listing: l, reading: newReading[T](), window: window, position: window.Offset}
}

// all yields the pages. An error is the last thing it yields: that of a request, or what is wrong with the whole.
func (r *reader[T]) all(ctx context.Context) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		for more := true; more; {
			page, err := r.next(ctx)
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

// next reads a page. One that the service refuses at the end is empty.
func (r *reader[T]) next(ctx context.Context) (Page[T], error) {
	page, err := r.fetch(ctx, r.position, r.asked())
	if err == nil || !r.endsWith(err) {
		return page, err
	}
	if r.refused = true; r.total.known() >= 0 {
		r.contradict("of %d elements, those from %d on are refused: %v", r.total.known(), r.position, err)
	}
	return Page[T]{offset: r.position, counted: -1}, nil
}

// asked is how many elements the next request asks for.
func (r *reader[T]) asked() int {
	if r.window.Limit == 0 {
		return PageSize
	}
	return min(PageSize, r.window.Limit-len(r.elements))
}

// endsWith reports whether the API's own refusal of the offset means that the listing has ended. It contradicts a total.
// U: offset beyond the end
func (r *reader[T]) endsWith(err error) bool {
	status, answered := errors.AsType[*StatusError](err)
	return r.answers > 0 && answered && status.Documented &&
		slices.Contains([]int{400, 404, 416, 422}, status.Status)
}

// add takes the next page and leaves in it what is new.
func (r *reader[T]) add(page *Page[T]) {
	received, before := len(page.Elements), len(r.elements)
	if r.answers == 0 {
		r.total = firstTotal(page.counted, page.offset, received, page.limit)
	} else if counted := r.total.known(); counted >= 0 && page.counted >= 0 && page.counted != counted {
		r.contradict("the total changed from %d to %d", counted, page.counted)
		r.total = total{knownTotal, page.counted}
	} else {
		r.total = r.total.after(received)
	}
	repeated := r.keepNew(page)
	r.judgeRepeats(repeated, len(page.Elements), before)
	r.answers++
	r.position += received
	if len(page.Elements) > 0 {
		r.pages++
	}
	page.Total = r.total.known()
	r.ended = r.full() || len(page.Elements) == 0 || page.Total >= 0 && r.position >= page.Total
	r.size += page.size
	if len(r.elements) > maxElements || r.size > maxListing ||
		!r.ended && (r.pages >= maxPages || r.answers == 1 && page.Total > maxPages*received) {
		r.ended, r.problem = true, ErrTooManyPages
	}
}

// keepNew leaves in the page what no earlier page had, and returns how many elements one had.
func (r *reader[T]) keepNew(page *Page[T]) (repeated int) {
	fresh := page.Elements[:0]
	for _, element := range page.Elements {
		if r.get(r.id(element)) != nil {
			repeated++
		} else if !r.full() { // else the service ignores the limit
			fresh = append(fresh, element)
			r.put(r.id(element), element)
		}
	}
	page.Elements = fresh
	return repeated
}

// judgeRepeats distinguishes a service that ignores the offset, which repeats all there was and nothing else, from
// elements that moved from page to page.
// U: order of a listing
func (r *reader[T]) judgeRepeats(repeated, fresh, before int) {
	if repeated == 0 {
		return
	}
	r.repeats = true
	if fresh > 0 || r.total.known() >= 0 || repeated != before {
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
	if r.full() {
		return r.problem
	}
	count, counted := r.window.Offset+len(r.elements), r.total.known()
	if counted >= 0 && count != counted && (r.window.Offset == 0 || len(r.elements) > 0) {
		r.contradict("the service counts %d elements and sent %d", counted, count)
	}
	if r.problem == nil && r.repeats {
		return ErrUnproven
	}
	return r.problem
}

// isProven reports that one reading is enough: the service counted the elements, or one page that was not full has all.
func (r *reader[T]) isProven() bool {
	return r.total.known() >= 0 || r.pages <= 1 && !r.refused && len(r.elements) < PageSize
}

// total is how many elements there are in all, as far as the service says. The zero value is an unknown one.
// U: total; page without a limit
type total struct {
	kind  totalKind
	count int
}

type totalKind int

const (
	_ totalKind = iota
	// maybePageCount is a total that equals a full first page, so that it may be the number of elements of that page: the
	// next page shows which.
	maybePageCount
	knownTotal
)

// firstTotal is what the total of the first page means, which begins at an offset and has received elements of at most
// limit. counted is negative if it has none.
func firstTotal(counted, offset, received, limit int) total {
	switch {
	case counted < 0, offset > 0 && received > 0 && counted < offset+received:
		return total{} // the second counts the page
	case received > 0 && counted == received && received >= limit:
		return total{maybePageCount, counted}
	default:
		return total{knownTotal, counted}
	}
}

// after is what the total means after another page with so many elements.
func (t total) after(received int) total {
	switch {
	case t.kind != maybePageCount:
		return t
	case received > 0:
		return total{}
	default:
		return total{knownTotal, t.count}
	}
}

// known is the total, or -1 if it is not known.
func (t total) known() int {
	if t.kind != knownTotal {
		return -1
	}
	return t.count
}

// reading is what was found by reading all pages. With an error it is everything that was seen.
type reading[T any] struct {
	elements []T
	index    map[string]int // of the elements, by their folded ids
	proven   bool
	date     time.Time // of the last page that has one
}

func newReading[T any]() reading[T] { return reading[T]{index: map[string]int{}} }

// put adds an element, or replaces the one with its id.
func (r *reading[T]) put(id string, element T) {
	if i, ok := r.index[foldID(id)]; ok {
		r.elements[i] = element
		return
	}
	r.index[foldID(id)] = len(r.elements)
	r.elements = append(r.elements, element)
}

// get returns the element of an id, nil if there is none.
func (r *reading[T]) get(id string) *T {
	if i, ok := r.index[foldID(id)]; ok {
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

// read reads everything once. It starts over when the pages contradict each other.
func (l listing[T]) read(ctx context.Context) (reading[T], error) {
	seen := newReading[T]()
	for attempt := 1; ; attempt++ {
		r := l.reader(Window{})
		var err error
		for page, failure := range r.all(ctx) {
			r.date, err = cmp.Or(page.date, r.date), failure
		}
		if err == nil {
			r.proven = r.isProven()
			return r.reading, nil
		}
		for _, element := range r.elements {
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
