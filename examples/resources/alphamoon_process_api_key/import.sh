# PROCESS_ID/KEY_ID; the data source alphamoon_process_api_keys lists the ids.
terraform import alphamoon_process_api_key.uploader \
  2080d36bf94c4147b2e543104342fc2f/688874d9d9064c23bf78bf3ec93cbd2d
