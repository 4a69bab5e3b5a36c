// Package alphamoon is a client of the Alphamoon Workspace REST API, as far as this provider needs it: the API keys
// of processes and of the organization, and processes. It knows nothing of Terraform.
//
// Its promise is that a caller always learns the truth about a request, and the truth takes time: a creation is sent
// again only after its remains were looked for, and a key counts as absent only after complete listings.
package alphamoon

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

const (
	// DefaultMaxRetries is how often a request is repeated on top of the first attempt.
	DefaultMaxRetries = 4
	// DefaultRequestTimeout bounds one attempt, from the connection to the last byte of the answer.
	DefaultRequestTimeout = 30 * time.Second
)

// Config says how a [Client] reaches the service. BaseURL and Credential are required.
type Config struct {
	// BaseURL is an address as [ParseBaseURL] returns it.
	BaseURL *url.URL
	// Credential authenticates every request.
	Credential Credential
	// UserAgent is sent as it is.
	UserAgent string
	// Clock is what the age of a key is judged by where the service does not give the date. Nil means the system's.
	Clock func() time.Time
	// MaxRetries is how often a request may be repeated in all; 0 means never. Refusals because of a rate limit do not
	// count, see RefusalPatience.
	MaxRetries int
	// RequestTimeout bounds each attempt. 0 means [DefaultRequestTimeout].
	RequestTimeout time.Duration
	// RetryWaitMin and RetryWaitMax bound the wait between attempts, also one that the service asks for. 0 means
	// half a second and 30 seconds.
	RetryWaitMin, RetryWaitMax time.Duration
	// Jitter returns a random duration up to the given one, which spreads repetitions. Nil means the system's random
	// numbers.
	Jitter func(longest time.Duration) time.Duration
	// RefusalPatience is for how long a request may get nothing but refusals because of a rate limit before it
	// fails. 0 means ten minutes.
	RefusalPatience time.Duration
	// FailureMemory is for how long an outage, or a failed listing, is shared with requests that come later. 0 means
	// five seconds.
	FailureMemory time.Duration
	// SettleTime is how long after a lost creation its remains are looked for, and how long after the first listing the second one
	// proves an absence. 0 means ten seconds: a listing may lag behind, and a gateway may give up on work that goes on.
	SettleTime time.Duration
	// Transport carries the requests. Nil means a transport of the client's own, which honours the usual proxy
	// and certificate variables of the environment.
	Transport http.RoundTripper
	// OnAttempt, if set, is called after every attempt, from the goroutine that made the request.
	OnAttempt func(context.Context, Attempt)
	// RequestsPerSecond is how many requests are sent in a second at most. 0 means any number.
	RequestsPerSecond float64
}

// Attempt describes one attempt of a request. Nothing in it is secret.
type Attempt struct {
	Method, Path string
	// Status is the answer's status code, 0 if there was no answer.
	Status int
	// Number counts from 1.
	Number int
	// Duration is that of the attempt alone, without the waits before it.
	Duration time.Duration
}

// Client talks to one workspace with one credential. It may be used by several goroutines.
type Client struct {
	config Config

	redactText, redactMessage, redactID redact.Redactor

	limiter *limiter
	outage  outage

	collections sync.Map // of *APIKeys, by path
	sightings   sightings
	limit       atomic.Int32 // what the service makes of a limit, see [fetchWindow]
}

// NewClient returns a client; it sends nothing.
func NewClient(config Config) *Client {
	config.RequestTimeout = cmp.Or(config.RequestTimeout, DefaultRequestTimeout)
	config.RetryWaitMin = cmp.Or(config.RetryWaitMin, 500*time.Millisecond)
	config.RetryWaitMax = cmp.Or(config.RetryWaitMax, 30*time.Second)
	config.RefusalPatience = cmp.Or(config.RefusalPatience, 10*time.Minute)
	config.FailureMemory = cmp.Or(config.FailureMemory, 5*time.Second)
	config.SettleTime = cmp.Or(config.SettleTime, 10*time.Second)
	if config.Clock == nil {
		config.Clock = now
	}
	if config.Jitter == nil {
		config.Jitter = func(longest time.Duration) time.Duration {
			return rand.N(longest + 1) //nolint:gosec // spreads load, guards nothing
		}
	}
	if config.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented
		// Terraform runs ten operations at a time; the library's default keeps fewer connections to one host open
		// on a machine with few cores, and every connection beyond them would cost a new TLS handshake.
		transport.MaxIdleConnsPerHost = 16
		// A dead HTTP/2 connection would be used again after every timeout (golang/go#36026): only an unanswered ping ends it.
		transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second}
		config.Transport = transport
	}
	return &Client{
		config:     config,
		redactText: redact.ForTexts(config.Credential.Reveal()), redactMessage: redact.ForMessages(config.Credential.Reveal()),
		redactID:  redact.ForIDs(config.Credential.Reveal()),
		limiter:   newLimiter(config.RetryWaitMax, config.RequestsPerSecond),
		outage:    outage{memory: config.FailureMemory},
		sightings: sightings{first: map[string]int{}},
	}
}

// dateOf is when an answer was given, by the clock of the service if it says so.
func (c *Client) dateOf(header http.Header) time.Time {
	date, _ := http.ParseTime(header.Get("Date"))
	return cmp.Or(date, c.config.Clock())
}

// Redact is the last look at a whole message: one line, without the credential. A nil client has none.
func (c *Client) Redact(message string) string {
	if c == nil {
		return redact.Line(message)
	}
	return c.redactMessage(message, false)
}

// show is [redact.Show] without the credential and its parts. cut means that the text goes on.
func (c *Client) show(text string, cut bool) string {
	return redact.Truncate(c.redactText(text, cut), redact.MaxShown)
}

// Credential is the API key that the client authenticates with.
func (c *Client) Credential() redact.Secret { return c.config.Credential.Secret }

// Close closes the connections that carry no request. The client opens new ones if it is used again.
func (c *Client) Close() { (&http.Client{Transport: c.config.Transport}).CloseIdleConnections() }

// ProcessAPIKeys is the collection of the keys of a process.
func (c *Client) ProcessAPIKeys(processID string) *APIKeys {
	return c.collection("api", "v0.4", "processes", processID, "api-keys")
}

// OrganizationAPIKeys is the collection of the keys of the organization, which only an admin may manage (documented).
func (c *Client) OrganizationAPIKeys() *APIKeys { return c.collection(organizationKeysPath()...) }

func organizationKeysPath() []string { return []string{"api", "v0.4", "admin", "api-keys"} }

// collection returns the one collection of a path: what it remembers is shared by all who use it.
func (c *Client) collection(path ...string) *APIKeys {
	k, _ := c.collections.LoadOrStore(strings.Join(escapeAll(path), "/"), newAPIKeys(c, path))
	return k.(*APIKeys) //nolint:forcetypeassert // nothing else is stored
}
