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

func newProcessAPIScopesDataSource() datasource.DataSource { return processAPIScopesDataSource{} }

// processAPIScopesDataSource needs neither the service nor the provider's configuration.
type processAPIScopesDataSource struct{}

var _ datasource.DataSource = processAPIScopesDataSource{}

type processAPIScopesModel struct {
	Groups types.Set     `tfsdk:"groups"`
	Names  []string      `tfsdk:"names"`
	Scopes []scopeObject `tfsdk:"scopes"`
}

type scopeObject struct {
	Name        string `tfsdk:"name"`
	Group       string `tfsdk:"group"`
	Description string `tfsdk:"description"`
}

func (processAPIScopesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest,
	resp *datasource.MetadataResponse,
) {
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
				ElementType:         types.StringType,
				Validators: []validator.Set{
					validators.FilledSet("Name at least one group, like Results, or remove the argument."),
					setvalidator.ValueStringsAre(validators.ScopeGroup()),
				},
			},
			"names": schema.SetAttribute{
				MarkdownDescription: "The names of the scopes, to be used as `scopes` of a key.",
				Computed:            true,
				ElementType:         types.StringType,
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
	var model processAPIScopesModel
	var groups []string
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	resp.Diagnostics.Append(model.Groups.ElementsAs(ctx, &groups, false)...)
	if resp.Diagnostics.HasError() {
		return
	}
	for _, scope := range alphamoon.Scopes() {
		if model.Groups.IsNull() || slices.Contains(groups, scope.Group) {
			model.Names = append(model.Names, scope.Name)
			model.Scopes = append(model.Scopes, scopeObject(scope))
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
