data "alphamoon_process" "invoices" {
  name = "Invoices"
}

resource "alphamoon_process_api_key" "uploader" {
  process_id = data.alphamoon_process.invoices.id
  name       = "invoice-uploader"
  scopes     = ["workspace.file:upload"]
  expires_in = "90d"

  lifecycle {
    create_before_destroy = true
  }
}
