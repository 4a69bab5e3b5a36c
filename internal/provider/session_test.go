package provider_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// session applies configurations as Terraform does, but in process, in milliseconds: it validates, configures, refreshes,
// plans and applies, and keeps the states for the next apply.
//
// Tables about one message or one answer of the service use it, mostly through [fixture.fails]:
//
//	f := newFixture(t, sandbox.Options{})
//	f.fails(f.key(`expires_in = "0d"`), "longer than zero") // exactly one error, which says this
//
// or, where something must exist before:
//
//	s := f.session()
//	s.apply(config)                                  // must succeed; returns the plan's actions and the warnings
//	s.fails(other, "is not in the future")           // exactly one error
//	s.apply(config).expect(t, keep)                  // nothing changed
//	s.destroy()                                      // so must this
//
// It refuses of the provider what Terraform refuses (inconsistent plans and results), and demands an empty plan after each
// apply. It knows literal values only, and one provider. What Terraform itself makes of it (its own errors, references, lifecycle,
// count, what it prints) needs the real one: each kind of message has a row in TestAccSessionIsLikeTerraform.
type session struct {
	*fixture
	schemas *tfprotov6.GetProviderSchemaResponse
	states  map[string]*instance // by address
	valid   string               // the configuration that was found valid last: neither time nor the service change that
	read    parsed               // the configuration that was parsed last
	waits   func()               // what happens between a plan and its apply
}

// instance is a resource in the state.
type instance struct {
	outcome
	kind    string
	tainted bool
}

// The actions of a plan.
const (
	keep    = "keep"
	create  = "create"
	update  = "update"
	replace = "replace"
	destroy = "destroy"
)

// The stages of an apply.
const (
	validating = "validate"
	planning   = "plan"
	applying   = "apply"
	done       = "done"
)

// report is what came of an apply.
type report struct {
	// stage is the one whose errors ended it, or done.
	stage string
	// said are the diagnostics, text the same as Terraform prints them, with the attribute in place of the line of the
	// configuration.
	said   []*tfprotov6.Diagnostic
	text   string
	errors int
	// actions are what was planned, by address.
	actions map[string]string
	// reasons are the attributes that make a replacement, by address.
	reasons map[string][]string
	// data are the attributes of the data sources and ephemeral resources, by address.
	data map[string]values
}

func (f *fixture) session() *session {
	f.t.Helper()
	schemas, err := schemasOnce()
	if err != nil {
		f.t.Fatal(err)
	}
	return &session{fixture: f, schemas: schemas, states: map[string]*instance{}}
}

// apply carries out a configuration that must succeed, and after which nothing must be left to do.
func (s *session) apply(config string) *report {
	s.t.Helper()
	r := s.try(config)
	if r.errors > 0 {
		s.t.Fatal(r.text)
	}
	checkWords(s.t, r.text)
	if !r.kept() {
		if again := s.plans(config); !again.kept() {
			s.t.Errorf("after the apply the plan is %v", again.actions)
		}
	}
	return r
}

// fails carries out a configuration and demands that this gives exactly one error, and that what is said has the message.
func (s *session) fails(config, message string) *report {
	s.t.Helper()
	r := s.try(config)
	if r.errors != 1 {
		s.t.Errorf("got %d errors, want one:\n%s", r.errors, r.text)
	}
	if !says(message).MatchString(r.text) {
		s.t.Errorf("no error says %q:\n%s", message, r.text)
	}
	checkWords(s.t, r.text)
	return r
}

// destroy removes everything. It must succeed.
func (s *session) destroy() *report {
	s.t.Helper()
	return s.apply(s.config(""))
}

// expect demands that the one action of the plan is the given one, and the reasons of a replacement.
func (r *report) expect(t testing.TB, action string, reasons ...string) {
	t.Helper()
	for address, got := range r.actions {
		if len(r.actions) != 1 || got != action || !slices.Equal(r.reasons[address], reasons) {
			t.Errorf("got %v because of %v, want %s because of %v", r.actions, r.reasons, action, reasons)
		}
	}
	if len(r.actions) == 0 {
		t.Errorf("nothing was planned, want %s", action)
	}
}

