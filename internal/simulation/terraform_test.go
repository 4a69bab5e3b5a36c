// Package simulation runs the provider and the service from a seed on a virtual clock: months of several programs, and
// an oracle that knows the truth. It has tests only.
package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
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
	return must(server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{}))
})

// must is for calls that cannot fail: a provider of the framework answers with diagnostics.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// object is a key as a state or a plan holds it. Its value is null if there is none.
type object struct {
	kind     string
	value    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	tainted  bool
}

// nothing is no object, as the protocol has it.
func nothing(kind string) *object {
	return &object{kind: kind, value: tftypes.NewValue(schemas().ResourceSchemas[kind].ValueType(), nil)}
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
	address, action string
	reasons         []string
	config          tftypes.Value
	prior, planned  *object
}

// withIgnored is a reason beside "asked for": the new key also takes over what ignore_changes held back. The provider cannot
// distinguish that from a replacement of which the plan has warned.
const withIgnored = "what was ignored"

// plan is what one run of terraform plan leaves. Its states are the refreshed ones.
type plan struct {
	serial  int
	states  map[string]*instance
	changes []*change
	failed  bool
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
	instance    frameworkprovider.Provider
	server      tfprotov6.ProviderServer
	stop        context.CancelFunc
	ctx         context.Context
	began       time.Time
	parallel    bool
	interruptAt int // the request, counted from 1, that an interrupt comes with
	killAt      int

	mu          sync.Mutex
	interrupted bool // Terraform asked the provider to stop, and begins nothing more
	killed      bool // the processes are gone: nothing that comes is saved
	requests    int
	said        strings.Builder // errors and warnings, as a person reads them
	failures    int
}

// start starts a provider. A configuration that fails fails the run.
func (w *world) start(t *team) *run {
	r := &run{w: w, team: t, began: time.Now()}
	r.ctx, r.stop = context.WithCancel(w.loggingContext())
	options := provider.Options{
		Version: t.name, Now: func() time.Time { return time.Now().Add(t.skew) },
		Tune: func(config *alphamoon.Config) {
			config.Transport = &route{r}
			config.Jitter = w.jitter
		},
	}
	r.instance = provider.New(options)()
	r.server = providerserver.NewProtocol6(r.instance)()
	kind := schemas().Provider.ValueType()
	arguments := map[string]any{"api_key": t.credential, "base_url": "http://127.0.0.1", "request_timeout": "30s"}
	response := must(r.server.ConfigureProvider(r.ctx, &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4", Config: encode(build(kind, arguments)),
	}))
	r.hear("provider", response.Diagnostics)
	return r
}

// end is the end of the processes. A provider that was not killed tidies up as well as it can.
func (r *run) end() {
	if !r.killed {
		ctx, cancel := context.WithTimeout(r.w.loggingContext(), 4*time.Second)
		defer cancel()
		provider.RevokeOpenKeys(ctx, r.instance)
	}
	r.stop()
}

// addressKey is where the context of a call holds the address that it is about.
type addressKey struct{}

func (r *run) at(address string) context.Context {
	return context.WithValue(r.ctx, addressKey{}, address)
}

// hear notes diagnostics and reports whether an error is among them.
func (r *run) hear(about string, diagnostics []*tfprotov6.Diagnostic) (failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed {
		return true // nobody is there to read
	}
	for _, d := range diagnostics {
		fmt.Fprintf(&r.said, "%s: %s: %s\n", d.Severity, d.Summary, d.Detail)
		failed = failed || d.Severity == tfprotov6.DiagnosticSeverityError
		r.w.hear(r, about, d)
	}
	if failed {
		r.failures++
	}
	return failed
}

