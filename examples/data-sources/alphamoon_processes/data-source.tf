data "alphamoon_processes" "all" {}

# One key for every process that the provider's key can see.
resource "alphamoon_process_api_key" "reporting" {
  for_each   = { for process in data.alphamoon_processes.all.processes : process.id => process.name }
  process_id = each.key
  name       = "reporting"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"

  lifecycle {
    create_before_destroy = true
  }
}
