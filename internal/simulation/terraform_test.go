// Package simulation runs the provider and the service from a seed on a virtual clock: months of several programs, and
// an oracle that knows the truth. It has tests only.
package simulation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
)

// This file plays Terraform: what it asks a provider for, in which order, and what it refuses.

// schemas are the same for every provider.
var schemas = sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
	server := providerserver.NewProtocol6(provider.New(provider.Options{Version: "schema", Now: time.Now})())()
	response, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		panic(err)
	}
	return response
})

// object is a key as a state holds it.
type object struct {
	kind     string
	value    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	tainted  bool
}

// instance is what a state knows under an address.
type instance struct {
	current *object
	deposed []*object
}

// The actions of a plan.
const (
	noOp           = "no change"
	create         = "create"
	update         = "update"
	destroyCreate  = "replace"
	createDestroy  = "replace, the new one first"
	destroy        = "destroy"
	destroyDeposed = "destroy what was deposed"
)

// change is what a plan does to one object.
type change struct {
	address, kind, action string
	reasons               []string
	config                tftypes.Value
	prior                 *object
	planned               tftypes.Value
	private               []byte
	identity              *tfprotov6.ResourceIdentityData
	createBeforeDestroy   bool
}

// withIgnored is a replacement that somebody asked for, and that takes over what the configuration ignored until then. The
// provider cannot tell it from one whose plan has spoken.
const withIgnored = "what was ignored"

// plan is what one run of terraform plan leaves. Its states are the refreshed ones.
type plan struct {
	at      time.Time
	serial  int
	states  map[string]*instance
	changes []*change
	failed  bool
	// configured are the configurations that the plan was made from.
	configured map[string]*configuration
}

func (p *plan) empty() bool {
	return !p.failed && !slices.ContainsFunc(p.changes, func(c *change) bool { return c.action != noOp })
}

// keeps reports whether the refresh changed nothing.
func (p *plan) keeps(states map[string]*instance) bool {
	for address, state := range p.states {
		old := states[address]
		if old == nil {
			old = &instance{}
		}
		if (old.current == nil) != (state.current == nil) || len(old.deposed) != len(state.deposed) ||
			state.current != nil && !state.current.value.Equal(old.current.value) {
			return false
		}
	}
	return true
}

// run is one process of Terraform with its provider.
type run struct {
	w           *world
	team        *team
	server      tfprotov6.ProviderServer
	stop        context.CancelFunc
	ctx         context.Context
	parallel    bool
	interrupted bool // Terraform asked the provider to stop, and begins nothing more
	killed      bool // the processes are gone: nothing that comes is saved
	interruptAt int  // the request, counted from 1, that an interrupt comes with
	killAt      int
	requests    int

	mu       sync.Mutex
	said     []*tfprotov6.Diagnostic // errors and warnings, as a person reads them
	failures int
}

// start starts a provider. A configuration that fails fails the run.
func (w *world) start(t *team) *run {
	r := &run{w: w, team: t}
	r.ctx, r.stop = context.WithCancel(w.loggingContext())
	options := provider.Options{
		Version: t.name, Now: func() time.Time { return time.Now().Add(t.skew) },
		Tune: func(config *alphamoon.Config) {
			config.Transport = &route{r}
			config.Jitter = w.jitter
			if w.paced {
				config.ParallelPages = 1 // who goes first of those that wait would be a matter of luck
			}
		},
	}
	r.server = providerserver.NewProtocol6(provider.New(options)())()
	kind := schemas().Provider.ValueType()
	arguments := map[string]any{"api_key": t.credential, "base_url": "http://127.0.0.1", "request_timeout": "30s"}
	response, err := r.server.ConfigureProvider(r.ctx, &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4", Config: encode(kind, build(kind, arguments)),
	})
	r.must(err)
	r.hear("provider", response.Diagnostics)
	return r
}

// addressKey is where the context of a call holds the address that it is about.
type addressKey struct{}

func (r *run) at(address string) context.Context {
	return context.WithValue(r.ctx, addressKey{}, address)
}

// end is the end of the processes.
func (r *run) end() { r.stop() }

func (r *run) must(err error) {
	if err != nil && !r.killed {
		r.w.fail("the protocol failed: %v", err)
	}
}

