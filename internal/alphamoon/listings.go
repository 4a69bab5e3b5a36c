package alphamoon

import (
	"context"
	"sync"
)

// listings shares walks over the keys of processes among all who read them. The zero value is ready.
//
// A walk serves everybody who asks after it began, until the next write of this client: a reader that comes
// after a write must see what was written.
type listings struct {
	mu        sync.Mutex
	processes map[string]*sharedWalk // the latest walk of each process
}

// sharedWalk is a walk that is under way or has ended well.
type sharedWalk struct {
	// number tells the walks of a process apart: a fresh walk has a higher one.
	number int
	// done is closed at the end; listing and err are set before.
	done    chan struct{}
	listing *Listing
	byID    map[string]int // positions in listing.Keys
	err     error
	// before is byID of the walk before, if that was complete and nothing was written since: who looks for a key
	// that neither has needs no walk of his own to prove its absence.
	before map[string]int

	// waiting counts the readers; cancel ends the walk when the last one has given up.
	waiting int
	cancel  context.CancelFunc
	stale   bool
}

// get returns the latest walk of a process if it is valid and its number is at least the given one, and else that
// of a new one. The end of the context ends the wait, and the walk itself only if nobody else waits for it.
func (l *listings) get(ctx context.Context, processID string, atLeast int, walk func(context.Context) (*Listing, error)) (*sharedWalk, error) {
	shared := l.join(ctx, processID, atLeast, walk)
	select {
	case <-shared.done:
	case <-ctx.Done():
	}
	l.mu.Lock()
	shared.waiting--
	if shared.waiting == 0 {
		shared.cancel() // nothing happens if it has ended
		if ctx.Err() != nil {
			l.forget(processID, shared)
		}
	}
	l.mu.Unlock()
	select {
	case <-shared.done:
		return shared, shared.err
	default:
		return nil, ctx.Err()
	}
}

func (l *listings) join(ctx context.Context, processID string, atLeast int, walk func(context.Context) (*Listing, error)) *sharedWalk {
	l.mu.Lock()
	defer l.mu.Unlock()
	number := 0
	var before map[string]int
	if latest := l.processes[processID]; latest != nil {
		if !latest.stale && latest.number >= atLeast {
			latest.waiting++
			return latest
		}
		number = latest.number + 1
		if !latest.stale && latest.listing != nil && latest.listing.Complete {
			before = latest.byID
		}
	}
	// The values of the reader's context, its logger above all, serve the walk; its end does not end it.
	walkCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	shared := &sharedWalk{number: max(number, atLeast), done: make(chan struct{}), waiting: 1, cancel: cancel, before: before}
	if l.processes == nil {
		l.processes = map[string]*sharedWalk{}
	}
	l.processes[processID] = shared
	go func() {
		listing, err := walk(walkCtx)
		l.mu.Lock()
		defer l.mu.Unlock()
		if shared.listing, shared.err = listing, err; err != nil {
			l.forget(processID, shared) // whoever comes later tries again
		} else {
			shared.byID = make(map[string]int, len(listing.Keys))
			for i, key := range listing.Keys {
				shared.byID[key.ID] = i
			}
		}
		close(shared.done)
	}()
	return shared
}

// invalidate ends the validity of what is known of a process. Those who wait for a walk now began to wait before
// the write ended, and may be served from it.
func (l *listings) invalidate(processID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if shared := l.processes[processID]; shared != nil {
		shared.stale = true
		select {
		case <-shared.done:
			l.forget(processID, shared)
		default:
		}
	}
}

// forget drops a walk unless a later one has taken its place. The caller holds the lock.
func (l *listings) forget(processID string, shared *sharedWalk) {
	if l.processes[processID] == shared {
		delete(l.processes, processID)
	}
}
