resource "alphamoon_process_api_key" "test" {
  process_id = "2080d36bf94c4147b2e543104342fc2f"
  name       = "test"
  scopes     = ["workspace.result:read", "workspace.file:upload"]
  expires_at = "2099-01-01T01:00:00.500+01:00"
}
