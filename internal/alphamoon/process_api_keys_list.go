package alphamoon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"
)

// PageSize is how many keys are asked for at a time, the number in the documented example. The service may
// return fewer.
const PageSize = 100

// maxKeys ends a listing that would never end by itself.
const maxKeys = 300_000

var errTooManyKeys = fmt.Errorf("the listing does not end: it has more than %d keys", maxKeys)

// ProcessAPIKeyPage is one answer of a listing.
type ProcessAPIKeyPage struct {
	// Offset is how many keys of the process come before this page.
	Offset int
	// Keys are the page's keys without those that an earlier page of the same listing already had.
	Keys []ProcessAPIKey
	// Repeated is how many keys of the page an earlier one already had.
	Repeated int
	// Total is how many keys the process has, -1 if the service did not say.
	Total int

	// date is the service's clock when it answered, zero if it did not say.
	date time.Time
}

// Window is the part of a listing to read.
type Window struct {
	// Offset is how many keys to skip.
	Offset int
	// Limit is how many keys to read at most; 0 means all that follow.
	Limit int
}

// ProcessAPIKeyPages reads a listing page by page. It ends when the window is full, when the service's total is
// reached, at an empty page, or at a page that brings nothing new, as servers send again and again that ignore
// the offset. An error is the last thing it yields.
func (c *Client) ProcessAPIKeyPages(ctx context.Context, processID string, window Window) iter.Seq2[ProcessAPIKeyPage, error] {
	return func(yield func(ProcessAPIKeyPage, error) bool) {
		first, err := c.processAPIKeyPage(ctx, processID, window.Offset, window.limit(0))
		if err != nil {
			yield(ProcessAPIKeyPage{}, err)
			return
		}
		c.pagesAfter(ctx, processID, window, first)(yield)
	}
}

// limit is how many keys to ask for when that many were read.
func (w Window) limit(count int) int {
	if w.Limit == 0 {
		return PageSize
	}
	return min(PageSize, w.Limit-count)
}

// pagesAfter goes on from the first page, which it yields too.
func (c *Client) pagesAfter(ctx context.Context, processID string, window Window, first ProcessAPIKeyPage) iter.Seq2[ProcessAPIKeyPage, error] {
	return func(yield func(ProcessAPIKeyPage, error) bool) {
		seen := map[string]bool{}
		offset, count := window.Offset, 0
		for page := first; ; {
			received := len(page.Keys)
			page.dropRepeated(seen)
			if window.Limit > 0 && len(page.Keys) > window.Limit-count {
				// The server ignores the limit.
				page.Keys = page.Keys[:window.Limit-count]
			}
			count += len(page.Keys)
			offset += received
			full := window.Limit > 0 && count >= window.Limit
			ended := len(page.Keys) == 0 || page.Total >= 0 && window.Offset+count >= page.Total
			if !yield(page, nil) || full || ended {
				return
			}
			if count > maxKeys {
				yield(ProcessAPIKeyPage{}, errTooManyKeys)
				return
			}
			var err error
			if page, err = c.processAPIKeyPage(ctx, processID, offset, window.limit(count)); err != nil {
				yield(ProcessAPIKeyPage{}, err)
				return
			}
		}
	}
}

// dropRepeated moves every key that is in seen from Keys to the count Repeated.
func (p *ProcessAPIKeyPage) dropRepeated(seen map[string]bool) {
	fresh := p.Keys[:0]
	for _, key := range p.Keys {
		if seen[key.ID] {
			p.Repeated++
			continue
		}
		seen[key.ID] = true
		fresh = append(fresh, key)
	}
	p.Keys = fresh
}

func (c *Client) processAPIKeyPage(ctx context.Context, processID string, offset, limit int) (ProcessAPIKeyPage, error) {
	var page ProcessAPIKeyPage
	err := c.do(ctx, call{
		method: http.MethodGet,
		path:   processAPIKeysPath(processID),
		query:  windowQuery(offset, limit),
		decode: func(header http.Header, body io.Reader) (err error) {
			page.Keys = nil
			page.date, _ = http.ParseTime(header.Get("Date")) // zero if there is none
			page.Total, err = decodePage(body, "apiKeys", func(key ProcessAPIKey) error {
				if key.ID == "" {
					return errNoID
				}
				page.Keys = append(page.Keys, key)
				return nil
			})
			return err
		},
		retry: retryIdempotent,
	})
	page.Offset = offset
	return page, err
}

// decodePage streams the elements of the array field of a listing and returns the total from "pagination", -1
// if there is none. Only one element is in memory at a time.
func decodePage[T any](body io.Reader, field string, element func(T) error) (total int, err error) {
	decoder := json.NewDecoder(body)
	total = -1
	found := false
	if err := expect(decoder, json.Delim('{')); err != nil {
		return -1, err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return -1, unusable(err)
		}
		switch name {
		case field:
			found = true
			err = decodeElements(decoder, element)
		case "pagination":
			var pagination *struct {
				Total *int `json:"total"`
			}
			if err = decoder.Decode(&pagination); err == nil && pagination != nil && pagination.Total != nil && *pagination.Total >= 0 {
				total = *pagination.Total
			}
		default:
			err = decoder.Decode(&json.RawMessage{})
		}
		if err != nil {
			return -1, unusable(err)
		}
	}
	if err := expect(decoder, json.Delim('}')); err != nil {
		return -1, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return -1, errors.New("something follows the end of the JSON")
	}
	if !found {
		return -1, fmt.Errorf("the answer has no %q", field)
	}
	return total, nil
}

func decodeElements[T any](decoder *json.Decoder, element func(T) error) error {
	if err := expect(decoder, json.Delim('[')); err != nil {
		return err
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
