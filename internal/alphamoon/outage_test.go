package alphamoon_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestOutageIsShared by the collections that were waiting, however short it is remembered, and by those of the next
// seconds. Then the service is tried anew.
func TestOutageIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{Options: sandbox.Options{Latency: time.Second}}
		of := func(memory time.Duration) func(string) error {
			client := newClient(t, box, func(config *alphamoon.Config) {
				config.FailureMemory, config.MaxRetries = memory, 1
				config.RetryWaitMin, config.RetryWaitMax = 4*time.Second, 4*time.Second
			})
			return func(process string) error {
				_, err := client.ProcessAPIKeys(process).List(t.Context())
				return err
			}
		}
		box.Inject(sandbox.Fault{Status: http.StatusBadGateway, Times: -1})
		list := of(time.Nanosecond)
		var group sync.WaitGroup
		var first, second error
		group.Go(func() { first = list("a") }) // fails after two attempts of a second, and a pause of two to four
		group.Go(func() { time.Sleep(3 * time.Second); second = list("b") })
		group.Wait()
		if first == nil || second == nil || second.Error() != first.Error() {
			t.Errorf("got %v, then %v", first, second)
		}

		list = of(5 * time.Second)
		_ = list("a")
		sent := box.Count(sandbox.List)
		time.Sleep(4 * time.Second)
		if err := list("c"); err == nil || box.Count(sandbox.List) != sent {
			t.Errorf("soon after: %v, %d requests", err, box.Count(sandbox.List)-sent)
		}
		time.Sleep(2 * time.Second)
		box.ClearFaults()
		if err := list(processID); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}

// TestASuccessEndsAnOutage: whoever asks after an answer arrived is answered too.
func TestASuccessEndsAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		slow := http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
			if strings.Contains(req.URL.Path, processID) {
				time.Sleep(2 * time.Second)
			}
			box.ServeHTTP(writer, req)
		})
		client := newClient(t, slow, func(config *alphamoon.Config) {
			config.FailureMemory, config.MaxRetries = time.Minute, 0
		})
		list := func(process string) error {
			_, err := client.ProcessAPIKeys(process).List(t.Context())
			return err
		}
		var group sync.WaitGroup
		group.Go(func() {
			if err := list(processID); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		box.Inject(sandbox.Fault{Status: http.StatusBadGateway})
		if err := list("a"); err == nil {
			t.Error("no outage")
		}
		group.Wait()
		if err := list(processID); err != nil {
			t.Errorf("after the success: %v", err)
		}
	})
}

// TestTheLookAfterALossIsNotAnOutage: the failure of a removal must not stop the listing that shows what became of it.
func TestTheLookAfterALossIsNotAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		fill(box, 2)
		client := newClient(t, box, func(config *alphamoon.Config) { config.FailureMemory = time.Minute })
		box.Inject(sandbox.Fault{Operation: revoke, Status: http.StatusBadGateway, AfterWork: true, Times: -1})
		key := box.Keys(processID)[0]
		if err := client.ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: key.ID}); err != nil {
			t.Error(err)
		}
	})
}

// TestWaitersShareAFailure, however short it is remembered.
func TestWaitersShareAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{Options: sandbox.Options{Latency: time.Second}}
		client := newClient(t, box, func(config *alphamoon.Config) {
			config.MaxRetries, config.FailureMemory = 0, -1 // virtual time stands still while the waiters look
		})
		box.Inject(sandbox.Fault{Status: http.StatusInternalServerError, Times: -1})
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { _, _ = client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: "x"}) })
		}
		group.Wait()
		if box.Count(list) != 1 {
			t.Errorf("%d requests", box.Count(list))
		}
	})
}
