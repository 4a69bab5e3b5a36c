package alphamoon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/textproto"
)

// fetchPage reads one page. field is the name of the array in the answer.
func fetchPage[T any](ctx context.Context, c *Client, req request, field string, id func(T) string, offset int) (Page[T], error) {
	var page Page[T]
	req.method = http.MethodGet
	req.decode = func(header http.Header, body io.Reader) (err error) {
		page, err = decodePage(body, field, id)
		page.offset = offset
		page.date, _ = http.ParseTime(header.Get("Date"))
		return err
	}
	if err := c.do(ctx, req); err != nil {
		return Page[T]{offset: offset, Total: -1, counted: -1}, err
	}
	return page, nil
}

// decodePage reads the array field of a listing, and the total and the limit in its "pagination". Null instead of the
// array is an empty one, and whatever stands instead of the object "pagination" is none.
func decodePage[T any](body io.Reader, field string, id func(T) string) (Page[T], error) {
	page := Page[T]{counted: -1}
	var answer map[string]json.RawMessage
	decoder := json.NewDecoder(body)
	if err := decoder.Decode(&answer); err != nil {
		return page, unusable(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return page, errors.New("something follows the end of the JSON")
	}
	if answer[field] == nil {
		return page, fmt.Errorf("the answer has no %q", field)
	}
	var elements []json.RawMessage
	if json.Unmarshal(answer[field], &elements) != nil {
		return page, fmt.Errorf("%q is not a list", field)
	}
	for _, raw := range elements {
		var element T
		if err := json.Unmarshal(raw, &element); err != nil && !isMismatch(err) {
			return page, err
		}
		if id(element) == "" {
			return page, errNoID
		}
		page.Elements = append(page.Elements, element)
	}
	if !bytes.HasPrefix(answer["pagination"], []byte("{")) {
		return page, nil
	}
	var pagination struct {
		Total json.Number // may be quoted
		Limit any
	}
	if json.Unmarshal(answer["pagination"], &pagination) != nil {
		return page, errors.New("the total is not a number") // the decoder would quote it
	}
	if limit, ok := pagination.Limit.(float64); ok { // anything else is ignored: the limit only saves a request
		page.limit = int(limit)
	}
	page.paginated = true
	if pagination.Total != "" {
		total, err := pagination.Total.Float64()
		if err != nil || total != math.Trunc(total) {
			return page, fmt.Errorf("the total %q is not a whole number", truncate(pagination.Total.String(), 20))
		}
		page.counted = int(max(-1, min(total, math.MaxInt32)))
	}
	return page, nil
}

// isMismatch reports a field of an unexpected type. The decoder has then filled in every other field: a key whose id
// is known is kept, whatever else is odd about it.
func isMismatch(err error) bool {
	_, mismatch := errors.AsType[*json.UnmarshalTypeError](err)
	return mismatch
}

var errNoID = errors.New(`the answer has no "id"`)

// unusable words a decoding error. The decoder quotes at most one character of the body, the reader of trailers a whole line.
func unusable(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the answer is empty or cut off: %w", io.ErrUnexpectedEOF)
	}
	if _, quotes := errors.AsType[textproto.ProtocolError](err); quotes || isMismatch(err) {
		return errors.New("the answer has another form")
	}
	return err
}
