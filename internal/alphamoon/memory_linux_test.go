//go:build linux && !race

package alphamoon_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// hostilePages are answers to a listing that are cheap to send and were dear to read. write writes the answer for an offset.
var hostilePages = map[string]func(w io.Writer, offset int){
	"tiny elements": func(w io.Writer, _ int) {
		_, _ = io.WriteString(w, `{"apiKeys":[`)
		for i := range 1_000_000 {
			_, _ = fmt.Fprintf(w, `{"id":"%x"},`, i)
		}
		_, _ = io.WriteString(w, `{"id":"x"}]}`)
	},
	"tiny elements, page after page": func(w io.Writer, offset int) {
		_, _ = io.WriteString(w, `{"apiKeys":[`)
		for i := range 99_999 {
			_, _ = fmt.Fprintf(w, `{"id":"%x"},`, offset+i)
		}
		_, _ = fmt.Fprintf(w, `{"id":"%x"}]}`, offset+99_999)
	},
	"elements without an id": func(w io.Writer, _ int) {
		_, _ = io.WriteString(w, `{"apiKeys":[`+strings.Repeat("{},", 5_500_000)+`{}]}`)
	},
	"scopes": func(w io.Writer, _ int) {
		_, _ = io.WriteString(w, `{"apiKeys":[{"id":"a","scopes":[`+strings.Repeat(`"",`, 5_500_000)+`""]}]}`)
	},
	"few scopes for many, page after page": func(w io.Writer, _ int) {
		_, _ = io.WriteString(w, `{"apiKeys":[`)
		for i := range 99_999 {
			_, _ = fmt.Fprintf(w, `{"id":"%x","scopes":[%s""]},`, i, strings.Repeat(`"",`, 45))
		}
		_, _ = io.WriteString(w, `{"id":"x"}]}`)
	},
	"a limit that is a list": func(w io.Writer, _ int) {
		_, _ = io.WriteString(w, `{"apiKeys":[],"pagination":{"limit":[`+strings.Repeat("[],", 5_500_000)+`[]]}}`)
	},
	"deep": func(w io.Writer, _ int) {
		_, _ = io.WriteString(w, `{"apiKeys":[],"x":`+strings.Repeat("[", 16_000_000))
	},
	"other fields": func(w io.Writer, _ int) {
		_, _ = io.WriteString(w, `{`+strings.Repeat(`"a":0,`, 2_700_000)+`"apiKeys":[]}`)
	},
	"long names, page after page": func(w io.Writer, offset int) {
		_, _ = fmt.Fprintf(w, `{"apiKeys":[{"id":"%x","name":"%s"}],"pagination":{"total":4000}}`, offset, strings.Repeat("x", 16_000_000))
	},
}

// TestMemoryOfListings reads each of the pages in a process of its own, and looks at the most memory that it ever took.
func TestMemoryOfListings(t *testing.T) {
	t.Parallel()
	const variable = "ALPHAMOON_TEST_HOSTILE_PAGE"
	if write := hostilePages[os.Getenv(variable)]; write != nil {
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			offset, _ := window(r)
			write(w, offset)
		}), func(config *alphamoon.Config) { config.RequestTimeout = time.Minute })
		_, err := client.ProcessAPIKeys(processID).List(t.Context())
		fmt.Println(err)
		return
	}
	for name := range hostilePages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestMemoryOfListings$")
			child.Env = append(os.Environ(), variable+"="+name, "GOGC=100", "GOMEMLIMIT=off")
			output, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %.500s", err, output)
			}
			usage, _ := child.ProcessState.SysUsage().(*syscall.Rusage)
			peak, most := usage.Maxrss<<10, int64(200<<20)
			if strings.Contains(name, "after page") {
				most = 700 << 20
			}
			t.Logf("%d MiB, %s: %.200s", peak>>20, child.ProcessState.UserTime().Round(time.Millisecond), output)
			if peak > most {
				t.Errorf("it took %d MiB", peak>>20)
			}
		})
	}
}
