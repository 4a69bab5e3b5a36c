package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

const (
	// An ephemeral key cannot be revoked for sure, so that it must not live for long.
	defaultEphemeralLifetime = time.Hour
	longestEphemeralLifetime = 24 * time.Hour
)

func newProcessAPIKeyEphemeral() ephemeral.EphemeralResource { return &processAPIKeyEphemeral{} }

type processAPIKeyEphemeral struct{ session *session }

var (
	_ ephemeral.EphemeralResourceWithConfigure = (*processAPIKeyEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithClose     = (*processAPIKeyEphemeral)(nil)
)

type processAPIKeyEphemeralModel struct {
	ProcessID               types.String `tfsdk:"process_id"`
	Name                    types.String `tfsdk:"name"`
	Scopes                  types.Set    `tfsdk:"scopes"`
	AllowUndocumentedScopes types.Bool   `tfsdk:"allow_undocumented_scopes"`
	ExpiresIn               types.String `tfsdk:"expires_in"`
	RevokeOnClose           types.Bool   `tfsdk:"revoke_on_close"`
	ID                      types.String `tfsdk:"id"`
	Key                     types.String `tfsdk:"key"`
	ExpiresAt               types.String `tfsdk:"expires_at"`
}

// openKey is what Close has to know of the key that Open created.
type openKey struct {
	ProcessID string `json:"process_id"`
	ID        string `json:"id"`
}

// openKeyName is where the key to revoke stands in the private data.
const openKeyName = "revoke"

func (e *processAPIKeyEphemeral) Metadata(_ context.Context, request ephemeral.MetadataRequest, response *ephemeral.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_process_api_key"
}

func (e *processAPIKeyEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, response *ephemeral.SchemaResponse) {
	response.Schema = schema.Schema{
		MarkdownDescription: "A short-lived API key of a process that stands in no state and no plan. Every plan and every apply creates one, " +
			"which lives until it expires unless it is revoked.",
		Attributes: map[string]schema.Attribute{
			"process_id": schema.StringAttribute{
				MarkdownDescription: "The process that the key gives access to.",
				Required:            true,
				Validators:          []validator.String{validators.ProcessID()},
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "The name of the key, as the web application shows it.",
				Required:            true,
				Validators:          []validator.String{validators.NotBlank()},
			},
			"scopes": schema.SetAttribute{
				MarkdownDescription: "What the key permits, at least one scope such as `workspace.result:read`.",
				Required:            true,
				ElementType:         types.StringType,
				Validators: []validator.Set{
					setvalidator.SizeAtLeast(1), setvalidator.NoNullValues(), setvalidator.ValueStringsAre(validators.Scope()),
					validators.DocumentedScopes("allow_undocumented_scopes"),
				},
			},
			"allow_undocumented_scopes": schema.BoolAttribute{
				MarkdownDescription: "Whether `scopes` may name scopes that the service does not document. Default: `false`.",
				Optional:            true,
			},
			"expires_in": schema.StringAttribute{
				MarkdownDescription: "How long the key lives, such as `30m`; at most `24h`. Default: `1h`.",
				Optional:            true,
				Validators:          []validator.String{validators.Duration(), validators.DurationUpTo(longestEphemeralLifetime)},
			},
			"revoke_on_close": schema.BoolAttribute{
				MarkdownDescription: "Whether the key is revoked when Terraform no longer needs it. The API documents this for organization keys only; " +
					"the provider tries it, looks whether it worked, and fails if not. Default: `false`.",
				Optional: true,
			},
			"id":  schema.StringAttribute{MarkdownDescription: "The id of the key.", Computed: true},
			"key": schema.StringAttribute{MarkdownDescription: "The key itself, in the form `user:pass`.", Computed: true, Sensitive: true},
			"expires_at": schema.StringAttribute{
				MarkdownDescription: "When the key expires, as an RFC 3339 date and time.", Computed: true,
			},
		},
	}
}

func (e *processAPIKeyEphemeral) Configure(_ context.Context, request ephemeral.ConfigureRequest, response *ephemeral.ConfigureResponse) {
	e.session = sessionFrom(request.ProviderData, &response.Diagnostics)
}

// Open creates a key. A key that is created and cannot be used is named in the error, for it lives on.
func (e *processAPIKeyEphemeral) Open(ctx context.Context, request ephemeral.OpenRequest, response *ephemeral.OpenResponse) {
	var model processAPIKeyEphemeralModel
	response.Diagnostics.Append(request.Config.Get(ctx, &model)...)
	client := e.session.requireClient("create an ephemeral process API key", &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	wanted := model.request(ctx, e.session.now(), &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	creation := alphamoon.Creation{ProcessID: model.ProcessID.ValueString(), Request: wanted, RevokeTwins: model.RevokeOnClose.ValueBool()}
	key, strays, err := client.CreateProcessAPIKey(ctx, creation)
	if err != nil {
		response.Diagnostics.Append(creationDiagnostics(err, subject{
			name: wanted.Name, processID: creation.ProcessID, expiry: "expires_in", revokes: creation.RevokeTwins, revocation: "revoke_on_close",
		})...)
		return
	}
	warnOfStrays(strays, wanted.Name, creation.ProcessID, key.ID, &response.Diagnostics)
	var problems []string
	if key.Key.IsZero() {
		problems = append(problems, "the answer does not have the secret")
	}
	for _, field := range wanted.Differences(key.ProcessAPIKey) {
		problems = append(problems, describeGrant(field, key.ProcessAPIKey))
	}
	if len(problems) > 0 {
		response.Diagnostics.AddError("Ephemeral key cannot be used",
			fmt.Sprintf("The service created the key %s of process %s otherwise than asked for: %s. It is valid until %s; delete it in the web application "+
				"(process, Configuration, API keys), and try again.", key.ID, creation.ProcessID, strings.Join(problems, "; "), formatInstant(key.ExpiresAt.Time)))
		return
	}
	if model.RevokeOnClose.ValueBool() {
		note, err := json.Marshal(openKey{creation.ProcessID, key.ID})
		if err != nil {
			response.Diagnostics.AddError("Defect in the Alphamoon provider", "The key to revoke cannot be noted: "+err.Error()+". Please report this.")
			return
		}
		response.Diagnostics.Append(response.Private.SetKey(ctx, openKeyName, note)...)
	}
	model.ID, model.Key, model.ExpiresAt = types.StringValue(key.ID), types.StringValue(key.Key.Reveal()), instantOrNull(key.ExpiresAt.Time)
	response.Diagnostics.Append(response.Result.Set(ctx, &model)...)
}

// Close revokes the key if that was asked for.
func (e *processAPIKeyEphemeral) Close(ctx context.Context, request ephemeral.CloseRequest, response *ephemeral.CloseResponse) {
	raw, diags := request.Private.GetKey(ctx, openKeyName)
	response.Diagnostics.Append(diags...)
	if response.Diagnostics.HasError() || raw == nil {
		return
	}
	var key openKey
	if err := json.Unmarshal(raw, &key); err != nil {
		response.Diagnostics.AddError("Defect in the Alphamoon provider", "The note of the key to revoke cannot be read: "+err.Error()+". Please report this.")
		return
	}
	client := e.session.requireClient("revoke an ephemeral process API key", &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	revoked, refusal, err := client.RevokeProcessAPIKey(ctx, key.ProcessID, key.ID)
	if revoked {
		return
	}
	happened := whyNotRevoked(cmp.Or(err, refusal))
	response.Diagnostics.AddError("Ephemeral key could not be revoked",
		fmt.Sprintf("Whether the key %s of process %s still works is not certain: %s. It expires by itself. To end it sooner, delete it in the web application "+
			"(process, Configuration, API keys); or set revoke_on_close = false to let such keys expire.", key.ID, key.ProcessID, happened))
}

// request translates the configuration into what the API is asked for.
func (m *processAPIKeyEphemeralModel) request(ctx context.Context, now time.Time, diags *diag.Diagnostics) alphamoon.ProcessAPIKeyRequest {
	lifetime := defaultEphemeralLifetime
	if !m.ExpiresIn.IsNull() {
		var err error
		if lifetime, err = rotation.ParseDuration(m.ExpiresIn.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("expires_in"), "Invalid duration", err.Error())
		}
	}
	request := alphamoon.ProcessAPIKeyRequest{Name: m.Name.ValueString(), ExpiresAt: now.Add(lifetime)}
	diags.Append(m.Scopes.ElementsAs(ctx, &request.Scopes, false)...)
	return request
}
