package alphamoon

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// StatusError is an answer with a status other than 2xx.
type StatusError struct {
	Method, Path string
	Status       int
	// Documented reports whether the body is the service's own: one of the two documented error shapes, or a "detail" with
	// a text that is not the web framework's. A proxy's page is not.
	Documented bool
	// Title, Detail and Action are the service's own words, empty if it gave none.
	Title, Detail, Action string
	// Instance is the service's id of this very failure, to quote in a support request.
	Instance string
	// Fields are the service's complaints about parts of the request.
	Fields []FieldError
	// Excerpt is readable text from a body of another shape, empty for a creation: it could be the new key's secret.
	Excerpt string
	// Location is where a redirect wanted to lead, empty for a creation.
	Location string
	// RetryAfter is how long the service asks to stay away, counted from the answer, and RetryAt is when that ends.
	// HasRetryAfter reports whether it said so at all.
	RetryAfter    time.Duration
	RetryAt       time.Time
	HasRetryAfter bool
}

// FieldError is one complaint of the service about a part of a request.
type FieldError struct {
	// Location is the path to the part, without the leading "body": ["exp"] or ["query" "limit"].
	Location []string
	// Message is the service's own wording.
	Message string
}

// Error puts the service's own words first.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s answered %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if words := e.Words(); words != "" {
		text += ": " + words
	}
	return text
}

// Words is everything the answer said, in one line; empty if it said nothing readable.
func (e *StatusError) Words() string {
	var complaints []string
	for _, field := range e.Fields {
		complaints = append(complaints, field.String())
	}
	return redact.Truncate(cmp.Or(strings.Join(complaints, "; "), e.Detail, e.Title, e.Excerpt), redact.MaxShown)
}

// maxComplaints is how many complaints are kept, and how many parts of the path of each.
const maxComplaints = 10

// String is the message with its location in front.
func (f FieldError) String() string {
	if len(f.Location) == 0 {
		return f.Message
	}
	return redact.Truncate(strings.Join(f.Location, ".")+": "+f.Message, redact.MaxShown)
}

// AnswerError is a 2xx answer whose body cannot be used: cut off, not JSON, or without what it must have.
type AnswerError struct {
	Method, Path string
	Status       int
	// ContentType is empty for a creation.
	ContentType string
	// Reason is why, fit to show. Err may quote the answer.
	Reason string
	Err    error
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("%s %s answered %d with a body that cannot be used (content type %q): %v",
		e.Method, e.Path, e.Status, e.ContentType, e.Reason)
}

func (e *AnswerError) Unwrap() error { return e.Err }

// ConnectionError means that no answer arrived.
type ConnectionError struct {
	Method, Path string
	// Host is the host and the port of the service, and Proxy those of the proxy that was used, if any.
	Host, Proxy string
	// Sent reports whether there was a connection, so that the request may have reached the service.
	Sent bool
	// Reason is what happened in the words of the network, without what they quote of an answer.
	Reason string
	Err    error
}

func (e *ConnectionError) Error() string {
	return fmt.Sprintf("%s %s got no answer: %s", e.Method, e.Path, e.Reason)
}

func (e *ConnectionError) Unwrap() error { return e.Err }

// IsUnauthorized reports a refused credential.
func IsUnauthorized(err error) bool { return hasStatus(err, http.StatusUnauthorized) }

// IsForbidden reports a credential without the right to do this.
func IsForbidden(err error) bool { return hasStatus(err, http.StatusForbidden) }

// IsNotFound reports a 404 in the service's own words: what the path names does not exist. A 404 without them
// says nothing about the service.
func IsNotFound(err error) bool {
	return isDocumented(err, http.StatusNotFound)
}

// IsTimeout reports an attempt that took longer than the request timeout, before or within the answer.
func IsTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// IsUnusableAnswer reports a 2xx answer with an unusable body.
func IsUnusableAnswer(err error) bool {
	_, ok := errors.AsType[*AnswerError](err)
	return ok
}

// isDocumented reports an answer with one of the statuses in the service's own words.
func isDocumented(err error, codes ...int) bool {
	status, ok := errors.AsType[*StatusError](err)
	return ok && status.Documented && slices.Contains(codes, status.Status)
}

// isNoContent reports a listing that was answered without content.
func isNoContent(err error) bool {
	answer, ok := errors.AsType[*AnswerError](err)
	return ok && answer.Status == http.StatusNoContent
}

// SaysNothing reports a listing in place of which the service says that there is nothing.
// U: a listing without keys
func SaysNothing(err error) bool {
	return IsNotFound(err) || isNoContent(err) || errors.Is(err, errNoList)
}

