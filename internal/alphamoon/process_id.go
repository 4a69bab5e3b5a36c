package alphamoon

import (
	"regexp"
	"strings"
	"sync"
)

// The patterns of this package are compiled when first used: most runs of the provider need none of them.
var (
	processIDForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{32}$`) })
	queueURLForm  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^https?://[^/?#]+(?:/[^?#]*)?/queue/([0-9a-f]{32})(?:[/?#].*)?$`)
	})
)

// IsProcessID reports whether text has the form of a process id: 32 lower-case hexadecimal characters
// (documented by every example).
func IsProcessID(text string) bool { return processIDForm().MatchString(text) }

// ProcessIDFromQueueURL finds the process id in the web address of a process's queue, such as
// https://workspace.alphamoon.ai/queue/2080d36bf94c4147b2e543104342fc2f (documented). A path prefix before
// the queue and anything behind the id are allowed; other pages have no process id to give.
func ProcessIDFromQueueURL(text string) (id string, ok bool) {
	match := queueURLForm().FindStringSubmatch(strings.TrimSpace(text))
	if match == nil {
		return "", false
	}
	return match[1], true
}