// hear notes diagnostics and reports whether an error is among them.
func (r *run) hear(about string, diagnostics []*tfprotov6.Diagnostic) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed {
		return true // nobody is there to read
	}
	failed := false
	for _, d := range diagnostics {
		r.said = append(r.said, d)
		failed = failed || d.Severity == tfprotov6.DiagnosticSeverityError
		r.w.hear(r, about, d)
	}
	if failed {
		r.failures++
	}
	return failed
}

// text is all that was said in this run.
func (r *run) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	for _, d := range r.said {
		fmt.Fprintf(&text, "%s: %s: %s\n", d.Severity, d.Summary, d.Detail)
	}
	return text.String()
}

// each does something for every address, one after the other, or a moment apart as Terraform's workers do.
func (r *run) each(addresses []string, do func(address string)) {
	if !r.parallel {
		for _, address := range addresses {
			do(address)
		}
		return
	}
	var group sync.WaitGroup
	for i, address := range addresses {
		group.Go(func() {
			time.Sleep(time.Duration(i) * 1300 * time.Microsecond)
			do(address)
		})
	}
	group.Wait()
}

type planOptions struct {
	destroy, noRefresh bool
	replace            []string // addresses
}

// plan runs terraform plan.
func (r *run) plan(options planOptions) *plan {
	p := &plan{at: time.Now(), serial: r.team.serial, states: map[string]*instance{}, configured: map[string]*configuration{}}
	for address, c := range r.team.configurations {
		p.configured[address] = c.copy()
	}
	if r.failures > 0 {
		p.failed = true
		return p
	}
	known := map[string]bool{}
	for address := range r.team.configurations {
		known[address] = true
	}
	for address := range r.team.states {
		known[address] = true
	}
	addresses := slices.Sorted(maps.Keys(known))
	changes := map[string][]*change{}
	var mu sync.Mutex
	r.each(addresses, func(address string) {
		state, failed := r.refresh(address, options.noRefresh)
		var planned []*change
		if !failed {
			for _, old := range state.deposed {
				c, ok := r.planDestroy(address, old)
				if c.action = destroyDeposed; ok {
					planned = append(planned, c)
				}
				failed = failed || !ok
			}
			c, ok := r.planOne(address, r.team.configurations[address], state.current, options)
			if failed = failed || !ok; ok && c != nil {
				planned = append(planned, c)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		p.states[address], changes[address], p.failed = state, planned, p.failed || failed
	})
	for _, address := range addresses {
		p.changes = append(p.changes, changes[address]...)
	}
	return p
}

// refresh reads all objects of an address.
func (r *run) refresh(address string, skip bool) (state *instance, failed bool) {
	state = &instance{}
	old := r.team.states[address]
	if old == nil {
		return state, false
	}
	read := func(o *object) *object {
		if o == nil || skip {
			return o
		}
		kind := schemas().ResourceSchemas[o.kind].ValueType()
		response, err := r.server.ReadResource(r.at(address), &tfprotov6.ReadResourceRequest{
			TypeName: o.kind, CurrentState: encode(kind, o.value), Private: o.private, CurrentIdentity: o.identity,
		})
		r.must(err)
		if err != nil || r.hear(address, response.Diagnostics) {
			failed = true
			return o
		}
		value := decode(kind, response.NewState)
		switch {
		case value.IsNull():
			r.w.left(r, o)
			return nil
		case !value.IsFullyKnown():
			r.w.fail("%s: Provider returned invalid result object after refresh: unknown values", address)
		}
		for _, name := range []string{"name", "scopes", "expires_at", "created_at", "status"} {
			if attribute(value, name).IsNull() && !attribute(o.value, name).IsNull() {
				r.w.fail("%s: a listing that leaves out %s takes it from the state", address, name)
			}
		}
		return &object{o.kind, value, response.Private, response.NewIdentity, o.tainted}
	}
	for _, o := range old.deposed {
		if o = read(o); o != nil {
			state.deposed = append(state.deposed, o)
		}
	}
	state.current = read(old.current)
	return state, failed
}

func (r *run) planDestroy(address string, o *object) (*change, bool) {
	kind := schemas().ResourceSchemas[o.kind].ValueType()
	null := encode(kind, tftypes.NewValue(kind, nil))
	response, err := r.server.PlanResourceChange(r.at(address), &tfprotov6.PlanResourceChangeRequest{
		TypeName: o.kind, PriorState: encode(kind, o.value), ProposedNewState: null, Config: null,
		PriorPrivate: o.private, PriorIdentity: o.identity,
	})
	c := &change{address: address, kind: o.kind, action: destroy, prior: o, planned: tftypes.NewValue(kind, nil)}
	r.must(err)
	if err != nil || r.hear(address, response.Diagnostics) {
		return c, false
	}
	if !decode(kind, response.PlannedState).IsNull() {
		r.w.fail("%s: Provider produced invalid plan: a destruction that leaves something", address)
	}
	c.private, c.identity = response.PlannedPrivate, response.PlannedIdentity
	return c, true
}

// planOne plans one address. The change is nil if there is nothing at all.
func (r *run) planOne(address string, conf *configuration, current *object, options planOptions) (*change, bool) {
	if conf == nil || options.destroy {
		if current == nil {
			return nil, true
		}
		return r.planDestroy(address, current)
	}
	schema := schemas().ResourceSchemas[conf.kind]
	kind := schema.ValueType()
	config := build(kind, conf.arguments)
	original := config
	if !conf.valid {
		validated, err := r.server.ValidateResourceConfig(r.at(address), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: conf.kind, Config: encode(kind, config),
		})
		r.must(err)
		if err != nil || r.hear(address, validated.Diagnostics) {
			return nil, false
		}
		conf.valid = true
	}
	prior := tftypes.NewValue(kind, nil)
	if current != nil && !current.tainted {
		prior = current.value
		config = ignoreChanges(schema, conf.ignore, config, prior)
	}
	c := &change{
		address: address, kind: conf.kind, prior: current, config: config, createBeforeDestroy: conf.createBeforeDestroy,
	}
	ask := func(prior tftypes.Value, private []byte, identity *tfprotov6.ResourceIdentityData, again bool) (*tfprotov6.PlanResourceChangeResponse, bool) {
		response, err := r.server.PlanResourceChange(r.at(address), &tfprotov6.PlanResourceChangeRequest{
			TypeName: conf.kind, PriorState: encode(kind, prior), ProposedNewState: encode(kind, propose(schema, prior, config)),
			Config: encode(kind, config), PriorPrivate: private, PriorIdentity: identity,
		})
		r.must(err)
		if err != nil {
			return nil, false
		}
		diagnostics := response.Diagnostics
		if again { // warnings of the second planning are dropped
			diagnostics = slices.DeleteFunc(diagnostics, func(d *tfprotov6.Diagnostic) bool {
				return d.Severity != tfprotov6.DiagnosticSeverityError
			})
		}
		if r.hear(address, diagnostics) {
			return nil, false
		}
		c.planned, c.private, c.identity = decode(kind, response.PlannedState), response.PlannedPrivate, response.PlannedIdentity
		r.checkPlan(address, schema, prior, config, c.planned)
		return response, true
	}
	var private []byte
	var identity *tfprotov6.ResourceIdentityData
	if !prior.IsNull() {
		private, identity = current.private, current.identity
	}
	response, ok := ask(prior, private, identity, false)
	if !ok {
		return nil, false
	}
	for _, path := range response.RequiresReplace {
		name := string(path.Steps()[0].(tftypes.AttributeName))
		if !prior.IsNull() && !attribute(c.planned, name).Equal(attribute(prior, name)) {
			c.reasons = append(c.reasons, name)
		}
	}
	slices.Sort(c.reasons)
	for _, reason := range c.reasons {
		if slices.Contains(inPlace, reason) {
			r.w.fail("%s: %s makes a new key", address, reason)
		}
	}
	replace := destroyCreate
	if conf.createBeforeDestroy {
		replace = createDestroy
	}
	switch {
	case prior.IsNull() && current != nil:
		c.action, c.reasons = replace, []string{"tainted"}
	case prior.IsNull():
		c.action = create
	case len(c.reasons) > 0 || slices.Contains(options.replace, address):
		c.action = replace
		if slices.Contains(options.replace, address) {
			c.reasons = append(c.reasons, "asked for")
			if len(conf.ignore) > 0 {
				c.reasons = append(c.reasons, withIgnored)
			}
		}
		// What is new ignores nothing.
		config, c.config = original, original
		if _, ok := ask(tftypes.NewValue(kind, nil), c.private, c.identity, true); !ok {
			return nil, false
		}
	case c.planned.Equal(prior):
		c.action = noOp
	default:
		c.action = update
	}
	return c, true
}

// propose is Terraform's first idea of the new state: the configuration, and the prior state where it leaves open what
// the provider computes.
func propose(schema *tfprotov6.Schema, prior, config tftypes.Value) tftypes.Value {
	proposed := attributes(config)
	for _, a := range schema.Block.Attributes {
		if a.Computed && proposed[a.Name].IsNull() && !prior.IsNull() {
			proposed[a.Name] = attribute(prior, a.Name)
		}
	}
	return tftypes.NewValue(config.Type(), proposed)
}

// ignoreChanges takes what is ignored from the prior state.
func ignoreChanges(schema *tfprotov6.Schema, ignored []string, config, prior tftypes.Value) tftypes.Value {
	result := attributes(config)
	for _, a := range schema.Block.Attributes {
		if slices.Contains(ignored, a.Name) || slices.Contains(ignored, "all") && (a.Required || a.Optional) {
			result[a.Name] = attribute(prior, a.Name)
		}
	}
	return tftypes.NewValue(config.Type(), result)
}

// checkPlan refuses what Terraform refuses as an invalid plan.
func (r *run) checkPlan(address string, schema *tfprotov6.Schema, prior, config, planned tftypes.Value) {
	for _, a := range schema.Block.Attributes {
		configured, plan := attribute(config, a.Name), attribute(planned, a.Name)
		switch {
		case plan.Equal(configured):
		case !prior.IsNull() && !configured.IsNull() && plan.Equal(attribute(prior, a.Name)):
		case a.Computed && configured.IsNull():
		default:
			r.w.fail("%s: Provider produced invalid plan: %s is planned as %s, configured as %s", address, a.Name, plan, configured)
		}
	}
}

// compatible returns the attribute of a value that contradicts what was planned, if there is one.
func compatible(planned, actual tftypes.Value) string {
	for _, name := range slices.Sorted(maps.Keys(attributes(planned))) {
		if plan := attribute(planned, name); plan.IsFullyKnown() && !plan.Equal(attribute(actual, name)) {
			return name
		}
	}
	return ""
}

// apply runs terraform apply for a plan and reports whether all went well. Nothing is left of it after a kill.
func (r *run) apply(p *plan) bool {
	r.w.mu.Lock()
	r.w.oracle.applies[r.team.name]++
	r.w.mu.Unlock()
	r.mu.Lock()
	before := r.failures
	r.mu.Unlock()
	if before > 0 {
		return false
	}
	states := map[string]*instance{}
	for address, state := range p.states {
		states[address] = &instance{state.current, slices.Clone(state.deposed)}
	}
	var addresses []string
	byAddress := map[string][]*change{}
	for _, c := range p.changes {
		if byAddress[c.address] == nil {
			addresses = append(addresses, c.address)
		}
		byAddress[c.address] = append(byAddress[c.address], c)
	}
	r.each(addresses, func(address string) {
		for _, c := range byAddress[address] {
			if r.stopped() {
				return
			}
			r.w.count("action: " + c.action)
			r.carryOut(c, states[address])
		}
	})
	if r.killed {
		return false
	}
	for address, state := range states {
		if state.current == nil && len(state.deposed) == 0 {
			delete(states, address)
		}
	}
	r.team.states, r.team.serial = states, r.team.serial+1
	return r.failures == before && !r.interrupted
}

func (r *run) stopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.interrupted || r.killed
}

