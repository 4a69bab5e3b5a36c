package provider

import (
	"context"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// apiKeyResource manages a key of either kind.
type apiKeyResource struct{ apiKeyType }

var (
	_ resource.ResourceWithConfigure   = (*apiKeyResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*apiKeyResource)(nil)
	_ resource.ResourceWithImportState = (*apiKeyResource)(nil)
	_ resource.ResourceWithIdentity    = (*apiKeyResource)(nil)
	_ resource.ResourceWithMoveState   = (*apiKeyResource)(nil)
)

// apiKeyType is what the resource and the list resource of a kind share.
type apiKeyType struct {
	kind apiKeyKind
	data *providerData
}

func (t *apiKeyType) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + t.kind.typeName
}

func (t *apiKeyType) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	t.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

func (r *apiKeyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.kind.resourceSchema()
}

func (r *apiKeyResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	attributes := map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{Description: "The id of the key.", RequiredForImport: true},
	}
	if r.kind.ofProcess {
		attributes["process_id"] = identityschema.StringAttribute{
			Description:       "The process that the key gives access to.",
			RequiredForImport: true,
		}
	}
	resp.IdentitySchema = identityschema.Schema{Attributes: attributes}
}

// Create saves the id and the secret before anything else can fail: whatever is wrong with the key then, it is
// in the state and can be dealt with.
func (r *apiKeyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.data.finish(&resp.Diagnostics)
	model := loadAPIKey(ctx, req.Plan.Raw, &resp.Diagnostics)
	client := r.data.requireClient("create keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	file := model.openEncryption(ctx, &resp.Diagnostics)
	// A plugin may take its time to open the file, which is not part of the key's life.
	now := r.data.now()
	creation := model.creation(r.kind, now)
	wanted := model.request(now, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	key, err := r.kind.keys(client, creation.processID).Create(ctx, wanted, creation.options())
	if err != nil {
		resp.Diagnostics.Append(creationDiagnostics(r.data.markRepeated(err), creation, &r.data.run)...)
		return
	}
	model.applyCreated(key)
	r.data.run.markCreated(model)
	model.setSecret(key.Key, file, &resp.Diagnostics)
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.store(ctx, &resp.Identity.Raw)...)
	if !model.EncryptedKey.IsNull() {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, fingerprintNote, newFingerprint(key.Key))...)
	}
	notes := keyNotes{SeenBy: r.data.credentialHash()}
	notes.takeGrant(&model, key.ExpiresAt.Time)
	notes.save(ctx, keyNotes{}, resp.Private, &resp.Diagnostics)
	if resp.Diagnostics.Append(creation.judge(wanted, key)...); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.kind.awaitAcceptance(ctx, client, model, key.Key)...)
	}
}

