package provider

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

func newProcessAPIKeyResource() resource.Resource { return &processAPIKeyResource{} }

type processAPIKeyResource struct{ session *session }

var (
	_ resource.ResourceWithConfigure   = (*processAPIKeyResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*processAPIKeyResource)(nil)
	_ resource.ResourceWithImportState = (*processAPIKeyResource)(nil)
	_ resource.ResourceWithIdentity    = (*processAPIKeyResource)(nil)
)

func (r *processAPIKeyResource) Metadata(_ context.Context, request resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_process_api_key"
}

func (r *processAPIKeyResource) Configure(_ context.Context, request resource.ConfigureRequest, response *resource.ConfigureResponse) {
	r.session = sessionFrom(request.ProviderData, &response.Diagnostics)
}

// Create saves the id and the secret before anything else can fail: whatever is wrong with the key then, it is
// in the state and can be dealt with.
func (r *processAPIKeyResource) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var model processAPIKeyModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	client := r.session.requireClient("create a process API key", &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	wanted := model.request(ctx, r.session.now(), &response.Diagnostics)
	recipients := model.recipients(ctx, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	key, strays, err := client.CreateProcessAPIKey(ctx, alphamoon.Creation{
		ProcessID: model.ProcessID.ValueString(), Request: wanted, RevokeTwins: model.RevokeOnDestroy.ValueBool(),
	})
	if err != nil {
		response.Diagnostics.Append(creationDiagnostics(err, model.subject())...)
		return
	}
	model.take(ctx, key.ProcessAPIKey, &response.Diagnostics)
	model.keep(key.Key, recipients, &response.Diagnostics)
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	response.Diagnostics.Append(model.identify(ctx, response.Identity)...)

	warnOfStrays(strays, wanted.Name, model.ProcessID.ValueString(), key.ID, &response.Diagnostics)
	if key.Key.IsZero() {
		response.Diagnostics.AddAttributeError(path.Root("key"), "Key created without its secret",
			fmt.Sprintf("The service created the key %s but its answer does not have the secret, which cannot be had again. "+
				"The key is kept in the state as tainted: the next apply replaces it. It stays valid until %s unless you delete it in the web application.",
				key.ID, model.ExpiresAt.ValueString()))
	}
	for _, field := range wanted.Differences(key.ProcessAPIKey) {
		attribute := model.subject().attribute(field)
		response.Diagnostics.AddAttributeError(attribute, "Key differs from what was asked for",
			fmt.Sprintf("The service created the key %s with another %s than was asked for: %s. The key is kept in the state as tainted: the next "+
				"apply replaces it. If you can accept the key as it is, change the configuration accordingly and run terraform untaint.",
				key.ID, attribute, describeGrant(field, key.ProcessAPIKey)))
	}
}

// warnOfStrays names keys that the service created beside the one with the given id.
func warnOfStrays(strays []string, name, processID, id string, diags *diag.Diagnostics) {
	if len(strays) > 0 {
		diags.AddWarning("More keys were created than asked for",
			fmt.Sprintf("The first attempt to create the key %q failed, but the service carried it out later: %s of process %s is a valid key whose secret "+
				"is lost. Delete it in the web application (process, Configuration, API keys). The key in use is %s.",
				name, strings.Join(strays, " and "), processID, id))
	}
}

// describeGrant tells what the service granted for a field of the request.
func describeGrant(field string, key alphamoon.ProcessAPIKey) string {
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

func (r *processAPIKeyResource) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var model processAPIKeyModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	client := r.session.requireClient("read a process API key", &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	processID, id := model.ProcessID.ValueString(), model.ID.ValueString()
	client.Know(id)
	// A state that was written before Terraform knew of identities gets one here. Also a key that turns out to be
	// gone needs it: the framework demands one after every read.
	response.Diagnostics.Append(model.identify(ctx, response.Identity)...)
	before := model
	key, err := client.FindProcessAPIKey(ctx, processID, id)
	if err != nil {
		response.Diagnostics.Append(apiDiagnostics(err, fmt.Sprintf("read the key %s of process %s", id, processID))...)
		return
	}
	if key == nil {
		expiresAt, known := model.expiry()
		if !known || !rotation.Expired(r.session.now(), expiresAt) {
			response.State.RemoveResource(ctx)
			return
		}
		model.Status = types.StringValue(statusExpired)
	} else {
		takeListed(ctx, *key, &model, &response.Diagnostics)
	}
	// The response begins with the state as it was; writing it anew takes as long as everything else here.
	if !response.Diagnostics.HasError() && !reflect.DeepEqual(before, model) {
		response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	}
}

// takeListed puts a listed key into the state. A key without a readable expiry is refused: taken as it is, it
// would look changed and be replaced.
func takeListed(ctx context.Context, key alphamoon.ProcessAPIKey, model *processAPIKeyModel, diags *diag.Diagnostics) {
	if key.ExpiresAt.IsZero() {
		diags.AddAttributeError(path.Root("expires_at"), "Listed key has no readable expiry",
			fmt.Sprintf("The service lists the key %s of process %s without a readable expiry, so the provider cannot tell what to do about it. "+
				"Nothing was changed; try again later.", key.ID, model.ProcessID.ValueString()))
		return
	}
	model.take(ctx, key, diags)
}

// Update only takes over settings that live in the state: whatever the API would have to change makes a new key.
func (r *processAPIKeyResource) Update(ctx context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	var model processAPIKeyModel
	response.Diagnostics.Append(request.Plan.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	model.RotatesAt = model.rotatesAt()
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	response.Diagnostics.Append(model.identify(ctx, response.Identity)...)
}

func (r *processAPIKeyResource) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var model processAPIKeyModel
	response.Diagnostics.Append(request.State.Get(ctx, &model)...)
	if response.Diagnostics.HasError() {
		return
	}
	if r.session.client != nil {
		// A replacement may follow that cannot be told apart from this key.
		r.session.client.Know(model.ID.ValueString())
	}
	if !model.RevokeOnDestroy.ValueBool() {
		warnOfForgetting(r.session.now(), model, &response.Diagnostics)
		return
	}
	client := r.session.requireClient("revoke a process API key", &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	response.Diagnostics.Append(revoke(ctx, client, model.ProcessID.ValueString(), model.ID.ValueString())...)
}

// ImportState reads the key itself, instead of leaving it to Terraform's first read, so that it can say what is
// wrong with the id.
func (r *processAPIKeyResource) ImportState(ctx context.Context, request resource.ImportStateRequest, response *resource.ImportStateResponse) {
	text := request.ID
	if text == "" && request.Identity != nil {
		var identity processAPIKeyIdentity
		response.Diagnostics.Append(request.Identity.Get(ctx, &identity)...)
		if response.Diagnostics.HasError() {
			return
		}
		text = identity.ProcessID.ValueString() + "/" + identity.ID.ValueString()
	}
	processID, id, err := parseImportID(text)
	if err != nil {
		response.Diagnostics.AddError("Invalid import id", err.Error())
		return
	}
	client := r.session.requireClient("import a process API key", &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	client.Know(id)
	key, err := client.FindProcessAPIKey(ctx, processID, id)
	if err != nil {
		response.Diagnostics.Append(apiDiagnostics(err, fmt.Sprintf("import the key %s of process %s", id, processID))...)
		return
	}
	if key == nil {
		response.Diagnostics.AddError("Key to import not found",
			fmt.Sprintf("Process %s has no key with the id %q. The data source alphamoon_process_api_keys lists the keys of a process with their ids.", processID, id))
		return
	}
	model := importedModel(types.StringValue(processID))
	takeListed(ctx, *key, &model, &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
	response.Diagnostics.Append(model.identify(ctx, response.Identity)...)
	response.Diagnostics.AddAttributeWarning(path.Root("key"), "Secret of the imported key is not known",
		fmt.Sprintf("The service shows a key's secret only when it creates the key, so that the attribute key of %q is null. "+
			"Everything else works; the first replacement puts a secret into the state.", key.Name))
}

// parseImportID splits PROCESS_ID/KEY_ID.
func parseImportID(text string) (processID, id string, err error) {
	processID, id, found := strings.Cut(text, "/")
	if !found || id == "" || strings.ContainsAny(id, "/ \t\r\n") {
		return "", "", fmt.Errorf("%q does not have the form PROCESS_ID/KEY_ID. Give both ids, joined by a slash, "+
			"such as 2080d36bf94c4147b2e543104342fc2f/688874d9d9064c23bf78bf3ec93cbd2d", text)
	}
	if !alphamoon.IsProcessID(processID) {
		return "", "", fmt.Errorf("the first part of %q is no process id. %s", text, validators.ProcessIDAdvice(processID))
	}
	return processID, id, nil
}