func (r *run) carryOut(c *change, state *instance) {
	switch c.action {
	case noOp:
	case create:
		r.make(c, state)
	case update:
		r.change(c, state)
	case destroy:
		if r.remove(c, c.prior, c.private) {
			state.current = nil
		}
	case destroyDeposed:
		if r.remove(c, c.prior, c.private) {
			state.deposed = slices.DeleteFunc(state.deposed, func(o *object) bool { return o == c.prior })
		}
	case destroyCreate:
		if !r.remove(c, c.prior, c.private) || r.stopped() {
			return
		}
		state.current = nil
		r.make(c, state)
	case createDestroy:
		old := state.current
		state.deposed, state.current = append(state.deposed, old), nil
		if !r.make(c, state) {
			if state.current == nil { // nothing came of it
				state.deposed, state.current = state.deposed[:len(state.deposed)-1], old
			}
			return
		}
		if r.stopped() {
			return
		}
		again, ok := r.planDestroy(c.address, old)
		again.reasons = c.reasons
		if ok && r.remove(again, old, again.private) {
			state.deposed = slices.DeleteFunc(state.deposed, func(o *object) bool { return o == old })
		}
	}
}

// final asks for the plan once more, as an apply does, and checks that it keeps to the first one.
func (r *run) final(c *change, prior tftypes.Value, private []byte, identity *tfprotov6.ResourceIdentityData) (planned tftypes.Value, _ *tfprotov6.PlanResourceChangeResponse, ok bool) {
	schema := schemas().ResourceSchemas[c.kind]
	kind := schema.ValueType()
	response, err := r.server.PlanResourceChange(r.at(c.address), &tfprotov6.PlanResourceChangeRequest{
		TypeName: c.kind, PriorState: encode(kind, prior), ProposedNewState: encode(kind, propose(schema, prior, c.config)),
		Config: encode(kind, c.config), PriorPrivate: private, PriorIdentity: identity,
	})
	r.must(err)
	if err != nil || r.hear(c.address, response.Diagnostics) {
		return planned, nil, false
	}
	planned = decode(kind, response.PlannedState)
	r.checkPlan(c.address, schema, prior, c.config, planned)
	if !prior.IsNull() && len(response.RequiresReplace) > 0 {
		for _, path := range response.RequiresReplace {
			name := string(path.Steps()[0].(tftypes.AttributeName))
			if !attribute(planned, name).Equal(attribute(prior, name)) {
				r.w.fail("%s: Provider produced inconsistent final plan: the action changed from update to replace because of %s", c.address, name)
			}
		}
	}
	if name := compatible(c.planned, planned); name != "" {
		r.w.fail("%s: Provider produced inconsistent final plan: %s was %s and is %s", c.address, name,
			attribute(c.planned, name), attribute(planned, name))
	}
	return planned, response, true
}

