package alphamoon

import "sync"

// sightings are the keys that any collection of a client has seen: on a page of a listing, or as an answer to a creation.
// Only a key that was never seen before its creation was sent can be a new one. A page may show it before the answer comes.
// U: a second creation of one name
type sightings struct {
	mu sync.Mutex
	// moments counts what was seen, and first has the moment of each key, by its id.
	moments int
	first   map[string]int
}

// moment is now, in the order in which keys are seen.
func (s *sightings) moment() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moments
}

// note takes a page of keys.
func (s *sightings) note(keys []APIKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moments++
	for _, key := range keys {
		if _, seen := s.first[foldID(key.ID)]; !seen {
			s.first[foldID(key.ID)] = s.moments
		}
	}
}

// isNew reports whether no page had shown a key by the given moment, and nobody has claimed it.
func (s *sightings) isNew(id string, moment int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, seen := s.first[foldID(id)]
	return !seen || first > moment
}

// claim makes a key known from the beginning, which answers a creation or is named as what one left. It reports whether it
// was new until now.
func (s *sightings) claim(id string, moment int) (isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, seen := s.first[foldID(id)]
	s.first[foldID(id)] = 0
	return !seen || first > moment
}
