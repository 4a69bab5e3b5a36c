// Package alphamoon is a client of the Alphamoon Workspace REST API, as far as this provider needs it: process
// API keys, the documented removal of an organization API key, and processes. It knows nothing of Terraform.
//
// Its promise is that a caller always learns the truth about a request: a creation is sent again only when the
// first one provably did nothing, and a key counts as absent only after complete listings.
package alphamoon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/go-retryablehttp"
)

const (
	// DefaultMaxRetries is how often a request is repeated on top of the first attempt.
	DefaultMaxRetries = 4
	// DefaultRequestTimeout bounds one attempt, from the connection to the last byte of the answer.
	DefaultRequestTimeout = 30 * time.Second

	defaultRetryWaitMin = 500 * time.Millisecond
	defaultRetryWaitMax = 30 * time.Second
)

// Config says how a [Client] reaches the service. BaseURL and Credential are required.
type Config struct {
	// BaseURL is an address as [ParseBaseURL] returns it.
	BaseURL *url.URL
	// Credential authenticates every request.
	Credential Credential
	// UserAgent is sent as it is.
	UserAgent string
	// MaxRetries is how often a request may be repeated; 0 means never.
	MaxRetries int
	// RequestTimeout bounds each attempt. 0 means [DefaultRequestTimeout].
	RequestTimeout time.Duration
	// RetryWaitMin and RetryWaitMax bound the wait between attempts, also one that the service asks for. 0 means
	// half a second and 30 seconds.
	RetryWaitMin, RetryWaitMax time.Duration
	// Transport carries the requests. Nil means a transport of the client's own, which honours the usual proxy
	// and certificate variables of the environment.
	Transport http.RoundTripper
	// Now is the clock. Nil means the system's.
	Now func() time.Time
	// OnAttempt, if set, is called after every attempt, from the goroutine that made the request.
	OnAttempt func(context.Context, Attempt)
}

// Attempt is what may be told of one attempt of a request: nothing in it is secret.
type Attempt struct {
	Method, Path string
	// Status is the answer's status code, 0 if there was no answer.
	Status int
	// Number counts from 1.
	Number   int
	Duration time.Duration
}

// Client talks to one workspace with one credential. It may be used by several goroutines.
type Client struct {
	config   Config
	http     *http.Client
	redactor *redactor
	creating keyedMutex
	known    idSet
	listings listings
	gate     gate
}

