package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// query lists keys through the protocol and stops after a number of results.
func (p *protocol) query(t *testing.T, stopAfter int, limit int64, includeResource bool) []tfprotov6.ListResourceResult {
	t.Helper()
	server, ok := p.ProviderServer.(tfprotov6.ListResourceServer)
	if !ok {
		t.Fatal("the server lists no resources")
	}
	kind := p.schemas.ListResourceSchemas[p.resourceType].ValueType()
	config := p.listing
	if config == nil {
		config = values{"process_id": processID}
	}
	stream, err := server.ListResource(t.Context(), &tfprotov6.ListResourceRequest{
		TypeName:        p.resourceType,
		Limit:           limit,
		IncludeResource: includeResource,
		Config:          p.encode(kind, p.object(kind, config)),
	})
	if err != nil {
		t.Fatal(err)
	}
	var results []tfprotov6.ListResourceResult
	for result := range stream.Results {
		if results = append(results, result); len(results) == stopAfter {
			break
		}
	}
	return results
}

func newFilledFixture(t *testing.T, options sandbox.Options, size int) *fixture {
	t.Helper()
	f := newFixture(t, options)
	for i := range size {
		f.AddKey(
			processID,
			sandbox.Key{
				Name:      fmt.Sprintf("key-%d", i),
				Scopes:    []string{"workspace.result:read"},
				ExpiresAt: start.Add(day),
			},
		)
	}
	return f
}

func TestList(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{"with pagination": {}, "without": {OmitPagination: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFilledFixture(t, options, 250)
			p := f.connect(nil)
			results := p.query(t, 0, 1000, true)
			keys := f.Keys(processID)
			if len(results) != len(keys) {
				t.Fatalf("%d results, %d keys", len(results), len(keys))
			}
			for i, result := range results {
				if text := describe(result.Diagnostics); text != "" {
					t.Fatal(text)
				}
				state, err := result.Resource.Unmarshal(p.kind())
				if err != nil {
					t.Fatal(err)
				}
				found := outcome{state: state, identity: result.Identity}
				expectIdentity(t, "list", found)
				if result.DisplayName != keys[i].Name || found.text("id") != keys[i].ID ||
					found.text("name") != keys[i].Name ||
					found.text("key") != "" ||
					found.text("expires_at") != "2026-03-02T09:30:15Z" {
					t.Errorf("%s: %s", result.DisplayName, state)
				}
			}
		})
	}
}

func TestListWithoutResource(t *testing.T) {
	t.Parallel()
	f := newFilledFixture(t, sandbox.Options{}, 1)
	results := f.connect(nil).query(t, 0, 100, false)
	if len(results) != 1 || results[0].Identity == nil || results[0].DisplayName != "key-0" {
		t.Errorf("got %+v", results)
	}
}

// TestListStreams counts requests: who stops early or sets a limit does not pay for the rest.
func TestListStreams(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		stopAfter, results, requests int
		limit                        int64
	}{
		{1, 1, 1, 1000}, {100, 100, 1, 1000}, {101, 101, 2, 1000}, {0, 10, 1, 10}, {0, 150, 2, 150}, {0, 250, 3, 1000}, {0, 250, 3, 0},
	} {
		f := newFilledFixture(t, sandbox.Options{}, 250)
		results := f.connect(nil).query(t, test.stopAfter, test.limit, false)
		if len(results) != test.results || f.Count(sandbox.List) != test.requests {
			t.Errorf("%+v: %d results, %d requests", test, len(results), f.Count(sandbox.List))
		}
	}
}

