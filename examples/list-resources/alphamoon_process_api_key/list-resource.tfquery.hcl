list "alphamoon_process_api_key" "all" {
  provider         = alphamoon
  include_resource = true

  config {
    process_id = "2080d36bf94c4147b2e543104342fc2f"
  }
}
