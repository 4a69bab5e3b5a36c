package alphamoon

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// TestFormsOfAKey: what a service may write in its own way.
func TestFormsOfAKey(t *testing.T) {
	t.Parallel()
	second := time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2027-01-31T10:00:00Z"`: second, `"2027-01-31T12:00:00+02:00"`: second, `"2027-01-31T10:00:00"`: second,
		`"2027-01-31T10:00:00.000"`: second, `"9999-12-31T23:59:59Z"`: {}, `"0001-01-01T00:00:00Z"`: {},
		`"1970-01-01T00:00:00Z"`: {}, `""`: {}, `null`: {},
		`7`: {}, `"soon"`: {}, `[]`: {},
	} {
		var key APIKey
		err := json.Unmarshal(fmt.Appendf(nil, `{"exp": %s, "id": "a"}`, text), &key)
		if err != nil || !key.ExpiresAt.Equal(want) || key.ExpiresAt.IsZero() != want.IsZero() {
			t.Errorf("%s: got %s, %v", text, key.ExpiresAt, err)
		}
	}
	var key CreatedAPIKey
	if err := json.Unmarshal([]byte(`{
		"id": 7, "name": "Auftra\u0308ge", "key": "user:pass", "processId": 9, "scopes": ["a"], "deletedAt": "2027-01-31T10:00:00"
	}`), &key); err != nil {
		t.Fatal(err)
	}
	if key.ID != "7" || key.Name != "Auftr\u00e4ge" || key.Key.Reveal() != "user:pass" || key.ProcessID != "9" || !DoesNotWork(key.Status) {
		t.Errorf("got %+v", key)
	}
	for text, removed := range map[string]bool{`null`: false, `""`: false, `"2027-01-31T10:00:00Z"`: true} {
		var key APIKey
		_ = json.Unmarshal(fmt.Appendf(nil, `{"status": "Active", "deletedAt": %s}`, text), &key)
		if DoesNotWork(key.Status) != removed {
			t.Errorf("deletedAt %s: %q", text, key.Status)
		}
	}
}
