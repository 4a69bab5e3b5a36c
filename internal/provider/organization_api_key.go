package provider

// organizationAPIKey is the kind of keys that an organization admin makes. The provider's own credential is usually
// one of them. No catalogue of their scopes is documented.
var organizationAPIKey = apiKeyKind{
	typeName:      "organization_api_key",
	revokes:       true,
	whereToDelete: "in the web application",
	advice: advice{
		// U: a member asks for the organization's keys
		forbidden: "If the provider's api_key is not an organization admin's, use one that is: keys of the organization need it.",
		notFound:  "If base_url is wrong, correct it. If the provider's api_key belongs to no organization, use one that does.",
	},
	description: "An API key of the whole organization, which only an organization admin can manage. The API can " +
		"create, list and remove these keys but not change them, so most changes create a new key.",
	listDescription: "Finds the API keys of the organization, whoever created them.",
	ephemeralDescription: "A short-lived API key of the organization that is never stored in state or plan files. " +
		"Every plan and every apply creates one, and revokes it when the run ends.",
	dataSourceDescription: "Lists the API keys of the organization, whoever created them. The service shows a secret " +
		"only when it creates the key, so there are no secrets here.",
	revokeDescription: "Whether a destroy or a replacement revokes the key at once, and fails if it cannot. Default: " +
		"`true`.",
	revokeOnCloseDescription: "Whether to revoke the key when Terraform no longer needs it. Default: `true`.",
}
