package alphamoon

import (
	"html"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxExcerpt is how many characters of a foreign body are shown: enough for a proxy's headline.
const maxExcerpt = 200

// redactor takes the credential out of texts that came from the network: an echo service, a debugging proxy or
// a careless error page can send back what it was sent. The struct around the pointer is needed: formatting the client
// prints what a pointer field points at, but of a pointer within a struct only the address.
type redactor struct{ replacer *strings.Replacer }

func newRedactor(forms []string) *redactor {
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, redacted)
	}
	return &redactor{replacer: strings.NewReplacer(pairs...)}
}

func (r *redactor) redact(text string) string { return r.replacer.Replace(text) }

var (
	htmlInvisible = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)\s*>|<!--.*?-->`)
	})
	htmlTag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)<[^>]*>`) })
)

// readable makes a foreign body fit to show: of a web page only what a person would see, in one line.
func readable(body, contentType string) string {
	if !utf8.ValidString(body) {
		return ""
	}
	if strings.Contains(contentType, "html") || strings.HasPrefix(strings.TrimSpace(body), "<") {
		body = htmlInvisible().ReplaceAllString(body, " ")
		body = html.UnescapeString(htmlTag().ReplaceAllString(body, " "))
	}
	return oneLine(body)
}

// truncate cuts a text after a number of characters and marks the cut.
func truncate(text string, characters int) string {
	if runes := []rune(text); len(runes) > characters {
		return string(runes[:characters]) + "…"
	}
	return text
}
