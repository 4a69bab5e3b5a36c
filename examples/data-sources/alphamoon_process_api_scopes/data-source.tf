data "alphamoon_process_api_scopes" "results" {
  groups = ["Results"]
}

resource "alphamoon_process_api_key" "reporting" {
  process_id = "2080d36bf94c4147b2e543104342fc2f"
  name       = "reporting"
  scopes     = data.alphamoon_process_api_scopes.results.names
  expires_in = "90d"
}
