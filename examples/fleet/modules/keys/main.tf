# The keys of several programs: one key each, rotated by policy, its secret encrypted before it reaches the state.

terraform {
  required_version = ">= 1.5"

  required_providers {
    alphamoon = {
      source  = "alphamoon/alphamoon"
      version = "~> 0.1"
    }
  }
}

variable "programs" {
  type = map(object({
    process_id           = string
    scopes               = set(string)
    expires_in           = optional(string, "90d")
    rotate_before_expiry = optional(string) # a third of expires_in
  }))
  description = "The process, the scopes and the policy of each program's key, by the name of the program."
}

variable "encrypt_to" {
  type        = list(string)
  description = "Public keys of age or SSH. Only their owners can decrypt the secrets."
}

resource "alphamoon_process_api_key" "program" {
  for_each             = var.programs
  process_id           = each.value.process_id
  name                 = each.key
  scopes               = each.value.scopes
  expires_in           = each.value.expires_in
  rotate_before_expiry = each.value.rotate_before_expiry
  encrypt_to           = var.encrypt_to

  lifecycle {
    create_before_destroy = true
  }
}

output "ids" {
  description = "The id of each program's key."
  value       = { for program, key in alphamoon_process_api_key.program : program => key.id }
}

output "expires_at" {
  description = "When each program's key expires."
  value       = { for program, key in alphamoon_process_api_key.program : program => key.expires_at }
}

output "key_version" {
  description = "A number that changes with each new key, for the version argument of a secret store."
  value       = { for program, key in alphamoon_process_api_key.program : program => key.key_version }
}

output "encrypted_keys" {
  description = "The secret of each program's key, as an age file."
  value       = { for program, key in alphamoon_process_api_key.program : program => key.encrypted_key }
}
