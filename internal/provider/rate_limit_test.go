package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestLongWaitIsToldOnce: every operation that sends requests tells of the wait at its end, and the next one does not.
func TestLongWaitIsToldOnce(t *testing.T) {
	t.Parallel()
	const summary = "Run waited for Alphamoon's rate limit"
	wanted := values{
		"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
	}
	for name, operate := range map[string]func(p *protocol, key outcome) string{
		"create":  func(p *protocol, _ outcome) string { return p.create(t.Context(), wanted).diagnostics },
		"read":    func(p *protocol, key outcome) string { return p.read(t.Context(), key).diagnostics },
		"destroy": func(p *protocol, key outcome) string { return p.destroy(t.Context(), key).diagnostics },
		"import": func(p *protocol, key outcome) string {
			return p.adopt(t.Context(), processID+"/"+key.text("id")).diagnostics
		},
		"data source": func(p *protocol, _ outcome) string {
			return p.list(t.Context(), values{"process_id": processID}).diagnostics
		},
		"process":   func(p *protocol, _ outcome) string { return p.lookUp("alphamoon_process", values{"id": processID}) },
		"processes": func(p *protocol, _ outcome) string { return p.lookUp("alphamoon_processes", nil) },
		"query": func(p *protocol, _ outcome) string {
			var all []*tfprotov6.Diagnostic
			for _, result := range p.query(t, 0, 100, false) {
				all = append(all, result.Diagnostics...)
			}
			return describe(all)
		},
		"ephemeral": func(p *protocol, _ outcome) string {
			opened, closed := p.openAndClose(wanted)
			return opened + closed
		},
		"closing": func(p *protocol, _ outcome) string {
			_, closed := p.openAndClose(wanted)
			return closed
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			f.longWait = time.Nanosecond
			arguments := values{"revoke_on_destroy": true}
			for name, value := range wanted {
				arguments[name] = value
			}
			key := f.connect(nil).create(t.Context(), arguments)
			refusal := sandbox.Fault{Status: 429}
			if name == "closing" {
				refusal.Operation = sandbox.Revoke
			}
			f.Inject(refusal)
			p := f.connect(nil)
			text := operate(p, key)
			if strings.Count(text, summary) != 1 || !strings.Contains(text, "has waited for") || strings.Contains(text, "ERROR") {
				t.Errorf("at first it said: %s", text)
			}
			f.ClearFaults()
			f.Inject(refusal)
			if text := p.list(t.Context(), values{"process_id": processID}).diagnostics; strings.Contains(text, summary) {
				t.Errorf("then it said: %s", text)
			}
		})
	}
}

func (p *protocol) lookUp(typeName string, arguments values) string {
	kind := p.schemas.DataSourceSchemas[typeName].ValueType()
	response, err := p.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: typeName, Config: p.encode(kind, p.object(kind, arguments)),
	})
	p.must(err)
	return describe(response.Diagnostics)
}

// openAndClose makes an ephemeral key that is revoked when it is closed, and returns what both say.
func (p *protocol) openAndClose(arguments values) (opened, closed string) {
	kind := p.schemas.EphemeralResourceSchemas[resourceType].ValueType()
	config := values{"revoke_on_close": true}
	for name, value := range arguments {
		config[name] = value
	}
	config["expires_in"] = "1h"
	open, err := p.OpenEphemeralResource(p.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: resourceType, Config: p.encode(kind, p.object(kind, config)),
	})
	p.must(err)
	ended, err := p.CloseEphemeralResource(p.t.Context(), &tfprotov6.CloseEphemeralResourceRequest{
		TypeName: resourceType, Private: open.Private,
	})
	p.must(err)
	return describe(open.Diagnostics), describe(ended.Diagnostics)
}

// TestShortWaitIsNotTold: one refusal costs milliseconds here, and the default is ten seconds.
func TestShortWaitIsNotTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(sandbox.Fault{Status: 429})
	if text := f.connect(nil).list(t.Context(), values{"process_id": processID}).diagnostics; text != "" {
		t.Errorf("it said: %s", text)
	}
}

// TestAccCeiling applies with a real clock: five creations and the listing before them take half a second at ten a second.
func TestAccCeiling(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	var mu sync.Mutex
	var first, last time.Time
	f.tune = func(config *alphamoon.Config) {
		config.OnAttempt = func(_ context.Context, attempt alphamoon.Attempt) {
			mu.Lock()
			defer mu.Unlock()
			if last = time.Now(); attempt.Method == http.MethodPost && first.IsZero() {
				first = last
			}
		}
	}
	f.run(resource.TestStep{
		Config: strings.Replace(f.key(`count = 5`, `name = "k${count.index}"`, `expires_in = "90d"`),
			"{\n", "{\n  requests_per_second = 10\n", 1),
		Check: func(*terraform.State) error {
			f.expectCounts(5, 5)
			// The times at which answers came differ a little from those at which requests went.
			if took := last.Sub(first); took < 300*time.Millisecond {
				t.Errorf("the creations took %s", took)
			}
			return nil
		},
	})
}

// TestRequestsPerSecond is not parallel, because the environment belongs to the whole process.
func TestRequestsPerSecond(t *testing.T) {
	f := newFixture(t, sandbox.Options{})
	t.Setenv("ALPHAMOON_REQUESTS_PER_SECOND", "")
	var ceiling float64
	f.tune = func(config *alphamoon.Config) { ceiling = config.RequestsPerSecond }
	for _, test := range []struct {
		environment string
		argument    any
		want        float64
	}{
		{"", nil, 0}, {"", 2.5, 2.5}, {" 0.5\r\n", nil, 0.5}, {"0.5", 7, 7}, {"nonsense", 7, 7},
	} {
		t.Setenv("ALPHAMOON_REQUESTS_PER_SECOND", test.environment)
		if f.connect(values{"requests_per_second": test.argument}); ceiling != test.want {
			t.Errorf("%q and %v: got %v", test.environment, test.argument, ceiling)
		}
	}
	for _, text := range []string{"fast", "0", "-1", "NaN", "Inf"} {
		t.Setenv("ALPHAMOON_REQUESTS_PER_SECOND", text)
		f.fails(
			f.config(list),
			fmt.Sprintf("The environment variable ALPHAMOON_REQUESTS_PER_SECOND is %q, but must be a number above zero", text),
		)
	}
}

func TestAccUnknownRequestsPerSecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.failsInTerraform(strings.Replace(f.config(list), "{\n", "{\n  requests_per_second = terraform_data.unknown.output\n", 1)+`
resource "terraform_data" "unknown" {
  input = 5
}`, "known only after an apply: requests_per_second")
}