// TestListLimit: what a limit leaves out is said with the last result, and nothing is said of a list that is whole.
func TestListLimit(t *testing.T) {
	t.Parallel()
	const disabled = 3
	for name, test := range map[string]struct {
		listing values
		limit   int64
		results int
		cut     bool
		kind    string
	}{
		"cut at a page":         {nil, 100, 100, true, resourceType},
		"cut within a page":     {nil, 120, 120, true, resourceType},
		"the whole process":     {nil, 130, 130, false, resourceType},
		"more than there are":   {nil, 1000, 130, false, resourceType},
		"of several processes":  {values{}, 130, 130, true, resourceType},
		"every process":         {values{}, 131, 131, false, resourceType},
		"a status":              {values{"process_id": processID, "status": "disabled"}, 100, disabled, false, resourceType},
		"a status, cut":         {values{"status": "Disabled"}, disabled - 1, disabled - 1, true, resourceType},
		"a status nothing has":  {values{"status": "Revoked"}, 100, 0, false, resourceType},
		"keys of organizations": {values{"status": "ACTIVE"}, 1, 1, true, "alphamoon_organization_api_key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFilledFixture(
				t,
				sandbox.Options{Processes: []sandbox.Process{{ID: processID, Name: "A"}, {ID: otherProcess, Name: "B"}}},
				130,
			)
			other := sandbox.Key{Name: "other", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)}
			f.AddKey(otherProcess, other)
			f.AddKey(sandbox.Organization, other)
			f.AddKey(sandbox.Organization, other)
			for _, key := range f.Keys(processID)[:disabled] {
				f.SetStatus(key.ID, "Disabled")
			}
			p := f.connect(nil).of(test.kind)
			p.listing = test.listing
			results := p.query(t, 0, test.limit, true)
			if len(results) != test.results {
				t.Fatalf("%d results, want %d", len(results), test.results)
			}
			for i, result := range results {
				text := describe(result.Diagnostics)
				if cut := test.cut && i == len(results)-1; strings.Contains(text, "More keys exist than are listed") != cut ||
					!cut && text != "" {
					t.Errorf("result %d says %q", i, text)
				}
			}
		})
	}
}

// TestListLimitThatCannotBeChecked: whether there are more is not known, which is an error and no silence.
func TestListLimitThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	f := newFilledFixture(t, sandbox.Options{}, 130)
	f.Inject(sandbox.Fault{Operation: sandbox.List, Skip: 1, Status: 403, Body: `{"title": "No"}`, Times: -1})
	results := f.connect(nil).query(t, 0, 100, false)
	if len(results) != 100 || !strings.Contains(describe(results[99].Diagnostics), "Alphamoon denied permission") {
		t.Errorf("%d results", len(results))
	}
}

// TestListFailures: a page that fails is an error in the stream, never a shorter list.
func TestListFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   sandbox.Fault
		results int // before the error
		message string
	}{
		"first page":    {sandbox.Fault{Status: 403, Body: `{"title": "No"}`, Times: -1}, 0, "Alphamoon denied permission"},
		"unknown":       {sandbox.Fault{Status: 404, Body: `{"title": "None"}`}, 0, "Alphamoon answered that it was not found"},
		"third page":    {sandbox.Fault{Skip: 2, Status: 500, Times: -1}, 200, "Alphamoon failed to answer"},
		"not JSON":      {sandbox.Fault{Skip: 1, Body: "<html>", Times: -1}, 100, "cannot be understood"},
		"miscounted":    {sandbox.Fault{AddToTotal: 7, Times: -1}, 250, "Listing is not reliable"},
		"keys move":     {sandbox.Fault{Skip: 1, Reverse: true}, 150, "Listing is not reliable"},
		"once, retried": {sandbox.Fault{Skip: 1, Status: 500}, 250, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFilledFixture(t, sandbox.Options{}, 250)
			test.fault.Operation = sandbox.List
			f.Inject(test.fault)
			results := f.connect(values{"max_retries": 1}).query(t, 0, 1000, false)
			last := ""
			if len(results) > 0 {
				last = describe(results[len(results)-1].Diagnostics)
			}
			failures := 0
			if test.message != "" {
				failures = 1
			}
			if len(results) != test.results+failures || !strings.Contains(last, test.message) ||
				(last == "") != (test.message == "") {
				t.Errorf("%d results, the last one says %q", len(results), last)
			}
		})
	}
}

func TestAccQuery(t *testing.T) {
	t.Parallel()
	f := newFilledFixture(t, sandbox.Options{}, 3)
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   needs("1.14.0", ""),
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{
				Query: true,
				Config: f.config(fmt.Sprintf("list \"alphamoon_process_api_key\" \"all\" {\n  provider = alphamoon\n  "+
					"config {\n    process_id = %q\n  }\n}\n", processID)),
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength("alphamoon_process_api_key.all", 3),
				},
			},
		},
	})
}