// NewClient returns a client; it sends nothing.
func NewClient(config Config) *Client {
	if config.RequestTimeout == 0 {
		config.RequestTimeout = DefaultRequestTimeout
	}
	if config.RetryWaitMin == 0 {
		config.RetryWaitMin = defaultRetryWaitMin
	}
	if config.RetryWaitMax == 0 {
		config.RetryWaitMax = defaultRetryWaitMax
	}
	if config.Transport == nil {
		transport := cleanhttp.DefaultPooledTransport()
		// Terraform runs ten operations at a time; the library's default keeps fewer connections to one host open
		// on a machine with few cores, and every connection beyond them would cost a new TLS handshake.
		transport.MaxIdleConnsPerHost = 16
		config.Transport = transport
	}
	if config.Now == nil {
		config.Now = time.Now //nolint:forbidigo // the one place where a missing clock becomes the system's
	}
	client := &Client{config: config, redactor: newRedactor(config.Credential.forms())}
	client.http = &http.Client{
		Transport: attemptTransport{base: config.Transport, timeout: config.RequestTimeout, gate: &client.gate},
		// Following a redirect would hand the credential to whatever host the answer names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client
}

// call is one request of the API, however many attempts it takes.
type call struct {
	method string
	path   []string
	query  url.Values
	// body is sent as JSON unless it is nil.
	body any
	// decode reads a 2xx answer. Its error means that the body is unusable.
	decode func(http.Header, io.Reader) error
	// retry says whether another attempt may follow after the given failure.
	retry func(error) bool
}

// do carries out a call with its retries. The error is a [*StatusError], a [*AnswerError], a [*ConnectionError],
// or the context's.
func (c *Client) do(ctx context.Context, call call) error {
	var body io.ReadSeeker
	if call.body != nil {
		encoded, err := json.Marshal(call.body)
		if err != nil {
			return fmt.Errorf("encoding the request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	address := c.config.BaseURL.JoinPath(escapeAll(call.path)...)
	address.RawQuery = call.query.Encode()

	exchange := &exchange{client: c, call: call, path: "/" + strings.TrimPrefix(address.EscapedPath(), "/")}
	request, err := retryablehttp.NewRequestWithContext(
		httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { exchange.connected.Store(true) },
		}), call.method, address.String(), body)
	if err != nil {
		return fmt.Errorf("building the request: %w", err)
	}
	request.SetBasicAuth(c.config.Credential.user.Reveal(), c.config.Credential.pass.Reveal())
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.config.UserAgent)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.SetResponseHandler(exchange.read)

	exchange.start()
	retrier := &retryablehttp.Client{
		HTTPClient:   c.http,
		RetryWaitMin: c.config.RetryWaitMin,
		RetryWaitMax: c.config.RetryWaitMax,
		RetryMax:     c.config.MaxRetries,
		CheckRetry:   exchange.checkRetry,
		Backoff:      exchange.backoff,
		ErrorHandler: func(response *http.Response, err error, _ int) (*http.Response, error) {
			return response, err
		},
		PrepareRetry: func(*http.Request) error { exchange.start(); return nil },
	}
	_, err = retrier.Do(request) //nolint:bodyclose // read and closed by exchange.read
	if err == nil {
		return nil
	}
	if exchange.failure == nil {
		return err
	}
	if interruption := ctx.Err(); interruption != nil {
		return fmt.Errorf("%w after %w", interruption, exchange.failure)
	}
	return exchange.failure
}

// exchange follows the attempts of one call.
type exchange struct {
	client *Client
	call   call
	path   string

	number    int
	started   time.Time
	connected atomic.Bool
	status    int
	// failure is why the latest attempt failed, nil when it succeeded.
	failure error
}

func (e *exchange) start() {
	e.number++
	e.started = e.client.config.Now()
	e.connected.Store(false)
	e.status = 0
}

// read turns an answer into nil or a typed error.
func (e *exchange) read(response *http.Response) error {
	defer response.Body.Close()
	e.status = response.StatusCode
	body := newCappedReader(response.Body)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return e.client.statusError(e.call.method, e.path, response, body)
	}
	if err := e.call.decode(response.Header, body); err != nil {
		return &AnswerError{
			Method: e.call.method, Path: e.path, Status: response.StatusCode,
			ContentType: response.Header.Get("Content-Type"), Err: err,
		}
	}
	return nil
}

// checkRetry decides after every attempt. The library asks twice when there is an answer: first with no error,
// before read has seen it, and then with what read made of it.
func (e *exchange) checkRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if err == nil && e.status == 0 {
		return false, nil
	}
	if response == nil {
		err = &ConnectionError{Method: e.call.method, Path: e.path, Sent: e.connected.Load(), Err: err}
	}
	e.failure = err
	if e.client.config.OnAttempt != nil {
		e.client.config.OnAttempt(ctx, Attempt{
			Method: e.call.method, Path: e.path, Status: e.status,
			Number: e.number, Duration: e.client.config.Now().Sub(e.started),
		})
	}
	if err == nil || ctx.Err() != nil {
		return false, err
	}
	return e.call.retry(err), nil
}

// backoff says how long to wait, and lets every other request of the client wait too: whatever made this one fail
// would only get worse.
func (e *exchange) backoff(shortest, longest time.Duration, retries int, response *http.Response) time.Duration {
	wait := jitteredBackoff(shortest, longest, retries)
	if response != nil {
		if asked, ok := retryAfter(response.Header, e.client.config.Now()); ok {
			wait = min(asked, longest)
		}
	}
	e.client.gate.closeFor(wait)
	return wait
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
