package serving

import (
	"io"
	"log"
	"os"
	"runtime"
	"strings"
)

// KeepSecrets prepares the process so that the libraries in it and the programs that it starts pass no secret on. It
// returns the environment that the provider is to read. Call it before anything else.
//
// The logger of Go's libraries is silenced: net/http gives it what arrives on an idle connection, which can be the body of
// an answer with a secret.
//
// Two variables for debugging are removed: with TF_LOG_SDK_PROTO_DATA_DIR, terraform-plugin-go writes every value to files,
// decrypted secrets included; with AGEDEBUG, age prints what it says to a plugin, the key of the file included.
//
// The provider's own variables are removed, too, because a plugin of age is a program of somebody else and inherits the
// environment. It needs neither the API key nor the identities that are not its own.
func KeepSecrets() (getenv func(string) string) {
	log.SetOutput(io.Discard)
	own := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		switch canonical := canonicalName(name); {
		case canonical == "TF_LOG_SDK_PROTO_DATA_DIR", canonical == "AGEDEBUG":
		case strings.HasPrefix(canonical, "ALPHAMOON_"):
			own[canonical] = value
		default:
			continue
		}
		_ = os.Unsetenv(name) // fails only for malformed names
	}
	return func(name string) string {
		if value, found := own[canonicalName(name)]; found {
			return value
		}
		return os.Getenv(name)
	}
}

// canonicalName is equal for all spellings of a variable: on Windows its case makes no difference.
func canonicalName(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}
