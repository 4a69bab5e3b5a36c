resource "alphamoon_process_api_key" "test" {
  process_id                = "2080d36bf94c4147b2e543104342fc2f"
  name                      = "test"
  scopes                    = ["workspace.result:create"]
  allow_undocumented_scopes = true
  expires_in                = "26000d"
  encrypt_to                = ["age1g32vs2jqg688xf68hd4qxv4sugh7s4jlvvqcc8wsrpqydqz8pc6q329xkh"]
}
