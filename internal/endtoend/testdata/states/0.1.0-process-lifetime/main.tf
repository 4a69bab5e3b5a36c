resource "alphamoon_process_api_key" "test" {
  process_id           = "2080d36bf94c4147b2e543104342fc2f"
  name                 = "test"
  scopes               = ["workspace.result:read", "workspace.file:upload"]
  expires_in           = "26000d"
  rotate_before_expiry = "720h"
  rotation_triggers    = { owner = "a" }
  revoke_on_destroy    = true
}
