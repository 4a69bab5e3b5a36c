package alphamoon

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

const (
	// maxBodySize caps what is read of one answer, so that no answer can exhaust the memory.
	maxBodySize = 16 << 20
	// interruptGrace is how long a creation on its way may still take after the caller has given up. Breaking it
	// off at once would leave a live key behind that nobody knows.
	interruptGrace = 5 * time.Second
)

// request is one request of the API, however many attempts it takes.
type request struct {
	method string
	path   []string
	query  url.Values
	// body is sent as JSON unless it is nil.
	body any
	// decode reads a 2xx answer. Its error means that the body is unusable.
	decode func(http.Header, io.Reader) error
	// creation reports that sending the request twice could make two things.
	creation bool
	// retries counts the repetitions. Nil means that the request has all of them; a creation that is sent again after
	// its remains were looked for goes on counting.
	retries *int
	// wrapAttempt, if it is set, runs each attempt; it must call send.
	wrapAttempt func(send func() error) error

	client *Client
	// address is where the request goes, and shown its path, for messages. payload is the encoded body.
	address *url.URL
	shown   string
	payload []byte
}

// do carries out a request with its repetitions. The error is a [*StatusError], an [*AnswerError], a
// [*ConnectionError], or wraps the context's; in an outage it is that of another request.
func (c *Client) do(ctx context.Context, req request) error {
	if req.body != nil {
		var err error
		if req.payload, err = json.Marshal(req.body); err != nil {
			return fmt.Errorf("encoding the request: %w", err)
		}
	}
	req.client, req.address = c, c.config.BaseURL.JoinPath(escapeAll(req.path)...)
	req.address.RawQuery = req.query.Encode()
	req.shown = "/" + strings.TrimPrefix(req.address.EscapedPath(), "/")
	req.retries = cmp.Or(req.retries, new(int))
	if req.wrapAttempt == nil {
		req.wrapAttempt = func(send func() error) error { return send() }
	}
	began := now()
	failure := req.repeat(ctx, began)
	if req.method == http.MethodDelete || req.creation && !DidNothing(failure) {
		// What became of this very request matters, and its failure must not stop the listing that shows it.
		return failure
	}
	return c.outage.record(began, failure)
}

// repeat sends the request until it is answered or may not be repeated any more.
func (r *request) repeat(ctx context.Context, began time.Time) (failure error) {
	limiter := r.client.limiter
	var refusedSince time.Time
	for number := 1; ; number++ {
		if err := limiter.wait(ctx, r.collection()); err != nil {
			return interrupted(err, failure)
		}
		if shared := r.client.outage.shared(began); shared != nil {
			return shared
		}
		sent := now()
		if failure = r.wrapAttempt(func() error { return r.send(ctx, number) }); failure == nil {
			limiter.accepted(r.collection())
			return nil
		}
		if wait, refused := refusal(failure); refused {
			limiter.refused(r.collection(), sent, wait)
			refusedSince = cmp.Or(refusedSince, sent)
			if left := r.client.config.RefusalPatience - now().Sub(refusedSince); left <= 0 || wait > left {
				return failure
			}
			continue
		}
		refusedSince = time.Time{}
		if err := r.awaitRetry(ctx, failure); err != nil {
			return err
		}
	}
}

// awaitRetry waits until the request may be repeated after a failure. Otherwise it returns what to report.
func (r *request) awaitRetry(ctx context.Context, failure error) error {
	if !repeatable(r.creation, failure) || *r.retries >= r.client.config.MaxRetries {
		return interrupted(ctx.Err(), failure)
	}
	if err := sleep(ctx, r.client.pause(failure, *r.retries)); err != nil {
		return interrupted(err, failure)
	}
	*r.retries++
	return nil
}

// pause is how long to wait before a request is repeated: as long as the service asks for, if it does.
func (c *Client) pause(failure error, retries int) time.Duration {
	if status, ok := errors.AsType[*StatusError](failure); ok && status.HasRetryAfter {
		return min(status.RetryAfter, c.config.RetryWaitMax)
	}
	return c.config.jitteredBackoff(retries)
}

// interrupted puts the end of the context before the failure that it followed. Either may be nil.
func interrupted(interruption, failure error) error {
	if interruption == nil || failure == nil {
		return cmp.Or(interruption, failure)
	}
	return fmt.Errorf("%w after %w", interruption, failure)
}

