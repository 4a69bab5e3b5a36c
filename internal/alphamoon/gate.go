package alphamoon

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// gate lets requests pass one by one, first come, first served.
type gate struct {
	queue *semaphore.Weighted
	last  time.Time // when the last one passed
}

// pass returns at the time that next derives from the last passage. What next says may change while a request waits.
func (g *gate) pass(ctx context.Context, next func(last time.Time) time.Time) error {
	if err := g.queue.Acquire(ctx, 1); err != nil {
		return err
	}
	defer g.queue.Release(1)
	for {
		wait := next(g.last).Sub(now())
		if wait <= 0 {
			g.last = now()
			return ctx.Err()
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}
