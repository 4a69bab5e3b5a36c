package alphamoon

import (
	"context"
	"time"
)

// now is the clock of waits and durations. They are real, whatever clock a caller decides by.
func now() time.Time { return time.Now() } //nolint:forbidigo // the client's only clock, see above

// sleep waits, but no longer than the context. Its error is the context's.
func sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// outlive returns a context that ends a while after its parent, and a function that releases it.
func outlive(parent context.Context, grace time.Duration) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		if sleep(ctx, grace) == nil {
			cancel(context.Cause(parent))
		}
	})
	return ctx, func() { cancel(nil); stop() }
}

// later returns the later one of two instants.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