func (r *run) make(c *change, state *instance) bool {
	kind := schemas().ResourceSchemas[c.kind].ValueType()
	null := tftypes.NewValue(kind, nil)
	planned, response, ok := r.final(c, null, nil, nil)
	if !ok {
		return false
	}
	value, made, failed := r.applyChange(c, null, planned, c.config, response.PlannedPrivate, response.PlannedIdentity)
	if !value.IsNull() {
		state.current = &object{c.kind, value, made.Private, made.NewIdentity, failed}
		if made.NewIdentity == nil && !failed {
			r.w.fail("%s: Provider produced invalid object: no identity", c.address)
		}
	} else if !failed {
		r.w.fail("%s: Provider produced inconsistent result after apply: root object was present, but now absent", c.address)
	}
	return !failed
}

func (r *run) change(c *change, state *instance) {
	planned, response, ok := r.final(c, c.prior.value, c.prior.private, c.prior.identity)
	if !ok || planned.Equal(c.prior.value) {
		return
	}
	value, made, failed := r.applyChange(c, c.prior.value, planned, c.config, response.PlannedPrivate, response.PlannedIdentity)
	if value.IsNull() {
		if !failed {
			r.w.fail("%s: Provider produced inconsistent result after apply: root object is absent", c.address)
		}
		return
	}
	state.current = &object{c.kind, value, made.Private, made.NewIdentity, c.prior.tainted}
}

