package alphamoon

import (
	"context"
	"fmt"
	"time"
)

// sharedCall is one result for all who ask for it. A success is kept. A failure is kept for those who were waiting and
// for a short while, so that an outage costs one failure and not one for everybody who asks.
type sharedCall[T any] struct {
	// memory is for how long a failure is kept.
	memory time.Duration
	// lock is held by the one who calls. It is a channel so that the wait for it ends with the waiter's context.
	lock chan struct{}

	called bool
	value  T
	err    error
	failed time.Time
}

func newSharedCall[T any](memory time.Duration) *sharedCall[T] {
	return &sharedCall[T]{memory: memory, lock: make(chan struct{}, 1)}
}

// get returns the result, and calls for it if there is none. With an error comes what the call returned beside it.
func (s *sharedCall[T]) get(ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	began := now()
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	if s.called && (s.err == nil || s.failed.After(began) || now().Sub(s.failed) < s.memory) {
		return s.value, s.err
	}
	value, err := call(ctx)
	if err != nil && ctx.Err() != nil {
		return value, err // the caller was interrupted, which says nothing to the others
	}
	s.called, s.value, s.err, s.failed = true, value, err, now()
	return value, err
}

// generation holds the two listings that prove an absence. A write begins a new generation, because whoever reads after
// a write must see what was written.
type generation struct{ first, second *sharedCall[reading[APIKey]] }

// RepeatedError is a failure that a caller was told before.
type RepeatedError struct{ Err error }

func (e *RepeatedError) Error() string { return fmt.Sprintf("the same as before: %v", e.Err) }

func (e *RepeatedError) Unwrap() error { return e.Err }
