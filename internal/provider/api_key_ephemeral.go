package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

const (
	// An ephemeral key cannot be revoked for sure, so that it must not live for long.
	defaultEphemeralLifetime = "1h"
	longestEphemeralLifetime = 24 * time.Hour
	// interruptedRevocation is how long the revocation of a key may take whose opening was interrupted.
	interruptedRevocation = 4 * time.Second
	// openKeyNote is where the id of the key to revoke stands in the private data.
	openKeyNote = "revoke"
)

// apiKeyEphemeral mints a key of either kind for one run.
type apiKeyEphemeral struct {
	kind apiKeyKind
	data *providerData
}

// openKey is a key that Open created and that Close is to revoke.
type openKey struct {
	creation keyCreation
	keys     *alphamoon.APIKeys
	ref      alphamoon.KeyRef
}

// openKeys are the keys that are not revoked yet, by what is noted of them in the private data. They keep the credential
// that created them, with which a provider that was configured anew in between revokes them too.
type openKeys struct{ byNote sync.Map }

// revoke revokes all of them at once: Terraform gives an ending provider two seconds, and closes no key after a run that
// failed or was interrupted. Nobody is left to read an error.
func (o *openKeys) revoke(ctx context.Context) {
	var group sync.WaitGroup
	for _, key := range o.byNote.Range {
		group.Go(func() { _ = key.(openKey).keys.Revoke(ctx, key.(openKey).ref) })
	}
	group.Wait()
}

func (e *apiKeyEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + e.kind.typeName
}

func (e *apiKeyEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"name": schema.StringAttribute{
			MarkdownDescription: nameDescription,
			Optional:            true,
			Computed:            true,
			Validators:          []validator.String{validators.Name(), validators.ExactlyOneOf("name", "name_prefix")},
		},
		"name_prefix": schema.StringAttribute{
			MarkdownDescription: namePrefixDescription,
			Optional:            true,
			Validators:          []validator.String{validators.Name()},
		},
		"scopes": schema.SetAttribute{
			MarkdownDescription: scopesDescription,
			Required:            true,
			ElementType:         texts,
			Validators:          e.kind.scopesValidators(),
		},
		"expires_in": schema.StringAttribute{
			MarkdownDescription: "How long the key lives, like `30m`; at most `24h`. Default: `1h`.",
			Optional:            true,
			Validators:          []validator.String{validators.Duration("30m"), validators.DurationUpTo(longestEphemeralLifetime)},
		},
		"revoke_on_close": schema.BoolAttribute{
			MarkdownDescription: e.kind.revokeOnCloseDescription,
			Optional:            true,
		},
		"id":         schema.StringAttribute{MarkdownDescription: "The id of the key.", Computed: true},
		"key":        schema.StringAttribute{MarkdownDescription: keyDescription, Computed: true, Sensitive: true},
		"expires_at": schema.StringAttribute{MarkdownDescription: "When the key expires, as an RFC 3339 date and time.", Computed: true},
	}
	if e.kind.ofProcess {
		attributes["process_id"] = schema.StringAttribute{
			MarkdownDescription: processIDDescription,
			Required:            true,
			Validators:          []validator.String{validators.ProcessID()},
		}
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
	defer e.data.finish(&resp.Diagnostics)
	var model apiKeyModel
	var revokeOnClose types.Bool
	fields := append(model.fields(), bindBool("revoke_on_close", &revokeOnClose))
	resp.Diagnostics.Append(loadObject(ctx, req.Config.Raw, fields)...)
	client := e.data.requireClient("create ephemeral keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	effective := model // with the defaults, which the result does not show
	if model.ExpiresIn.IsNull() {
		effective.ExpiresIn = types.StringValue(defaultEphemeralLifetime)
	}
	now := e.data.now()
	creation := effective.creation(e.kind, now)
	wanted := effective.request(now, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	creation.revokes, creation.revocation = e.kind.revokes, "revoke_on_close"
	if !revokeOnClose.IsNull() {
		creation.revokes = revokeOnClose.ValueBool()
	}
	keys := e.kind.keys(client, creation.processID)
	key, err := keys.Create(ctx, wanted, creation.options())
	if err != nil {
		resp.Diagnostics.Append(creationDiagnostics(e.data.markRepeated(err), creation, &e.data.run)...)
		return
	}
	var problems []string
	if key.Key.IsZero() {
		problems = append(problems, "the answer does not have the secret")
	}
	if missing := wanted.Granted(key.APIKey).Missing; len(missing) > 0 {
		problems = append(problems, fmt.Sprintf("it lacks the scopes %s, and has %s", joinTexts(missing), joinTexts(key.Scopes)))
	}
	if grant := wanted.Granted(key.APIKey); grant.Over {
		problems = append(problems, fmt.Sprintf("its expiry %q is over, where %q was asked for (if the service rounds expiries, ask "+
			"for a longer life)", formatInstant(grant.ExpiresAt), formatInstant(wanted.ExpiresAt)))
	}
	if len(problems) > 0 {
		resp.Diagnostics.AddError("Ephemeral key cannot be used",
			fmt.Sprintf("The service created the key %s of %s but %s. %s", key.ID, creation.owner(),
				strings.Join(problems, "; "), discard(ctx, keys, key, creation)))
		return
	}
	resp.Diagnostics.Append(creation.warnOfGrant(wanted, key.APIKey)...)
	if creation.revokes {
		if ctx.Err() != nil {
			// Terraform drops the answers of a run that ends, and would never close the key.
			resp.Diagnostics.AddError("Interrupted", fmt.Sprintf("The key %s of %s was created while the run was interrupted. %s",
				key.ID, creation.owner(), discard(ctx, keys, key, creation)))
			return
		}
		note, _ := json.Marshal(key.ID) // a text never fails
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, openKeyNote, note)...)
		e.data.opened.byNote.Store(string(note), openKey{creation, keys, key.Ref()})
	}
	model.Name = effective.Name
	model.ID, model.Key = types.StringValue(key.ID), types.StringValue(key.Key.Reveal())
	model.ExpiresAt = stringOrNull(instantOrEmpty(key.ExpiresAt.Time))
	resp.Diagnostics.Append(storeObject(ctx, &resp.Result.Raw, fields)...)
}

