# The keys of every process. With process_id = "…" in config only those of one.
list "alphamoon_process_api_key" "all" {
  provider         = alphamoon
  include_resource = true

  config {
    status = "Active"
  }
}
