resource "alphamoon_process_api_key" "test" {
  process_id = "2080d36bf94c4147b2e543104342fc2f"
  name       = "imported"
  scopes     = ["workspace.result:read"]
  expires_at = "2099-01-01T00:00:00Z"
}

import {
  to = alphamoon_process_api_key.test
  id = "2080d36bf94c4147b2e543104342fc2f/688874d9d9064c23bf78bf3ec93cbd2d"
}