// discard gets rid of a key that cannot be used, if that is permitted, and says what became of it.
func discard(ctx context.Context, keys *alphamoon.APIKeys, key *alphamoon.CreatedAPIKey, creation keyCreation) string {
	fate := "It is valid until it expires"
	if !key.ExpiresAt.IsZero() {
		fate = "It is valid until " + formatInstant(key.ExpiresAt.Time)
	}
	if creation.revokes {
		if ctx.Err() != nil {
			var cancel func()
			ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), interruptedRevocation)
			defer cancel()
		}
		err := keys.Revoke(ctx, key.Ref())
		if err == nil {
			return "It was revoked; try again."
		}
		fate += ", because revoking it failed: " + strings.TrimSuffix(sentence(whyNotRevoked(err)), ".")
	}
	return fate + "; delete it " + creation.kind.whereToDelete + ", and try again."
}

// Close revokes the key if that was asked for.
func (e *apiKeyEphemeral) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	defer e.data.finish(&resp.Diagnostics)
	raw, diags := req.Private.GetKey(ctx, openKeyNote)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || raw == nil {
		return
	}
	found, _ := e.data.opened.byNote.Load(string(raw))
	key, ok := found.(openKey)
	if !ok {
		resp.Diagnostics.Append(defect(fmt.Sprintf("The provider is to revoke the key %s, which it did not create", raw))...)
		return
	}
	err := key.keys.Revoke(ctx, key.ref)
	if err == nil || ctx.Err() == nil {
		e.data.opened.byNote.Delete(string(raw)) // one that was interrupted is tried once more at the end
	}
	if err != nil {
		resp.Diagnostics.AddError("Ephemeral key could not be revoked", fmt.Sprintf("Whether the key %s of %s still "+
			"works is not certain: %s It expires by itself. To end it sooner, delete it %s; or set revoke_on_close = "+
			"false to let such keys expire.", key.ref.ID, key.creation.owner(), sentence(whyNotRevoked(err)), e.kind.whereToDelete))
	}
}
