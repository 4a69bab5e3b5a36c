package encryption

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestWithTimeout waits on a virtual clock for work that does not end.
func TestWithTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		never, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			_, err := withTimeout(t.Context(), func() (string, error) {
				<-never
				return "", nil
			})
			ended <- err
		}()
		time.Sleep(pluginTimeout - time.Second)
		select {
		case err := <-ended:
			t.Fatalf("it ended early with %v", err)
		default:
		}
		time.Sleep(time.Second)
		if err := <-ended; !errors.Is(err, ErrSlowPlugin) || pluginTimeout != 30*time.Second {
			t.Errorf("got %v after %s", err, pluginTimeout)
		}
		close(never)
	})
}
