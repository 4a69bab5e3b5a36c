package alphamoon

import "sync"

// sightings are the keys that any collection of a client has seen: on a page of a listing, or as an answer to a creation.
// Only a key that was never seen before its creation was sent can be a new one. A page may show it before the answer comes.
// U: a second creation of one name
type sightings struct {
	mu sync.Mutex
	// moments counts what was seen, and first has the moment of each key.
	moments int
	first   map[string]int
}

// view is what the collections of one kind see of the sightings. A number may be the id of a key of each kind.
// U: ids
type view struct {
	*sightings
	kind string
}

func (v view) key(id string) string {
	if isNumber(id) {
		return v.kind + id
	}
	return foldID(id)
}

// moment is now, in the order in which keys are seen.
func (s *sightings) moment() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moments
}

// note takes a page of keys.
func (v view) note(keys []APIKey) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.moments++
	for _, key := range keys {
		if _, seen := v.first[v.key(key.ID)]; !seen {
			v.first[v.key(key.ID)] = v.moments
		}
	}
}

// isNew reports whether no page had shown a key by the given moment, and nobody has claimed it.
func (v view) isNew(id string, moment int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	first, seen := v.first[v.key(id)]
	return !seen || first > moment
}

// claim makes a key known from the beginning, which answers a creation or is named as what one left. It reports whether it
// was new until now.
func (v view) claim(id string, moment int) (isNew bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	first, seen := v.first[v.key(id)]
	v.first[v.key(id)] = 0
	return !seen || first > moment
}
