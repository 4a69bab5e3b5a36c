package serving

import (
	"os"
	"testing"
)

// TestKeepSecrets changes the environment of this process.
//
//nolint:paralleltest // so that it runs alone
func TestKeepSecrets(t *testing.T) {
	before := map[string]string{
		"ALPHAMOON_API_KEY": "user:secret", "ALPHAMOON_AGE_IDENTITY": "", "TF_LOG_SDK_PROTO_DATA_DIR": t.TempDir(), "AGEDEBUG": "plugin",
		"HTTPS_PROXY": "http://proxy.example.com", "ALPHAMOONLIGHT": "somebody else's",
	}
	for name, value := range before {
		t.Setenv(name, value)
	}
	getenv := KeepSecrets()
	for _, name := range []string{"ALPHAMOON_API_KEY", "ALPHAMOON_AGE_IDENTITY", "TF_LOG_SDK_PROTO_DATA_DIR", "AGEDEBUG"} {
		if value, found := os.LookupEnv(name); found {
			t.Errorf("%s is still %q in the environment", name, value)
		}
	}
	for name, want := range map[string]string{
		"ALPHAMOON_API_KEY": "user:secret", "ALPHAMOON_AGE_IDENTITY": "", "HTTPS_PROXY": "http://proxy.example.com",
		"ALPHAMOONLIGHT": "somebody else's", "AGEDEBUG": "",
	} {
		if got := getenv(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if os.Getenv("HTTPS_PROXY") == "" || os.Getenv("ALPHAMOONLIGHT") == "" {
		t.Error("a variable of somebody else's was removed")
	}
}
