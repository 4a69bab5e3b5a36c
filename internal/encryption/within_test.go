package encryption

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestWithin waits on a virtual clock for work that does not end.
func TestWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		var got error
		go func() {
			_, got = within(t.Context(), func() (string, error) {
				<-never
				return "", nil
			})
		}()
		time.Sleep(29 * time.Second)
		if synctest.Wait(); got != nil {
			t.Errorf("got %v after 29 seconds", got)
		}
		time.Sleep(time.Second)
		if synctest.Wait(); !errors.Is(got, ErrSlowPlugin) {
			t.Errorf("got %v after 30 seconds", got)
		}
		close(never)
	})
}
