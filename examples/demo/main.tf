# What `make demo` applies. The provider takes its credential and address from the environment.

terraform {
  required_providers {
    alphamoon = {
      source  = "alphamoon/alphamoon"
      version = "~> 0.1"
    }
  }
}

variable "process" {
  type        = string
  description = "The name of the process whose documents are uploaded and read."
  default     = "Invoices"
}

variable "name" {
  type        = string
  description = "The name of the key."
  default     = "invoice-uploader"
}

variable "scopes" {
  type        = set(string)
  description = "What the key permits."
  default     = ["workspace.file:upload", "workspace.result:read"]
}

data "alphamoon_process" "documents" {
  name = var.process
}

resource "alphamoon_process_api_key" "uploader" {
  process_id           = data.alphamoon_process.documents.id
  name                 = var.name
  scopes               = var.scopes
  expires_in           = "90d"
  rotate_before_expiry = "30d"

  lifecycle {
    create_before_destroy = true
  }
}

# A key of the whole organization, for a job that manages keys. The API can remove it, so a destroy revokes it.
resource "alphamoon_organization_api_key" "pipeline" {
  name       = "pipeline"
  scopes     = ["workspace.process.api_key:manage"]
  expires_in = "90d"
}

data "alphamoon_process_api_keys" "all" {
  process_id = data.alphamoon_process.documents.id
  name       = var.name
  depends_on = [alphamoon_process_api_key.uploader]
}

output "uploader_key" {
  description = "What the uploading program authenticates with."
  value       = alphamoon_process_api_key.uploader.key
  sensitive   = true
}

output "keys" {
  description = "All keys of this name, without their secrets."
  value       = data.alphamoon_process_api_keys.all.api_keys
}

output "uploader_id" {
  description = "The id of the key."
  value       = alphamoon_process_api_key.uploader.id
}
