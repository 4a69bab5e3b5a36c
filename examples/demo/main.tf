# What `make demo` applies. The provider takes its credential and address from the environment.

terraform {
  required_providers {
    alphamoon = {
      source = "alphamoon/alphamoon"
    }
  }
}

variable "process_id" {
  type        = string
  description = "The process whose documents are uploaded and read."
}

variable "scopes" {
  type        = set(string)
  description = "What the key permits."
  default     = ["workspace.file:upload", "workspace.result:read"]
}

resource "alphamoon_process_api_key" "uploader" {
  process_id           = var.process_id
  name                 = "invoice-uploader"
  scopes               = var.scopes
  expires_in           = "90d"
  rotate_before_expiry = "30d"

  lifecycle {
    create_before_destroy = true
  }
}

data "alphamoon_process_api_keys" "all" {
  process_id = var.process_id
  depends_on = [alphamoon_process_api_key.uploader]
}

output "uploader_key" {
  description = "What the uploading program authenticates with."
  value       = alphamoon_process_api_key.uploader.key
  sensitive   = true
}

output "keys" {
  description = "All keys of the process, without their secrets."
  value       = data.alphamoon_process_api_keys.all.api_keys
}

output "uploader_id" {
  description = "The id of the key."
  value       = alphamoon_process_api_key.uploader.id
}
