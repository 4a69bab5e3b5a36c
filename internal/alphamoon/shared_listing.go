package alphamoon

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// sharedCall is one result for all who ask for it. A success is kept; a failure is kept for a short while, so that
// an outage costs one failure and not one for everybody who asks.
type sharedCall[T any] struct {
	// memory is for how long a failure is kept.
	memory time.Duration

	mu      sync.Mutex
	current *sharedResult[T]
}

type sharedResult[T any] struct {
	// done is closed at the end; value, err and failed are set before.
	done   chan struct{}
	value  T
	err    error
	failed time.Time
	// waiting counts those who wait; cancel ends the call when the last one has given up.
	waiting int
	cancel  context.CancelFunc
}

// get returns the result, and calls for it if there is none. The end of the context ends the wait, and the call
// itself only if nobody else waits for it. With an error of the call comes what the call returned beside it.
func (s *sharedCall[T]) get(ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	result := s.join(ctx, call)
	select {
	case <-result.done:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	result.waiting--
	if result.waiting == 0 {
		result.cancel() // nothing happens if it has ended
	}
	select {
	case <-result.done:
		return result.value, result.err
	default:
		if result.waiting == 0 && s.current == result {
			s.current = nil
		}
		var none T
		return none, ctx.Err()
	}
}

func (s *sharedCall[T]) join(ctx context.Context, call func(context.Context) (T, error)) *sharedResult[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if result := s.current; result != nil && (result.failed.IsZero() || now().Sub(result.failed) < s.memory) {
		result.waiting++
		return result
	}
	// The values of the caller's context, its logger above all, serve the call; its end does not end it.
	callCtx, cancel := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // called by the last who waits
	result := &sharedResult[T]{done: make(chan struct{}), waiting: 1, cancel: cancel}
	s.current = result
	go func() {
		value, err := call(callCtx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if result.value, result.err = value, err; err != nil {
			result.failed = now()
		}
		close(result.done)
	}()
	return result
}

// generation holds the two listings that prove an absence. A write begins a new generation: who reads after a write
// must see what was written.
type generation struct{ first, second sharedCall[*found] }

func newGeneration(memory time.Duration) *generation {
	return &generation{first: sharedCall[*found]{memory: memory}, second: sharedCall[*found]{memory: memory}}
}

// found is a reading of a collection with an index.
type found struct {
	reading[APIKey]
	byID map[string]int
}

func index(result reading[APIKey]) *found {
	byID := make(map[string]int, len(result.elements))
	for i, key := range result.elements {
		byID[key.ID] = i
	}
	return &found{reading: result, byID: byID}
}

func (f *found) key(id string) *APIKey {
	if f == nil {
		return nil
	}
	if i, ok := f.byID[id]; ok {
		return &f.elements[i]
	}
	return nil
}

// RepeatedError is a failure that another reader of the same collection was told before.
type RepeatedError struct{ Err error }

func (e *RepeatedError) Error() string { return fmt.Sprintf("the same as before: %v", e.Err) }

func (e *RepeatedError) Unwrap() error { return e.Err }
