package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

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
	defer r.data.finish(&resp.Diagnostics)
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
		resp.Diagnostics.Append(r.data.failure(r.kind.advice, err, fmt.Sprintf("import the key %s of %s", id, r.kind.owner(processID)))...)
		return
	}
	if key == nil {
		resp.Diagnostics.AddError("Key to import not found", fmt.Sprintf("There is no key with the id %q in %s. The data "+
			"source alphamoon_%ss lists the keys with their ids.", id, r.kind.owner(processID), r.kind.typeName))
		return
	}
	if other := processOf(*key, processID); r.kind.ofProcess && other != processID {
		resp.Diagnostics.AddError("Key of another process", fmt.Sprintf("The key %q is listed for process %q, but belongs to process "+
			"%q, so it is not imported. If you want to manage it, import \"%s/%s\".", id, processID, other, other, id))
		return
	}
	model := r.kind.importedModel(ctx, processID, *key)
	resp.Diagnostics.Append(model.store(ctx, &resp.State.Raw)...)
	resp.Diagnostics.Append(model.store(ctx, &resp.Identity.Raw)...)
	notes := keyNotes{}
	notes.takeListed(&model, *key, r.data.credentialHash())
	notes.save(ctx, keyNotes{}, resp.Private, &resp.Diagnostics)
	r.data.importWarning.Do(func() {
		resp.Diagnostics.AddAttributeWarning(path.Root("key"), "Secret of imported keys is not known",
			"The service shows a secret only when it creates the key, so an import cannot bring it. If you have the secret, set "+
				"key_wo. Without it everything else works, and the first replacement brings a secret.")
	})
}

// processOf is the process that a key belongs to which was listed for a process: a listing may show the keys of others too. It may
// write ids with capitals or dashes, or something else altogether, which says nothing.
func processOf(key alphamoon.APIKey, listedFor string) string {
	if listed := strings.ToLower(strings.ReplaceAll(key.ProcessID, "-", "")); alphamoon.IsProcessID(listed) {
		return listed
	}
	return listedFor
}
