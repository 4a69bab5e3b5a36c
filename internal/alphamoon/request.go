package alphamoon

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// maxBodySize caps what is read of one answer, so that no answer can exhaust the memory.
	maxBodySize = 16 << 20
	// interruptGrace is how long a creation on its way may still take after the caller has given up. Breaking it
	// off at once would leave a live key behind that nobody knows.
	interruptGrace = 5 * time.Second
)

var errBodyTooLarge = errors.New("the answer is larger than 16 MiB")

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
	// around, if set, is called for every attempt and sends it.
	around func(send func() error) error
}

// do carries out a request with its repetitions. The error is a [*StatusError], an [*AnswerError], a
// [*ConnectionError], or wraps the context's; in an outage it is that of another request.
func (c *Client) do(ctx context.Context, req request) error {
	var body []byte
	if req.body != nil {
		var err error
		if body, err = json.Marshal(req.body); err != nil {
			return fmt.Errorf("encoding the request: %w", err)
		}
	}
	address := c.config.BaseURL.JoinPath(escapeAll(req.path)...)
	address.RawQuery = req.query.Encode()
	path := "/" + strings.TrimPrefix(address.EscapedPath(), "/")
	if req.retries == nil {
		req.retries = new(int)
	}
	call := call{client: c, request: req, address: address, body: body, path: path}
	began := now()
	failure := call.repeat(ctx, began)
	if req.method == http.MethodDelete || req.creation && !DidNothing(failure) {
		// What became of this very request matters, and its failure must not stop the listing that shows it.
		return failure
	}
	return c.outage.note(began, failure)
}

// repeat sends the request until it is answered or may not be repeated any more.
func (c *call) repeat(ctx context.Context, began time.Time) (failure error) {
	limiter, config, retries := c.client.limiter, c.client.config, c.request.retries
	var refusedSince time.Time
	for number := 1; ; number++ {
		if err := limiter.wait(ctx, c.collection()); err != nil {
			return interrupted(err, failure)
		}
		if shared := c.client.outage.shared(began); shared != nil {
			return shared
		}
		sent := now()
		if failure = c.attempt(ctx, number); failure == nil {
			limiter.accepted(c.collection(), sent)
			return nil
		}
		switch wait, refused := refusal(failure); {
		case refused:
			limiter.refused(c.collection(), sent, wait)
			if refusedSince.IsZero() {
				refusedSince = sent
			}
			if left := config.RefusalPatience - now().Sub(refusedSince); left <= 0 || wait > left {
				return failure
			}
		case !repeatable(c.request, failure) || *retries >= config.MaxRetries:
			return interrupted(ctx.Err(), failure)
		default:
			refusedSince = time.Time{}
			if err := sleep(ctx, c.client.pause(failure, *retries)); err != nil {
				return interrupted(err, failure)
			}
			*retries++
		}
	}
}

// pause is how long to wait before a request is repeated: as long as the service asks for, if it does.
func (c *Client) pause(failure error, retries int) time.Duration {
	var status *StatusError
	if errors.As(failure, &status) && status.HasRetryAfter {
		return min(status.RetryAfter, c.config.RetryWaitMax)
	}
	return c.config.jitteredBackoff(retries)
}

// interrupted puts the end of the context before the failure that it followed. Either may be nil.
func interrupted(interruption, failure error) error {
	switch {
	case interruption == nil:
		return failure
	case failure == nil:
		return interruption
	default:
		return fmt.Errorf("%w after %w", interruption, failure)
	}
}

func sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// call is a request on its way.
type call struct {
	client  *Client
	request request
	address *url.URL
	// path is the path of the address, for messages.
	path string
	body []byte
}

// collection names what a rate limit may be about, whatever is done with it.
func (c *call) collection() string {
	return strings.Join(c.request.path[:min(len(c.request.path), 4)], "/")
}

// attempt sends the request once and turns the answer into nil or a typed error.
func (c *call) attempt(ctx context.Context, number int) error {
	if err := ctx.Err(); err != nil {
		return c.connectionError(err, false)
	}
	send := func() error { return c.send(ctx, number) }
	if c.request.around != nil {
		return c.request.around(send)
	}
	return send()
}

func (c *call) connectionError(err error, sent bool) error {
	port := cmp.Or(c.address.Port(), map[string]string{"http": "80", "https": "443"}[c.address.Scheme])
	failure := &ConnectionError{
		Method: c.request.method, Path: c.path, Host: net.JoinHostPort(c.address.Hostname(), port), Sent: sent, Err: err,
	}
	if transport, ok := c.client.config.Transport.(*http.Transport); ok && transport.Proxy != nil {
		if proxy, err := transport.Proxy(&http.Request{URL: c.address}); err == nil && proxy != nil {
			failure.Proxy = proxy.Host
		}
	}
	return failure
}

// send has a lifetime of its own: the timeout covers the body, and a creation outlives the caller's context by
// [interruptGrace].
func (c *call) send(ctx context.Context, number int) error {
	outer := ctx
	if c.request.creation {
		var release func()
		ctx, release = outlive(ctx, interruptGrace)
		defer release()
	}
	ctx, cancel := context.WithTimeout(ctx, c.client.config.RequestTimeout)
	defer cancel()

	var connected atomic.Bool
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			if connected.Swap(true) {
				// The transport sends a read again by itself if it met a connection that the server had closed.
				_ = c.client.limiter.waitForCeiling(ctx) // its error is the request's too
			}
		},
	}), c.request.method, c.address.String(), bytes.NewReader(c.body))
	if err != nil {
		return fmt.Errorf("building the request: %w", err)
	}
	req.SetBasicAuth(c.client.config.Credential.user.Reveal(), c.client.config.Credential.pass.Reveal())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.client.config.UserAgent)
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}

	began := now()
	status := 0
	resp, err := c.client.http.Do(req)
	if err != nil {
		err = c.connectionError(err, connected.Load())
	} else {
		defer resp.Body.Close()
		status = resp.StatusCode
		err = c.read(resp)
	}
	if c.client.config.OnAttempt != nil {
		c.client.config.OnAttempt(outer, Attempt{
			Method: c.request.method, Path: c.path, Status: status, Number: number, Duration: now().Sub(began),
		})
	}
	return err
}

// read turns an answer into nil or a typed error.
func (c *call) read(resp *http.Response) error {
	body := http.MaxBytesReader(nil, resp.Body, maxBodySize)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.client.statusError(c.request.method, c.path, resp, body)
	}
	if err := c.request.decode(resp.Header, body); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			err = errBodyTooLarge
		}
		return &AnswerError{
			Method: c.request.method, Path: c.path, Status: resp.StatusCode,
			ContentType: resp.Header.Get("Content-Type"), Err: err,
		}
	}
	return nil
}

// outlive returns a context that ends a while after its parent, and a function that releases it.
func outlive(parent context.Context, grace time.Duration) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		if sleep(ctx, grace) == nil {
			cancel(context.Cause(parent))
		}
	})
	return ctx, func() { cancel(nil); stop() }
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

func windowQuery(offset, limit int) url.Values {
	return url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
}
