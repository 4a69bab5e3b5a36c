package simulation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"google.golang.org/grpc/test/bufconn"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// world is one service with its weather, the network, and the teams.
type world struct {
	seed    uint64
	box     *sandbox.Sandbox
	teams   []*team
	oracle  *oracle
	counted map[string]int // how often each kind of thing occurred

	network *bufconn.Listener
	server  *http.Server
	client  *http.Transport

	mu       sync.Mutex
	logs     bytes.Buffer
	history  []string
	failures []string
	began    time.Time
	listed   []string // processes with a data source; where there are some, there are ephemeral keys too
	busy     bool     // all is replaced in this step
	slow     bool     // in this step something is done later than anybody waits for it
	paced    bool     // requests may have to wait for their turn in this step
	seen     int      // requests of the journal that the history has
	rules    []string // that the service has
}

const (
	day         = 24 * time.Hour
	processKind = "alphamoon_process_api_key"
	orgKind     = "alphamoon_organization_api_key"
)

var processIDs = []string{strings.Repeat("a", 32), strings.Repeat("b", 32)}

// random numbers of one step: dropping another step does not change them.
func random(seed uint64, step int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(step))) }

func newWorld(seed uint64) *world {
	w := &world{seed: seed, counted: map[string]int{}, began: time.Now()}
	if seed%5 == 3 {
		w.listed = processIDs
	}
	r := random(seed, 0)
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	options := sandbox.Options{
		Now: time.Now, Random: rand.NewChaCha8(key), NewestFirst: r.IntN(2) == 0, HideExpired: r.IntN(2) == 0,
		MaxLimit: pick(r, 100, 2, 3, 5), AlterListed: pick(r, nil, sandbox.With("key", nil), sandbox.With("key", "********")),
		CreateStatus: pick(r, 201, 200), RevokeStatus: pick(r, 204, 200),
		Revocation:       pick(r, sandbox.RevocationRemoves, sandbox.RevocationRemoves, sandbox.RevocationDisables),
		OmitPagination:   r.IntN(6) == 0,
		TotalOnFirstPage: r.IntN(6) == 0,
		CountPage:        r.IntN(6) == 0,
		EndStatus:        pick(r, 0, 0, 0, 0, 400, 404, 416, 422),
	}
	options.OrganizationRevocation = options.Revocation
	for i, id := range processIDs {
		options.Processes = append(options.Processes, sandbox.Process{ID: id, Name: fmt.Sprint("Process ", i)})
	}
	w.followRules(&options)
	w.box = &sandbox.Sandbox{Options: options}
	w.network = bufconn.Listen(1 << 13)
	w.server = &http.Server{Handler: w.box, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = w.server.Serve(w.network) }()
	// A connection for each request: which of several is taken would be a matter of luck.
	w.client = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return w.network.DialContext(ctx)
	}}
	w.oracle = newOracle(w)
	// Keys that nobody manages.
	owners := append(slices.Clone(processIDs), sandbox.Organization)
	if options.EmptyStatus != 0 || options.OmitEmpty {
		owners = owners[2:] // how is a process listed without keys?
	}
	for _, owner := range owners {
		for range 2 {
			w.oracle.byHand(w.box.AddKey(owner, sandbox.Key{
				Name: "by hand", Scopes: []string{"workspace.result:read"}, ExpiresAt: time.Now().Add(5 * 365 * day),
			}))
		}
	}
	for name, set := range settings(options) {
		if set {
			w.count("setting: " + name)
		}
	}
	w.makeTeams(r)
	return w
}

// Rules that worlds draw from: refusing ones need configurations that give each key a name of its own, or a person.
// What is left out makes every creation fail, or answers two creations at once with one key, which nobody can tell.
var (
	refusing = []string{
		"unique-names", "unique-names-400", "unique-names-422", "unique-names-ever", "unique-names-everywhere", "quota", "quota-409",
	}
	leftOut = []string{"first-scope", "long-ago", "existing-key", "existing-key-everywhere", "existing-key-renewed"}
)

