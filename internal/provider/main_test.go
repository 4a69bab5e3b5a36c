package provider_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
)

// updateFlag writes what tests compare with: the provider's surface, and tables in documents.
var updateFlag = flag.Bool("update", false, "write the files that the tests compare with")

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // hardly anything outlives its test
	// Most of these tests wait for a Terraform. An explicit -parallel is read later and wins.
	err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0)))
	if os.Getenv("GOGC") == "" {
		// A Terraform ends before collecting its garbage pays: this is for those that are started from here.
		err = errors.Join(err, os.Setenv("GOGC", "off"), os.Setenv("GOMEMLIMIT", "512MiB"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
