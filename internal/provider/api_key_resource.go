package provider

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
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
	defer r.data.warnOfLongWait(&resp.Diagnostics)
	model := loadAPIKey(ctx, req.Plan.Raw, &resp.Diagnostics)
	client := r.data.requireClient("create keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	file := model.openEncryption(ctx, &resp.Diagnostics)
	// A plugin may take its time to open the file, which is not part of the key's life.
	wanted := model.request(r.data.now(), &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	creation := model.creation(r.kind)
	key, err := r.kind.keys(client, creation.processID).Create(ctx, wanted, alphamoon.CreateOptions{RevokeRemains: creation.revokes})
	if err != nil {
		resp.Diagnostics.Append(creationDiagnostics(r.data.markRepeated(err), creation)...)
		return
	}
	model.applyListed(key.APIKey)
	r.data.run.markCreated(model)
	model.setSecret(key.Key, file, &resp.Diagnostics)
	if model.KeyVersion.IsNull() {
		model.KeyVersion = types.Int64Value(r.data.now().Unix())
	}
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.store(ctx, &resp.Identity.Raw)...)
	if !model.EncryptedKey.IsNull() {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, fingerprintNote, newFingerprint(key.Key))...)
	}
	if key.Key.IsZero() {
		resp.Diagnostics.AddAttributeError(path.Root("key"), "Key created without its secret",
			fmt.Sprintf("The service created the key %s, but its answer does not have the secret, which is shown only "+
				"once. The key is kept in the state as tainted: the next apply replaces it. It stays valid until %s unless "+
				"you delete it %s.", key.ID, model.ExpiresAt.ValueString(), r.kind.whereToDelete))
	}
	for _, field := range wanted.Differences(key.APIKey) {
		attribute := creation.attribute(field)
		resp.Diagnostics.AddAttributeError(attribute, "Key differs from what was asked for",
			fmt.Sprintf("The service created the key %s with another %s than was asked for: %s. The key is kept in the "+
				"state as tainted: the next apply replaces it. If you can accept the key as it is, change the configuration "+
				"accordingly and run terraform untaint.", key.ID, attribute, describeGrant(field, key.APIKey)))
	}
}

// describeGrant says what the service granted for a field of the request.
func describeGrant(field string, key alphamoon.APIKey) string {
	switch {
	case field == "scopes":
		return "it granted " + strings.Join(key.Scopes, ", ")
	case field == "name":
		return fmt.Sprintf("it is called %q", key.Name)
	case key.ExpiresAt.IsZero():
		return "the answer names no readable expiry"
	default:
		return "it expires at " + formatInstant(key.ExpiresAt.Time)
	}
}

func (r *apiKeyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.data.warnOfLongWait(&resp.Diagnostics)
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
	processID, before := model.ProcessID.ValueString(), model
	r.data.run.refreshed.Store(model.ID.ValueString(), true)
	ref := model.ref()
	ref.Expired = model.expired(r.data.now())
	key, err := r.kind.keys(client, processID).Find(ctx, ref)
	switch {
	case key != nil:
		model.applyListed(*key)
	case err == nil && ref.Expired:
		model.Status = types.StringValue(statusExpired)
	case errors.Is(err, alphamoon.ErrTooYoung):
		return
	case r.kind.ofProcess && alphamoon.IsNotFound(err):
		if _, warned := r.data.warnedProcesses.LoadOrStore(processID, true); !warned {
			resp.Diagnostics.AddAttributeWarning(path.Root("process_id"), "Process cannot be seen",
				fmt.Sprintf("The provider's api_key cannot see the process %s: either the process was deleted, or "+
					"that api_key has no access to it. Its keys stay in the state. If the process is gone, remove them from "+
					"the configuration, or run terraform state rm; otherwise use a key with access.", processID))
		}
		return
	case err != nil:
		resp.Diagnostics.Append(r.kind.advice.diagnostics(r.data.markRepeated(err), fmt.Sprintf("read the key %s of %s", model.ID.ValueString(),
			r.kind.owner(processID)))...)
		return
	default:
		resp.Diagnostics.AddWarning("Key is gone",
			fmt.Sprintf("The key %q (%s) of %s is no longer listed, so it leaves the state, and the next apply makes another one if it is "+
				"still configured. An api_key that sees only a part of the keys would see the same: make sure that it is the right one.",
				model.Name.ValueString(), model.ID.ValueString(), r.kind.owner(processID)))
		resp.State.RemoveResource(ctx)
		return
	}
	// The response begins with the state as it was; writing it anew takes as long as everything else here.
	if !reflect.DeepEqual(before, model) {
		resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	}
}

