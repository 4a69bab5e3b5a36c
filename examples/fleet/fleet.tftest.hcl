# Tests against a service. Start the sandbox with "-processes 2", paste its exports, then run "terraform init" and
# "terraform test" (Terraform 1.6 or OpenTofu 1.7, or later). These two oldest cannot read mocked.tftest.hcl: remove it.

variables {
  encrypt_to = ["age1m4nzusrpswwltsj7fm28np38mlns7cfmvpldulnfwrmhgr6pvegqerfqcq"] # nobody has its identity
}

run "makes_a_key_for_each_program" {
  assert {
    condition     = length(distinct(flatten([for keys in output.keys : [for key in keys : key.id]]))) == 3
    error_message = "There are not three keys."
  }
  assert {
    condition     = alltrue(flatten([for keys in output.encrypted_keys : [for key in keys : startswith(key, "-----BEGIN AGE ENCRYPTED FILE-----")]]))
    error_message = "A secret is not encrypted."
  }
}

run "needs_no_list_of_keys_for_a_review" {
  command = plan

  variables {
    watch = false
  }
  assert {
    condition     = length(data.alphamoon_process_api_keys.active) == 0
    error_message = "The keys are listed."
  }
}

run "makes_a_key_for_an_hour" {
  variables {
    fleet = { Receipts = { trial = { scopes = ["workspace.result:read"], expires_in = "1h" } } }
  }
}

# The plan reads what the service says. A key of a short life is meant to expire, so that the check leaves it out.
run "does_not_mind_that_it_expires" {
  command = plan

  variables {
    fleet = { Receipts = { trial = { scopes = ["workspace.result:read"], expires_in = "1h" } } }
  }
  assert {
    condition     = length(local.expiring) == 0
    error_message = "The check speaks of a key that lives for an hour."
  }
}
