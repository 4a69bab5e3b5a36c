package alphamoon

import (
	"context"
	"sync"
)

// keyedMutex locks by name. The zero value is ready.
type keyedMutex struct {
	mu    sync.Mutex
	locks map[string]*namedLock
}

type namedLock struct {
	token   chan struct{} // holds one token while the lock is free
	holders int           // who holds the lock or waits for it
}

// lock waits for the name or the end of the context, and returns how to unlock it.
func (m *keyedMutex) lock(ctx context.Context, name string) (unlock func(), err error) {
	m.mu.Lock()
	if m.locks == nil {
		m.locks = map[string]*namedLock{}
	}
	lock := m.locks[name]
	if lock == nil {
		lock = &namedLock{token: make(chan struct{}, 1)}
		lock.token <- struct{}{}
		m.locks[name] = lock
	}
	lock.holders++
	m.mu.Unlock()

	leave := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if lock.holders--; lock.holders == 0 {
			delete(m.locks, name)
		}
	}
	select {
	case <-lock.token:
		return func() { lock.token <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// idSet is a set of ids. The zero value is ready.
type idSet struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (s *idSet) add(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = map[string]bool{}
	}
	for _, id := range ids {
		s.ids[id] = true
	}
}

func (s *idSet) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}