// expectAll demands that the plan does the same with each of so many resources.
func (r *report) expectAll(t testing.TB, action string, count int) {
	t.Helper()
	if actions := slices.Sorted(maps.Values(r.actions)); !slices.Equal(actions, slices.Repeat([]string{action}, count)) {
		t.Errorf("got %v because of %v, want %s", r.actions, r.reasons, action)
	}
}

// kept reports whether the plan changes nothing.
func (r *report) kept() bool {
	return !slices.ContainsFunc(slices.Collect(maps.Values(r.actions)), func(action string) bool { return action != keep })
}

// try carries out a configuration.
func (s *session) try(config string) *report {
	s.t.Helper()
	return s.until(applying, config)
}

// plans only plans a configuration.
func (s *session) plans(config string) *report {
	s.t.Helper()
	return s.until(planning, config)
}

func (s *session) until(last, config string) *report {
	s.t.Helper()
	r := &report{actions: map[string]string{}, reasons: map[string][]string{}, data: map[string]values{}}
	if s.read.text != config {
		s.read = s.parse(config)
	}
	provider, blocks := s.read.provider, s.read.blocks
	var changes []*change
	var p *protocol
	for _, stage := range []struct {
		name string
		do   func(*protocol)
	}{
		{validating, func(p *protocol) {
			if s.valid != config {
				s.validate(r, p, provider, blocks)
			}
		}},
		{planning, func(p *protocol) { changes = s.plan(r, p, blocks) }},
		{applying, func(p *protocol) { s.carryOut(r, p, changes) }},
	} {
		r.stage = stage.name
		if stage.name == applying && s.waits != nil {
			s.waits()
		}
		if stage.name != planning { // a provider validates and plans, and another one applies
			server, err := s.factories()["alphamoon"]()
			if err != nil {
				s.t.Fatal(err)
			}
			p = &protocol{ProviderServer: server, t: s.t, schemas: s.schemas}
		}
		if stage.name == validating || s.configureWith(r, p, provider) {
			closing := s.open(r, p, blocks)
			stage.do(p)
			closing()
		}
		if r.errors > 0 {
			return r
		}
		s.valid = config
		if stage.name == last {
			break
		}
	}
	r.stage = done
	return r
}

// hear takes over diagnostics and reports whether there is an error among them.
func (r *report) hear(address string, diagnostics []*tfprotov6.Diagnostic) (failed bool) {
	for _, d := range diagnostics {
		severity := "Warning"
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			severity = "Error"
			r.errors++
			failed = true
		}
		where := address
		if d.Attribute != nil && len(d.Attribute.Steps()) > 0 {
			where += fmt.Sprintf(", on %s", d.Attribute.Steps()[0])
		}
		r.said = append(r.said, d)
		r.text += fmt.Sprintf("\n%s: %s\n\n  with %s\n\n%s\n", severity, d.Summary, where, d.Detail)
	}
	return failed
}

func (s *session) validate(r *report, p *protocol, provider tftypes.Value, blocks []block) {
	ctx := s.t.Context()
	checked, err := p.ValidateProviderConfig(ctx, &tfprotov6.ValidateProviderConfigRequest{
		Config: p.encode(provider.Type(), provider),
	})
	p.must(err)
	r.hear("provider", checked.Diagnostics)
	for _, b := range blocks {
		config := p.encode(b.config.Type(), b.config)
		switch b.mode {
		case "resource":
			response, err := p.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
				TypeName: b.kind, Config: config,
				ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
			})
			p.must(err)
			r.hear(b.address, response.Diagnostics)
		case "data":
			response, err := p.ValidateDataResourceConfig(
				ctx,
				&tfprotov6.ValidateDataResourceConfigRequest{TypeName: b.kind, Config: config},
			)
			p.must(err)
			r.hear(b.address, response.Diagnostics)
		case "ephemeral":
			response, err := p.ValidateEphemeralResourceConfig(ctx,
				&tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: b.kind, Config: config})
			p.must(err)
			r.hear(b.address, response.Diagnostics)
		}
	}
}

func (s *session) configureWith(r *report, p *protocol, provider tftypes.Value) bool {
	response, err := p.ConfigureProvider(s.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4", Config: p.encode(provider.Type(), provider),
	})
	p.must(err)
	return !r.hear("provider", response.Diagnostics)
}

