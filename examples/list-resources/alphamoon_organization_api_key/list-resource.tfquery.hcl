list "alphamoon_organization_api_key" "all" {
  provider         = alphamoon
  include_resource = true

  config {
    status = "Active"
  }
}
