package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// revoke ends a key for good or says why it could not and what to do. No diagnostics mean that it is proved.
func revoke(ctx context.Context, client *alphamoon.Client, processID, id string) diag.Diagnostics {
	revoked, refusal, err := client.RevokeProcessAPIKey(ctx, processID, id)
	switch {
	case err != nil:
		return apiDiagnostics(err, fmt.Sprintf("check whether the key %s of process %s was revoked; it stays in the state", id, processID))
	case revoked:
		return nil
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Key could not be revoked",
		fmt.Sprintf("The key %s of process %s stays in the state, because it still works: %s. Give the provider an organization admin's API key, "+
			"delete the key in the web application (process, Configuration, API keys), or set revoke_on_destroy = false and apply to forget it; then apply again.",
			id, processID, whyNotRevoked(refusal)))}
}

// whyNotRevoked tells what became of a request to revoke a key that still works.
func whyNotRevoked(refusal error) string {
	if refusal != nil {
		return reason(refusal)
	}
	return "the service accepted the request and still lists the key as active"
}