func hasStatus(err error, codes ...int) bool {
	status, ok := errors.AsType[*StatusError](err)
	return ok && slices.Contains(codes, status.Status)
}

func (r *request) statusError(resp *http.Response, body io.Reader) *StatusError {
	failure := &StatusError{Method: r.method, Path: r.shown, Status: resp.StatusCode}
	failure.RetryAfter, failure.HasRetryAfter = retryAfter(resp.Header, now())
	failure.RetryAt = now().Add(failure.RetryAfter)
	// A body that breaks off still says something, and the status alone is worth reporting.
	raw, err := io.ReadAll(io.LimitReader(body, maxErrorBody))
	failure.decode(raw, resp.Header.Get("Content-Type"), func(text string, last bool) string {
		return r.client.show(text, last && (err != nil || len(raw) == maxErrorBody || endsAnywhere(resp)))
	})
	switch {
	case r.creation:
		failure.Excerpt = ""
	case resp.StatusCode < 400:
		failure.Location = r.client.show(resp.Header.Get("Location"), false)
	}
	return failure
}

// maxErrorBody is how much of an answer is read for what it says.
const maxErrorBody = 64 << 10

// endsAnywhere reports whether nothing but the end of the connection marks the end of an answer.
func endsAnywhere(resp *http.Response) bool {
	return resp.ContentLength < 0 && resp.ProtoMajor < 2 && len(resp.TransferEncoding) == 0 && !resp.Uncompressed
}

// decode fills in what the body says. JSON of an unknown shape is not quoted: there is no telling what it holds. show makes
// text fit to show; last means that it reaches to the end of the body.
func (e *StatusError) decode(raw []byte, contentType string, show func(text string, last bool) string) {
	var body struct {
		Title    string      `json:"title"`
		Action   string      `json:"action"`
		Instance string      `json:"instance"`
		Detail   errorDetail `json:"detail"`
		Errors   []struct {
			Location string `json:"location"`
			Message  string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(raw, &body); err != nil && !isMismatch(err) {
		if text := redact.Readable(string(raw), contentType); !strings.ContainsAny(text, "{}") { // braces could be of JSON that is cut off
			e.Excerpt = show(text, true)
		}
		return
	}
	say := func(text string) string { return show(text, false) }
	e.Title, e.Action, e.Instance, e.Detail = say(body.Title), say(body.Action), say(body.Instance), say(body.Detail.text)
	for _, field := range body.Errors {
		e.complain(strings.Split(strings.ReplaceAll(field.Location, ": ", "."), "."), field.Message, say)
	}
	for _, field := range body.Detail.complaints {
		e.complain(field.Location, field.Message, say)
	}
	e.Documented = e.Title != "" || len(e.Fields) > 0 || e.Detail != "" && !body.Detail.ofFramework()
}

// complain notes a complaint about a part of the request.
func (e *StatusError) complain(location []string, message string, say func(text string) string) {
	if len(location) > 0 && (location[0] == "body" || location[0] == "") {
		location = location[1:]
	}
	location = location[:min(len(location), maxComplaints)]
	for i := range location {
		location[i] = say(location[i])
	}
	if message = say(message); message != "" && len(e.Fields) < maxComplaints {
		e.Fields = append(e.Fields, FieldError{Location: location, Message: message})
	}
}

// errorDetail is a text in one of the documented shapes, and a list of complaints in the other.
type errorDetail struct {
	text       string
	complaints []FieldError
}

// ofFramework reports the texts with which a web framework answers of itself, for a path or a method that it does not know.
// The documented validation error is that of FastAPI (v0.3), so that its other refusals probably are too.
func (d errorDetail) ofFramework() bool {
	// U: a wrong credential; a process that does not exist or may not be seen
	return d.text == "Not Found" || d.text == "Method Not Allowed"
}

// UnmarshalJSON never fails: everything else is empty.
func (d *errorDetail) UnmarshalJSON(data []byte) error {
	_ = json.Unmarshal(data, &d.text)
	var complaints []struct {
		Location []any  `json:"loc"`
		Message  string `json:"msg"`
	}
	if json.Unmarshal(data, &complaints) != nil {
		complaints = nil // of another shape, in part
	}
	for _, complaint := range complaints {
		field := FieldError{Message: complaint.Message}
		for _, part := range complaint.Location {
			switch part.(type) {
			case string, float64: // names and indexes
				field.Location = append(field.Location, fmt.Sprint(part))
			}
		}
		d.complaints = append(d.complaints, field)
	}
	return nil
}
