data "alphamoon_process" "invoices" {
  name = "Invoices"
}

data "alphamoon_process_api_scopes" "results" {
  groups = ["Results"]
}

resource "alphamoon_process_api_key" "reporting" {
  process_id = data.alphamoon_process.invoices.id
  name       = "reporting"
  scopes     = data.alphamoon_process_api_scopes.results.names
  expires_in = "90d"

  lifecycle {
    create_before_destroy = true
  }
}
