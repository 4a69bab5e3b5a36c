# Keys that break the rule, one line each: terraform show -json plan.tfplan | jq -r -f policy.jq
def seconds: [scan("([0-9]+)([wdhms])") | (.[0] | tonumber) * {w: 604800, d: 86400, h: 3600, m: 60, s: 1}[.[1]]] | add;

.resource_changes[]
| select(.mode == "managed" and (.type | endswith("_api_key")) and .change.after != null)
| .address as $key
| .change.after
| (select(.expires_in == null) | "\($key): set expires_in"),
  (select(.expires_in != null and (.expires_in | seconds) > 90 * 86400) | "\($key): expires_in is longer than 90d"),
  (select((.encrypt_to // []) == []) | "\($key): set encrypt_to")
