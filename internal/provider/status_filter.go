package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// hasStatus reports whether a key passes the filter, in upper or lower case. A null filter lets every key pass.
func hasStatus(key alphamoon.APIKey, filter types.String) bool {
	return filter.IsNull() || strings.EqualFold(key.Status, filter.ValueString())
}

// warnOfStatus warns of a filter that found nothing and may be mistyped. It is no error: the service may have other words
// than the known ones.
func warnOfStatus(status types.String, found bool, diags *diag.Diagnostics) {
	if found || status.IsNull() || alphamoon.KnowsStatus(status.ValueString()) {
		return
	}
	diags.AddAttributeWarning(path.Root("status"), "No key has this status", fmt.Sprintf("No listed key has the status %q. The "+
		"known words are %s. Correct the status if it is mistyped; the service may have other words.", redact.Show(status.ValueString()),
		strings.Join(alphamoon.Statuses(), ", ")))
}