// remove destroys an object and reports whether it is gone from the state.
func (r *run) remove(c *change, o *object, private []byte) bool {
	r.w.sets(o)
	null := tftypes.NewValue(o.value.Type(), nil)
	value, _, failed := r.applyChange(c, o.value, null, null, private, c.identity)
	if !failed && !value.IsNull() {
		r.w.fail("%s: Provider returned an object after a destruction", c.address)
	}
	if gone := value.IsNull() && !failed; gone && !r.killed {
		r.w.forgotten(r, c, o)
		return true
	}
	return false
}

func (r *run) applyChange(c *change, prior, planned, config tftypes.Value, private []byte, identity *tfprotov6.ResourceIdentityData) (tftypes.Value, *tfprotov6.ApplyResourceChangeResponse, bool) {
	kind := schemas().ResourceSchemas[c.kind].ValueType()
	response, err := r.server.ApplyResourceChange(r.at(c.address), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: c.kind, PriorState: encode(kind, prior), PlannedState: encode(kind, planned), Config: encode(kind, config),
		PlannedPrivate: private, PlannedIdentity: identity,
	})
	r.must(err)
	if err != nil {
		return tftypes.NewValue(kind, nil), &tfprotov6.ApplyResourceChangeResponse{}, true
	}
	failed := r.hear(c.address, response.Diagnostics)
	value := decode(kind, response.NewState)
	switch {
	case value.IsNull():
	case !value.IsFullyKnown():
		r.w.fail("%s: Provider returned invalid result object after apply: unknown values", c.address)
	case !failed && !planned.IsNull():
		if name := compatible(planned, value); name != "" {
			r.w.fail("%s: Provider produced inconsistent result after apply: %s was %s and is %s", c.address, name,
				attribute(planned, name), attribute(value, name))
		}
	}
	return value, response, failed
}

