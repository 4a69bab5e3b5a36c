package provider

import (
	"fmt"
	"strings"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// apiKeyKind holds what differs between the two kinds of API keys. Everything else about keys is the same code.
type apiKeyKind struct {
	// typeName is the resource's type without the provider's name: process_api_key. The data source's is the plural.
	typeName string
	// noun is what a person calls such a key.
	noun string
	// ofProcess says that a key belongs to a process, which process_id names, and else to the organization.
	ofProcess bool
	// catalogue says that the scopes of such keys are documented, so that others need a permission.
	scopesDocumented bool
	// revokes is the default of revoke_on_destroy and revoke_on_close. A removal is documented only for keys of the
	// organization.
	revokes bool
	// whereToDelete is where in the web application a person deletes such a key.
	whereToDelete string
	// conflict is what to say when the service answers a creation with a conflict.
	conflict string
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
		return "process " + processID
	}
	return "the organization"
}

// importForm is how an import names a key, with an example.
func (k apiKeyKind) importForm() (form, example string) {
	const process, key = "2080d36bf94c4147b2e543104342fc2f", "688874d9d9064c23bf78bf3ec93cbd2d"
	if k.ofProcess {
		return "PROCESS_ID/KEY_ID", process + "/" + key
	}
	return "KEY_ID", key
}

// parseImportID reads what an import is given. processID is empty for keys of the organization.
func (k apiKeyKind) parseImportID(text string) (processID, id string, err error) {
	form, example := k.importForm()
	id = text
	if k.ofProcess {
		var found bool
		if processID, id, found = strings.Cut(text, "/"); !found {
			id = ""
		}
	}
	if id == "" || strings.ContainsAny(id, "/ \t\r\n") {
		return "", "", fmt.Errorf("%q does not have the form %s. Write it like %s", text, form, example)
	}
	if k.ofProcess && !alphamoon.IsProcessID(processID) {
		return "", "", fmt.Errorf("%q does not begin with the id of a process: %s", text,
			validators.ProcessIDAdvice(processID))
	}
	return processID, id, nil
}
