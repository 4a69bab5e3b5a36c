package provider_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// list is a configuration without a provider that lists the keys of the default process.
const list = `
data "alphamoon_process_api_keys" "test" {
  process_id = "` + processID + `"
}
`

// TestBadArguments tries one wrong value of each kind: one diagnostic, and nothing sent.
func TestBadArguments(t *testing.T) {
	t.Parallel()
	const in90Days = `expires_in = "90d"`
	for name, test := range map[string]struct {
		arguments []string
		message   string
	}{
		"unknown scope":              {[]string{in90Days, `scopes = ["workspace.results:read"]`}, `the nearest one is "workspace.result:read"`},
		"malformed scope":            {[]string{in90Days, `scopes = ["read results"]`}, `"read results" is not a scope`},
		"empty set of scopes":        {[]string{in90Days, `scopes = []`}, `scopes must have at least one element, and none may be null. Name at least one scope`},
		"null scope":                 {[]string{in90Days, `scopes = [null]`}, `scopes must have at least one element, and none may be null`},
		"both kinds of expiry":       {[]string{in90Days, `expires_at = "2026-05-01T00:00:00Z"`}, `Both expires_at and expires_in are set. Remove one of them.`},
		"no kind of expiry":          {nil, `Neither expires_at nor expires_in is set. Set one of them.`},
		"date without offset":        {[]string{`expires_at = "2026-05-01T00:00:00"`}, `Write 2027-01-31T12:00:00Z`},
		"no date":                    {[]string{`expires_at = "in May"`}, `Write 2027-01-31T12:00:00Z`},
		"date in the past":           {[]string{`expires_at = "2026-02-28T00:00:00Z"`}, `because that is not in the future`},
		"date that is just now":      {[]string{`expires_at = "2026-03-01T09:30:15Z"`}, `because that is not in the future`},
		"duration of zero":           {[]string{`expires_in = "0d"`}, `longer than zero`},
		"negative duration":          {[]string{`expires_in = "-90d"`}, `whole numbers with the units`},
		"fractional duration":        {[]string{`expires_in = "1.5d"`}, `whole numbers with the units`},
		"overflowing duration":       {[]string{`expires_in = "999999999w"`}, `shorter than 292 years`},
		"name with a line end":       {[]string{in90Days, `name = "test\n"`}, `name is "test\n", which has a line end. Names stand in one line and show all that they have: write "test"`},
		"wildcard":                   {[]string{in90Days, `scopes = ["*"]`}, `There is no wildcard: name each scope that the key needs`},
		"no recipient":               {[]string{in90Days, `encrypt_to = []`}, `Name at least one public key. For none write null, or remove the argument.`},
		"blank name":                 {[]string{in90Days, `name = "  "`}, `at least one character that is not a blank`},
		"web address as process id":  {[]string{in90Days, `process_id = "https://workspace.alphamoon.ai/queue/` + processID + `"`}, `Use only the id in it: "` + processID + `"`},
		"malformed process id":       {[]string{in90Days, `process_id = "invoices"`}, `"invoices" is not the id of a process`},
		"window without lifetime":    {[]string{`expires_at = "2026-05-01T00:00:00Z"`, `rotate_before_expiry = "1d"`}, `rotate_before_expiry has no meaning without expires_in. Set expires_in, or remove`},
		"window as long as lifetime": {[]string{in90Days, `rotate_before_expiry = "2160h"`}, `must be shorter than expires_in`},
		"null trigger":               {[]string{in90Days, `rotation_triggers = { a = null }`}, `rotation_triggers has an element whose value is null`},
		"day that does not exist":    {[]string{`expires_at = "2026-02-30T00:00:00Z"`}, `the calendar has no such day`},
		"month that does not exist":  {[]string{`expires_at = "2026-13-01T00:00:00Z"`}, `the calendar has no such day`},
		"hour that does not exist":   {[]string{`expires_at = "2026-05-01T25:00:00Z"`}, `or the clock no such time`},
		"malformed window":           {[]string{in90Days, `rotate_before_expiry = "soon"`}, `Write it like 30d, or 0s for none`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			f.fails(f.key(test.arguments...), test.message)
			if got := f.Count(sandbox.AnyOperation); got != 0 {
				t.Errorf("requests: got %d, want none", got)
			}
		})
	}
}

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
		"a line end":           {`api_key = "user:pass\n"` + "\n" + `base_url = "%s"`, "it has a blank, a line end or an invisible character", 0},
		"an assignment":        {`api_key = "ALPHAMOON_API_KEY=user:pass"` + "\n" + `base_url = "%s"`, "a name and an equals sign, as in NAME=user:pass; give only", 0},
		"path of the API":      {`api_key = "a:b"` + "\n" + `base_url = "%s/api/v0.4"`, "it ends in /api/v0.4, which every request adds; use http://127.0.0.1", 0},
		"encoded credential":   {`api_key = "` + encoded + `"` + "\n" + `base_url = "%s"`, "is the base64 encoding of an API key", 0},
		"refused credential":   {`api_key = "wrong:wrong"` + "\n" + `base_url = "%s"`, "is wrong or has expired", 1},
		"cleartext":            {`api_key = "a:b"` + "\n" + `base_url = "http://example.com" # %s`, "only for a loopback host", 0},
		"relative base URL":    {`api_key = "a:b"` + "\n" + `base_url = "example.com" # %s`, "must be absolute", 0},
		"too many retries":     {`api_key = "a:b"` + "\n" + `max_retries = 21 # %s`, "must be a whole number from 0 to 20", 0},
		"negative retries":     {`api_key = "a:b"` + "\n" + `max_retries = -1 # %s`, "must be a whole number from 0 to 20", 0},
		"no requests at all":   {`api_key = "a:b"` + "\n" + `requests_per_second = 0 # %s`, "is 0, but must be above zero", 0},
		"negative requests":    {`api_key = "a:b"` + "\n" + `requests_per_second = -0.5 # %s`, "is -0.5, but must be above zero", 0},
		"malformed timeout":    {`api_key = "a:b"` + "\n" + `request_timeout = "soon" # %s`, "Write it like 30s.", 0},
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

