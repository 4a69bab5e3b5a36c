package sandbox

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// NamedFaults are the faults that can be switched on by name while the sandbox runs as a program.
func NamedFaults() map[string]Fault {
	const problem = `{"title": "Refused", "detail": "The sandbox was told to refuse this.", "errors": []}`
	return map[string]Fault{
		"outage":       {Status: http.StatusServiceUnavailable},
		"rate-limit":   {Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}},
		"unauthorized": {Status: http.StatusUnauthorized, Body: problem},
		"forbidden":    {Status: http.StatusForbidden, Body: problem},
		"login-page": {
			Body:   "<html><body>Please log in</body></html>",
			Header: http.Header{"Content-Type": {"text/html"}},
		},
		"reset":             {ResetBefore: true},
		"lost-answer":       {Operation: Create, ResetAfter: true},
		"archived":          {Operation: Create, Status: http.StatusConflict, Body: Detail("The process is archived.")},
		"unpaid":            {Operation: Create, Status: http.StatusPaymentRequired, Body: Detail("The subscription has ended.")},
		"version-off":       {Status: http.StatusGone, Body: Detail("API v0.4 was turned off, use v0.5.")},
		"granted-otherwise": {Operation: Create, AlterGranted: func(key *Key) { key.Name = "surprise" }},
		"revocation-fails":  {Operation: Revoke, Status: http.StatusNotFound, Body: problem},
	}
}

// help is what the control prints about itself.
const help = `What you can do to this sandbox while it runs:

  # see this text, and what there is
  curl URL/sandbox/
  # disable or remove a key by hand, or delete a process with its keys
  curl -X POST URL/sandbox/keys/ID/disable
  curl -X DELETE URL/sandbox/keys/ID
  curl -X DELETE URL/sandbox/processes/ID
  # switch a fault on 3 times, or for good; switch all faults off
  curl -X POST 'URL/sandbox/faults/NAME?times=3'
  curl -X POST URL/sandbox/faults/NAME
  curl -X DELETE URL/sandbox/faults
  # switch on a rule, beside others; switch all rules off
  curl -X POST URL/sandbox/rules/NAME
  curl -X DELETE URL/sandbox/rules
  # move the sandbox's clock on, or back
  curl -X POST 'URL/sandbox/clock?advance=60d'
  curl -X POST 'URL/sandbox/clock?advance=-60d'

Faults:
`

// explain prints what the control can do, at the address of the sandbox, in lines of 80 columns.
func explain(output io.Writer, address string) {
	_, _ = io.WriteString(output, strings.ReplaceAll(help, "URL", address))
	line := " "
	for _, name := range slices.Sorted(maps.Keys(NamedFaults())) {
		if len(line)+len(name) > 78 {
			_, _ = fmt.Fprintln(output, line)
			line = " "
		}
		line += " " + name
	}
	_, _ = fmt.Fprintf(output, "%s\n\nRules, which the real service may have or not:\n", line)
	for _, rule := range NamedRules() {
		_, _ = fmt.Fprintf(output, "  %-24s %s\n", rule.Name, rule.Text)
	}
	_, _ = fmt.Fprintln(output)
}

