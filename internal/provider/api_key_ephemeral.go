package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

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

// apiKeyEphemeral mints a key of either kind for one run.
type apiKeyEphemeral struct {
	kind apiKeyKind
	data *providerData
}

var (
	_ ephemeral.EphemeralResourceWithConfigure = (*apiKeyEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithClose     = (*apiKeyEphemeral)(nil)
)

// ephemeralModel holds the attributes of both kinds. Those that a kind does not have stay null.
type ephemeralModel struct {
	ProcessID               types.String
	Name                    types.String
	Scopes                  types.Set
	AllowUndocumentedScopes types.Bool
	ExpiresIn               types.String
	RevokeOnClose           types.Bool
	ID                      types.String
	Key                     types.String
	ExpiresAt               types.String
}

func (m *ephemeralModel) fields() []field {
	return []field{
		bindString("process_id", &m.ProcessID),
		bindString("name", &m.Name),
		bind[types.Set]("scopes", types.SetType{ElemType: texts}, &m.Scopes),
		bindBool("allow_undocumented_scopes", &m.AllowUndocumentedScopes),
		bindString("expires_in", &m.ExpiresIn),
		bindBool("revoke_on_close", &m.RevokeOnClose),
		bindString("id", &m.ID),
		bindString("key", &m.Key),
		bindString("expires_at", &m.ExpiresAt),
	}
}

// openKey is what Close has to know of the key that Open created.
type openKey struct {
	ProcessID      string    `json:"process_id"`
	ID             string    `json:"id"`
	OrganizationID string    `json:"organization_id"`
	CreatedAt      time.Time `json:"created_at"`
}

// openKeyNote is where the key to revoke stands in the private data.
const openKeyNote = "revoke"

func (e *apiKeyEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + e.kind.typeName
}

func (e *apiKeyEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"name": schema.StringAttribute{
			MarkdownDescription: nameDescription,
			Required:            true,
			Validators:          []validator.String{validators.NotBlank()},
		},
		"scopes": schema.SetAttribute{
			MarkdownDescription: scopesDescription,
			Required:            true,
			ElementType:         texts,
			Validators:          e.kind.scopesValidators(),
		},
		"expires_in": schema.StringAttribute{
			MarkdownDescription: "How long the key lives, such as `30m`; at most `24h`. Default: `1h`.",
			Optional:            true,
			Validators: []validator.String{
				validators.Duration(),
				validators.DurationUpTo(longestEphemeralLifetime),
			},
		},
		"revoke_on_close": schema.BoolAttribute{
			MarkdownDescription: e.kind.revokeOnCloseDescription,
			Optional:            true,
		},
		"id":  schema.StringAttribute{MarkdownDescription: "The id of the key.", Computed: true},
		"key": schema.StringAttribute{MarkdownDescription: keyDescription, Computed: true, Sensitive: true},
		"expires_at": schema.StringAttribute{
			MarkdownDescription: "When the key expires, as an RFC 3339 date and time.", Computed: true,
		},
	}
	if e.kind.ofProcess {
		attributes["process_id"] = schema.StringAttribute{
			MarkdownDescription: processIDDescription,
			Required:            true,
			Validators:          []validator.String{validators.ProcessID()},
		}
	}
	if e.kind.catalogue {
		attributes["allow_undocumented_scopes"] = schema.BoolAttribute{
			MarkdownDescription: "Whether `scopes` may name scopes that the service does not document. Default: `false`.",
			Optional:            true,
		}
	}
	resp.Schema = schema.Schema{MarkdownDescription: e.kind.ephemeralDescription, Attributes: attributes}
}

