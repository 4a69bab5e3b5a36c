# The keys of all programs of a team, in several processes. Copy this folder, edit var.fleet, and write your public key to
# terraform.tfvars: encrypt_to = ["age1…"]

terraform {
  required_version = ">= 1.5"

  required_providers {
    alphamoon = {
      source  = "alphamoon/alphamoon"
      version = "~> 0.1"
    }
  }
}

provider "alphamoon" {} # ALPHAMOON_API_KEY in the environment

variable "fleet" {
  type = map(map(object({
    scopes               = set(string)
    expires_in           = optional(string, "90d")
    rotate_before_expiry = optional(string)
  })))
  description = "What each program may do, by the name of the process and the name of the program."

  default = {
    Invoices = {
      uploader  = { scopes = ["workspace.file:upload", "workspace.collection:create"] }
      reporting = { scopes = ["workspace.result:read"], expires_in = "30d" }
    }
    Receipts = {
      uploader = { scopes = ["workspace.file:upload"] }
    }
  }
}

variable "encrypt_to" {
  type        = list(string)
  description = "Public keys of age or SSH. Only their owners can decrypt the secrets."
}

variable "watch" {
  type        = bool
  description = "Whether to look for keys that are about to expire. A job that may not list keys sets it to false."
  default     = true
}

data "alphamoon_process" "named" {
  for_each = var.fleet
  name     = each.key
}

module "keys" {
  source   = "./modules/keys"
  for_each = data.alphamoon_process.named

  programs   = { for program, wish in var.fleet[each.key] : program => merge(wish, { process_id = each.value.id }) }
  encrypt_to = var.encrypt_to
}

# The service says which keys there are. A key of this configuration would be unknown while a plan replaces it, and
# the check would say nothing in the night of a rotation.
data "alphamoon_process_api_keys" "active" {
  for_each   = { for process, found in data.alphamoon_process.named : process => found.id if var.watch }
  process_id = each.value
  status     = "Active"
}

locals {
  # The old key of a rotation is meant to expire, so only the last expiry of each name counts. So is a key that lives for a
  # week or less, such as that of a single run. Expired keys are history.
  expiries = merge([for process, listed in data.alphamoon_process_api_keys.active : {
    for key in listed.api_keys : "${process} / ${key.name}" => key.expires_at...
    if try(timecmp(key.expires_at, plantimestamp()) > 0, false) &&
    try(timecmp(key.expires_at, timeadd(key.created_at, "168h")) > 0, true)
  }]...)
  expiring = {
    for key, expiries in local.expiries : key => reverse(sort(expiries))[0]
    if timecmp(reverse(sort(expiries))[0], timeadd(plantimestamp(), "168h")) < 0
  }
}

check "no_key_is_about_to_expire" {
  assert {
    condition     = length(local.expiring) == 0
    error_message = "These keys expire within a week: ${join(", ", [for key, expiry in local.expiring : "${key} at ${expiry}"])}."
  }
}

output "keys" {
  description = "The id, the expiry and the version of every key, for a pipeline. No secrets."
  value = {
    for process, keys in module.keys : process => {
      for program, id in keys.ids : program => {
        id = id, expires_at = keys.expires_at[program], key_version = keys.key_version[program]
      }
    }
  }
}

output "encrypted_keys" {
  description = "The secrets, encrypted to var.encrypt_to."
  value       = { for process, keys in module.keys : process => keys.encrypted_keys }
}
