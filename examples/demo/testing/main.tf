# A name that no earlier run of the tests has used. The keys of earlier runs live on, so that the tests count by name.

resource "terraform_data" "name" {
  input = "invoice-uploader-${formatdate("YYYYMMDDhhmmss", timestamp())}"

  lifecycle {
    ignore_changes = [input]
  }
}

output "name" {
  value = terraform_data.name.output
}
