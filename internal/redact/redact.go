// Package redact keeps secrets and hostile characters out of what people see. A [Secret] prints itself as a placeholder.
// Whatever this project did not write, such as the words of a service or a gateway, passes here on its way into a message,
// a display name or a log.
package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"html"
	"iter"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Placeholder stands for what was taken out.
const Placeholder = "(redacted)"

const (
	// MaxShown is how many characters [Show] leaves.
	MaxShown = 300
	// maxMessage is how many bytes of a text are looked at, and so how long a whole message can be.
	maxMessage = 8 << 10
)

// Show makes a text that this project did not write fit for a message, a display name or a log: one line, at most 300
// characters, and none that cannot be seen or that changes how others are seen (control, bidirectional and zero-width
// characters). The credential stays in it: that is what a [Redactor] is for.
func Show(text string) string {
	text, _ = head(text)
	return Truncate(oneLine(text), MaxShown)
}

// ShowID returns an id as it is, or quoted where [Show] would change it, so that nobody takes it for another one.
func ShowID(id string) string {
	if id == Show(id) {
		return id
	}
	text, _ := head(id)
	return strconv.Quote(Truncate(text, MaxShown))
}

// Line makes one line of a whole message, without the characters that [Show] drops, and cuts it after 8 KiB.
func Line(message string) string {
	message, _ = head(message)
	return oneLine(message)
}

// Redactor makes one line of a text, as [Line] does, and takes a credential out of it: an echo service, a debugging proxy or a
// careless error page can send back what it was sent. cut means that the text goes on. It is a function because formatting
// its owner would print a replacer with all that it replaces, but prints the address of a function.
type Redactor func(text string, cut bool) string

// ForTexts takes a credential, user:pass, and its parts out of texts that this project did not write.
func ForTexts(credential string) Redactor { return newRedactor(credential, shortestPart, shortestPart) }

// ForMessages takes a credential, user:pass, out of whole messages. In them the user, and a short password, may be a word of
// this project's and stay.
func ForMessages(credential string) Redactor { return newRedactor(credential, never, 2*shortestPart) }

// ForIDs takes a credential, user:pass, and its password out of ids. The user part may be the id of that very key.
func ForIDs(credential string) Redactor { return newRedactor(credential, never, shortestPart) }

// never is longer than any spelling.
const never = math.MaxInt

// shortestPart is how long a spelling of a part of the credential must be to be redacted by itself. A shorter one could be a
// common word, like "wrong", which would then vanish from every message.
const shortestPart = 8

// spellings are the encodings of a text that are not shorter than the given length.
func spellings(text string, shortest int) []string {
	if text == "" {
		return nil
	}
	raw := []byte(text)
	forms := []string{text, url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw))}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, encoding.EncodeToString(raw))
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 { // within the base64 of a longer text, without the characters at the ends that stand for both
			within := encoding.EncodeToString(append(make([]byte, before), raw...))
			forms = append(forms, within[(8*before+5)/6:8*(before+len(raw))/6])
		}
	}
	return slices.DeleteFunc(forms, func(form string) bool { return len(form) < shortest })
}

// newRedactor replaces each spelling of a credential, and those of its user and its password that have the given lengths at
// least. A text that holds one in yet another spelling is replaced as a whole, and one that was cut loses its last word, which
// may be the beginning of one: no spelling has a blank. Most clients have nothing to redact, so that the first text begins it.
func newRedactor(credential string, user, pass int) Redactor {
	prepare := sync.OnceValues(func() (*strings.Replacer, []string) {
		before, after, _ := strings.Cut(credential, ":")
		forms := slices.Concat(spellings(credential, 1), spellings(after, pass), spellings(before, user))
		// The longest one comes first, so that a replacement never leaves the tail of a longer one behind.
		slices.SortStableFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
		var pairs, traces []string
		for _, form := range forms {
			pairs = append(pairs, form, Placeholder)
			for plain := range unescaped(form) {
				if plain = squeeze(plain); len(plain) >= shortestPart && !slices.Contains(traces, plain) {
					traces = append(traces, plain)
				}
			}
		}
		return strings.NewReplacer(pairs...), traces
	})
	return func(text string, cut bool) string {
		replacer, traces := prepare()
		text, tooLong := head(text)
		text = oneLine(text)
		if cut || tooLong {
			text = text[:max(0, strings.LastIndexByte(text, ' '))] + "…"
		}
		replaced := replacer.Replace(text)
		if strings.Contains(text, "…") && hasTrace(text, traces, endsWithin) || hasTrace(replaced, traces, strings.Contains) {
			return Placeholder
		}
		return strings.TrimSuffix(replaced, "…")
	}
}

