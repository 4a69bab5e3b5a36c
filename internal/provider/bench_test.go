package provider_test

import (
	"fmt"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// BenchmarkDataSource lists without a network to speak of: what remains is decoding and what the framework does.
func BenchmarkDataSource(b *testing.B) {
	for _, size := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			f := newFixture(b, sandbox.Options{})
			for range size {
				f.AddKey(
					processID,
					sandbox.Key{
						Name:      "bench",
						Scopes:    []string{"workspace.file:upload", "workspace.result:read"},
						ExpiresAt: start.Add(day),
					},
				)
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				provider := f.connect(nil)
				b.StartTimer()
				if result := provider.list(b.Context(), values{"process_id": processID}); result.failed {
					b.Fatal(result.diagnostics)
				}
			}
		})
	}
}

// BenchmarkRead refreshes one of a thousand keys; the listing is shared after the first.
func BenchmarkRead(b *testing.B) {
	f := newFixture(b, sandbox.Options{})
	provider := f.connect(nil)
	key := provider.create(
		b.Context(),
		values{
			"process_id": processID,
			"name":       "bench",
			"scopes":     []string{"workspace.result:read"},
			"expires_in": "90d",
		},
	)
	if key.failed {
		b.Fatal(key.diagnostics)
	}
	for range 999 {
		f.AddKey(processID,
			sandbox.Key{Name: "bench", Scopes: []string{"workspace.file:upload"}, ExpiresAt: start.Add(day)})
	}
	b.ReportAllocs()
	for b.Loop() {
		if result := provider.read(b.Context(), key); result.failed {
			b.Fatal(result.diagnostics)
		}
	}
}
