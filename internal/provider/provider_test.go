package provider_test

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func TestBadProviderArguments(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte(sandbox.DefaultCredential))
	for name, test := range map[string]struct {
		provider string // what stands in the provider block; %s is the sandbox's address
		message  string
		requests int
	}{
		"missing credential":   {`base_url = "%s"`, "Set the environment variable ALPHAMOON_API_KEY", 0},
		"malformed credential": {`api_key = "nonsense"` + "\n" + `base_url = "%s"`, "two non-empty parts joined by a colon", 0},
		"a line end": {
			`api_key = "user:pass\n"` + "\n" + `base_url = "%s"`, "it has a blank, a line end or an invisible character", 0,
		},
		"an assignment": {
			`api_key = "ALPHAMOON_API_KEY=user:pass"` + "\n" + `base_url = "%s"`,
			"a name and an equals sign, as in NAME=user:pass; give only", 0,
		},
		"path of the API": {
			`api_key = "a:b"` + "\n" + `base_url = "%s/api/v0.4"`,
			"it ends in /api/v0.4, which every request adds; use http://127.0.0.1", 0,
		},
		"encoded credential": {`api_key = "` + encoded + `"` + "\n" + `base_url = "%s"`, "is the base64 encoding of an API key", 0},
		"refused credential": {`api_key = "wrong:wrong"` + "\n" + `base_url = "%s"`, "is wrong or has expired", 1},
		"cleartext":          {`api_key = "a:b"` + "\n" + `base_url = "http://example.com" # %s`, "only for a loopback host", 0},
		"relative base URL":  {`api_key = "a:b"` + "\n" + `base_url = "example.com" # %s`, "must be absolute", 0},
		"too many retries":   {`api_key = "a:b"` + "\n" + `max_retries = 21 # %s`, "must be a whole number from 0 to 20", 0},
		"negative retries":   {`api_key = "a:b"` + "\n" + `max_retries = -1 # %s`, "must be a whole number from 0 to 20", 0},
		"no requests at all": {`api_key = "a:b"` + "\n" + `requests_per_second = 0 # %s`, "is 0, but must be above zero", 0},
		"negative requests":  {`api_key = "a:b"` + "\n" + `requests_per_second = -0.5 # %s`, "is -0.5, but must be above zero", 0},
		"malformed timeout":  {`api_key = "a:b"` + "\n" + `request_timeout = "soon" # %s`, "Write it like 30s.", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			f.fails("provider \"alphamoon\" {\n"+fmt.Sprintf(test.provider, f.URL)+"\n}\n"+list, test.message)
			if got := f.Count(sandbox.AnyOperation); got != test.requests {
				t.Errorf("requests: got %d, want %d", got, test.requests)
			}
		})
	}
}

// lateAddress is a configuration whose provider learns its address from another resource.
func (f *fixture) lateAddress(body string) string {
	return fmt.Sprintf(`
resource "terraform_data" "address" {
  input = %q
}
provider "alphamoon" {
  api_key  = %q
  base_url = terraform_data.address.output
}
%s`, f.URL, sandbox.DefaultCredential, body)
}

func TestAccUnknownProviderArguments(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.run(resource.TestStep{
		Config:      f.lateAddress(list),
		ExpectError: says("because its configuration depends on values that are known only after an apply: base_url"),
	})
}

// TestAccUnknownProviderArgumentsOfAPlan shows that planning a new key needs no client: the address is known in time.
func TestAccUnknownProviderArgumentsOfAPlan(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.run(resource.TestStep{
		Config: f.lateAddress(fmt.Sprintf(`
resource "alphamoon_process_api_key" "test" {
  process_id = %q
  name       = "test"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
}`, processID)),
	})
	f.expectCounts(1, 1)
}

// TestEnvironment is not parallel, because the environment belongs to the whole process.
func TestEnvironment(t *testing.T) {
	f := newFixture(t, sandbox.Options{})
	t.Setenv("ALPHAMOON_API_KEY", sandbox.DefaultCredential)
	t.Setenv("ALPHAMOON_BASE_URL", f.URL)
	f.session().apply(list)
	f.fails("provider \"alphamoon\" {\n  api_key = \"wrong:wrong\"\n}\n"+list, "Alphamoon refused the credential")
	// Files and secret stores add blanks and line ends.
	t.Setenv("ALPHAMOON_API_KEY", " "+sandbox.DefaultCredential+"\r\n")
	t.Setenv("ALPHAMOON_BASE_URL", f.URL+"\n")
	f.session().apply(list)
	t.Setenv("ALPHAMOON_BASE_URL", f.URL)
	t.Setenv("ALPHAMOON_API_KEY", "nonsense")
	f.fails(list, "The value of the environment variable ALPHAMOON_API_KEY is not a usable Alphamoon API key")
	t.Setenv("ALPHAMOON_API_KEY", sandbox.DefaultCredential)
	t.Setenv("ALPHAMOON_BASE_URL", "http://example.com")
	f.fails(list, "The value of the environment variable ALPHAMOON_BASE_URL cannot be used")
}
