data "alphamoon_processes" "invoices" {
  name = "Invoices"
}

resource "alphamoon_process_api_key" "uploader" {
  process_id = one(data.alphamoon_processes.invoices.processes).id
  name       = "invoice-uploader"
  scopes     = ["workspace.file:upload"]
  expires_in = "90d"
}
