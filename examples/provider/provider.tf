terraform {
  required_providers {
    alphamoon = {
      source  = "alphamoon/alphamoon"
      version = "~> 0.1"
    }
  }
}

# The key comes from the environment variable ALPHAMOON_API_KEY.
provider "alphamoon" {}