// Control is a handler of the requests under /sandbox/, which steer a sandbox that runs as a program. It asks for no
// credential: serve it on loopback addresses only, as [Sandbox.Listen] does.
func (s *Sandbox) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sandbox/{$}", func(writer http.ResponseWriter, req *http.Request) {
		explain(writer, "http://"+req.Host)
		s.describe(writer)
	})
	mux.HandleFunc("POST /sandbox/keys/{id}/disable", func(writer http.ResponseWriter, req *http.Request) {
		s.steer(writer, s.editKey(req.PathValue("id"), func(key *Key) { key.Status = "Disabled" }), "The key is disabled.")
	})
	mux.HandleFunc("DELETE /sandbox/keys/{id}", func(writer http.ResponseWriter, req *http.Request) {
		s.steer(writer, s.editKey(req.PathValue("id"), nil), "The key is removed.")
	})
	mux.HandleFunc("DELETE /sandbox/processes/{id}", func(writer http.ResponseWriter, req *http.Request) {
		s.steer(writer, s.RemoveProcess(req.PathValue("id")), "The process is deleted, and its keys with it.")
	})
	mux.HandleFunc("POST /sandbox/faults/{name}", s.switchOn)
	mux.HandleFunc("DELETE /sandbox/faults", func(writer http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		s.steer(writer, true, "All faults are off.")
	})
	mux.HandleFunc("POST /sandbox/rules/{name}", func(writer http.ResponseWriter, req *http.Request) {
		var err error
		s.Update(func(options *Options) { err = options.Follow(req.PathValue("name")) })
		if err != nil {
			http.Error(writer, "There is no rule of this name; see /sandbox/ for all.", http.StatusNotFound)
			return
		}
		s.steer(writer, true, "The rule is on.")
	})
	mux.HandleFunc("DELETE /sandbox/rules", func(writer http.ResponseWriter, _ *http.Request) {
		s.Update(func(options *Options) { options.Rules = Rules{} })
		s.steer(writer, true, "All rules are off. Keys stay as they are.")
	})
	mux.HandleFunc("POST /sandbox/clock", func(writer http.ResponseWriter, req *http.Request) {
		text := req.URL.Query().Get("advance")
		if days, err := strconv.ParseInt(strings.TrimSuffix(text, "d"), 10, 16); err == nil && strings.HasSuffix(text, "d") {
			text = fmt.Sprintf("%dh", 24*days)
		}
		duration, err := time.ParseDuration(text)
		if err != nil {
			http.Error(writer, "Write advance=60d, or another duration like 36h, 1h30m or -60d.", http.StatusBadRequest)
			return
		}
		s.Advance(duration)
		s.steer(writer, true, "The sandbox's clock has moved.")
	})
	return mux
}

func (s *Sandbox) steer(writer http.ResponseWriter, known bool, done string) {
	if !known {
		http.Error(writer, "There is nothing with this id.", http.StatusNotFound)
		return
	}
	_, _ = fmt.Fprintln(writer, done)
}

func (s *Sandbox) switchOn(writer http.ResponseWriter, req *http.Request) {
	fault, ok := NamedFaults()[req.PathValue("name")]
	if !ok {
		http.Error(writer, "There is no fault of this name; see /sandbox/ for all.", http.StatusNotFound)
		return
	}
	fault.Name, fault.Times = req.PathValue("name"), -1
	if text := req.URL.Query().Get("times"); text != "" {
		times, err := strconv.Atoi(text)
		if err != nil || times < 1 {
			http.Error(writer, "Write times=3, or another number from 1.", http.StatusBadRequest)
			return
		}
		fault.Times = times
	}
	s.Inject(fault)
	s.steer(writer, true, "The fault is on.")
}

// describe prints what there is, without secrets.
func (s *Sandbox) describe(output io.Writer) {
	s.lock()
	defer s.mu.Unlock()
	const columns = "  %-36s  %-20s  %-8s  %-20s  %s\n"
	_, _ = fmt.Fprintf(output, "It is %s here, and %d requests came so far.\n\n", wireTime(s.clock()), len(s.journal))
	_, _ = fmt.Fprintf(output, columns, "KEY", "NAME", "STATUS", "EXPIRES", "WORKS")
	row := func(name, owner string) {
		_, _ = fmt.Fprintln(output, shortened(name, 100))
		for _, key := range s.keys[owner] {
			works := "no"
			if s.isLive(key) {
				works = "yes"
			}
			expires := wireTime(key.ExpiresAt)
			if key.NeverExpires {
				expires = "never"
			}
			_, _ = fmt.Fprintf(output, columns, shortened(key.ID, 36), shortened(key.Name, 20), shortened(key.Status, 8), expires, works)
		}
	}
	row("organization", Organization)
	for _, process := range s.processes {
		row("process "+process.ID+" "+process.Name, process.ID)
	}
	for _, fault := range s.faults {
		_, _ = fmt.Fprintln(output, "fault "+fault.Name)
	}
	for _, name := range s.names {
		_, _ = fmt.Fprintln(output, "rule "+name)
	}
}

// shortened cuts a text that would not fit.
func shortened(text string, length int) string {
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length-1]) + "…"
	}
	return text
}
