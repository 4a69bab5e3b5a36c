package alphamoon

// generation holds the two listings that prove an absence. A write begins a new generation, because whoever reads after
// a write must see what was written.
type generation struct{ first, second *sharedCall[*found] }

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
