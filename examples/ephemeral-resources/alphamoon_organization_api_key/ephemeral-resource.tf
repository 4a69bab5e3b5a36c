ephemeral "alphamoon_organization_api_key" "job" {
  name       = "nightly-job"
  scopes     = ["workspace.process.api_key:manage"]
  expires_in = "30m"
}

# The configuration of a provider and write-only arguments accept ephemeral values.
provider "alphamoon" {
  alias   = "job"
  api_key = ephemeral.alphamoon_organization_api_key.job.key
}
