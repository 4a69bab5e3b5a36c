package alphamoon

import (
	"context"
	"sync"
	"time"
)

// gate holds back all requests of a client while one of them waits for its next attempt. The zero value is open.
type gate struct {
	mu     sync.Mutex
	closed int           // how many closures have not ended
	opened chan struct{} // closed when the last of them ends
}

// closeFor closes the gate for a while.
func (g *gate) closeFor(wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed++; g.closed == 1 {
		g.opened = make(chan struct{})
	}
	time.AfterFunc(wait, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.closed--; g.closed == 0 {
			close(g.opened)
		}
	})
}

// pass waits until the gate is open. The error is the context's.
func (g *gate) pass(ctx context.Context) error {
	for {
		g.mu.Lock()
		closed, opened := g.closed > 0, g.opened
		g.mu.Unlock()
		if !closed {
			return ctx.Err()
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