// collection names what a rate limit may be about, whatever is done with it.
func (r *request) collection() string { return strings.Join(r.path[:min(len(r.path), 4)], "/") }

func (r *request) connectionError(err error, sent bool) error {
	port := cmp.Or(r.address.Port(), map[string]string{"http": "80", "https": "443"}[r.address.Scheme])
	failure := &ConnectionError{
		Method: r.method, Path: r.shown, Host: net.JoinHostPort(r.address.Hostname(), port), Sent: sent, Err: err,
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) { // the wrappings repeat the address in Go's terms
		err = inner
	}
	if failure.Reason = err.Error(); sent {
		failure.Reason = unquoted(err) // an answer may have the secret of a new key
	}
	failure.Reason = r.client.show(failure.Reason, false)
	if transport, ok := r.client.config.Transport.(*http.Transport); ok && transport.Proxy != nil {
		if proxy, err := transport.Proxy(&http.Request{URL: r.address}); err == nil && proxy != nil {
			failure.Proxy = redact.Show(proxy.Host)
		}
	}
	return failure
}

// send sends the request once and turns the answer into nil or a typed error. It has a lifetime of its own: the timeout
// covers the body, and a creation outlives the caller's context by [interruptGrace].
func (r *request) send(ctx context.Context, number int) error {
	outer, config := ctx, r.client.config
	if r.creation {
		var release func()
		ctx, release = outlive(ctx, interruptGrace)
		defer release()
	}
	ctx, cancel := context.WithTimeout(ctx, config.RequestTimeout)
	defer cancel()

	var connected atomic.Bool
	req, err := r.newHTTPRequest(ctx, &connected)
	if err != nil {
		return fmt.Errorf("building the request: %w", err)
	}
	began := now()
	status := 0
	// Following a redirect, as clients do, would hand the credential to whatever host the answer names.
	resp, err := config.Transport.RoundTrip(req)
	if err != nil {
		err = r.connectionError(err, connected.Load())
	} else {
		defer resp.Body.Close()
		status = resp.StatusCode
		err = r.read(resp)
	}
	if config.OnAttempt != nil {
		config.OnAttempt(outer, Attempt{Method: r.method, Path: r.shown, Status: status, Number: number, Duration: now().Sub(began)})
	}
	return err
}

// newHTTPRequest builds what is sent, with everything that keeps net/http from sending it again by itself.
func (r *request) newHTTPRequest(ctx context.Context, connected *atomic.Bool) (*http.Request, error) {
	// The transport sends a read again on a new connection if the server had closed the old one (golang/go#48438).
	// The ceiling holds for that too.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		if connected.Swap(true) {
			_ = r.client.limiter.waitForCeiling(ctx) // its error is the request's too
		}
	}})
	req, err := http.NewRequestWithContext(ctx, r.method, r.address.String(), bytes.NewReader(r.payload))
	if err != nil {
		return nil, err
	}
	// With a body that can be read again, the transport repeats what an HTTP/2 server broke off, even a creation that was
	// worked on (golang/go#17844).
	req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("the server broke the request off") }
	config := r.client.config
	req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(config.Credential.Reveal())))
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cache-Control", "no-cache") // a cached listing shows nothing of a later write
	req.Header.Set("User-Agent", config.UserAgent)
	if r.payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// read turns an answer into nil or a typed error.
func (r *request) read(resp *http.Response) error {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		_ = resp.Body.Close() // it is the connection, to which no timeout applies (golang/go#30876)
	}
	body := http.MaxBytesReader(nil, resp.Body, maxBodySize)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return r.statusError(resp, body)
	}
	err := r.decode(resp.Header, body)
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = errors.New("the answer is larger than 16 MiB")
	}
	failure := &AnswerError{Method: r.method, Path: r.shown, Status: resp.StatusCode, Reason: r.client.show(err.Error(), false), Err: err}
	if !r.creation {
		failure.ContentType = r.client.show(resp.Header.Get("Content-Type"), false)
	}
	return failure
}

func escapeAll(elements []string) []string {
	escaped := make([]string, len(elements))
	for i, element := range elements {
		escaped[i] = url.PathEscape(element)
		if element == "." || element == ".." {
			// Escaping leaves dots alone, and joining would then walk up the path.
			escaped[i] = strings.ReplaceAll(element, ".", "%2E")
		}
	}
	return escaped
}
