package provider

import (
	"fmt"
	"strings"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// apiKeyKind holds what differs between the two kinds of API keys. Everything else about keys is the same code.
type apiKeyKind struct {
	// typeName is the resource's type without the provider's name: process_api_key. The data source's is the plural.
	typeName string
	// ofProcess says that a key belongs to a process, which process_id names, and else to the organization. Only for keys of
	// processes a catalogue of scopes is documented, so that a scope outside of it needs allow_undocumented_scopes.
	ofProcess bool
	// revokes is the default of revoke_on_destroy and revoke_on_close. A removal is documented only for keys of the
	// organization.
	revokes bool
	// whereToDelete is where in the web application a person deletes such a key.
	whereToDelete string
	// advice is what to say when the service refuses requests about such keys.
	advice advice

	description, listDescription, ephemeralDescription, dataSourceDescription string
	revokeDescription, revokeOnCloseDescription                               string
}

// keys is the client's collection of the kind. The process is ignored for keys of the organization.
func (k apiKeyKind) keys(client *alphamoon.Client, processID string) *alphamoon.APIKeys {
	if k.ofProcess {
		return client.ProcessAPIKeys(processID)
	}
	return client.OrganizationAPIKeys()
}

// owner names whom keys belong to, within a sentence.
func (k apiKeyKind) owner(processID string) string {
	if k.ofProcess {
		return "process " + redact.ShowID(processID)
	}
	return "the organization"
}

// name names a key with its owner, within a sentence.
func (k apiKeyKind) name(model apiKeyModel) string {
	return fmt.Sprintf("the key %s of %s", redact.ShowID(model.ID.ValueString()), k.owner(model.ProcessID.ValueString()))
}

// importID is what an import of a key is given.
func (k apiKeyKind) importID(processID, id string) string {
	if k.ofProcess {
		return processID + "/" + id
	}
	return id
}

// parseImportID reads what an import is given. processID is empty for keys of the organization.
func (k apiKeyKind) parseImportID(text string) (processID, id string, err error) {
	form, example := "KEY_ID", "688874d9d9064c23bf78bf3ec93cbd2d"
	if id = text; k.ofProcess {
		form, example = "PROCESS_ID/"+form, "2080d36bf94c4147b2e543104342fc2f/"+example
		processID, id, _ = strings.Cut(text, "/")
	}
	if id == "" || strings.ContainsAny(id, "/ \t\r\n") {
		return "", "", fmt.Errorf("%q does not have the form %s. Write it like %s", text, form, example)
	}
	if advice := validators.ProcessIDAdvice(processID); k.ofProcess && advice != "" {
		return "", "", fmt.Errorf("%q does not begin with the id of a process: %s", text, advice)
	}
	return processID, id, nil
}
