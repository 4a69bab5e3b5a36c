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

// newRedactor takes the credential out of texts that came from the network: an echo service, a debugging proxy or
// a careless error page can send back what it was sent. It is a function because formatting the client would print a
// replacer with all that it replaces, but prints the address of a function.
func newRedactor(forms []string) func(text string) string {
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, redacted)
	}
	return strings.NewReplacer(pairs...).Replace
}

var (
	htmlInvisible = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)\s*>|<!--.*?-->`)
	})
	htmlTag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)<[^>]*>`) })
)

// isMarkup reports whether a body begins like a web page, after blanks and a byte order mark.
func isMarkup(body string) bool {
	return strings.HasPrefix(strings.TrimLeft(body, " \t\r\n\ufeff"), "<")
}

// readable makes a foreign body fit to show: of a web page only what a person would see, in one line.
func readable(body, contentType string) string {
	if !utf8.ValidString(body) {
		return ""
	}
	if strings.Contains(contentType, "html") || isMarkup(body) {
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