// open opens the ephemeral resources of a stage that has a client, and returns what closes them.
func (s *session) open(r *report, p *protocol, blocks []block) (closing func()) {
	var closings []func()
	for _, b := range blocks {
		if b.mode != "ephemeral" || r.stage == validating {
			continue
		}
		opened, err := p.OpenEphemeralResource(s.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
			TypeName: b.kind, Config: p.encode(b.config.Type(), b.config),
		})
		p.must(err)
		if r.hear(b.address, opened.Diagnostics) {
			continue
		}
		result, err := opened.Result.Unmarshal(b.config.Type())
		p.must(err)
		r.data[b.address] = attributesOf(s.t, result)
		closings = append(closings, func() {
			closed, err := p.CloseEphemeralResource(s.t.Context(), &tfprotov6.CloseEphemeralResourceRequest{
				TypeName: b.kind, Private: opened.Private,
			})
			p.must(err)
			r.hear(b.address, closed.Diagnostics)
		})
	}
	return func() {
		for _, closing := range closings {
			closing()
		}
	}
}

// change is what a plan does with a resource.
type change struct {
	address, kind, action string
	prior                 *instance
	config                tftypes.Value
	planned               outcome
}

// plan reads the data sources, refreshes the states, and compares them with the configuration.
func (s *session) plan(r *report, p *protocol, blocks []block) (changes []*change) {
	wanted := map[string]tftypes.Value{}
	kinds := map[string]string{}
	for _, b := range blocks {
		switch b.mode {
		case "resource":
			wanted[b.address], kinds[b.address] = b.config, b.kind
		case "data":
			response, err := p.ReadDataSource(s.t.Context(), &tfprotov6.ReadDataSourceRequest{
				TypeName: b.kind, Config: p.encode(b.config.Type(), b.config),
			})
			p.must(err)
			if !r.hear(b.address, response.Diagnostics) {
				state, err := response.State.Unmarshal(b.config.Type())
				p.must(err)
				r.data[b.address] = attributesOf(s.t, state)
			}
		}
	}
	for address, state := range s.states {
		kinds[address] = state.kind
		s.refresh(r, p.of(state.kind), address)
	}
	for _, address := range slices.Sorted(maps.Keys(kinds)) {
		c := &change{address: address, kind: kinds[address], prior: s.states[address], config: wanted[address]}
		if c.plan(s.t.Context(), r, p.of(c.kind)) {
			changes = append(changes, c)
			r.actions[address] = c.action
		}
	}
	return changes
}

// refresh reads a state. One whose object is gone is dropped.
func (s *session) refresh(r *report, p *protocol, address string) {
	state := s.states[address]
	response, err := p.ReadResource(s.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: state.kind, CurrentState: p.encode(p.kind(), state.state), Private: state.private, CurrentIdentity: state.identity,
	})
	p.must(err)
	if r.hear(address, response.Diagnostics) {
		return
	}
	if state.outcome = p.outcome(response.NewState, response.Private, response.NewIdentity, nil); state.state.IsNull() {
		delete(s.states, address)
	}
}

// plan decides what to do. It reports false if there is nothing to plan, or an error.
func (c *change) plan(ctx context.Context, r *report, p *protocol) bool {
	null := tftypes.NewValue(p.kind(), nil)
	missing := outcome{state: null}
	switch {
	case c.config.Type() == nil && c.prior == nil:
		return false // it was gone when it was refreshed
	case c.config.Type() == nil:
		c.action = destroy
		_, _, ok := c.ask(ctx, r, p, c.prior.outcome, null)
		return ok
	case c.prior == nil, c.prior.tainted:
		if c.action = create; c.prior != nil {
			c.action = replace
		}
		var ok bool
		c.planned, _, ok = c.ask(ctx, r, p, missing, c.config)
		return ok
	}
	planned, reasons, ok := c.ask(ctx, r, p, c.prior.outcome, c.config)
	c.planned = planned
	switch {
	case !ok:
	case len(reasons) > 0:
		c.action, r.reasons[c.address] = replace, reasons
		c.planned, _, ok = c.ask(ctx, &report{}, p, missing, c.config) // Terraform drops the warnings of this one
	case planned.state.Equal(c.prior.state):
		c.action = keep
	default:
		c.action = update
	}
	return ok
}

