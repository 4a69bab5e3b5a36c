package alphamoon

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, "7\t": 7 * time.Second, "99999999999999999999": 24 * time.Hour, "86401": 24 * time.Hour,
		noon.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second, noon.Add(-time.Hour).Format(http.TimeFormat): 0,
		noon.Add(365 * 24 * time.Hour).Format(http.TimeFormat): 24 * time.Hour,
	} {
		if got, ok := retryAfter(http.Header{"Retry-After": {text}}, noon); !ok || got != want {
			t.Errorf("%q: got %s, %t, want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", "-1", "1.5", "soon", "2026-03-01T12:00:00Z"} {
		if got, ok := retryAfter(http.Header{"Retry-After": {text}}, noon); ok {
			t.Errorf("%q: got %s", text, got)
		}
	}
	header := http.Header{
		"Retry-After": {noon.Add(time.Minute).Format(http.TimeFormat)},
		"Date":        {noon.Format(http.TimeFormat)},
	}
	if got, ok := retryAfter(header, noon.Add(-time.Hour)); !ok || got != time.Minute {
		t.Errorf("a date counts by the service's clock: got %s, %t", got, ok)
	}
}

func TestJitteredBackoff(t *testing.T) {
	t.Parallel()
	config := NewClient(Config{RetryWaitMin: time.Second, RetryWaitMax: 10 * time.Second}).config
	for retries, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		want *= time.Second
		for range 100 {
			if got := config.jitteredBackoff(retries); got < want/2 || got > want {
				t.Errorf("retry %d: waits %s, want %s to %s", retries, got, want/2, want)
			}
		}
	}
	for _, retries := range []int{31, 32, 63, 64, 1000} {
		if got := config.jitteredBackoff(retries); got < 5*time.Second || got > 10*time.Second {
			t.Errorf("retry %d: waits %s", retries, got)
		}
	}
}
