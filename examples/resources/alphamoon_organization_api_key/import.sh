# KEY_ID; the data source alphamoon_organization_api_keys lists the ids.
terraform import alphamoon_organization_api_key.pipeline 688874d9d9064c23bf78bf3ec93cbd2d
