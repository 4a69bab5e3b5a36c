# Tests without any service: the provider is mocked (Terraform 1.7 or OpenTofu 1.8, or later).

mock_provider "alphamoon" {
  mock_data "alphamoon_process" {
    defaults = {
      id = "2080d36bf94c4147b2e543104342fc2f"
    }
  }
}

run "uses_the_process_that_was_found" {
  command = plan

  assert {
    condition     = alphamoon_process_api_key.uploader.process_id == "2080d36bf94c4147b2e543104342fc2f"
    error_message = "The key is for another process."
  }
}