// ask asks the provider for a plan.
func (c *change) ask(ctx context.Context, r *report, p *protocol, prior outcome, config tftypes.Value) (
	planned outcome, reasons []string, ok bool,
) {
	response, err := p.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: c.kind, PriorState: p.encode(p.kind(), prior.state), PriorPrivate: prior.private, PriorIdentity: prior.identity,
		ProposedNewState: p.encode(p.kind(), p.propose(prior.state, config)), Config: p.encode(p.kind(), config),
	})
	p.must(err)
	if r.hear(c.address, response.Diagnostics) {
		return outcome{}, nil, false
	}
	planned = p.outcome(response.PlannedState, response.PlannedPrivate, response.PlannedIdentity, nil)
	p.checkPlan(c.address, prior.state, config, planned.state)
	for _, path := range response.RequiresReplace {
		name, isName := path.Steps()[0].(tftypes.AttributeName)
		if isName && !prior.state.IsNull() && !attributeOf(planned.state, string(name)).Equal(attributeOf(prior.state, string(name))) {
			reasons = append(reasons, string(name))
		}
	}
	slices.Sort(reasons)
	return planned, slices.Compact(reasons), true
}

// propose is the state with what is configured: what is computed and not configured stays.
func (p *protocol) propose(prior, config tftypes.Value) tftypes.Value {
	if config.IsNull() {
		return config
	}
	proposed := map[string]tftypes.Value{}
	for _, attribute := range p.schemas.ResourceSchemas[p.resourceType].Block.Attributes {
		value := attributeOf(config, attribute.Name)
		switch {
		case attribute.WriteOnly:
			value = tftypes.NewValue(attribute.Type, nil)
		case value.IsNull() && attribute.Computed && !prior.IsNull():
			value = attributeOf(prior, attribute.Name)
		}
		proposed[attribute.Name] = value
	}
	return tftypes.NewValue(p.kind(), proposed)
}

// carryOut applies what was planned.
func (s *session) carryOut(r *report, p *protocol, changes []*change) {
	for _, c := range changes {
		p := p.of(c.kind)
		null := tftypes.NewValue(p.kind(), nil)
		switch c.action {
		case keep:
		case create:
			s.change(r, p, c, outcome{state: null}, c.planned, c.config)
		case update:
			s.change(r, p, c, c.prior.outcome, c.planned, c.config)
		case destroy, replace:
			gone := s.change(r, p, c, c.prior.outcome, outcome{state: null, private: c.prior.private}, null)
			if gone && c.action == replace {
				s.change(r, p, c, outcome{state: null}, c.planned, c.config)
			}
		}
	}
}

// change asks the provider to lead from one state to another, and reports whether it did.
func (s *session) change(r *report, p *protocol, c *change, prior, planned outcome, config tftypes.Value) bool {
	if !config.IsNull() {
		// An apply plans again, and drops the warnings.
		again, _, ok := c.ask(s.t.Context(), &report{}, p, prior, config)
		if p.checkResult("final plan", c.address, planned.state, again.state); ok {
			planned = again
		}
	}
	response, err := p.ApplyResourceChange(s.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: c.kind, PriorState: p.encode(p.kind(), prior.state), PlannedState: p.encode(p.kind(), planned.state),
		Config: p.encode(p.kind(), config), PlannedPrivate: planned.private, PlannedIdentity: planned.identity,
	})
	p.must(err)
	failed := r.hear(c.address, response.Diagnostics)
	after := p.outcome(response.NewState, response.Private, response.NewIdentity, nil)
	if !failed {
		p.checkResult("result after apply", c.address, planned.state, after.state)
	}
	if after.state.IsNull() {
		delete(s.states, c.address)
	} else {
		s.states[c.address] = &instance{after, c.kind, failed && prior.state.IsNull()}
	}
	return !failed
}

// attributes are those of a resource in the state, nil if it is not there.
func (s *session) attributes(address string) values {
	if state, ok := s.states[address]; ok {
		return attributesOf(s.t, state.state)
	}
	return nil
}

// expectNewestSecret demands that the key in the state is the newest one of the sandbox, with its secret.
func (s *session) expectNewestSecret() {
	s.t.Helper()
	keys, state := s.Keys(processID), s.attributes(address)
	if len(keys) == 0 || state["id"] != keys[len(keys)-1].ID || state["key"] != keys[len(keys)-1].Secret {
		s.t.Error("the state does not hold the id and the secret of the newest key")
	}
}
