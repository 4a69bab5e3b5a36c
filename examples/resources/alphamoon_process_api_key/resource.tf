resource "alphamoon_process_api_key" "uploader" {
  process_id           = "2080d36bf94c4147b2e543104342fc2f"
  name                 = "invoice-uploader"
  scopes               = ["workspace.file:upload", "workspace.result:read"]
  expires_in           = "90d"
  rotate_before_expiry = "30d"

  lifecycle {
    create_before_destroy = true
  }
}

output "uploader_key" {
  value     = alphamoon_process_api_key.uploader.key
  sensitive = true
}
