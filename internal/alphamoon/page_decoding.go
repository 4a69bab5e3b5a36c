package alphamoon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
)

// fetchPage reads one page. field is the name of the array in the answer.
func fetchPage[T any](ctx context.Context, c *Client, req request, field string, id func(T) string,
	offset int,
) (Page[T], error) {
	var page Page[T]
	req.method = http.MethodGet
	req.decode = func(header http.Header, body io.Reader) (err error) {
		page = Page[T]{header: header, offset: offset}
		page.counted, page.limit, err = decodePage(body, field, func(element T) error {
			if id(element) == "" {
				return errNoID
			}
			page.Elements = append(page.Elements, element)
			return nil
		})
		return err
	}
	err := c.do(ctx, req)
	if err != nil {
		page = Page[T]{offset: offset, Total: -1, counted: -1}
	}
	return page, err
}

// wholeNumber is a number that is not negative, or none. It may be written as 1.0 or as "1".
type wholeNumber struct{ value *int32 }

func (n wholeNumber) or(otherwise int) int {
	if n.value == nil {
		return otherwise
	}
	return int(*n.value)
}

// UnmarshalJSON fails for what is no number, for then the service means something else.
func (n *wholeNumber) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	text := string(data)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || number != math.Trunc(number) {
		return fmt.Errorf("%q is no whole number", truncate(text, 20))
	}
	if number >= 0 {
		value := int32(min(number, math.MaxInt32))
		n.value = &value
	}
	return nil
}

// decodePage streams the elements of the array field of a listing. It returns the total and the limit that stand in
// "pagination", -1 and 0 if they do not. Null instead of the array is an empty one, and whatever stands instead of
// the object "pagination" is none. Only one element is in memory at a time.
func decodePage[T any](body io.Reader, field string, element func(T) error) (total, limit int, err error) {
	decoder := json.NewDecoder(body)
	total = -1
	found := false
	if err := expect(decoder, json.Delim('{')); err != nil {
		return -1, 0, err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return -1, 0, unusable(err)
		}
		switch name {
		case field:
			found = true
			err = decodeElements(decoder, element)
		case "pagination":
			total, limit, err = decodePagination(decoder)
		default:
			err = decoder.Decode(&json.RawMessage{})
		}
		if err != nil {
			return -1, 0, unusable(err)
		}
	}
	if err := expect(decoder, json.Delim('}')); err != nil {
		return -1, 0, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return -1, 0, errors.New("something follows the end of the JSON")
	}
	if !found {
		return -1, 0, fmt.Errorf("the answer has no %q", field)
	}
	return total, limit, nil
}

func decodePagination(decoder *json.Decoder) (total, limit int, err error) {
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil || raw[0] != '{' {
		return -1, 0, err
	}
	var pagination struct {
		Total wholeNumber
		Limit json.RawMessage
	}
	if err := json.Unmarshal(raw, &pagination); err != nil {
		return -1, 0, err
	}
	var most wholeNumber
	if pagination.Limit != nil && most.UnmarshalJSON(pagination.Limit) != nil {
		most = wholeNumber{} // it only saves a request
	}
	return pagination.Total.or(-1), most.or(0), nil
}

func decodeElements[T any](decoder *json.Decoder, element func(T) error) error {
	token, err := decoder.Token()
	switch {
	case err != nil:
		return unusable(err)
	case token == nil:
		return nil
	case token != json.Delim('['):
		return errors.New("a list expected")
	}
	for decoder.More() {
		var value T
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if err := element(value); err != nil {
			return err
		}
	}
	return expect(decoder, json.Delim(']'))
}

func expect(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		return unusable(err)
	}
	if token != want {
		return fmt.Errorf("%q expected", want.String())
	}
	return nil
}

var errNoID = errors.New(`the answer has no "id"`)

// unusable keeps the words of a decoding error apart from the body's: the decoder quotes at most one character.
func unusable(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the answer is empty or cut off: %w", io.ErrUnexpectedEOF)
	}
	return err
}
