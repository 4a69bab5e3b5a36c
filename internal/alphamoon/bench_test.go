package alphamoon

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// page is a listing of n keys as the service sends it.
func page(n int) []byte {
	var body bytes.Buffer
	body.WriteString(`{"apiKeys": [`)
	for i := range n {
		if i > 0 {
			body.WriteByte(',')
		}
		_, _ = fmt.Fprintf(
			&body,
			`{"id": "%032x", "name": "invoice-uploader", "orgId": "org_sandbox",
			"scopes": ["workspace.file:upload", "workspace.result:read"], "status": "Active",
			"createdAt": "2026-05-17T07:54:17Z", "exp": "2026-07-17T07:54:02Z", "processId": "2080d36bf94c4147b2e543104342fc2f"}`,
			i,
		)
	}
	_, _ = fmt.Fprintf(&body, `], "pagination": {"offset": 0, "limit": 100, "total": %d}}`, n)
	return body.Bytes()
}

func BenchmarkDecodePage(b *testing.B) {
	body := page(100)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		found, err := decodePage(bytes.NewReader(body), "apiKeys", func(key APIKey) string { return key.ID })
		if err != nil || len(found.Elements) != 100 {
			b.Fatal(len(found.Elements), err)
		}
	}
}

func BenchmarkCheckID(b *testing.B) {
	client := NewClient(Config{Credential: Credential{redact.NewSecret("0123456789abcdef:0123456789abcdef0123456789abcdef")}})
	b.ReportAllocs()
	for b.Loop() {
		if err := client.checkID("688874d9d9064c23bf78bf3ec93cbd2d"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRedact(b *testing.B) {
	client := NewClient(Config{Credential: Credential{redact.NewSecret("0123456789abcdef:0123456789abcdef0123456789abcdef")}})
	text := strings.Repeat("%2525252541 \\u0041&amp;amp;", 2000)
	b.ReportAllocs()
	for b.Loop() {
		client.show(text, true)
	}
}

func BenchmarkNewClient(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewClient(Config{Credential: Credential{redact.NewSecret("0123456789abcdef:0123456789abcdef0123456789abcdef")}})
	}
}
