# The keys of every process. With config { process_id = "…" } only those of one.
list "alphamoon_process_api_key" "all" {
  provider         = alphamoon
  include_resource = true
}
