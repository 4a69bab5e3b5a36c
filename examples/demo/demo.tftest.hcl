# Native tests of this configuration. They need a service: start the sandbox, paste its exports, then run
# "terraform init" and "terraform test" (Terraform 1.6 or OpenTofu 1.7, or later). These two oldest cannot read
# mocked.tftest.hcl: remove it.

run "name" {
  module {
    source = "./testing"
  }
}

run "creates_a_key" {
  variables {
    name = run.name.name
  }
  assert {
    condition     = alphamoon_process_api_key.uploader.status == "Active"
    error_message = "The key is not active."
  }
  assert {
    condition     = can(regex("^[^:]+:.+$", alphamoon_process_api_key.uploader.key))
    error_message = "The secret does not have two parts."
  }
  assert {
    condition     = timecmp(alphamoon_process_api_key.uploader.rotates_at, alphamoon_process_api_key.uploader.expires_at) < 0
    error_message = "The key is not rotated before it expires."
  }
  assert {
    condition     = contains(data.alphamoon_process_api_keys.all.api_keys[*].id, alphamoon_process_api_key.uploader.id)
    error_message = "The key is not listed."
  }
}

run "creates_an_organization_key" {
  variables {
    name = run.name.name
  }
  assert {
    condition     = alphamoon_organization_api_key.pipeline.revoke_on_destroy
    error_message = "The key would not be revoked."
  }
}

# The number of listed keys shows whether one was made.
run "keeps_the_key" {
  variables {
    name = run.name.name
  }
  assert {
    condition     = length(data.alphamoon_process_api_keys.all.api_keys) == 1
    error_message = "A second apply made another key."
  }
}

run "replaces_the_key_for_other_scopes" {
  variables {
    name   = run.name.name
    scopes = ["workspace.result:read"]
  }
  assert {
    condition     = length(data.alphamoon_process_api_keys.all.api_keys) == 2
    error_message = "The key was not replaced, or the old one does not live on."
  }
}