// adopt runs terraform import.
func (r *run) adopt(address, kind, id string) bool {
	response, err := r.server.ImportResourceState(r.at(address), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	r.must(err)
	if err != nil || r.hear(address, response.Diagnostics) || len(response.ImportedResources) != 1 {
		return false
	}
	imported := response.ImportedResources[0]
	o := &object{kind: kind, private: imported.Private, identity: imported.Identity}
	o.value = decode(schemas().ResourceSchemas[kind].ValueType(), imported.State)
	old := r.team.states[address]
	r.team.states[address] = &instance{current: o}
	state, failed := r.refresh(address, false)
	if r.team.states[address] = state; failed || state.current == nil {
		delete(r.team.states, address)
		if old != nil {
			r.team.states[address] = old
		}
		return false
	}
	r.team.serial++
	return true
}

func encode(kind tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	encoded, err := tfprotov6.NewDynamicValue(kind, value)
	if err != nil {
		panic(err)
	}
	return &encoded
}

func decode(kind tftypes.Type, value *tfprotov6.DynamicValue) tftypes.Value {
	if value == nil {
		return tftypes.NewValue(kind, nil)
	}
	decoded, err := value.Unmarshal(kind)
	if err != nil {
		panic(err)
	}
	return decoded
}

// build makes an object of Go values; what is not given is null.
func build(kind tftypes.Type, given map[string]any) tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, attributeType := range kind.(tftypes.Object).AttributeTypes {
		value := given[name]
		switch v := value.(type) {
		case []string:
			var elements []tftypes.Value
			for _, element := range v {
				elements = append(elements, tftypes.NewValue(tftypes.String, element))
			}
			value = elements
		case map[string]string:
			elements := map[string]tftypes.Value{}
			for key, element := range v {
				elements[key] = tftypes.NewValue(tftypes.String, element)
			}
			value = elements
		}
		values[name] = tftypes.NewValue(attributeType, value)
	}
	return tftypes.NewValue(kind, values)
}

func attributes(object tftypes.Value) map[string]tftypes.Value {
	var values map[string]tftypes.Value
	if err := object.As(&values); err != nil {
		panic(err)
	}
	return maps.Clone(values)
}

func attribute(object tftypes.Value, name string) tftypes.Value {
	var values map[string]tftypes.Value
	if err := object.As(&values); err != nil {
		panic(err)
	}
	return values[name]
}

// text is a string attribute, empty if it is null or unknown.
func text(object tftypes.Value, name string) (result string) {
	if value := attribute(object, name); value.IsKnown() && !value.IsNull() {
		_ = value.As(&result)
	}
	return result
}

func truth(object tftypes.Value, name string) (result bool) {
	if value := attribute(object, name); value.IsKnown() && !value.IsNull() {
		_ = value.As(&result)
	}
	return result
}