func (e *apiKeyEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// Open creates a key. A key that is created and cannot be used is revoked or named in the error, for it lives on.
func (e *apiKeyEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model ephemeralModel
	resp.Diagnostics.Append(loadObject(ctx, req.Config.Raw, model.fields())...)
	client := e.data.requireClient("create ephemeral keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted := model.request(e.data.now(), &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	order := keyOrder{
		kind: e.kind, name: wanted.Name, processID: model.ProcessID.ValueString(), expiry: "expires_in",
		revokes: e.kind.revokes, revocation: "revoke_on_close",
	}
	if !model.RevokeOnClose.IsNull() {
		order.revokes = model.RevokeOnClose.ValueBool()
	}
	keys := e.kind.keys(client, order.processID)
	key, err := keys.Create(ctx, wanted, alphamoon.CreateOptions{RevokeRemains: order.revokes})
	if err != nil {
		resp.Diagnostics.Append(creationDiagnostics(err, order)...)
		return
	}
	if problems := unusable(wanted, key); len(problems) > 0 {
		resp.Diagnostics.AddError("Ephemeral key cannot be used",
			fmt.Sprintf("The service created the key %s of %s otherwise than asked for: %s. %s", key.ID, order.owner(),
				strings.Join(problems, "; "), discard(ctx, keys, key, order)))
		return
	}
	if order.revokes {
		note, err := json.Marshal(openKey{order.processID, key.ID, key.OrganizationID, key.CreatedAt.Time})
		if err != nil {
			resp.Diagnostics.Append(defect("The key to revoke cannot be noted: " + err.Error())...)
			return
		}
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, openKeyNote, note)...)
	}
	model.ID, model.Key, model.ExpiresAt = types.StringValue(key.ID), types.StringValue(key.Key.Reveal()), instantOrNull(key.ExpiresAt.Time)
	result, diags := storeObject(ctx, req.Config.Raw.Type(), model.fields())
	resp.Diagnostics.Append(diags...)
	resp.Result.Raw = result
}

// unusable says what is wrong with a created key.
func unusable(wanted alphamoon.APIKeyRequest, key *alphamoon.CreatedAPIKey) (problems []string) {
	if key.Key.IsZero() {
		problems = append(problems, "the answer does not have the secret")
	}
	for _, field := range wanted.Differences(key.APIKey) {
		problems = append(problems, describeGrant(field, key.APIKey))
	}
	return problems
}

// discard gets rid of a key that cannot be used, if that is permitted, and says what became of it.
func discard(ctx context.Context, keys *alphamoon.APIKeys, key *alphamoon.CreatedAPIKey, order keyOrder) string {
	fate := "It is valid until it expires"
	if !key.ExpiresAt.IsZero() {
		fate = "It is valid until " + formatInstant(key.ExpiresAt.Time)
	}
	if order.revokes {
		err := keys.Revoke(ctx, alphamoon.Sought{ID: key.ID, OrganizationID: key.OrganizationID, CreatedAt: key.CreatedAt.Time})
		if err == nil {
			return "It was revoked; try again."
		}
		fate += ", because revoking it failed: " + strings.TrimSuffix(sentence(whyNotRevoked(err)), ".")
	}
	return fate + "; delete it " + order.kind.place + ", and try again."
}

// Close revokes the key if that was asked for.
func (e *apiKeyEphemeral) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	raw, diags := req.Private.GetKey(ctx, openKeyNote)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || raw == nil {
		return
	}
	var key openKey
	if err := json.Unmarshal(raw, &key); err != nil {
		resp.Diagnostics.Append(defect("The note of the key to revoke cannot be read: " + err.Error())...)
		return
	}
	client := e.data.requireClient("revoke ephemeral keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := e.kind.keys(client, key.ProcessID).Revoke(ctx, alphamoon.Sought{ID: key.ID, OrganizationID: key.OrganizationID, CreatedAt: key.CreatedAt}); err != nil {
		resp.Diagnostics.AddError("Ephemeral key could not be revoked", fmt.Sprintf("Whether the key %s of %s still "+
			"works is not certain: %s It expires by itself. To end it sooner, delete it %s; or set revoke_on_close = "+
			"false to let such keys expire.", key.ID, e.kind.owner(key.ProcessID), sentence(whyNotRevoked(err)),
			e.kind.place))
	}
}

// request translates the configuration into what the API is asked for.
func (m *ephemeralModel) request(now time.Time, diags *diag.Diagnostics) alphamoon.APIKeyRequest {
	lifetime := defaultEphemeralLifetime
	if !m.ExpiresIn.IsNull() {
		var err error
		if lifetime, err = rotation.ParseDuration(m.ExpiresIn.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("expires_in"), "Invalid duration", err.Error())
		}
	}
	return alphamoon.APIKeyRequest{
		Name:      m.Name.ValueString(),
		Scopes:    elements(m.Scopes.Elements()),
		ExpiresAt: now.Add(lifetime),
	}
}
