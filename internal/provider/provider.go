// Package provider is the Terraform face of the Alphamoon client: schemas, plans, and the translation of errors
// into diagnostics. What the service does is in package alphamoon, what time demands in package rotation.
package provider

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// Address is the provider's source address in the public registry.
const Address = "registry.terraform.io/alphamoon/alphamoon"

// Options are what a provider is built with.
type Options struct {
	// Version goes into the User-Agent.
	Version string
	// Now is the only clock of the provider.
	Now func() time.Time
	// Getenv reads the environment; nil is [os.Getenv].
	Getenv func(name string) string
	// Tune, if set, changes the client's settings, which tests make faster.
	Tune func(*alphamoon.Config)
	// LongWait is how long a run may wait for a rate limit before a warning tells of it. 0 means ten seconds.
	LongWait time.Duration
}

// New returns a factory of providers, as the plugin framework wants it.
func New(options Options) func() provider.Provider {
	if options.Getenv == nil {
		options.Getenv = os.Getenv
	}
	return func() provider.Provider { return &alphamoonProvider{options: options} }
}

type alphamoonProvider struct {
	options Options
	client  atomic.Pointer[alphamoon.Client]
	opened  openKeys
}

// RevokeOpenKeys revokes the ephemeral keys that Terraform did not close, as many as the context's time permits. Call it when nothing
// asks for the provider any more.
func RevokeOpenKeys(ctx context.Context, instance provider.Provider) {
	instance.(*alphamoonProvider).opened.revoke(ctx) // the only kind that New makes
}

func (p *alphamoonProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "alphamoon"
	resp.Version = p.options.Version
}

func (p *alphamoonProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the API keys of Alphamoon document-processing workspaces.",
		Attributes: map[string]schema.Attribute{
			"api_key": schema.StringAttribute{
				MarkdownDescription: "The provider's own API key, in the form `user:pass`. Default: the environment variable " +
					"`ALPHAMOON_API_KEY`.",
				Optional:   true,
				Sensitive:  true,
				Validators: []validator.String{validators.Credential()},
			},
			"base_url": schema.StringAttribute{
				MarkdownDescription: "The address of the service. `http` is for loopback hosts only. Default: the environment " +
					"variable `ALPHAMOON_BASE_URL`, then `https://workspace.alphamoon.ai`.",
				Optional:   true,
				Validators: []validator.String{validators.BaseURL()},
			},
			"max_retries": schema.NumberAttribute{
				MarkdownDescription: "How often a failed request is repeated, 0 to 20. Waits for a rate limit do not count. " +
					"Default: `4`.",
				Optional:   true,
				Validators: []validator.Number{validators.WholeNumber(0, 20)},
			},
			"request_timeout": schema.StringAttribute{
				MarkdownDescription: "How long one attempt of a request may take, like `30s` or `1m30s`. Default: `30s`.",
				Optional:            true,
				Validators:          []validator.String{validators.Duration("30s")},
			},
			"requests_per_second": schema.Float64Attribute{
				MarkdownDescription: "How many requests a run sends in a second at most, like `5` or `0.5`. Default: the " +
					"environment variable `ALPHAMOON_REQUESTS_PER_SECOND`, then no ceiling.",
				Optional:   true,
				Validators: []validator.Float64{validators.AboveZero()},
			},
		},
	}
}

func (p *alphamoonProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	data := newProviderData(ctx, p.options, req, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	data.opened = &p.opened
	// A debugged provider is configured by one run after the other.
	if earlier := p.client.Swap(data.client); earlier != nil {
		earlier.Close()
	}
	if len(data.unknown) > 0 && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
	}
	resp.EphemeralResourceData = data
	resp.ListResourceData = data
	resp.ResourceData = data
	resp.DataSourceData = data
}

// perKind makes one thing for each kind of key.
func perKind[T any](make func(apiKeyKind) T) []func() T {
	var makers []func() T
	for _, kind := range []apiKeyKind{processAPIKey, organizationAPIKey} {
		makers = append(makers, func() T { return make(kind) })
	}
	return makers
}

func (p *alphamoonProvider) Resources(context.Context) []func() resource.Resource {
	return perKind(func(kind apiKeyKind) resource.Resource { return &apiKeyResource{apiKeyType{kind: kind}} })
}

func (p *alphamoonProvider) DataSources(context.Context) []func() datasource.DataSource {
	return append(perKind(func(kind apiKeyKind) datasource.DataSource {
		return &apiKeysDataSource{configuredDataSource{name: kind.typeName + "s"}, kind}
	}),
		func() datasource.DataSource { return processAPIScopesDataSource{} },
		func() datasource.DataSource { return &processDataSource{configuredDataSource{name: "process"}} },
		func() datasource.DataSource { return &processesDataSource{configuredDataSource{name: "processes"}} })
}

func (p *alphamoonProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return append(perKind(func(kind apiKeyKind) ephemeral.EphemeralResource { return &apiKeyEphemeral{kind: kind} }),
		func() ephemeral.EphemeralResource { return decryptedKeyEphemeral{p.options.Getenv} })
}

func (p *alphamoonProvider) ListResources(context.Context) []func() list.ListResource {
	return perKind(func(kind apiKeyKind) list.ListResource { return &apiKeyList{apiKeyType{kind: kind}} })
}

func (p *alphamoonProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{func() function.Function { return processIDFunction{} }}
}

var (
	_ provider.ProviderWithFunctions          = (*alphamoonProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*alphamoonProvider)(nil)
	_ provider.ProviderWithListResources      = (*alphamoonProvider)(nil)
)
