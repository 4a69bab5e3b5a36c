package provider_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// clock is set by tests and shared by a provider and its sandbox.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(duration time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(duration)
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

const (
	day       = 24 * time.Hour
	address   = "alphamoon_process_api_key.test"
	processID = sandbox.DefaultProcessID
)

// start is when the clock of every fixture begins.
var start = time.Date(2026, 3, 1, 9, 30, 15, 0, time.UTC)

// fixture is a sandbox of one test with a provider that knows only it.
type fixture struct {
	*sandbox.Sandbox
	t     testing.TB
	URL   string
	clock *clock
	// tune, if set, changes the client's settings further.
	tune func(*alphamoon.Config)
	// longWait, if set, is how long a run may wait for a rate limit without a warning.
	longWait time.Duration
}

func newFixture(t testing.TB, options sandbox.Options) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &clock{now: start}}
	options.Now = f.clock.Now
	f.Sandbox = &sandbox.Sandbox{Options: options}
	server := httptest.NewServer(f.Sandbox)
	t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

func (f *fixture) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"alphamoon": providerserver.NewProtocol6WithError(provider.New(provider.Options{
			Version: "test", Now: f.clock.Now, LongWait: f.longWait, Tune: func(config *alphamoon.Config) {
				config.RetryWaitMax, config.RefusalPatience = 20*time.Millisecond, 300*time.Millisecond
				config.SettleTime = 50 * time.Millisecond
				if f.tune != nil {
					f.tune(config)
				}
			},
		})()),
	}
}

// run carries out steps with the real Terraform.
func (f *fixture) run(steps ...resource.TestStep) {
	f.t.Helper()
	resource.UnitTest(f.t.(*testing.T), resource.TestCase{ProtoV6ProviderFactories: f.factories(), Steps: steps})
}

// fails applies a configuration in process and demands that this gives exactly one error, and that what is said has the
// message.
func (f *fixture) fails(config, message string) (output string) {
	f.t.Helper()
	return f.session().fails(config, message).text
}

// failsInTerraform is the same with the real one, for what only it does: see [session].
func (f *fixture) failsInTerraform(config, message string) (output string) {
	f.t.Helper()
	test := resource.TestCase{
		ProtoV6ProviderFactories: f.factories(),
		ErrorCheck:               func(err error) error { output = err.Error(); return nil },
		Steps:                    []resource.TestStep{{Config: config}},
	}
	if strings.Contains(config, `ephemeral "`) {
		test.TerraformVersionChecks = ephemerals()
	}
	resource.UnitTest(f.t.(*testing.T), test)
	if got := strings.Count(output, "\nError: "); got != 1 {
		f.t.Errorf("got %d errors, want one:\n%s", got, output)
	}
	if !says(message).MatchString(output) {
		f.t.Errorf("no error says %q:\n%s", message, output)
	}
	checkWords(f.t, output)
	return output
}

var (
	doubleStop = regexp.MustCompile(`[.:;,!?]\.([\s│]|$)`)
	// frameworkWords are those of the plugin framework and its library of rules, which say no next step.
	frameworkWords = regexp.MustCompile(`Invalid Attribute|Null \w+ Value|Missing (Attribute )?Configuration|Duplicate \w+ Value|` +
		`Value Conversion|, got:|provider developers?`)
)

// checkWords looks for what no diagnostic may have.
func checkWords(t testing.TB, output string) {
	t.Helper()
	for _, wrong := range []*regexp.Regexp{doubleStop, frameworkWords} {
		if found := wrong.FindString(output); found != "" {
			t.Errorf("a diagnostic has %q:\n%s", found, output)
		}
	}
}

// config is a whole configuration: the provider for this sandbox, and what is given.
func (f *fixture) config(body string) string {
	return fmt.Sprintf("provider \"alphamoon\" {\n  api_key = %q\n  base_url = %q\n}\n%s", sandbox.DefaultCredential, f.URL,
		body)
}

// key is a configuration with one key of fixed arguments but for the given ones.
func (f *fixture) key(arguments ...string) string {
	defaults := map[string]string{
		"process_id": fmt.Sprintf("%q", processID),
		"name":       `"test"`,
		"scopes":     `["workspace.result:read", "workspace.file:upload"]`,
	}
	var lines []string
	for _, argument := range arguments {
		name, _, _ := strings.Cut(argument, " ")
		delete(defaults, name)
		lines = append(lines, "  "+argument)
	}
	for _, name := range []string{"process_id", "name", "scopes"} {
		if value, ok := defaults[name]; ok {
			lines = append(lines, fmt.Sprintf("  %s = %s", name, value))
		}
	}
	return f.config("resource \"alphamoon_process_api_key\" \"test\" {\n" + strings.Join(lines, "\n") + "\n}\n")
}

// created returns the requests that tried to create a key.
func (f *fixture) created() []sandbox.Request {
	var requests []sandbox.Request
	for _, request := range f.Journal() {
		if request.Operation == sandbox.Create {
			requests = append(requests, request)
		}
	}
	return requests
}

// expectCounts checks how many creations were sent and how many keys exist.
func (f *fixture) expectCounts(creations, keys int) {
	f.t.Helper()
	if got := f.Count(sandbox.Create); got != creations {
		f.t.Errorf("creations sent: got %d, want %d", got, creations)
	}
	if got := len(f.Keys(processID)); got != keys {
		f.t.Errorf("keys that exist: got %d, want %d", got, keys)
	}
}

// says matches a text in a diagnostic however Terraform breaks its lines.
func says(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return regexp.MustCompile(`(?s)` + strings.Join(words, `[\s│]+`))
}

// list is a configuration without a provider that lists the keys of the default process.
const list = `
data "alphamoon_process_api_keys" "test" {
  process_id = "` + processID + `"
}
`
