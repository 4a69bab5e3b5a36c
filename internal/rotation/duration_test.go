package rotation_test

import (
	"errors"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90d": 90 * day, "2160h": 90 * day, "1w": 7 * day, "1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second,
		"1h30m": 90 * time.Minute, "1s": time.Second, "007d": 7 * day, "0d1s": time.Second, "106751d": 106751 * day,
	} {
		if got, err := rotation.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		"": rotation.ErrDurationForm, "90": rotation.ErrDurationForm, "d": rotation.ErrDurationForm, "1.5d": rotation.ErrDurationForm,
		"-1d": rotation.ErrDurationForm, "+1d": rotation.ErrDurationForm, "1 d": rotation.ErrDurationForm, "1d ": rotation.ErrDurationForm,
		"1y": rotation.ErrDurationForm, "1D": rotation.ErrDurationForm, "100ms": rotation.ErrDurationForm, "1d\n": rotation.ErrDurationForm,
		"٣d": rotation.ErrDurationForm,
		"0s": rotation.ErrDurationZero, "0w0d": rotation.ErrDurationZero,
		"106752d": rotation.ErrDurationLong, "99999999999999999999999999s": rotation.ErrDurationLong,
		"106751d24h": rotation.ErrDurationLong,
	} {
		if got, err := rotation.ParseDuration(text); !errors.Is(err, want) {
			t.Errorf("%q: got %s, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseWindow(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"0s": 0, "0w0d": 0, "30d": 30 * day} {
		if got, err := rotation.ParseWindow(text); err != nil || got != want {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		"": rotation.ErrDurationForm, "-1d": rotation.ErrDurationForm, "106752d": rotation.ErrDurationLong,
	} {
		if _, err := rotation.ParseWindow(text); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
}

func TestSameDuration(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"90d", "2160h", true},
		{"1w", "7d", true},
		{"90d", "91d", false},
		{"1d", "1d", true},
		{"nonsense", "nonsense", false},
		{"nonsense", "1d", false},
		{"0d", "0h", true},
		{"0s", "1s", false},
	} {
		if got := rotation.SameDuration(test.a, test.b); got != test.want {
			t.Errorf("%q and %q: got %t, want %t", test.a, test.b, got, test.want)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"90d", "1w2d3h4m5s", "0s", "1.5d", "106752d", "99999999999999999999s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		duration, err := rotation.ParseDuration(text)
		if (err == nil) != (duration > 0) {
			t.Errorf("%q: %s, %v", text, duration, err)
		}
		if err == nil && duration%time.Second != 0 {
			t.Errorf("%q: %s has a fraction", text, duration)
		}
		if err == nil && !rotation.SameDuration(text, text+"0s") {
			t.Errorf("%q changes when nothing is added", text)
		}
	})
}

func FuzzParseInstant(f *testing.F) {
	for _, seed := range []string{"2027-01-31T12:00:00Z", "2027-01-31T12:00:00.687+02:00", "2027-01-31", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		instant, err := rotation.ParseInstant(text)
		if err != nil {
			return
		}
		again, err := rotation.ParseInstant(instant.Format(time.RFC3339Nano))
		if err != nil || !again.Equal(instant) {
			t.Errorf("%q was read as %s and then as %s, %v", text, instant, again, err)
		}
	})
}
