data "alphamoon_organization_api_keys" "active" {
  status = "Active"
}

output "organization_keys" {
  value = { for key in data.alphamoon_organization_api_keys.active.api_keys : key.id => key.name }
}
