package alphamoon_test

import (
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

func TestProcessID(t *testing.T) {
	t.Parallel()
	const id = "2080d36bf94c4147b2e543104342fc2f"
	if !alphamoon.IsProcessID(id) {
		t.Errorf("%q is an id", id)
	}
	for _, text := range []string{
		"", id[1:], id + "0", strings.ToUpper(id), "2080d36b-f94c-4147-b2e5-43104342fc2f", id + "\n", strings.Repeat("g", 32),
	} {
		if alphamoon.IsProcessID(text) {
			t.Errorf("%q is no id", text)
		}
	}
	for _, text := range []string{
		"https://workspace.alphamoon.ai/queue/" + id, "https://workspace.alphamoon.ai/queue/" + id + "/",
		"https://workspace.alphamoon.ai/queue/" + id + "?page=2",
		"https://workspace.alphamoon.ai/queue/" + id + "#top", "https://proxy.example.com/prefix/queue/" + id + "/supervision",
		" https://workspace.alphamoon.ai/queue/" + id + "\n",
	} {
		if got, ok := alphamoon.ProcessIDFromQueueURL(text); !ok || got != id {
			t.Errorf("%q: got %q, %t", text, got, ok)
		}
	}
	for _, text := range []string{
		"", id, "https://workspace.alphamoon.ai/", "https://workspace.alphamoon.ai/queue/",
		"https://workspace.alphamoon.ai/collections/" + id,
		"https://workspace.alphamoon.ai/queue/" + id + "0", "https://workspace.alphamoon.ai/?next=/queue/" + id,
		"ftp://workspace.alphamoon.ai/queue/" + id,
	} {
		if got, ok := alphamoon.ProcessIDFromQueueURL(text); ok {
			t.Errorf("%q: got %q", text, got)
		}
	}
}
