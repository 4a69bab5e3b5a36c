terraform {
  required_providers {
    alphamoon = {
      source = "alphamoon/alphamoon"
    }
  }
}

# The credential comes from the environment variable ALPHAMOON_API_KEY.
provider "alphamoon" {}
