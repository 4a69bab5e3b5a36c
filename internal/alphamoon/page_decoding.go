package alphamoon

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

func windowQuery(offset, limit int) url.Values {
	return url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
}

// What the service makes of a limit.
const (
	limitUntried int32 = iota
	limitTaken
	// U: largest page
	limitRefused
)

// fetchWindow reads a page of a listing from an offset on, with a limit unless the service refuses it.
func fetchWindow[T any](
	ctx context.Context, c *Client, path []string, field string, id func(T) string, offset, limit int,
) (Page[T], error) {
	fetch := func(query url.Values) (Page[T], error) {
		return fetchPage(ctx, c, request{path: path, query: query}, field, id, offset)
	}
	whole := url.Values{"offset": {strconv.Itoa(offset)}}
	if c.limit.Load() == limitRefused {
		return fetch(whole)
	}
	page, err := fetch(windowQuery(offset, limit))
	switch {
	case err == nil && limit == PageSize:
		c.limit.CompareAndSwap(limitUntried, limitTaken)
	case isDocumented(err, http.StatusBadRequest, http.StatusUnprocessableEntity) && c.limit.Load() == limitUntried:
		// The words may name the limit or not.
		if page, again := fetch(whole); again == nil || SaysNothing(again) {
			c.limit.Store(limitRefused)
			return page, again
		}
	}
	page.limit = cmp.Or(page.limit, limit)
	return page, err
}

// fetchPage reads one page. field is the name of the array in the answer.
func fetchPage[T any](ctx context.Context, c *Client, req request, field string, id func(T) string, offset int) (Page[T], error) {
	var page Page[T]
	req.method = http.MethodGet
	req.decode = func(header http.Header, body io.Reader) (err error) {
		page, err = decodePage(body, field, id)
		for _, element := range page.Elements {
			err = cmp.Or(err, c.checkID(id(element)))
		}
		page.offset = offset
		page.date = c.dateOf(header)
		return err
	}
	if err := c.do(ctx, req); err != nil {
		return Page[T]{offset: offset, Total: -1, counted: -1}, err
	}
	return page, nil
}

// maxPage is how many elements a page can have: many times what is asked for, because a service may ignore the limit.
const maxPage = 100_000

// decodePage reads the array field of a listing, and the total and the limit in its "pagination". Null instead of the
// array is an empty one, and whatever stands instead of the object "pagination" is none. It reads one element after the
// other: held at once, those of one answer can take fifty times its size.
func decodePage[T any](body io.Reader, field string, id func(T) string) (Page[T], error) {
	page := Page[T]{counted: -1}
	decoder, found := json.NewDecoder(body), false
	err := eachField(decoder, func(name string) error {
		switch name {
		case field:
			found, page.Elements = true, nil
			return eachElement(decoder, field, func() error { return page.decodeElement(decoder, id) })
		case "pagination":
			return page.decodePagination(decoder)
		default:
			return decoder.Decode(new(ignored))
		}
	})
	page.size = decoder.InputOffset()
	if err == nil && !found && page.counted != 0 {
		err = fmt.Errorf("%w %q", errNoList, field)
	}
	return page, err
}

// ignored is a value of no interest, which is checked but not kept.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// eachField reads the one object of a text, whose values are read by read.
func eachField(decoder *json.Decoder, read func(name string) error) error {
	if token, err := decoder.Token(); err != nil {
		return unusable(err)
	} else if token != json.Delim('{') {
		return errOtherForm
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return unusable(err)
		}
		if err := read(name.(string)); err != nil { //nolint:forcetypeassert // the decoder accepts no other name
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return unusable(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the end of the JSON")
	}
	return nil
}

// eachElement reads a list, whose elements are read by read. Null is an empty one.
func eachElement(decoder *json.Decoder, field string, read func() error) error {
	switch token, err := decoder.Token(); {
	case err != nil:
		return unusable(err)
	case token == nil:
		return nil
	case token != json.Delim('['):
		return fmt.Errorf("%q is not a list", field)
	}
	for count := 0; decoder.More(); count++ {
		if count == maxPage {
			return fmt.Errorf("%q has more than %d elements", field, maxPage)
		}
		if err := read(); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return unusable(err)
}

func (p *Page[T]) decodeElement(decoder *json.Decoder, id func(T) string) error {
	var element T
	if err := decoder.Decode(&element); err != nil && !isMismatch(err) {
		return unusable(err)
	}
	if id(element) == "" {
		return errNoID
	}
	p.Elements = append(p.Elements, element)
	return nil
}

func (p *Page[T]) decodePagination(decoder *json.Decoder) error {
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		return unusable(err)
	}
	if p.paginated = raw[0] == '{'; !p.paginated {
		return nil
	}
	var pagination struct {
		Total json.Number // may be quoted
		Limit limit
	}
	if json.Unmarshal(raw, &pagination) != nil {
		return errors.New("the total is not a number") // the decoder would quote it
	}
	p.limit, p.counted = int(pagination.Limit), -1
	if pagination.Total != "" {
		total, err := pagination.Total.Float64()
		if err != nil || total != math.Trunc(total) {
			return fmt.Errorf("the total %q is not a whole number", redact.Truncate(pagination.Total.String(), 20))
		}
		p.counted = int(max(-1, min(total, math.MaxInt32)))
	}
	return nil
}

// limit is how many elements a service sends at most. Anything but a number is 0: it only saves a request.
type limit int

func (l *limit) UnmarshalJSON(data []byte) error {
	var number float64
	_ = json.Unmarshal(data, &number)
	*l = limit(number)
	return nil
}

// isMismatch reports a field of an unexpected type. The decoder has then filled in every other field: a key whose id
// is known is kept, whatever else is odd about it.
func isMismatch(err error) bool {
	_, mismatch := errors.AsType[*json.UnmarshalTypeError](err)
	return mismatch
}

var (
	errNoID = errors.New(`the answer has no "id"`)
	// errNoList means that an answer has no list, and does not count its elements as 0 either.
	errNoList    = errors.New("the answer has no")
	errOtherForm = errors.New("the answer has another form")
)

// checkID refuses an id that Terraform would print as it is and nobody should see: it is in no form that messages could
// show, or holds the credential.
// U: ids
func (c *Client) checkID(id string) error {
	if redact.Truncate(c.redactID(id, false), redact.MaxShown) != id {
		return fmt.Errorf("the answer has an id that cannot be shown, %s", c.Redact(redact.ShowID(id)))
	}
	return nil
}

// unusable words a decoding error; nil stays nil. The decoder quotes at most one character of the body, the reader of
// trailers a whole line, and HTTP/2 what the server says when it ends a connection.
func unusable(err error) error {
	_, ofTrailer := errors.AsType[textproto.ProtocolError](err)
	_, isSyntax := errors.AsType[*json.SyntaxError](err)
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the answer is empty or cut off: %w", io.ErrUnexpectedEOF)
	case ofTrailer, isMismatch(err):
		return errOtherForm
	case err == nil, isSyntax:
		return err
	default:
		return &brokenOff{err}
	}
}

// brokenOff is why an answer ended too early, without what is quoted of it.
type brokenOff struct{ error }

func (e *brokenOff) Error() string { return unquoted(e.error) }
func (e *brokenOff) Unwrap() error { return e.error }

// unquoted words an error of the network's libraries without what it quotes of an answer.
func unquoted(err error) string {
	if _, quotes := errors.AsType[textproto.ProtocolError](err); quotes {
		return "the answer is not HTTP: " + redact.Placeholder
	}
	before, _, quotes := strings.Cut(err.Error(), `"`)
	if quotes {
		before += redact.Placeholder
	}
	return before
}