// followRules draws the rules of the service: worlds with fair weather have some too.
func (w *world) followRules(options *sandbox.Options) {
	r := random(w.seed, -1)
	if r.IntN(3) == 0 {
		return
	}
	var forms []string
	for _, rule := range sandbox.NamedRules() {
		if !slices.Contains(refusing, rule.Name) && !slices.Contains(leftOut, rule.Name) {
			forms = append(forms, rule.Name)
		}
	}
	w.rules = append(w.rules, pick(r, forms...))
	switch r.IntN(3) {
	case 0:
		w.rules = append(w.rules, pick(r, refusing...))
	case 1:
		w.rules = append(w.rules, pick(r, forms...))
	}
	if w.rules[0] == "short-names" { // then none is unique
		w.rules = w.rules[:1]
	}
	must(0, options.Follow(w.rules...))
	if options.Quota > 0 {
		options.Quota = 8 // with those of nobody
	}
	for _, rule := range w.rules {
		w.count("rule: " + rule)
	}
	w.note("the service has the rules %s", strings.Join(w.rules, ", "))
}

// refuses reports whether the service may refuse a creation that is as it should be.
func (w *world) refuses() bool {
	return w.box.Quota > 0 || w.box.UniqueNames != sandbox.Nowhere
}

func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// settings names what a service may be like.
func settings(o sandbox.Options) map[string]bool {
	return map[string]bool{
		"no pagination": o.OmitPagination, "total of the page": o.CountPage, "total on the first page": o.TotalOnFirstPage,
		"end refused": o.EndStatus != 0, "small pages": o.MaxLimit < 100, "newest first": o.NewestFirst,
		"expired keys hidden": o.HideExpired, "removal disables": o.Revocation == sandbox.RevocationDisables,
	}
}

func (w *world) count(kind string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counted[kind]++
}

// note adds a line to the history.
func (w *world) note(format string, arguments ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := time.Since(w.began)
	w.history = append(w.history, fmt.Sprintf("day %3d %s  ", int(since/day), time.Time{}.Add(since%day).Format("15:04:05.000"))+
		withoutLuck(fmt.Sprintf(format, arguments...)))
}

// withoutLuck leaves the random part out of generated names, which is another one each time that a seed runs.
func withoutLuck(text string) string { return luck.ReplaceAllString(text, "$1") }

var luck = regexp.MustCompile(`(\d{8}T\d{6}Z)-[0-9a-f]{6}`)

// fail notes what the oracle or Terraform does not accept.
func (w *world) fail(format string, arguments ...any) {
	w.note("FAILURE: "+format, arguments...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures = append(w.failures, fmt.Sprintf(format, arguments...))
}

func (w *world) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.failures) > 0
}

// hear notes a diagnostic and checks what holds for all of them.
func (w *world) hear(r *run, about string, d *tfprotov6.Diagnostic) {
	w.note("  %s %s: %s: %s", r.team.name, about, strings.ToLower(d.Severity.String()), d.Summary)
	w.count("said: " + named.ReplaceAllString(d.Summary, "…"))
	text := d.Summary + " " + d.Detail
	w.oracle.heard(text)
	if d.Summary == "Key was created but its secret is lost" {
		w.oracle.noneOfBefore(r, text)
	}
	if id, found := strings.CutSuffix(d.Summary, ") cannot be seen"); found {
		w.oracle.unseen[plainID(id[strings.LastIndex(id, "(")+1:])] = true
	}
	for _, word := range []string{"inconsistent result", "bug in the provider", "panic", "defect in the provider"} {
		if strings.Contains(strings.ToLower(text), word) {
			w.fail("%s: it says %q: %s", about, word, text)
		}
	}
	w.noSecret("a diagnostic", text)
}

// named is what a summary says of one key alone.
var named = regexp.MustCompile(`"[^"]*" \(\w+\)|[0-9a-f]{32}`)

// noSecret searches a text for every secret there is.
func (w *world) noSecret(where, text string) {
	for _, secret := range w.oracle.secrets() {
		if _, pass, _ := strings.Cut(secret, ":"); strings.Contains(text, pass) {
			w.fail("a secret stands in %s: %s", where, text)
		}
	}
}

// requests notes what was requested since the last time.
func (w *world) requests() (fresh []sandbox.Request) {
	journal := w.box.Journal()
	fresh, w.seen = journal[w.seen:], len(journal)
	for _, q := range fresh {
		fault := ""
		if q.Fault != "" {
			w.count("weather: " + q.Fault)
			fault = ", " + q.Fault
		}
		team := q.UserAgent[len("terraform-provider-alphamoon/"):][:3]
		w.note("    %s %s %s %s → %d %s%s", q.Time.Sub(w.began).Round(time.Millisecond), team, q.Operation, q.Query.Get("offset"),
			q.Status, q.KeyID, fault)
	}
	return fresh
}