// TestUnknownStatus: a filter that finds nothing names the known words, if it is none of them.
func TestUnknownStatus(t *testing.T) {
	t.Parallel()
	const summary, hint = "No key has this status", "The known words are Active, Disabled, Inactive, Revoked, Deleted, Expired."
	f := newFilledFixture(t, sandbox.Options{}, 2)
	f.SetStatus(f.Keys(processID)[0].ID, "Suspended")
	p := f.connect(nil)
	for status, warned := range map[string]bool{"Activ": true, "": true, "suspended": false, "active": false, "Expired": false} {
		data := p.lookUp("alphamoon_process_api_keys", values{"process_id": processID, "status": status})
		p.listing = values{"process_id": processID, "status": status}
		var stream string
		for _, result := range p.query(t, 0, 100, false) {
			stream += describe(result.Diagnostics)
		}
		for where, text := range map[string]string{"data source": data, "list": stream} {
			if warned != strings.Contains(text, summary) || warned != strings.Contains(text, hint) {
				t.Errorf("%s, %q: got %q, want a warning: %t", where, status, text, warned)
			}
		}
	}
	// A list that fails says nothing about the status.
	f.Inject(sandbox.Fault{Operation: sandbox.List, Status: 403, Body: `{"title": "No"}`, Times: -1})
	p.listing = values{"process_id": processID, "status": "Activ"}
	if results := p.query(t, 0, 100, false); len(results) != 1 || strings.Contains(describe(results[0].Diagnostics), summary) {
		t.Errorf("got %+v", results)
	}
}

// TestListEveryProcess streams the keys of all processes, and counts requests.
func TestListEveryProcess(t *testing.T) {
	t.Parallel()
	f := newNamedFixture(t, "b", "a", "c")
	for i := range 3 {
		for range []int{1, 0, 150}[i] {
			f.AddKey(fmt.Sprintf("%032x", i+1),
				sandbox.Key{Name: "key", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
		}
	}
	p := f.connect(nil)
	p.listing = values{}
	results := p.query(t, 0, 1000, true)
	if len(results) != 151 || results[0].DisplayName != "b / key" || results[150].DisplayName != "c / key" {
		t.Fatalf("%d results", len(results))
	}
	if got := f.sent(); got != "list processes, list, list, list, list" {
		t.Errorf("sent: %s", got)
	}
	state, err := results[0].Resource.Unmarshal(p.kind())
	if err != nil {
		t.Fatal(err)
	}
	if found := (outcome{state: state}); found.text("process_id") != fmt.Sprintf("%032x", 1) {
		t.Errorf("got %s", state)
	}

	f.ClearJournal()
	if limited := p.query(t, 0, 2, false); len(limited) != 2 || f.sent() != "list processes, list, list, list" {
		t.Errorf("%d results with a limit after %s", len(limited), f.sent())
	}

	// One process cannot be listed: an error, and the others are there.
	f.Inject(
		sandbox.Fault{
			Operation: sandbox.List,
			Owner:     fmt.Sprintf("%032x", 1),
			Status:    403,
			Body:      `{"title": "No"}`,
			Times:     -1,
		},
	)
	partial := p.query(t, 0, 1000, false)
	failures := 0
	for _, result := range partial {
		if text := describe(result.Diagnostics); text != "" {
			failures++
			if !strings.Contains(text, "Alphamoon denied permission") ||
				!strings.Contains(text, fmt.Sprintf("%032x", 1)) {
				t.Error(text)
			}
		}
	}
	if failures != 1 || len(partial) != 151 {
		t.Errorf("%d results, %d errors", len(partial), failures)
	}

	f.ClearFaults()
	f.Inject(sandbox.Fault{Operation: sandbox.ListProcesses, Status: 403, Body: `{"title": "No"}`, Times: -1})
	if none := p.query(t, 0, 1000, false); len(none) != 1 ||
		!strings.Contains(describe(none[0].Diagnostics), "workspace.process:read") {
		t.Errorf("got %+v", none)
	}
}

// TestListOrganizationKeys lists the other kind.
func TestListOrganizationKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	for range 3 {
		f.AddKey(sandbox.Organization, sandbox.Key{Name: "key", Scopes: []string{"x.y:z"}, ExpiresAt: start.Add(day)})
	}
	p := f.connect(nil).of("alphamoon_organization_api_key")
	results := p.query(t, 0, 1000, true)
	if len(results) != 4 || results[0].DisplayName != "key" || describe(results[0].Diagnostics) != "" {
		t.Errorf("got %+v", results)
	}
}
