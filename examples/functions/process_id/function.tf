resource "alphamoon_process_api_key" "uploader" {
  process_id = provider::alphamoon::process_id("https://workspace.alphamoon.ai/queue/2080d36bf94c4147b2e543104342fc2f")
  name       = "invoice-uploader"
  scopes     = ["workspace.file:upload"]
  expires_in = "90d"
}
