package endtoend_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// gracePeriod is what an interrupted Terraform may take: systems that stop jobs usually kill after ten seconds.
const gracePeriod = 10 * time.Second

// applying is an apply that is to be ended before it is done.
type applying struct {
	*exec.Cmd
	w      *workspace
	output strings.Builder
	ended  chan struct{}
}

// startApply starts an apply that configure may prepare, and waits until the sandbox has that many requests of the kind.
func (w *workspace) startApply(operation sandbox.Operation, count int, configure func(*exec.Cmd)) *applying {
	w.t.Helper()
	a := &applying{w: w, Cmd: w.command(w.t.Context(), withTLS, "apply", "-input=false", "-auto-approve"), ended: make(chan struct{})}
	a.Stdout, a.Stderr = &a.output, &a.output
	configure(a.Cmd)
	if err := a.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() { _ = a.Wait(); close(a.ended) }() // how it ends is seen in the state
	for deadline := time.After(time.Minute); w.Count(operation) < count; {
		select {
		case <-a.ended:
			w.t.Fatalf("ended early:\n%s", a.output.String())
		case <-deadline:
			w.t.Fatal("no request arrived")
		case <-time.After(5 * time.Millisecond):
		}
	}
	time.Sleep(200 * time.Millisecond) // so that a wait for the next attempt has begun
	return a
}

// end ends it in the way given and returns what it printed.
func (a *applying) end(how func(*os.Process) error) string {
	a.w.t.Helper()
	if err := how(a.Process); err != nil {
		a.w.t.Fatal(err)
	}
	select {
	case <-a.ended:
	case <-time.After(gracePeriod):
		_ = a.Process.Kill()
		a.w.t.Errorf("still running after %s", gracePeriod)
		<-a.ended
	}
	return a.output.String()
}

func interrupt(process *os.Process) error { return process.Signal(os.Interrupt) }

// interruptedApply applies, waits until the sandbox has a request of the kind, interrupts, and waits for the end.
func (w *workspace) interruptedApply(operation sandbox.Operation) (output string) {
	w.t.Helper()
	return w.startApply(operation, 1, func(*exec.Cmd) {}).end(interrupt)
}

// keyInState returns the id and the secret in the state file, empty if there is no key.
func (w *workspace) keyInState() (id, secret string) {
	w.t.Helper()
	var state struct {
		Resources []struct {
			Mode      string
			Instances []struct {
				Attributes struct{ ID, Key string }
			}
		}
	}
	if _, err := os.Stat(w.dir + "/terraform.tfstate"); os.IsNotExist(err) {
		return "", ""
	}
	if err := json.Unmarshal([]byte(w.read("terraform.tfstate")), &state); err != nil {
		w.t.Fatal(err)
	}
	for _, resource := range state.Resources {
		if resource.Mode == "managed" && len(resource.Instances) > 0 {
			return resource.Instances[0].Attributes.ID, resource.Instances[0].Attributes.Key
		}
	}
	return "", ""
}

func TestAccInterruptDuringACreation(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keyConfig, sandbox.Options{})
	w.Inject(sandbox.Fault{Operation: sandbox.Create, Delay: 2 * time.Second})
	w.interruptedApply(sandbox.Create)
	keys := w.Keys(sandbox.DefaultProcessID)
	id, secret := w.keyInState()
	if len(keys) != 1 || keys[0].ID != id || keys[0].Secret != secret {
		t.Errorf("%d keys exist, and the state holds %q", len(keys), id)
	}
}

func TestAccInterruptDuringACreationThatNeverAnswers(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keyConfig, sandbox.Options{})
	w.Inject(sandbox.Fault{Operation: sandbox.Create, LoseAnswer: true})
	output := w.interruptedApply(sandbox.Create)
	keys := w.Keys(sandbox.DefaultProcessID)
	// The key is revoked, because the configuration permits it, or named.
	for _, key := range keys {
		if !strings.Contains(output, key.ID) {
			t.Errorf("the key %s exists and is not named in:\n%s", key.ID, output)
		}
	}
	if id, _ := w.keyInState(); id != "" || w.Count(sandbox.Create) != 1 {
		t.Errorf("the state holds %q after %d creations", id, w.Count(sandbox.Create))
	}
}

func TestAccInterruptWhileWaitingForARetry(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keyConfig, sandbox.Options{})
	w.Inject(sandbox.Fault{Operation: sandbox.Create, Status: 429, Header: http.Header{"Retry-After": {"30"}}, Times: -1})
	output := w.interruptedApply(sandbox.Create)
	if !strings.Contains(output, "Error: Interrupted") {
		t.Errorf("no diagnostic says so:\n%s", output)
	}
	id, _ := w.keyInState()
	if keys := w.Keys(sandbox.DefaultProcessID); len(keys) != 0 || id != "" || w.Count(sandbox.Create) != 1 {
		t.Errorf("%d keys exist, the state holds %q, %d creations were sent", len(keys), id, w.Count(sandbox.Create))
	}
}
