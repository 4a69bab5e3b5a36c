// Package tuning holds the settings for garbage and logs of a process that serves a provider. The benchmark's floor
// uses the same, so that both are measured alike.
package tuning

import (
	"io"
	"log"
	"os"
)

// ballast is never touched, so that it takes no memory, but the garbage collector counts it as live.
var ballast []byte //nolint:unused // being there is its use

// Prepare sets up the process. Call it before serving. What the user sets in the environment wins.
//
// Both settings were measured with a plan of 1,000 keys on two cores, which took 6.8 s without them.
//
// The plugin libraries write trace lines for every call, which Terraform reads and drops when nobody asked for a
// log: without them the plan took 4.7 s.
//
// A provider's live memory is small and its garbage plenty, so that the collector runs all the time. The ballast
// lets it run at 128 MB at the earliest, which saved another tenth at the price of 50 MB. A higher GOGC would have
// saved as much, but multiplied the memory of the largest listings too.
//
// The logger of Go's libraries is silenced: net/http gives it what arrives on an idle connection, which can be the body of
// an answer with a secret.
func Prepare() {
	log.SetOutput(io.Discard)
	if os.Getenv("TF_LOG") == "" && os.Getenv("TF_LOG_PROVIDER") == "" && os.Getenv("TF_LOG_SDK") == "" {
		// Setting a variable of this process fails only for malformed names.
		_ = os.Setenv("TF_LOG_SDK", "OFF")
	}
	if os.Getenv("GOGC") == "" {
		ballast = make([]byte, 64<<20)
	}
}
