//go:build unix

package endtoend_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// ownGroup starts a command as the leader of a group of processes.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// terminateGroup is what job runners do to a job that is cancelled.
func terminateGroup(leader *os.Process) error { return syscall.Kill(-leader.Pid, syscall.SIGTERM) }

// expectNoProcess waits until the group is empty.
func (a *applying) expectNoProcess() {
	a.w.t.Helper()
	left := members(a.w.t, a.Process.Pid)
	for deadline := time.After(gracePeriod); len(left) > 0; left = members(a.w.t, a.Process.Pid) {
		select {
		case <-deadline:
			_ = syscall.Kill(-a.Process.Pid, syscall.SIGKILL)
			a.w.t.Fatalf("%s still run", left)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// members names the processes of a group that run. One that has ended and that nobody waited for still counts for kill(2).
func members(t *testing.T, group int) (names []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Skip("this system does not list its processes under /proc")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		// The number, the name in parentheses, the state, the parent, the group.
		stat := string(raw)
		end := strings.LastIndexByte(stat, ')')
		if fields := strings.Fields(stat[end+1:]); fields[2] == strconv.Itoa(group) && fields[0] != "Z" {
			names = append(names, stat[strings.IndexByte(stat, '(')+1:end])
		}
	}
	return names
}

// TestAccTerminationOfTheGroup cancels a job while three keys are created.
func TestAccTerminationOfTheGroup(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(3, `name = "k-${count.index}"`, `expires_in = "90d"`), sandbox.Options{})
	w.Inject(sandbox.Fault{Operation: sandbox.Create, Delay: 2 * time.Second, Times: -1})
	a := w.startApply(sandbox.Create, 3, ownGroup)
	output := a.end(terminateGroup)
	a.expectNoProcess()
	state := w.read("terraform.tfstate")
	created := w.Keys(sandbox.DefaultProcessID)
	if len(created) != 3 {
		t.Errorf("%d keys were created\n%s", len(created), output)
	}
	for _, key := range created {
		if !strings.Contains(state, key.ID) || !strings.Contains(state, key.Secret) {
			t.Errorf("the key %s is not in the state:\n%s", key.ID, output)
		}
	}
}

// TestAccProviderEndsWithTerraform kills Terraform alone, while an ephemeral key is open and while a key is created.
func TestAccProviderEndsWithTerraform(t *testing.T) {
	t.Parallel()
	t.Run("open", func(t *testing.T) {
		t.Parallel()
		w := newJob(t, true)
		w.Inject(sandbox.Fault{Operation: sandbox.Create, Skip: 2, Delay: 2 * time.Second})
		a := w.startApply(sandbox.Create, 3, ownGroup)
		a.end((*os.Process).Kill)
		a.expectNoProcess()
		w.expectJobs(2, 0)
	})
	t.Run("creating", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t, keys(1, `name = "k"`, `expires_in = "90d"`), sandbox.Options{})
		w.Inject(sandbox.Fault{Operation: sandbox.Create, Delay: 2 * time.Second})
		a := w.startApply(sandbox.Create, 1, ownGroup)
		a.end((*os.Process).Kill)
		a.expectNoProcess()
		if live := w.LiveKeys(sandbox.DefaultProcessID); len(live) != 1 {
			t.Errorf("%d keys live: the creation on its way was broken off", len(live))
		}
	})
	t.Run("opening", func(t *testing.T) {
		t.Parallel()
		w := newJob(t, true)
		w.Inject(sandbox.Fault{Operation: sandbox.Create, Delay: 2 * time.Second})
		a := w.startApply(sandbox.Create, 1, ownGroup)
		a.end((*os.Process).Kill)
		a.expectNoProcess()
		w.expectJobs(1, 0)
	})
}

// TestTerminatedProviderEnds ends a provider that nobody else ends.
func TestTerminatedProviderEnds(t *testing.T) {
	t.Parallel()
	binaries, err := filepath.Glob(mirror + "/registry.terraform.io/alphamoon/alphamoon/*/*/terraform-provider-alphamoon_*")
	if err != nil || len(binaries) != 1 {
		t.Fatalf("%v, %v", binaries, err)
	}
	command := exec.CommandContext(t.Context(), binaries[0])
	command.Env = append(os.Environ(), "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := output.Read(make([]byte, 1)); err != nil { // it says where it listens
		t.Fatal(err)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(gracePeriod+5*time.Second, func() { _ = command.Process.Kill() })
	defer timer.Stop()
	if err := command.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
