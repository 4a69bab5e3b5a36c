package alphamoon

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// keyOf reads "id name expiry", the expiry as a day of March, or "-" for none.
func keyOf(text string) APIKey {
	fields := strings.Fields(text)
	key := APIKey{ID: fields[0], Name: fields[1], Scopes: ScopeList{"a.b:c"}}
	if fields[2] != "-" {
		key.ExpiresAt.Time = noon.AddDate(0, 0, int(fields[2][0]-'0'))
	}
	return key
}

// lostOf reads "name expiry", and a name that was generated with "!" behind it.
func lostOf(text string) *lostCreation {
	key := keyOf("- " + strings.Replace(text, "!", "", 1))
	return &lostCreation{
		request: APIKeyRequest{Name: key.Name, Scopes: key.Scopes, ExpiresAt: key.ExpiresAt.Time}, signed: strings.Contains(text, "!"),
	}
}

func TestAssign(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lost, fresh []string
		// want is, for each lost creation, the ids of the equal keys, "!" if they are certainly its own, then the similar ones.
		want []string
	}{
		"nothing":                        {[]string{"a 1"}, nil, []string{"/"}},
		"an equal key":                   {[]string{"a 1"}, []string{"x a 1"}, []string{"x/"}},
		"more equal keys than creations": {[]string{"a 1"}, []string{"x a 1", "y a 1"}, []string{"x or y/"}},
		"equal creations, as many keys":  {[]string{"a 1", "a 1"}, []string{"x a 1", "y a 1"}, []string{"x/", "y/"}},
		"equal creations, fewer keys":    {[]string{"a 1", "a 1"}, []string{"x a 1"}, []string{"x/", "/"}},
		"equal creations, more keys": {
			[]string{"a 1", "a 1"}, []string{"x a 1", "y a 1", "z a 1"}, []string{"x or y or z/", "x or y or z/"},
		},
		"different creations":             {[]string{"a 1", "b 2"}, []string{"y b 2", "x a 1"}, []string{"x/", "y/"}},
		"the same name":                   {[]string{"a 1"}, []string{"x a 2"}, []string{"/x"}},
		"the same expiry":                 {[]string{"a 1"}, []string{"x b 1"}, []string{"/x"}},
		"neither":                         {[]string{"a 1"}, []string{"x b 2"}, []string{"/"}},
		"an equal key hides similar ones": {[]string{"a 1"}, []string{"x a 1", "y a 2"}, []string{"x/"}},
		"what is another's is not similar": {
			[]string{"a 1", "a 2"}, []string{"x a 2"}, []string{"/", "x/"},
		},
		"what is another's is not capped either": {[]string{"a 2", "a 1"}, []string{"x a 1"}, []string{"/", "x/"}},
		"a capped expiry":                        {[]string{"a 2"}, []string{"x a 1"}, []string{"x/"}},
		"other letters":                          {[]string{"abc 1"}, []string{"x ABC 1"}, []string{"x/"}},
		"a cut name":                             {[]string{"abcdefghij 1"}, []string{"x abcdefgh 2"}, []string{"/x"}},
		"a short beginning of a name":            {[]string{"abcdefghij 1"}, []string{"x abc 2"}, []string{"/"}},
		"the same with a capped expiry":          {[]string{"abcdefghij 2"}, []string{"x abc 1"}, []string{"/x"}},
		"the same without an expiry":             {[]string{"abcdefghij 1"}, []string{"x abc -"}, []string{"/x"}},
		"another name without an expiry":         {[]string{"abcdefghij 1"}, []string{"x abd -"}, []string{"/"}},
		"a generated name":                       {[]string{"a! 1"}, []string{"x a 2"}, []string{"x!/"}},
		"a generated name, cut":                  {[]string{"abcdefghij! 1"}, []string{"x abcdefghi 1"}, []string{"/x"}},
		"a generated name, sent twice":           {[]string{"a! 1"}, []string{"x a 1", "y A 1"}, []string{"x or y!/"}},
		"a generated name beside another":        {[]string{"a! 1", "b 1"}, []string{"x b 1", "y a 1"}, []string{"y!/", "x/"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var creations []*lostCreation
			for _, text := range test.lost {
				creations = append(creations, lostOf(text))
			}
			var fresh []APIKey
			for _, text := range test.fresh {
				fresh = append(fresh, keyOf(text))
			}
			var got []string
			for _, found := range assign(creations, fresh) {
				text := JoinIDs(found.Equal)
				if found.signed {
					text += "!"
				}
				got = append(got, text+"/"+JoinIDs(found.Similar))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestOneListingServesWhoHasSettled: the others look for themselves later, and so does everybody after an obstacle.
func TestOneListingServesWhoHasSettled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		obstacle error
		served   []bool
	}{"a listing": {nil, []bool{true, true, false}}, "an obstacle": {errors.New("no"), []bool{true, false, false}}} {
		l := newLedger(view{sightings: &sightings{first: map[string]int{}}})
		l.markListed(nil)
		creations := []*lostCreation{lostOf("a 1"), lostOf("b 2"), lostOf("c 3")}
		for i, age := range []time.Duration{10, 10, 9} {
			creations[i].showsAt = noon.Add((10 - age) * time.Second)
			l.lost = append(l.lost, creations[i])
		}
		l.distribute(creations[0], []APIKey{keyOf("z c 3")}, test.obstacle, noon)
		for i, creation := range creations {
			if served := creation.findings != nil; served != test.served[i] || served == slices.Contains(l.lost, creation) {
				t.Errorf("%s: creation %d is served: %t", name, i, served)
			}
		}
		if !l.isNew(APIKey{ID: "z"}) {
			t.Errorf("%s: the key of somebody who has not looked yet is taken for known", name)
		}
	}
}