func (r *apiKeyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.data.finish(&resp.Diagnostics)
	model := loadAPIKey(ctx, req.State.Raw, &resp.Diagnostics)
	// A state that was written before Terraform knew of identities gets one here. Also a key that turns out to be
	// gone needs it: the framework demands one after every read.
	resp.Diagnostics.Append(model.store(ctx, &resp.Identity.Raw)...)
	if r.data.keepUnread(&resp.Diagnostics) {
		return
	}
	client := r.data.requireClient("read keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	r.data.run.refreshed.Store(model.ID.ValueString(), true)
	notes := loadNotes(ctx, req.Private, &resp.Diagnostics)
	model.grantedUntil = notes.GrantedUntil
	before, notedBefore := model, notes
	ref := r.ref(model, notes)
	key, err := r.kind.keys(client, model.ProcessID.ValueString()).Find(ctx, ref)
	switch {
	case key != nil:
		notes.takeListed(&model, *key, r.data.credentialHash())
		model.applyListed(*key)
	case err == nil && ref.Expired:
		model.Status = types.StringValue(statusExpired)
	case err == nil:
		resp.Diagnostics.AddWarning(fmt.Sprintf("Key %s is gone", model.describe()), fmt.Sprintf("The key of %s is no longer listed, so "+
			"it leaves the state, and the next apply makes another one if it is still configured. The provider's api_key saw it before.",
			r.kind.owner(model.ProcessID.ValueString())))
		resp.State.RemoveResource(ctx)
		return
	default:
		resp.Diagnostics.Append(r.notRead(err, model)...)
		return
	}
	notes.save(ctx, notedBefore, resp.Private, &resp.Diagnostics)
	// The response begins with the state as it was; writing it anew takes as long as everything else here.
	if !reflect.DeepEqual(before, model) {
		resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	}
}

// ref is what the state and the notes know of a key that is looked for.
func (r *apiKeyResource) ref(model apiKeyModel, notes keyNotes) alphamoon.KeyRef {
	return alphamoon.KeyRef{
		ID: model.ID.ValueString(), CreatedAt: model.createdAt(), Expired: model.expired(r.data.now()),
		NeverSeen: !notes.seen(r.data.credentialHash()),
	}
}

// Update only takes over settings that live in the state: whatever the API would have to change makes a new key.
func (r *apiKeyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer r.data.finish(&resp.Diagnostics)
	model := loadAPIKey(ctx, req.Plan.Raw, &resp.Diagnostics)
	r.data.run.inApply.Store(true)
	if resp.Diagnostics.HasError() {
		return
	}
	if model.RotatesAt.IsUnknown() {
		model.RotatesAt = model.rotatesAt()
	}
	if model.KeyVersion.IsUnknown() {
		config, state := loadAPIKey(ctx, req.Config.Raw, &resp.Diagnostics), loadAPIKey(ctx, req.State.Raw, &resp.Diagnostics)
		r.adoptSecret(ctx, config, state, &model, resp)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.store(ctx, &resp.Identity.Raw)...)
}

// Delete forgets the key or revokes it. A key past its expiry is simply forgotten, whatever revoke_on_destroy says.
func (r *apiKeyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.data.finish(&resp.Diagnostics)
	model := loadAPIKey(ctx, req.State.Raw, &resp.Diagnostics)
	r.data.run.inApply.Store(true)
	notes := loadNotes(ctx, req.Private, &resp.Diagnostics)
	model.grantedUntil = notes.GrantedUntil
	switch {
	case resp.Diagnostics.HasError(), model.expired(r.data.now()):
	case model.RevokeOnDestroy.ValueBool():
		r.revoke(ctx, model, notes, req, resp)
	default:
		r.forget(ctx, model, req, resp)
	}
}

// revoke ends the key at the service. Any error keeps it in the state.
func (r *apiKeyResource) revoke(
	ctx context.Context, model apiKeyModel, notes keyNotes, req resource.DeleteRequest, resp *resource.DeleteResponse,
) {
	client := r.data.requireClient("revoke keys", &resp.Diagnostics)
	fingerprint, diags := req.Private.GetKey(ctx, fingerprintNote)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if isOwnKey(fingerprint, model, client) {
		resp.Diagnostics.AddError("Provider's own key is not revoked",
			fmt.Sprintf("The provider itself uses %s, so it does not revoke it: it would lock itself out. The key stays in the state. "+
				"Give the provider another api_key, then apply again.", r.kind.name(model)))
		return
	}
	if err := r.kind.keys(client, model.ProcessID.ValueString()).Revoke(ctx, r.ref(model, notes)); err != nil {
		resp.Diagnostics.Append(r.notRevoked(err, model)...)
	}
}

// forget warns of a key that lives on unless it was rotated by schedule, so that no living key is lost without its id.
func (r *apiKeyResource) forget(ctx context.Context, model apiKeyModel, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	scheduled, diags := req.Private.GetKey(ctx, scheduledNote)
	resp.Diagnostics.Append(diags...)
	r.data.run.markForgotten(model)
	if now := r.data.now(); scheduled == nil && !r.data.run.rotated(now, model) {
		resp.Diagnostics.Append(r.kind.warnOfForgotten(now, model))
	}
}
