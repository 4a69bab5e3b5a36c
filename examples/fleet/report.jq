# What a plan found, one line each: terraform show -json plan.tfplan | jq -r -f report.jq
def keys: select(.mode == "managed" and (.type | endswith("_api_key")));

[.resource_drift[]? | keys | select(.change.actions == ["delete"]) | .address] as $removed
| (.resource_changes[]? | keys | .address as $key | [.change.replace_paths[]?[0]] as $why
  | if .change.actions == ["no-op"] then empty
    elif $removed | index($key) then "removed by hand: \($key)"
    elif $why | index("rotates_at") then "due: \($key)"
    elif $why | index("status") then "disabled by hand: \($key)"
    else "changed by a commit: \($key)" end),
  (.checks[]? | select(.status == "fail" or .status == "error") | .instances[].problems[]?.message | "check: \(.)")
