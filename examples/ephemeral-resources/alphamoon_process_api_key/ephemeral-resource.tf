ephemeral "alphamoon_process_api_key" "job" {
  process_id  = "2080d36bf94c4147b2e543104342fc2f"
  name_prefix = "nightly-job-"
  scopes      = ["workspace.process.api_key:manage"]
  expires_in  = "30m"
}

# The configuration of a provider and write-only arguments accept ephemeral values.
provider "alphamoon" {
  alias   = "job"
  api_key = ephemeral.alphamoon_process_api_key.job.key
}