// TestAccEnvironment is not parallel, because the environment belongs to the whole process.
func TestAccEnvironment(t *testing.T) {
	f := newFixture(t, sandbox.Options{})
	t.Setenv("ALPHAMOON_API_KEY", sandbox.DefaultCredential)
	t.Setenv("ALPHAMOON_BASE_URL", f.URL)
	f.run(
		resource.TestStep{Config: list},
		resource.TestStep{
			Config:      "provider \"alphamoon\" {\n  api_key = \"wrong:wrong\"\n}\n" + list,
			ExpectError: says("Alphamoon refused the credential"),
		},
	)
	// Files and secret stores add blanks and line ends.
	t.Setenv("ALPHAMOON_API_KEY", " "+sandbox.DefaultCredential+"\r\n")
	t.Setenv("ALPHAMOON_BASE_URL", f.URL+"\n")
	f.run(resource.TestStep{Config: list})
	t.Setenv("ALPHAMOON_BASE_URL", f.URL)
	t.Setenv("ALPHAMOON_API_KEY", "nonsense")
	f.run(
		resource.TestStep{
			Config:      list,
			ExpectError: says("The value of the environment variable ALPHAMOON_API_KEY is not a usable Alphamoon API key"),
		},
	)
	t.Setenv("ALPHAMOON_API_KEY", sandbox.DefaultCredential)
	t.Setenv("ALPHAMOON_BASE_URL", "http://example.com")
	f.run(
		resource.TestStep{
			Config:      list,
			ExpectError: says("The value of the environment variable ALPHAMOON_BASE_URL cannot be used"),
		},
	)
}

// TestRefusalsOfTheKinds shows that an answer of the service is explained by what was asked for.
func TestRefusalsOfTheKinds(t *testing.T) {
	t.Parallel()
	const organization = `
data "alphamoon_organization_api_keys" "test" {}
`
	const processes = `
data "alphamoon_processes" "test" {}
`
	const newOrganizationKey = `
resource "alphamoon_organization_api_key" "test" {
  name       = "test"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
}
`
	const newProcessKey = `
resource "alphamoon_process_api_key" "test" {
  process_id = "` + processID + `"
  name       = "test"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
}
`
	conflict, missing := sandbox.Fault{Status: 409, Body: `{"title": "Conflict"}`}, sandbox.Fault{Status: 404, Body: `{"title": "Not found"}`}
	for name, test := range map[string]struct {
		config    string
		operation sandbox.Operation
		fault     sandbox.Fault
		message   string
	}{
		"missing process":                    {list, sandbox.List, missing, "Alphamoon does not know the process"},
		"missing process at a creation":      {newProcessKey, sandbox.Create, missing, "Alphamoon does not know the process"},
		"missing organization":               {organization, sandbox.List, missing, "Alphamoon does not offer organization keys"},
		"missing organization at a creation": {newOrganizationKey, sandbox.Create, missing, "Alphamoon does not offer organization keys"},
		"missing list of processes":          {processes, sandbox.ListProcesses, missing, "Alphamoon does not offer the list of processes"},
		"forbidden processes":                {processes, sandbox.ListProcesses, sandbox.Fault{Status: 403, Body: `{"title": "Forbidden"}`}, "needs the scope workspace.process:read"},
		"forbidden organization":             {organization, sandbox.List, sandbox.Fault{Status: 403, Body: `{"title": "Forbidden"}`}, "need an organization admin's API key"},
		"conflict of processes":              {processes, sandbox.ListProcesses, conflict, "the words of the service say why"},
		"conflict of a process key":          {newProcessKey, sandbox.Create, conflict, "It conflicts with a key that exists already: the web application shows the keys of the process"},
		"conflict of an organization key":    {newOrganizationKey, sandbox.Create, conflict, "It conflicts with a key of the organization that exists already"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			test.fault.Operation, test.fault.Times = test.operation, -1
			f.Inject(test.fault)
			f.fails(f.config(test.config), test.message)
		})
	}
}

