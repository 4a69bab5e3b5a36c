package provider

// organizationAPIKey is the kind of keys that an organization admin makes. The provider's own credential is usually
// one of them. No catalogue of their scopes is documented.
var organizationAPIKey = apiKeyKind{
	typeName:      "organization_api_key",
	revokes:       true,
	whereToDelete: "in the web application",
	conflict:      "It conflicts with a key of the organization that exists already: the web application shows them.",
	advice: advice{
		forbidden: "Keys of the organization need an organization admin's API key: give the provider one as api_key.",
		notFound:  "Alphamoon does not offer organization keys",
		cure:      "Check base_url, and that the provider's api_key belongs to an organization.",
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
