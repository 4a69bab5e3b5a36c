package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// processAPIScopesDataSource needs neither the service nor the provider's configuration.
type processAPIScopesDataSource struct{}

func (processAPIScopesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_process_api_scopes"
}

func (processAPIScopesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The documented catalogue of scopes. It is built into the provider; reading it sends no request. " +
			"The service has more scopes than it documents.",
		Attributes: map[string]schema.Attribute{
			"groups": schema.SetAttribute{
				MarkdownDescription: "Keeps only the scopes of these groups, like `Results`. Default: all.",
				Optional:            true,
				ElementType:         texts,
				Validators: []validator.Set{
					validators.FilledSet("Name at least one group, like Results, or remove the argument."),
					setvalidator.ValueStringsAre(validators.ScopeGroup()),
				},
			},
			"names": schema.SetAttribute{
				MarkdownDescription: "The names of the scopes, to be used as `scopes` of a key.",
				Computed:            true,
				ElementType:         texts,
			},
			"scopes": schema.ListNestedAttribute{
				MarkdownDescription: "The scopes, in the order of the documentation.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name":        computedText("The name of the scope, like `workspace.result:read`."),
					"group":       computedText("The group under which the service documents it."),
					"description": computedText("What it permits."),
				}},
			},
		},
	}
}

func (processAPIScopesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var groups types.Set
	resp.Diagnostics.Append(loadObject(ctx, req.Config.Raw, []field{bindSet("groups", &groups)})...)
	if resp.Diagnostics.HasError() {
		return
	}
	var names []string
	var scopes []alphamoon.Scope
	for _, scope := range alphamoon.Scopes() {
		if groups.IsNull() || slices.Contains(elements(groups.Elements()), scope.Group) {
			names, scopes = append(names, scope.Name), append(scopes, scope)
		}
	}
	setResult(resp, req.Config.Raw, object{"names": textSet(names)}, "scopes", scopes, func(scope alphamoon.Scope) object {
		return object{
			"name": textOrNull(scope.Name), "group": textOrNull(scope.Group), "description": textOrNull(scope.Description),
		}
	})
}