func TestServiceFailures(t *testing.T) {
	t.Parallel()
	html := http.Header{"Content-Type": {"text/html"}}
	for name, test := range map[string]struct {
		fault   sandbox.Fault
		message string
	}{
		"forbidden":          {sandbox.Fault{Status: 403, Body: `{"title": "Forbidden"}`}, "needs the scope workspace.process.api_key:manage"},
		"foreign not found":  {sandbox.Fault{Status: 404, Body: `<html><body>Nothing here</body></html>`, Header: html}, "check the provider's base_url"},
		"framework's own":    {sandbox.Fault{Status: 404, Body: `{"detail": "Not Found"}`}, "check the provider's base_url"},
		"conflict":           {sandbox.Fault{Status: 409, Body: `{"title": "Conflict"}`}, "saying: Conflict. Nothing was changed in the state; the words of the service say why"},
		"too large":          {sandbox.Fault{Status: 413}, "413 Request Entity Too Large. The service gives no reason."},
		"foreign credential": {sandbox.Fault{Status: 401, Body: `<html><body>Who goes there?</body></html>`, Header: html}, "saying: Who goes there? The provider's api_key (or ALPHAMOON_API_KEY) may be wrong or have expired. The answer is not in the API's documented form, so that it may also be a proxy's or a gateway's"},
		"foreign forbidden":  {sandbox.Fault{Status: 403, Body: `<html><body>Blocked...</body></html>`, Header: html}, "saying: Blocked. The provider's api_key needs the scope workspace.process.api_key:manage for this process: use a key that has it. The answer is not in the API's documented form"},
		"foreign proxy":      {sandbox.Fault{Status: 407}, "The proxy wants a user and a password"},
		"come back later":    {sandbox.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}, "The service asks to stay away until"},
		"maintenance":        {sandbox.Fault{Status: 503, Header: http.Header{"Retry-After": {"7200"}}}, "The service asks to stay away until"},
		"unprocessable":      {sandbox.Fault{Status: 422, Body: `{"detail": [{"loc": ["query", "limit"], "msg": "value is not a valid integer"}]}`}, "query.limit: value is not a valid integer"},
		"rate limited":       {sandbox.Fault{Status: 429}, "for ten minutes"},
		"server error":       {sandbox.Fault{Status: 500, Body: `{"title": "Oops", "instance": "30e18f59"}`}, "the service's reference 30e18f59"},
		"proxy error":        {sandbox.Fault{Status: 502, Body: `<html><body><h1>Bad Gateway</h1></body></html>`, Header: html}, "saying: Bad Gateway"},
		"login page":         {sandbox.Fault{Body: `<html><body>Please log in</body></html>`, Header: html}, "is not what the API sends (it is not JSON; its content type is \"text/html\"). A proxy may have replaced it"},
		"redirect":           {sandbox.Fault{Status: 302, Header: http.Header{"Location": {"https://login.example.com/"}}}, "The provider does not follow redirects"},
		"connections broken": {sandbox.Fault{ResetBefore: true}, "Alphamoon cannot be reached"},
		"changing totals":    {sandbox.Fault{AddToTotal: 1}, "Listing is not reliable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			test.fault.Operation, test.fault.Times = sandbox.List, -1
			f.Inject(test.fault)
			f.fails(f.config(list), test.message)
		})
	}
}

// TestBadImports tries ids that no import can use.
func TestBadImports(t *testing.T) {
	t.Parallel()
	const key = "688874d9d9064c23bf78bf3ec93cbd2d"
	for id, message := range map[string]string{
		"abc":              `"abc" does not have the form PROCESS_ID/KEY_ID. Write it like 2080d36bf94c4147b2e543104342fc2f/`,
		processID + "/":    "does not have the form PROCESS_ID/KEY_ID",
		"invoices/" + key:  `does not begin with the id of a process: "invoices" is not the id of a process`,
		processID + "/a b": "does not have the form PROCESS_ID/KEY_ID",
		"https://workspace.alphamoon.ai/queue/" + processID: "does not have the form PROCESS_ID/KEY_ID",
		processID + "/" + key:                               "The data source alphamoon_process_api_keys lists the keys with their ids.",
		"00000000000000000000000000000099/" + key:           "Alphamoon does not know the process",
	} {
		text := newFixture(t, sandbox.Options{}).connect(nil).adopt(t.Context(), id).diagnostics
		if strings.Count(text, "\n") > 1 || !strings.Contains(text, message) {
			t.Errorf("%q: got %q, want %q", id, text, message)
		}
		checkWords(t, text)
	}
}