// ref is what the state knows of a key that is looked for.
func (m *apiKeyModel) ref() alphamoon.KeyRef {
	createdAt, err := rotation.ParseInstant(m.CreatedAt.ValueString()) // zero if it is not known
	if err != nil && !m.KeyVersion.IsNull() {
		createdAt = time.Unix(m.KeyVersion.ValueInt64(), 0) // it is the creation in Unix seconds
	}
	return alphamoon.KeyRef{ID: m.ID.ValueString(), OrganizationID: m.OrganizationID.ValueString(), CreatedAt: createdAt}
}

// Update only takes over settings that live in the state: whatever the API would have to change makes a new key.
func (r *apiKeyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	model := loadAPIKey(ctx, req.Plan.Raw, &resp.Diagnostics)
	r.data.run.inApply.Store(true)
	if resp.Diagnostics.HasError() {
		return
	}
	if model.RotatesAt.IsUnknown() {
		model.RotatesAt = model.rotatesAt()
	}
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.store(ctx, &resp.Identity.Raw)...)
}

// Delete forgets the key or revokes it. A key past its expiry is simply forgotten, whatever revoke_on_destroy says.
func (r *apiKeyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.data.warnOfLongWait(&resp.Diagnostics)
	model := loadAPIKey(ctx, req.State.Raw, &resp.Diagnostics)
	r.data.run.inApply.Store(true)
	if resp.Diagnostics.HasError() || model.expired(r.data.now()) {
		return
	}
	if !model.RevokeOnDestroy.ValueBool() {
		warned, diags := req.Private.GetKey(ctx, warnedNote)
		resp.Diagnostics.Append(diags...)
		if warning := r.kind.warnOfForgetting(r.data.now(), model); warning != nil && warned == nil {
			resp.Diagnostics.Append(warning)
		}
		return
	}
	client := r.data.requireClient("revoke keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	name := fmt.Sprintf("the key %s of %s", model.ID.ValueString(), r.kind.owner(model.ProcessID.ValueString()))
	fingerprint, diags := req.Private.GetKey(ctx, fingerprintNote)
	resp.Diagnostics.Append(diags...)
	if isOwnKey(fingerprint, model, client) {
		resp.Diagnostics.AddError("Provider's own key is not revoked",
			fmt.Sprintf("The provider itself uses %s, so it does not revoke it: it would lock itself out. The key stays in the state. "+
				"Give the provider another api_key, then apply again.", name))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	err := r.kind.keys(client, model.ProcessID.ValueString()).Revoke(ctx, model.ref())
	failure, isFailure := errors.AsType[*alphamoon.NotRevokedError](err)
	switch {
	case err == nil:
	case errors.Is(err, alphamoon.ErrUnsafeID):
		resp.Diagnostics.AddError("Key could not be revoked", fmt.Sprintf("The key %s stays in the state and may still work: %s "+
			"Delete the key %s; then run terraform state rm for this resource.",
			alphamoon.ShowID(model.ID.ValueString()), sentence(alphamoon.ErrUnsafeID.Error()), r.kind.whereToDelete))
	case isFailure && r.kind.ofProcess && alphamoon.IsNotFound(failure.Unchecked):
		resp.Diagnostics.AddWarning(fmt.Sprintf("Key %s may still work", model.ID.ValueString()),
			fmt.Sprintf("Terraform forgets %s, but could not see what became of it: the process was deleted, or the provider's api_key "+
				"has no access to it. If the process exists, the key works until %s; delete it "+
				"%s.", name, model.ExpiresAt.ValueString(), r.kind.whereToDelete))
	case isFailure && failure.Unchecked != nil && !errors.Is(failure.Unchecked, alphamoon.ErrTooYoung):
		resp.Diagnostics.Append(r.kind.advice.diagnostics(r.data.markRepeated(failure.Unchecked),
			fmt.Sprintf("check whether %s was revoked; it stays in the state", name))...)
	default:
		resp.Diagnostics.AddError("Key could not be revoked",
			fmt.Sprintf("The key stays in the state, because %s may still work: %s Give the provider an organization admin's API key, or "+
				"delete the key %s; then apply again. If the key is not a deposed object, you can also set revoke_on_destroy = false and "+
				"apply: then Terraform forgets the key.", name, sentence(whyNotRevoked(err)), r.kind.whereToDelete))
	}
}

// MoveState keeps a key whose state was written under another address of this provider, such as OpenTofu's registry, a
// mirror or a fork. It refuses every other type of resource in words of our own: the framework's are for programmers.
func (r *apiKeyResource) MoveState(ctx context.Context) []resource.StateMover {
	var schema resource.SchemaResponse
	r.Schema(ctx, resource.SchemaRequest{}, &schema)
	return []resource.StateMover{{SourceSchema: &schema.Schema, StateMover: r.moveState}}
}

func (r *apiKeyResource) moveState(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	typeName := "alphamoon_" + r.kind.typeName
	if req.SourceTypeName != typeName {
		resp.Diagnostics.AddError("Key cannot be moved from another type of resource", fmt.Sprintf("A moved block cannot make an "+
			"%s of %s (%s): each kind of key is a resource of its own. Remove the block; the plan then creates a new key and "+
			"destroys the old resource.", typeName, req.SourceTypeName, req.SourceProviderAddress))
		return
	}
	var model apiKeyModel
	if req.SourceState != nil {
		model = loadAPIKey(ctx, req.SourceState.Raw, &resp.Diagnostics)
	}
	if model.ID.IsNull() {
		resp.Diagnostics.AddError("State of a moved key cannot be read", fmt.Sprintf("The state that %s (%s) left is not that of an %s. "+
			"Remove the moved block, take the key out of the state with terraform state rm, and import it.",
			req.SourceTypeName, req.SourceProviderAddress, typeName))
		return
	}
	resp.Diagnostics.Append(model.store(ctx, &resp.TargetState.Raw)...)
	resp.Diagnostics.Append(model.store(ctx, &resp.TargetIdentity.Raw)...)
	resp.TargetPrivate = req.SourcePrivate
}

// ImportState reads the key itself, instead of leaving it to Terraform's first read, so that it can say what is
// wrong with the id.
func (r *apiKeyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	defer r.data.warnOfLongWait(&resp.Diagnostics)
	text := req.ID
	if text == "" && req.Identity != nil {
		identity := loadAPIKey(ctx, req.Identity.Raw, &resp.Diagnostics)
		if text = identity.ID.ValueString(); r.kind.ofProcess {
			text = identity.ProcessID.ValueString() + "/" + text
		}
	}
	processID, id, err := r.kind.parseImportID(text)
	if err != nil {
		resp.Diagnostics.AddError("Invalid import id", sentence(err.Error()))
	}
	client := r.data.requireClient("import keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	key, err := r.kind.keys(client, processID).Find(ctx, alphamoon.KeyRef{ID: id})
	if err != nil {
		resp.Diagnostics.Append(r.kind.advice.diagnostics(r.data.markRepeated(err), fmt.Sprintf("import the key %s of %s", id, r.kind.owner(processID)))...)
		return
	}
	if key == nil {
		resp.Diagnostics.AddError("Key to import not found", fmt.Sprintf("There is no key with the id %q in %s. The data "+
			"source alphamoon_%ss lists the keys with their ids.", id, r.kind.owner(processID), r.kind.typeName))
		return
	}
	model := r.kind.importedModel(ctx, processID, *key)
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.store(ctx, &resp.Identity.Raw)...)
	r.data.importWarning.Do(func() {
		resp.Diagnostics.AddAttributeWarning(path.Root("key"), "Secret of imported keys is not known",
			"The service shows a secret only when it creates the key, so the attribute key of an imported key is null. "+
				"Everything else works. The first replacement puts a secret into the state.")
	})
}
