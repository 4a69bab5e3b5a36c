resource "alphamoon_organization_api_key" "pipeline" {
  name                 = "terraform-pipeline"
  scopes               = ["workspace.process.api_key:manage", "workspace.process:read"]
  expires_in           = "90d"
  rotate_before_expiry = "30d"
  revoke_on_destroy    = false # the old key keeps working until it expires

  lifecycle {
    create_before_destroy = true
  }
}

output "pipeline_key" {
  value     = alphamoon_organization_api_key.pipeline.key
  sensitive = true
}
