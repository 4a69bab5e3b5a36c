package endtoend_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccUnsolicitedAnswerIsNotLogged answers a request twice. Go's client finds the second answer on an idle connection.
func TestAccUnsolicitedAnswerIsNotLogged(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, `
data "alphamoon_process_api_keys" "test" {
  process_id = "`+sandbox.DefaultProcessID+`"
}
`, sandbox.Options{})
	const secret = "0123456789abcdef:unsolicited"
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(writer).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		const body = `{"apiKeys": [], "pagination": {"total": 0}}`
		// The connection is closed by the client, which drops it.
		_, _ = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"+
			`{"key": %q}`, len(body), body, secret)
	}))
	t.Cleanup(server.Close)
	w.address = server.URL
	command := w.command(t.Context(), map[string]string{"TF_LOG": "TRACE", "TF_LOG_PATH": w.dir + "/trace.log"}, "plan", "-input=false")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if trace := w.read("trace.log"); strings.Contains(trace, secret) || !strings.Contains(trace, "Alphamoon API request") {
		i := strings.Index(trace, secret)
		t.Errorf("the log has it, or no request at all: …%s…", trace[max(0, i-200):min(len(trace), i+100)])
	}
}
