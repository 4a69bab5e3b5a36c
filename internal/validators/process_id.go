package validators

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// ProcessID accepts the id of a process and helps whoever pasted the web address of its queue.
func ProcessID() validator.String {
	return rule{
		"be the id of a process, 32 lower-case hexadecimal characters", "Invalid process id",
		func(_ context.Context, value string, _ validator.StringRequest) string { return ProcessIDAdvice(value) },
	}
}

// mocked is what native tests make up for an attribute of a mocked provider.
var mocked = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]{1,16}$`) })

// ProcessIDAdvice says why value is not the id of a process and, if the id can be found in it, what to write. It is empty
// for an id.
func ProcessIDAdvice(value string) string {
	lower := strings.ToLower(strings.TrimSpace(value))
	id, ofQueue := alphamoon.ProcessIDFromQueueURL(lower)
	switch {
	case alphamoon.IsProcessID(value):
		return ""
	case ofQueue:
		return fmt.Sprintf("%q is the web address of a process's queue. Use only the id in it: %q.", cut(value), id)
	case alphamoon.IsProcessID(lower):
		return fmt.Sprintf("%q must be written in lower case and without blanks: %q.", cut(value), lower)
	}
	advice := fmt.Sprintf("%q is not the id of a process, which has 32 lower-case hexadecimal characters, like "+
		"2080d36bf94c4147b2e543104342fc2f. In the web application it is the last part of the address of the process's queue.", cut(value))
	if mocked().MatchString(value) {
		advice += " If a mock_provider made the value up, set one in its mock_data: " +
			"defaults = { id = \"2080d36bf94c4147b2e543104342fc2f\" }."
	}
	return advice
}
