# Tests without any service (Terraform 1.7 or OpenTofu 1.8, or later). Terraform invents the values of a mocked key, and
# an invented date is not a date: give a mocked key these defaults.

mock_provider "alphamoon" {
  mock_data "alphamoon_process" {
    defaults = {
      id = "2080d36bf94c4147b2e543104342fc2f"
    }
  }

  mock_resource "alphamoon_process_api_key" {
    defaults = {
      id            = "688874d9d9064c23bf78bf3ec93cbd2d"
      status        = "Active"
      created_at    = "2099-01-01T00:00:00Z"
      expires_at    = "2099-04-01T00:00:00Z"
      rotates_at    = "2099-03-02T00:00:00Z"
      key_version   = 4070908800
      encrypted_key = "-----BEGIN AGE ENCRYPTED FILE-----"
    }
  }
}

variables {
  encrypt_to = ["age1m4nzusrpswwltsj7fm28np38mlns7cfmvpldulnfwrmhgr6pvegqerfqcq"] # nobody has its identity
}

run "makes_a_key_for_each_program" {
  assert {
    condition     = length(flatten([for keys in output.keys : keys(keys)])) == 3
    error_message = "There are not three keys."
  }
  assert {
    condition     = output.keys["Invoices"]["uploader"].expires_at == "2099-04-01T00:00:00Z"
    error_message = "The expiry of the key is not an output."
  }
}
