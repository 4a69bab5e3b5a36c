package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const resourceType = "alphamoon_process_api_key"

// protocol drives a provider as Terraform does, but in process: it is what makes thousands of operations, and
// states and diagnostics to the letter, possible.
type protocol struct {
	tfprotov6.ProviderServer
	t       testing.TB
	schemas *tfprotov6.GetProviderSchemaResponse
	// resourceType is the kind of key that the operations are about.
	resourceType string
	// listing configures the list resource. Nil lists the default process.
	listing values
}

// of returns the same provider for keys of another kind.
func (p *protocol) of(resourceType string) *protocol {
	other := *p
	other.resourceType = resourceType
	return &other
}

type values = map[string]any

// connect configures a provider for the fixture's sandbox.
func (f *fixture) connect(arguments values) *protocol {
	f.t.Helper()
	server, err := f.factories()["alphamoon"]()
	if err != nil {
		f.t.Fatal(err)
	}
	return f.configure(server, arguments)
}

// configure configures a provider that may have served before.
func (f *fixture) configure(server tfprotov6.ProviderServer, arguments values) *protocol {
	f.t.Helper()
	p := &protocol{ProviderServer: server, t: f.t, resourceType: resourceType}
	var err error
	if p.schemas, err = schemasOnce(); err != nil {
		f.t.Fatal(err)
	}
	config := values{"api_key": sandbox.DefaultCredential, "base_url": f.URL}
	for name, value := range arguments {
		config[name] = value
	}
	kind := p.schemas.Provider.ValueType()
	response, err := server.ConfigureProvider(f.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4", Config: p.encode(kind, p.object(kind, config)),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if text := describe(response.Diagnostics); text != "" {
		f.t.Fatal(text)
	}
	return p
}

// outcome is what an operation left: the state, null if there is none, and the diagnostics in one text.
type outcome struct {
	state       tftypes.Value
	private     []byte
	identity    *tfprotov6.ResourceIdentityData
	diagnostics string
	failed      bool
}

// text returns a string attribute of the state, empty if it is null.
func (o outcome) text(name string) string {
	var attributes map[string]tftypes.Value
	var text string
	if o.state.IsNull() || o.state.As(&attributes) != nil || attributes[name].IsNull() ||
		attributes[name].As(&text) != nil {
		return ""
	}
	return text
}

func (p *protocol) kind() tftypes.Type { return p.schemas.ResourceSchemas[p.resourceType].ValueType() }

// create plans and applies a new key.
func (p *protocol) create(ctx context.Context, arguments values) outcome {
	kind := p.kind()
	config := p.encode(kind, p.object(kind, arguments))
	null := p.encode(kind, tftypes.NewValue(kind, nil))
	plan, err := p.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: p.resourceType, PriorState: null, ProposedNewState: config, Config: config,
	})
	p.must(err)
	if failed(plan.Diagnostics) {
		return outcome{state: tftypes.NewValue(kind, nil), diagnostics: describe(plan.Diagnostics), failed: true}
	}
	return p.apply(ctx, null, plan.PlannedState, config, plan.PlannedPrivate)
}

// destroy applies a destruction; the outcome's state is null if it worked.
func (p *protocol) destroy(ctx context.Context, prior outcome) outcome {
	kind := p.kind()
	null := p.encode(kind, tftypes.NewValue(kind, nil))
	return p.apply(ctx, p.encode(kind, prior.state), null, null, prior.private)
}

func (p *protocol) apply(ctx context.Context, prior, planned, config *tfprotov6.DynamicValue, private []byte) outcome {
	response, err := p.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: p.resourceType, PriorState: prior, PlannedState: planned, Config: config, PlannedPrivate: private,
	})
	p.must(err)
	return p.outcome(response.NewState, response.Private, response.NewIdentity, response.Diagnostics)
}

// read refreshes a state.
func (p *protocol) read(ctx context.Context, prior outcome) outcome {
	response, err := p.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName:        p.resourceType,
		CurrentState:    p.encode(p.kind(), prior.state),
		Private:         prior.private,
		CurrentIdentity: prior.identity,
	})
	p.must(err)
	return p.outcome(response.NewState, response.Private, response.NewIdentity, response.Diagnostics)
}

// adopt imports a key.
func (p *protocol) adopt(ctx context.Context, id string) outcome {
	return p.importState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: p.resourceType, ID: id})
}

func (p *protocol) importState(ctx context.Context, request *tfprotov6.ImportResourceStateRequest) outcome {
	response, err := p.ImportResourceState(ctx, request)
	p.must(err)
	if len(response.ImportedResources) == 0 {
		return outcome{
			state:       tftypes.NewValue(p.kind(), nil),
			diagnostics: describe(response.Diagnostics),
			failed:      failed(response.Diagnostics),
		}
	}
	imported := response.ImportedResources[0]
	return p.outcome(imported.State, imported.Private, imported.Identity, response.Diagnostics)
}

// list reads the data source.
func (p *protocol) list(ctx context.Context, arguments values) outcome {
	kind := p.schemas.DataSourceSchemas[p.resourceType+"s"].ValueType()
	response, err := p.ReadDataSource(
		ctx,
		&tfprotov6.ReadDataSourceRequest{
			TypeName: p.resourceType + "s",
			Config:   p.encode(kind, p.object(kind, arguments)),
		},
	)
	p.must(err)
	result := outcome{
		state:       tftypes.NewValue(kind, nil),
		diagnostics: describe(response.Diagnostics),
		failed:      failed(response.Diagnostics),
	}
	if response.State != nil {
		result.state, err = response.State.Unmarshal(kind)
		p.must(err)
	}
	return result
}

func (p *protocol) outcome(state *tfprotov6.DynamicValue, private []byte, identity *tfprotov6.ResourceIdentityData,
	diagnostics []*tfprotov6.Diagnostic,
) outcome {
	value, err := state.Unmarshal(p.kind())
	p.must(err)
	return outcome{
		state:       value,
		private:     private,
		identity:    identity,
		diagnostics: describe(diagnostics),
		failed:      failed(diagnostics),
	}
}

func (p *protocol) encode(kind tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	encoded, err := tfprotov6.NewDynamicValue(kind, value)
	p.must(err)
	return &encoded
}

// object builds a value of an object type; attributes that are not given are null.
func (p *protocol) object(kind tftypes.Type, given values) tftypes.Value {
	object, ok := kind.(tftypes.Object)
	if !ok {
		p.t.Fatalf("%s is no object", kind)
	}
	attributes := map[string]tftypes.Value{}
	for name, attributeType := range object.AttributeTypes {
		value := given[name]
		if elements, ok := value.([]string); ok {
			var texts []tftypes.Value
			for _, element := range elements {
				texts = append(texts, tftypes.NewValue(tftypes.String, element))
			}
			value = texts
		}
		attributes[name] = tftypes.NewValue(attributeType, value)
	}
	return tftypes.NewValue(kind, attributes)
}

// must ends the test for a failure of the protocol itself, which no fault of the service may cause.
func (p *protocol) must(err error) {
	if err != nil {
		panic(fmt.Sprintf("the protocol failed: %v", err))
	}
}

func describe(diagnostics []*tfprotov6.Diagnostic) string {
	var texts []string
	for _, diagnostic := range diagnostics {
		texts = append(texts, fmt.Sprintf("%s: %s: %s", diagnostic.Severity, diagnostic.Summary, diagnostic.Detail))
	}
	return strings.Join(texts, "\n")
}

func failed(diagnostics []*tfprotov6.Diagnostic) bool {
	for _, diagnostic := range diagnostics {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}