// loggingContext collects what is logged.
func (w *world) loggingContext() context.Context {
	return tflogtest.RootLogger(context.Background(), writer(func(data []byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.logs.Write(data)
	}))
}

type writer func([]byte)

func (f writer) Write(data []byte) (int, error) { f(data); return len(data), nil }

// jitter depends on the moment alone, so that it is the same whoever asks first.
func (w *world) jitter(longest time.Duration) time.Duration {
	return time.Duration(hash(fmt.Sprint(w.seed, time.Since(w.began), longest)) % uint64(longest+1))
}

func hash(text string) uint64 {
	sum := sha256.Sum256([]byte(text)) // not FNV: texts that differ at their ends have hashes with a fixed distance
	return binary.LittleEndian.Uint64(sum[:])
}

// route carries the requests of one run: each takes a while of its own, so that no two arrive at one moment.
type route struct{ run *run }

func (t *route) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body = must(io.ReadAll(req.Body))
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	address, _ := req.Context().Value(addressKey{}).(string)
	spread := hash(t.run.team.name+address+req.Method+req.URL.String()+withoutLuck(string(body))) % uint64(20*time.Millisecond)
	select {
	case <-time.After(40*time.Millisecond + time.Duration(spread)):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if err := t.run.sends(req); err != nil {
		return nil, err
	}
	resp, err := t.run.w.client.RoundTrip(req)
	if t.run.dead() {
		if err == nil {
			resp.Body.Close()
		}
		return nil, net.ErrClosed
	}
	return resp, err
}

// sends counts a request, and lets an interrupt or a kill come with it.
func (r *run) sends(req *http.Request) error {
	r.mu.Lock()
	r.requests++
	kill := r.killAt > 0 && r.requests >= r.killAt
	interrupt := r.requests == r.interruptAt
	r.mu.Unlock()
	switch {
	case kill:
		r.kill()
		if req.Method != http.MethodPost {
			return net.ErrClosed
		}
		// The last request still arrives: a kill between the creation and the state.
	case interrupt:
		r.interrupt()
	}
	return nil
}

func (r *run) kill() {
	r.mu.Lock()
	already := r.killed
	r.killed = true
	r.mu.Unlock()
	r.stop()
	if !already {
		r.w.mu.Lock()
		r.w.oracle.killed[r.team.name], r.w.oracle.cut[r.team.name], r.w.oracle.findable = true, true, false
		r.w.mu.Unlock()
		r.w.note("  %s is killed", r.team.name)
		r.w.count("outcome: killed")
	}
}

func (r *run) dead() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.killed
}

func (r *run) interrupt() {
	r.mu.Lock()
	r.interrupted = true
	r.mu.Unlock()
	r.w.mu.Lock()
	r.w.oracle.cut[r.team.name], r.w.oracle.findable = true, false
	r.w.mu.Unlock()
	r.w.note("  %s is interrupted", r.team.name)
	r.w.count("outcome: interrupted")
	must(r.server.StopProvider(r.ctx, &tfprotov6.StopProviderRequest{}))
}

// Weather that the code knows by name: creations are counted, or somebody adds keys while pages are read.
const (
	everyCreationFails = "every creation fails"
	grantedOtherwise   = "granted otherwise"
	existingAnswered   = "an existing key answered"
	pagesShift         = "pages shift"
	pageSkips          = "a page skips a key"
)

