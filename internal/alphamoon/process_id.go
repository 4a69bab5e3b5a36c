package alphamoon

import (
	"net/url"
	"strings"
)

// IsProcessID reports whether text has the form of a process id: 32 lower-case hexadecimal characters
// (documented by every example).
func IsProcessID(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}

// ProcessIDFromQueueURL finds the process id in the web address of a process's queue, like
// https://workspace.alphamoon.ai/queue/2080d36bf94c4147b2e543104342fc2f (documented). A path prefix before
// the queue and anything behind the id are allowed; other pages have no process id to give.
func ProcessIDFromQueueURL(text string) (id string, ok bool) {
	address, err := url.Parse(strings.TrimSpace(text))
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return "", false
	}
	_, behind, _ := strings.Cut(address.EscapedPath(), "/queue/")
	id, _, _ = strings.Cut(behind, "/")
	return id, IsProcessID(id)
}
