# "age-keygen -o identity.txt" creates an identity and prints the public key for encrypt_to.
resource "alphamoon_process_api_key" "uploader" {
  process_id           = "2080d36bf94c4147b2e543104342fc2f"
  name                 = "invoice-uploader"
  scopes               = ["workspace.file:upload"]
  expires_in           = "90d"
  rotate_before_expiry = "30d"
  # put your public key here
  encrypt_to = ["age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"]

  lifecycle {
    create_before_destroy = true
  }
}

# The identity comes from the environment variable ALPHAMOON_AGE_IDENTITY
# or ALPHAMOON_AGE_IDENTITY_FILE.
ephemeral "alphamoon_decrypted_key" "uploader" {
  encrypted_key = alphamoon_process_api_key.uploader.encrypted_key
  required      = terraform.applying # a plan needs no identity
}

# Pass ephemeral.alphamoon_decrypted_key.uploader.key to a store:
# the guide "Secrets and stores" has recipes.