// hasTrace reports whether a text has a form in it, escaped or with blanks within.
func hasTrace(text string, traces []string, has func(text, form string) bool) bool {
	rounds := 0
	for plain := range unescaped(text) {
		if rounds++; rounds > maxEscapes {
			return len(traces) > 0 // there is no telling what it holds
		}
		plain = squeeze(plain)
		if slices.ContainsFunc(traces, func(trace string) bool { return has(plain, trace) }) {
			return true
		}
	}
	return false
}

// endsWithin reports whether a text has been cut within a form, as the mark of [Truncate] shows.
func endsWithin(text, form string) bool {
	for n := len(form); n >= shortestPart; n-- {
		if strings.Contains(text, form[:n]+"…") {
			return true
		}
	}
	return false
}

// maxEscapes is how often escapes may stand within escapes.
const maxEscapes = 6

var escape = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`%[0-9A-Fa-f]{2}|%u[0-9A-Fa-f]{4}|` +
		`\\(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-3][0-7]{2}|[nrt]|[^\w\s])`)
})

// unescaped yields a text, and then, again and again, what it is with its escapes undone: those of addresses, of JSON and
// programming languages, and of HTML.
func unescaped(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for yield(text) && strings.ContainsAny(text, `%\&`) {
			plain := html.UnescapeString(escape().ReplaceAllStringFunc(text, unescape))
			if plain == text {
				return
			}
			text = plain
		}
	}
}

// unescape turns one escape into what it stands for. Every byte of a character can be an escape of its own.
func unescape(text string) string {
	kind, digits := text[1], strings.Trim(text[1:], "uUx{}")
	switch {
	case strings.IndexByte("nrt", kind) >= 0:
		return " "
	case text[0] == '%' && kind != 'u', kind == 'x':
		char, _ := hex.DecodeString(digits)
		return string(char)
	}
	base := 16
	if unicode.IsDigit(rune(kind)) {
		base = 8
	}
	number, err := strconv.ParseInt(digits, base, 32)
	if err != nil {
		return text[1:] // like \/
	}
	return string(rune(number))
}

// squeeze leaves what distinguishes two spellings: blanks and what cannot be seen go, and so do the characters in which
// alphabets of base64 differ or that stand for a blank.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("+-/_=", r) || unicode.IsSpace(r) || isInvisible(r) {
			return -1
		}
		return r
	}, text)
}

// head is the part of a text that is looked at, and whether there is more.
func head(text string) (part string, cut bool) {
	if len(text) <= maxMessage {
		return text, false
	}
	return text[:maxMessage], true
}

// oneLine folds white space and drops what cannot be seen, which could forge lines in a terminal, or reverse them.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case isInvisible(r):
			return -1
		default:
			return r
		}
	}, text)), " ")
}

func isInvisible(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

var (
	htmlInvisible = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)\s*>|<!--.*?-->`)
	})
	htmlTag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)<[^>]*>`) })
)

// IsMarkup reports whether a body begins like a web page, after blanks and a byte order mark.
func IsMarkup(body string) bool {
	return strings.HasPrefix(strings.TrimLeft(body, " \t\r\n\ufeff"), "<")
}

// Readable makes a foreign body fit to read: of a web page only what a person would see.
func Readable(body, contentType string) string {
	if !utf8.ValidString(body) {
		return ""
	}
	if strings.Contains(contentType, "html") || IsMarkup(body) {
		body = htmlInvisible().ReplaceAllString(body, " ")
		body = html.UnescapeString(htmlTag().ReplaceAllString(body, " "))
	}
	return body
}

// Truncate cuts a text after a number of characters and marks the cut.
func Truncate(text string, characters int) string {
	if runes := []rune(text); len(runes) > characters {
		return string(runes[:characters]) + "…"
	}
	return text
}
