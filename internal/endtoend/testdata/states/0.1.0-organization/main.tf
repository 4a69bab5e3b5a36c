resource "alphamoon_organization_api_key" "test" {
  name                 = "test"
  scopes               = ["workspace.result:read"]
  expires_in           = "26000d"
  rotate_before_expiry = "30d"
  revoke_on_destroy    = false
}