// each does something for every address, one after the other, or a moment apart as Terraform's workers do.
func (r *run) each(addresses []string, do func(address string)) {
	var group sync.WaitGroup
	for i, address := range addresses {
		if !r.parallel {
			do(address)
			continue
		}
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
	p := &plan{serial: r.team.serial, states: map[string]*instance{}, failed: r.failures > 0}
	if p.failed {
		return p
	}
	closing := r.open()
	addresses := slices.AppendSeq(slices.Collect(maps.Keys(r.team.configurations)), maps.Keys(r.team.states))
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	changes := map[string][]*change{}
	var mu sync.Mutex
	r.each(addresses, func(address string) {
		state, failed := r.refresh(address, options.noRefresh)
		var planned []*change
		if !failed {
			for _, old := range state.deposed {
				c, ok := r.planDestroy(address, old)
				c.action = destroyDeposed
				if failed = failed || !ok; ok {
					planned = append(planned, c)
				}
			}
			c, ok := r.planOne(address, state.current, options)
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
	closing()
	p.failed = p.failed || r.failures > 0
	return p
}

// open opens the ephemeral key of the team, and returns what closes it: Terraform does not after a run that failed or was
// interrupted.
func (r *run) open() (closing func()) {
	const address = "ephemeral"
	if r.team.ephemeral == nil || r.w.jitter(2) > 0 { // a run in three needs it
		return func() {}
	}
	r.w.opens(r)
	kind := schemas().EphemeralResourceSchemas[processKind].ValueType()
	opened := must(r.server.OpenEphemeralResource(r.at(address), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: processKind, Config: encode(build(kind, r.team.ephemeral)),
	}))
	r.hear(address, opened.Diagnostics)
	return func() {
		if r.failures > 0 || r.stopped() {
			return
		}
		r.w.count("action: ephemeral key closed")
		closed := must(r.server.CloseEphemeralResource(r.at(address), &tfprotov6.CloseEphemeralResourceRequest{
			TypeName: processKind, Private: opened.Private,
		}))
		r.hear(address, closed.Diagnostics)
	}
}

// list reads the data source of a process's keys, and returns each as its id, name and status.
func (r *run) list(process string) (keys []string) {
	const name = "alphamoon_process_api_keys"
	kind := schemas().DataSourceSchemas[name].ValueType()
	response := must(r.server.ReadDataSource(r.at("data"), &tfprotov6.ReadDataSourceRequest{
		TypeName: name, Config: encode(build(kind, map[string]any{"process_id": process})),
	}))
	if r.hear("data", response.Diagnostics) {
		return nil
	}
	var listed []tftypes.Value
	if err := attribute(decode(kind, response.State), "api_keys").As(&listed); err != nil {
		panic(err)
	}
	for _, key := range listed {
		keys = append(keys, plainID(text(key, "id"))+" "+text(key, "name")+" "+text(key, "status"))
	}
	slices.Sort(keys)
	return keys
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
		response := must(r.server.ReadResource(r.at(address), &tfprotov6.ReadResourceRequest{
			TypeName: o.kind, CurrentState: encode(o.value), Private: o.private, CurrentIdentity: o.identity,
		}))
		if r.hear(address, response.Diagnostics) {
			failed = true
			return o
		}
		value := decode(o.value.Type(), response.NewState)
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

// planChange asks the provider for a plan that leads from one object to a configuration, or to nothing. The reasons are the
// arguments whose change makes a new object. Terraform drops the warnings of a quiet plan.
func (r *run) planChange(address string, prior *object, config tftypes.Value, quiet bool) (planned *object, reasons []string, ok bool) {
	proposed := config
	if !config.IsNull() {
		proposed = propose(prior, config)
	}
	response := must(r.server.PlanResourceChange(r.at(address), &tfprotov6.PlanResourceChangeRequest{
		TypeName: prior.kind, PriorState: encode(prior.value), ProposedNewState: encode(proposed), Config: encode(config),
		PriorPrivate: prior.private, PriorIdentity: prior.identity,
	}))
	if r.hear(address, slices.DeleteFunc(response.Diagnostics, func(d *tfprotov6.Diagnostic) bool {
		return quiet && d.Severity != tfprotov6.DiagnosticSeverityError
	})) {
		return nil, nil, false
	}
	planned = &object{
		kind: prior.kind, value: decode(config.Type(), response.PlannedState),
		private: response.PlannedPrivate, identity: response.PlannedIdentity,
	}
	r.checkPlan(address, prior, config, planned.value)
	for _, path := range response.RequiresReplace {
		name := string(path.Steps()[0].(tftypes.AttributeName))
		if !prior.value.IsNull() && !attribute(planned.value, name).Equal(attribute(prior.value, name)) {
			reasons = append(reasons, name)
		}
	}
	slices.Sort(reasons)
	return planned, reasons, true
}

func (r *run) planDestroy(address string, o *object) (c *change, ok bool) {
	c = &change{address: address, action: destroy, config: nothing(o.kind).value, prior: o}
	c.planned, _, ok = r.planChange(address, o, c.config, false)
	return c, ok
}

// planOne plans one address. The change is nil if there is nothing at all.
func (r *run) planOne(address string, current *object, options planOptions) (*change, bool) {
	conf := r.team.configurations[address]
	switch {
	case conf != nil && !options.destroy:
	case current == nil:
		return nil, true
	default:
		return r.planDestroy(address, current)
	}
	prior := nothing(conf.kind)
	config := build(prior.value.Type(), conf.arguments)
	if !conf.valid {
		validated := must(r.server.ValidateResourceConfig(r.at(address), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: conf.kind, Config: encode(config),
		}))
		if r.hear(address, validated.Diagnostics) {
			return nil, false
		}
		conf.valid = true
	}
	c := &change{address: address, config: config, prior: current}
	if current != nil && !current.tainted {
		prior = current
		c.config = ignoreChanges(prior, conf.ignore, config)
	}
	var ok bool
	if c.planned, c.reasons, ok = r.planChange(address, prior, c.config, false); !ok {
		return nil, false
	}
	for _, reason := range c.reasons {
		if slices.Contains(inPlace, reason) {
			r.w.fail("%s: %s makes a new key", address, reason)
		}
	}
	replace, asked := destroyCreate, slices.Contains(options.replace, address)
	if conf.createBeforeDestroy {
		replace = createDestroy
	}
	switch {
	case prior.value.IsNull() && current != nil:
		c.action, c.reasons = replace, []string{"tainted"}
	case prior.value.IsNull():
		c.action = create
	case asked || len(c.reasons) > 0:
		if c.action = replace; asked {
			c.reasons = append(c.reasons, "asked for")
			if len(conf.ignore) > 0 {
				c.reasons = append(c.reasons, withIgnored)
			}
		}
		c.config = config // what is new ignores nothing
		anew := nothing(conf.kind)
		anew.private, anew.identity = c.planned.private, c.planned.identity
		c.planned, _, ok = r.planChange(address, anew, config, true)
	case c.planned.value.Equal(prior.value):
		c.action = noOp
	default:
		c.action = update
	}
	return c, ok
}

// propose is Terraform's first idea of the new state: the configuration, and the prior state where it leaves open what
// the provider computes.
func propose(prior *object, config tftypes.Value) tftypes.Value {
	proposed := attributes(config)
	for _, a := range prior.schema() {
		if a.Computed && proposed[a.Name].IsNull() && !prior.value.IsNull() {
			proposed[a.Name] = attribute(prior.value, a.Name)
		}
	}
	return tftypes.NewValue(config.Type(), proposed)
}

// ignoreChanges takes what is ignored from the prior state.
func ignoreChanges(prior *object, ignored []string, config tftypes.Value) tftypes.Value {
	result := attributes(config)
	for _, a := range prior.schema() {
		if slices.Contains(ignored, a.Name) || slices.Contains(ignored, "all") && (a.Required || a.Optional) {
			result[a.Name] = attribute(prior.value, a.Name)
		}
	}
	return tftypes.NewValue(config.Type(), result)
}

func (o *object) schema() []*tfprotov6.SchemaAttribute {
	return schemas().ResourceSchemas[o.kind].Block.Attributes
}

// checkPlan refuses what Terraform refuses as an invalid plan.
func (r *run) checkPlan(address string, prior *object, config, planned tftypes.Value) {
	if config.IsNull() {
		if !planned.IsNull() {
			r.w.fail("%s: Provider produced invalid plan: a destruction that leaves something", address)
		}
		return
	}
	for _, a := range prior.schema() {
		configured, plan := attribute(config, a.Name), attribute(planned, a.Name)
		switch {
		case plan.Equal(configured):
		case !prior.value.IsNull() && !configured.IsNull() && plan.Equal(attribute(prior.value, a.Name)):
		case a.Computed && configured.IsNull():
		default:
			r.w.fail("%s: Provider produced invalid plan: %s is planned as %s, configured as %s", address, a.Name, plan, configured)
		}
	}
}

// keepsTo refuses a value that contradicts what was planned.
func (r *run) keepsTo(address, what string, planned, actual tftypes.Value) {
	for _, name := range slices.Sorted(maps.Keys(attributes(planned))) {
		if plan := attribute(planned, name); plan.IsFullyKnown() && !plan.Equal(attribute(actual, name)) {
			r.w.fail("%s: Provider produced inconsistent %s: %s was %s and is %s", address, what, name, plan, attribute(actual, name))
		}
	}
}

// apply runs terraform apply for a plan and reports whether all went well. Nothing is left of it after a kill.
func (r *run) apply(p *plan) bool {
	r.w.mu.Lock()
	r.w.oracle.applies[r.team.name]++
	r.w.mu.Unlock()
	if r.failures > 0 {
		return false
	}
	closing := r.open()
	states := map[string]*instance{}
	for address, state := range p.states {
		states[address] = &instance{state.current, slices.Clone(state.deposed)}
	}
	var addresses []string
	for _, c := range p.changes {
		addresses = append(addresses, c.address)
	}
	r.each(slices.Compact(addresses), func(address string) {
		for _, c := range p.changes {
			if c.address == address && !r.stopped() {
				r.w.count("action: " + c.action)
				r.carryOut(c, states[address])
			}
		}
	})
	if closing(); r.killed {
		return false
	}
	maps.DeleteFunc(states, func(_ string, state *instance) bool { return state.current == nil && len(state.deposed) == 0 })
	r.team.states, r.team.serial = states, r.team.serial+1
	return r.failures == 0 && !r.interrupted
}

func (r *run) stopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.interrupted || r.killed
}

func (r *run) carryOut(c *change, state *instance) {
	old := state.current
	switch c.action {
	case noOp:
	case create, update:
		r.make(c, state)
	case destroy:
		if r.remove(c) {
			state.current = nil
		}
	case destroyDeposed:
		r.removeDeposed(c, state)
	case destroyCreate:
		if r.remove(c) {
			if state.current = nil; !r.stopped() {
				r.make(c, state)
			}
		}
	case createDestroy:
		state.deposed, state.current = append(state.deposed, old), nil
		switch made := r.make(c, state); {
		case state.current == nil: // nothing came of it
			state.deposed, state.current = state.deposed[:len(state.deposed)-1], old
		case made && !r.stopped():
			r.w.succeeds(old, state.current)
			if again, ok := r.planDestroy(c.address, old); ok {
				again.reasons = c.reasons
				r.removeDeposed(again, state)
			}
		}
	}
}

// make creates or changes an object, and reports whether that went well. An apply asks for the plan once more, with all
// values that have become known, and the provider has to keep to the first one.
func (r *run) make(c *change, state *instance) bool {
	prior := nothing(c.planned.kind)
	if c.action == update {
		prior = c.prior
	}
	final, reasons, ok := r.planChange(c.address, prior, c.config, false)
	if !ok {
		return false
	}
	if len(reasons) > 0 {
		r.w.fail("%s: Provider produced inconsistent final plan: %v make an update a replacement", c.address, reasons)
	}
	r.keepsTo(c.address, "final plan", c.planned.value, final.value)
	if final.value.Equal(prior.value) {
		return true
	}
	made, ok := r.applyChange(c.address, prior, final, c.config)
	if !made.value.IsNull() {
		state.current = made
	}
	switch {
	case !ok:
	case made.value.IsNull():
		r.w.fail("%s: Provider produced inconsistent result after apply: root object was present, but now absent", c.address)
	case made.identity == nil:
		r.w.fail("%s: Provider produced invalid object: no identity", c.address)
	}
	made.tainted = prior.tainted || prior.value.IsNull() && !ok
	return ok
}

// remove destroys the object of a change and reports whether it is gone from the state.
func (r *run) remove(c *change) bool {
	r.w.sets(c.prior)
	none := nothing(c.prior.kind)
	none.private, none.identity = c.planned.private, c.planned.identity
	left, ok := r.applyChange(c.address, c.prior, none, none.value)
	if ok && !left.value.IsNull() {
		r.w.fail("%s: Provider returned an object after a destruction", c.address)
	}
	switch gone := left.value.IsNull() && ok; {
	case r.dead():
	case gone:
		r.w.forgotten(r, c)
		return true
	default:
		c.prior.private = left.private // with what the plan noted
	}
	return false
}

func (r *run) removeDeposed(c *change, state *instance) {
	if r.remove(c) {
		state.deposed = slices.DeleteFunc(state.deposed, func(o *object) bool { return o == c.prior })
	}
}

func (r *run) applyChange(address string, prior, planned *object, config tftypes.Value) (result *object, ok bool) {
	response := must(r.server.ApplyResourceChange(r.at(address), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: prior.kind, PriorState: encode(prior.value), PlannedState: encode(planned.value), Config: encode(config),
		PlannedPrivate: planned.private, PlannedIdentity: planned.identity,
	}))
	ok = !r.hear(address, response.Diagnostics)
	result = &object{
		kind: prior.kind, value: decode(config.Type(), response.NewState), private: response.Private, identity: response.NewIdentity,
	}
	switch {
	case result.value.IsNull():
	case !result.value.IsFullyKnown():
		r.w.fail("%s: Provider returned invalid result object after apply: unknown values: %s", address, result.value)
	case ok && !config.IsNull():
		r.keepsTo(address, "result after apply", planned.value, result.value)
	}
	return result, ok
}

// adopt runs terraform import.
func (r *run) adopt(address, kind, id string) bool {
	response := must(r.server.ImportResourceState(r.at(address), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id}))
	if r.hear(address, response.Diagnostics) || len(response.ImportedResources) != 1 {
		return false
	}
	imported := response.ImportedResources[0]
	o := nothing(kind)
	o.value, o.private, o.identity = decode(o.value.Type(), imported.State), imported.Private, imported.Identity
	r.team.states[address] = &instance{current: o}
	state, failed := r.refresh(address, false)
	if failed || state.current == nil {
		delete(r.team.states, address)
		return false
	}
	r.team.states[address] = state
	r.team.serial++
	return true
}

func encode(value tftypes.Value) *tfprotov6.DynamicValue {
	encoded := must(tfprotov6.NewDynamicValue(value.Type(), value))
	return &encoded
}

func decode(kind tftypes.Type, value *tfprotov6.DynamicValue) tftypes.Value {
	if value == nil {
		return tftypes.NewValue(kind, nil)
	}
	return must(value.Unmarshal(kind))
}

// build makes an object of Go values; what is not given is null.
func build(kind tftypes.Type, given map[string]any) tftypes.Value {
	return must((&tfprotov6.DynamicValue{JSON: must(json.Marshal(given))}).Unmarshal(kind))
}

func attributes(object tftypes.Value) (values map[string]tftypes.Value) {
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
