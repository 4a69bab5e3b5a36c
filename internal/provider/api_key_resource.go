package provider

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// apiKeyResource manages a key of either kind.
type apiKeyResource struct {
	kind apiKeyKind
	data *providerData
}

var (
	_ resource.ResourceWithConfigure   = (*apiKeyResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*apiKeyResource)(nil)
	_ resource.ResourceWithImportState = (*apiKeyResource)(nil)
	_ resource.ResourceWithIdentity    = (*apiKeyResource)(nil)
)

func (r *apiKeyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.kind.typeName
}

func (r *apiKeyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.kind.resourceSchema()
}

func (r *apiKeyResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest,
	resp *resource.IdentitySchemaResponse,
) {
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

func (r *apiKeyResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// Create saves the id and the secret before anything else can fail: whatever is wrong with the key then, it is
// in the state and can be dealt with.
func (r *apiKeyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.data.warnOfLongWait(&resp.Diagnostics)
	var model apiKeyModel
	resp.Diagnostics.Append(model.load(ctx, req.Plan.Raw)...)
	client := r.data.requireClient("create keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted := model.request(r.data.now(), &resp.Diagnostics)
	file := model.openEncryption(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	order := model.order(r.kind)
	key, err := r.kind.keys(client, order.processID).
		Create(ctx, wanted, alphamoon.CreateOptions{RevokeRemains: order.revokes})
	if err != nil {
		resp.Diagnostics.Append(creationDiagnostics(err, order)...)
		return
	}
	model.applyListed(key.APIKey)
	model.setSecret(key.Key, file, &resp.Diagnostics)
	if model.KeyVersion.IsNull() {
		model.KeyVersion = types.Int64Value(r.data.now().Unix())
	}
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)

	resp.Diagnostics.Append(extraKeysDiagnostics(key, order)...)
	if key.Key.IsZero() {
		resp.Diagnostics.AddAttributeError(path.Root("key"), "Key created without its secret",
			fmt.Sprintf("The service created the key %s but its answer does not have the secret, which cannot be had "+
				"again. The key is kept in the state as tainted: the next apply replaces it. It stays valid until %s unless "+
				"you delete it %s.", key.ID, model.ExpiresAt.ValueString(), r.kind.place))
	}
	for _, field := range wanted.Differences(key.APIKey) {
		attribute := order.attribute(field)
		resp.Diagnostics.AddAttributeError(attribute, "Key differs from what was asked for",
			fmt.Sprintf("The service created the key %s with another %s than was asked for: %s. The key is kept in the "+
				"state as tainted: the next apply replaces it. If you can accept the key as it is, change the configuration "+
				"accordingly and run terraform untaint.", key.ID, attribute, describeGrant(field, key.APIKey)))
	}
}

// describeGrant tells what the service granted for a field of the request.
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
	var model apiKeyModel
	resp.Diagnostics.Append(model.load(ctx, req.State.Raw)...)
	client := r.data.requireClient("read keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	// A state that was written before Terraform knew of identities gets one here. Also a key that turns out to be
	// gone needs it: the framework demands one after every read.
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
	processID, id, before := model.ProcessID.ValueString(), model.ID.ValueString(), model
	key, err := r.kind.keys(client, processID).Find(ctx, id)
	switch {
	case err != nil:
		if !r.kind.ownerIsGone(ctx, client, err, model) {
			resp.Diagnostics.Append(
				r.kind.area.diagnostics(err, fmt.Sprintf("read the key %s of %s", id, r.kind.owner(processID)))...)
			return
		}
		resp.State.RemoveResource(ctx)
		return
	case key != nil:
		resp.Diagnostics.Append(r.kind.checkListed(*key, processID)...)
		if !resp.Diagnostics.HasError() {
			model.applyListed(*key)
		}
	case model.expired(r.data.now()):
		model.Status = types.StringValue(statusExpired)
	default:
		resp.State.RemoveResource(ctx)
		return
	}
	// The response begins with the state as it was; writing it anew takes as long as everything else here.
	if !resp.Diagnostics.HasError() && !reflect.DeepEqual(before, model) {
		resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	}
}

// ownerIsGone reports whether an error means that the whole process was deleted, and that this is proved.
func (k apiKeyKind) ownerIsGone(ctx context.Context, client *alphamoon.Client, err error, model apiKeyModel) bool {
	if !k.ofProcess || !alphamoon.IsNotFound(err) {
		return false
	}
	gone, err := client.ProcessIsGone(ctx, model.ProcessID.ValueString(), model.OrganizationID.ValueString())
	return err == nil && gone // otherwise the first error says what to do
}

// checkListed refuses a key without a readable expiry: taken as it is, it would look changed and be replaced.
func (k apiKeyKind) checkListed(key alphamoon.APIKey, processID string) (diags diag.Diagnostics) {
	if key.ExpiresAt.IsZero() {
		diags.AddAttributeError(path.Root("expires_at"), "Listed key has no readable expiry",
			fmt.Sprintf("The service lists the key %s of %s without a readable expiry, so the provider cannot tell what "+
				"to do about it. Nothing was changed; try again later.", key.ID, k.owner(processID)))
	}
	return diags
}

// Update only takes over settings that live in the state: whatever the API would have to change makes a new key.
func (r *apiKeyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model apiKeyModel
	resp.Diagnostics.Append(model.load(ctx, req.Plan.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.RotatesAt = model.rotatesAt()
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

// Delete forgets the key or revokes it. A key past its expiry is done in either case.
func (r *apiKeyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.data.warnOfLongWait(&resp.Diagnostics)
	var model apiKeyModel
	resp.Diagnostics.Append(model.load(ctx, req.State.Raw)...)
	r.data.destroyed.Store(true)
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
	processID, id := model.ProcessID.ValueString(), model.ID.ValueString()
	err := r.kind.keys(client, processID).Revoke(ctx, id)
	var failure *alphamoon.NotRevokedError
	switch {
	case err == nil || errors.As(err, &failure) && r.kind.ownerIsGone(ctx, client, failure.Unchecked, model):
	case failure != nil && failure.Unchecked != nil:
		resp.Diagnostics.Append(r.kind.area.diagnostics(failure.Unchecked,
			fmt.Sprintf("check whether the key %s of %s was revoked; it stays in the state", id,
				r.kind.owner(processID)))...)
	default:
		resp.Diagnostics.AddError("Key could not be revoked", fmt.Sprintf("The key %s of %s stays in the state, because "+
			"it still works: %s. Give the provider an organization admin's API key, or delete the key %s; then apply "+
			"again. If the key is not a deposed object, you can also set revoke_on_destroy = false and apply: then "+
			"Terraform forgets the key.", id, r.kind.owner(processID), whyNotRevoked(err), r.kind.place))
	}
}

// ImportState reads the key itself, instead of leaving it to Terraform's first read, so that it can say what is
// wrong with the id.
func (r *apiKeyResource) ImportState(ctx context.Context, req resource.ImportStateRequest,
	resp *resource.ImportStateResponse,
) {
	defer r.data.warnOfLongWait(&resp.Diagnostics)
	text := req.ID
	if text == "" && req.Identity != nil {
		var identity apiKeyModel
		resp.Diagnostics.Append(identity.load(ctx, req.Identity.Raw)...)
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
	key, err := r.kind.keys(client, processID).Find(ctx, id)
	if err != nil {
		resp.Diagnostics.Append(
			r.kind.area.diagnostics(err, fmt.Sprintf("import the key %s of %s", id, r.kind.owner(processID)))...)
		return
	}
	if key == nil {
		resp.Diagnostics.AddError("Key to import not found", fmt.Sprintf("There is no key with the id %q in %s. The data "+
			"source alphamoon_%ss lists the keys with their ids.", id, r.kind.owner(processID), r.kind.typeName))
		return
	}
	resp.Diagnostics.Append(r.kind.checkListed(*key, processID)...)
	if resp.Diagnostics.HasError() {
		return
	}
	model := r.kind.importedModel(processID, *key)
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
	r.data.importWarning.Do(func() {
		resp.Diagnostics.AddAttributeWarning(path.Root("key"), "Secret of imported keys is not known",
			"The service shows a secret only when it creates the key, so the attribute key of an imported key is null. "+
				"Everything else works. The first replacement puts a secret into the state.")
	})
}
