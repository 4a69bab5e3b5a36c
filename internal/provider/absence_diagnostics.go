package provider

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// notRead says why a key stays in the state as it is.
func (r *apiKeyResource) notRead(err error, model apiKeyModel) diag.Diagnostics {
	young, isYoung := errors.AsType[*alphamoon.TooYoungError](err)
	owner := r.kind.owner(model.ProcessID.ValueString())
	switch {
	case isYoung:
		return diag.Diagnostics{diag.NewWarningDiagnostic(fmt.Sprintf("Key %s is not listed yet", model.describe()),
			fmt.Sprintf("The key of %s was created less than five minutes ago, and listings may lag behind, so it stays in the "+
				"state. From %s on its absence means that it is gone.", owner, formatInstant(young.Until)))}
	case errors.Is(err, alphamoon.ErrNeverSeen):
		return diag.Diagnostics{diag.NewWarningDiagnostic(fmt.Sprintf("Key %s cannot be seen", model.describe()),
			fmt.Sprintf("The key of %s is not listed, but the provider's api_key has changed since it was last seen, and a listing may "+
				"show only what its caller made or may see. So the key stays in the state. If it is gone, plan with -replace to make "+
				"another one, or run terraform state rm.", owner))}
	case r.kind.ofProcess && alphamoon.SaysNothing(err):
		return r.warnOfProcess(err, model.ProcessID.ValueString())
	default:
		return r.data.failure(r.kind.advice.orForget(), err, "read "+r.kind.name(model))
	}
}

// warnOfProcess says once per run that a process cannot be seen. The service's words may give another reason than access, and so
// may its address.
// U: a process that does not exist or may not be seen; a listing without keys
func (r *apiKeyResource) warnOfProcess(err error, processID string) diag.Diagnostics {
	if _, warned := r.data.warnedProcesses.LoadOrStore(processID, true); warned {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("process_id"), "Process cannot be seen",
		fmt.Sprintf("At %s, %s The keys of process %s stay in the state as they are. If the process was deleted, remove its keys from "+
			"the configuration, or run terraform state rm. If the provider's api_key has no access to it, use one that has.",
			r.data.baseURL, sentence(reason(err)), processID))}
}
