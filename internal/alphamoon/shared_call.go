package alphamoon

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// sharedCall is a singleflight that keeps its result: one for all who ask for it. A success is kept. A failure is kept for
// those who were waiting and for a short while, so that an outage costs one failure and not one for everybody who asks.
type sharedCall[T any] struct {
	// memory is for how long a failure is kept.
	memory time.Duration
	// lock is held by the one who calls. The wait for it ends with the waiter's context.
	lock *semaphore.Weighted

	value T
	err   error
	// finishedAt is when the call ended with them. It is zero if there was none.
	finishedAt time.Time
}

func newSharedCall[T any](memory time.Duration) *sharedCall[T] {
	return &sharedCall[T]{memory: memory, lock: semaphore.NewWeighted(1)}
}

// get returns the result, and calls for it if there is none. With an error comes what the call returned beside it.
func (s *sharedCall[T]) get(ctx context.Context, call func(context.Context) (T, error)) (value T, err error) {
	began := now()
	if err := s.lock.Acquire(ctx, 1); err != nil {
		return value, err
	}
	defer s.lock.Release(1)
	if !s.finishedAt.IsZero() && (s.err == nil || s.finishedAt.After(began) || now().Sub(s.finishedAt) < s.memory) {
		return s.value, s.err
	}
	value, err = call(ctx)
	if err != nil && ctx.Err() != nil {
		return value, err // the caller was interrupted, which says nothing to the others
	}
	s.value, s.err, s.finishedAt = value, err, now()
	return value, err
}
