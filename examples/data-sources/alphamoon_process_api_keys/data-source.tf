data "alphamoon_process_api_keys" "active" {
  process_id = "2080d36bf94c4147b2e543104342fc2f"
  status     = "Active"
}

output "expire_within_30_days" {
  value = {
    for key in data.alphamoon_process_api_keys.active.api_keys : key.id => "${key.name}, ${key.expires_at}"
    if timecmp(key.expires_at, timeadd(plantimestamp(), "720h")) < 0
  }
}
