package provider_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// updateFlag writes what tests compare with: the provider's surface, and tables in documents.
var updateFlag = flag.Bool("update", false, "write the files that the tests compare with")

func TestMain(m *testing.M) {
	// Most of these tests wait for a Terraform. An explicit -parallel is read later and wins.
	if err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