// weathers are the faults that a step may meet.
var weathers = []struct {
	name string
	make func(*rand.Rand) sandbox.Fault
}{
	{"gateway gives up, creation is done later", func(r *rand.Rand) sandbox.Fault {
		if r.IntN(2) == 0 { // a 504 says that it may take longer than anybody waits
			return sandbox.Fault{Operation: sandbox.Create, Status: 504, Late: seconds(r, 40)}
		}
		return sandbox.Fault{Operation: sandbox.Create, Status: pick(r, 502, 504), Late: seconds(r, 8)}
	}},
	{"answer cut", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: pick(r, sandbox.Create, sandbox.List), Truncate: true, Times: pick(r, 1, 2, -1)}
	}},
	{"answer swallowed", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: pick(r, sandbox.Create, sandbox.Revoke), LoseAnswer: true}
	}},
	{"answer refused on its way out", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{
			Operation: pick(r, sandbox.Create, sandbox.Revoke), Status: pick(r, 302, 403, 404, 409, 500, 502, 503, 504),
			AfterWork: true, Body: "<html>gateway</html>", Header: http.Header{"Content-Type": {"text/html"}, "Location": {"/login"}},
		}
	}},
	{"gateway gives up, removal is done later", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.Revoke, Status: pick(r, 502, 504), Late: seconds(r, 8)}
	}},
	{"connection reset before the work", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{ResetBefore: true, Times: pick(r, 1, 2, -1)}
	}},
	{"connection reset after the work", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: pick(r, sandbox.Create, sandbox.List, sandbox.Revoke), ResetAfter: true}
	}},
	{"rate refused", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Status: 429, Header: http.Header{"Retry-After": {fmt.Sprint(r.IntN(20))}}, Times: 1 + r.IntN(5)}
	}},
	{"unavailable for a while", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Status: 503, Header: http.Header{"Retry-After": {"3"}}, Times: 1 + r.IntN(3)}
	}},
	{"outage", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Status: pick(r, 500, 502, 503), Times: pick(r, 1, 2, 3, 5, -1)}
	}},
	{everyCreationFails, func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.Create, Status: pick(r, 500, 502), Times: -1}
	}},
	{"creation refused", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.Create, Status: pick(r, 400, 403, 409, 422), Body: `{"title": "Refused", "detail": "No."}`}
	}},
	{"total is off", func(r *rand.Rand) sandbox.Fault {
		if r.IntN(3) == 0 { // once: what is always too small cannot be told from what is true
			return sandbox.Fault{Operation: sandbox.List, AddToTotal: -1}
		}
		return sandbox.Fault{Operation: sandbox.List, AddToTotal: pick(r, 1, 2), Times: pick(r, 1, 2, 3, -1)}
	}},
	{pagesShift, func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.List, Times: pick(r, 1, 2), Skip: r.IntN(2)}
	}},
	{pageSkips, func(*rand.Rand) sandbox.Fault { return sandbox.Fault{Operation: sandbox.List, Times: 3} }},
	{"order turns", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.List, Reverse: true, Times: 1, Skip: r.IntN(2)}
	}},
	{"offset ignored", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.List, IgnoreOffset: true, OmitPagination: r.IntN(2) == 0, Times: pick(r, 1, -1)}
	}},
	{"no secret", func(*rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.Without("key")}
	}},
	{"no id", func(*rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.Without("id")}
	}},
	{"no expiry in the answer", func(*rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.Without("exp")}
	}},
	{grantedOtherwise, func(r *rand.Rand) sandbox.Fault {
		return pick(r, sandbox.Fault{Operation: sandbox.Create, AlterGranted: func(key *sandbox.Key) { key.Name = "surprise" }},
			sandbox.Fault{
				Operation: sandbox.Create, AlterGranted: func(key *sandbox.Key) { key.Scopes = []string{"workspace.file:download"} },
			},
			sandbox.Fault{Operation: sandbox.Create, AlterGranted: func(key *sandbox.Key) { key.ExpiresAt = key.ExpiresAt.Add(time.Hour) }})
	}},
	{existingAnswered, func(*rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.Create, AnswerExisting: true}
	}},
	{"fields left out of a listing", func(r *rand.Rand) sandbox.Fault {
		name := pick(r, "name", "scopes", "exp", "status", "createdAt")
		return sandbox.Fault{Operation: sandbox.List, Times: -1, AlterListed: sandbox.With(name, nil)}
	}},
	{"an odd field in a listing", func(r *rand.Rand) sandbox.Fault {
		name, odd := pick(r, "name", "scopes", "status"), pick[any](r, 7, "odd", map[string]any{"odd": true})
		return sandbox.Fault{Operation: sandbox.List, Times: -1, AlterListed: func(fields map[string]any) {
			if _, isText := odd.(string); !isText || name == "scopes" {
				fields[name] = odd
			}
		}}
	}},
	{"slow", func(r *rand.Rand) sandbox.Fault { return sandbox.Fault{Delay: seconds(r, 40), Times: pick(r, 1, 2)} }},
	{"login page", func(r *rand.Rand) sandbox.Fault {
		return sandbox.Fault{Operation: sandbox.List, Body: "<html>log in</html>", Times: pick(r, 1, 2, -1)}
	}},
}

func seconds(r *rand.Rand, longest int) time.Duration {
	return time.Second + time.Duration(r.IntN(longest*1000))*time.Millisecond
}
