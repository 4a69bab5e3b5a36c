data "alphamoon_processes" "all" {}

# One key for every process of the workspace.
resource "alphamoon_process_api_key" "reporting" {
  for_each             = { for process in data.alphamoon_processes.all.processes : process.id => process.name }
  process_id           = each.key
  name                 = "reporting-${each.value}"
  scopes               = ["workspace.result:read"]
  expires_in           = "90d"
  rotate_before_expiry = "30d"

  lifecycle {
    create_before_destroy = true
  }
}
