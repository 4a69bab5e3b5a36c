package provider

import "github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"

// processAPIKey is the kind of keys that give access to one process.
var processAPIKey = apiKeyKind{
	typeName:      "process_api_key",
	ofProcess:     true,
	whereToDelete: "in the web application (process, Configuration, API keys)",
	advice: advice{
		forbidden: "If the provider's api_key lacks the scope " + alphamoon.ScopeManageProcessAPIKeys + " for this process, use a key " +
			"that has it.",
		notFound: "If process_id is wrong, correct it. If the provider's api_key has no access to the process, use one that has.",
	},
	description: "An API key of one Alphamoon process. The API can create and list these keys but not change them, " +
		"so most changes create a new key.",
	listDescription: "Finds the API keys of one process, or of all processes, whoever created them.",
	ephemeralDescription: "A short-lived API key of a process that is never stored in state or plan files. Every " +
		"plan and every apply creates one. It lives until it expires unless it is revoked.",
	dataSourceDescription: "Lists the API keys of a process, whoever created them. The service shows a secret only when " +
		"it creates the key, so there are no secrets here.",
	revokeDescription: "Whether a destroy or a replacement revokes the key, and fails if it cannot. The API documents " +
		"this only for organization keys. Default: `false`.",
	revokeOnCloseDescription: "Whether to revoke the key when Terraform no longer needs it. The API documents this only for " +
		"organization keys. Default: `false`.",
}
