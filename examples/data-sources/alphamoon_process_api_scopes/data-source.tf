data "alphamoon_process_api_scopes" "results" {
  groups = ["Results"]
}

resource "alphamoon_process_api_key" "reviewer" {
  process_id = "2080d36bf94c4147b2e543104342fc2f"
  name       = "reviewer"
  scopes     = ["workspace.result:read", "workspace.result:update"]
  expires_in = "90d"

  lifecycle {
    create_before_destroy = true
  }
}

check "reviewer_has_all_scopes_of_results" {
  assert {
    condition     = data.alphamoon_process_api_scopes.results.names == alphamoon_process_api_key.reviewer.scopes
    error_message = "The documented scopes of results have changed: ${join(", ", data.alphamoon_process_api_scopes.results.names)}"
  }
}
