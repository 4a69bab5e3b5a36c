package alphamoon

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"sync"
)

// DefaultBaseURL is the address of the service (documented).
const DefaultBaseURL = "https://workspace.alphamoon.ai"

// Reasons why [ParseBaseURL] refuses an address.
var (
	ErrBaseURLForm = errors.New("the address must be absolute, like " + DefaultBaseURL +
		", with https, and have no query, fragment or user part")
	ErrBaseURLCleartext = errors.New("plain http is accepted only for a loopback host, because the API key would travel " +
		"unencrypted; use https")
)

// BaseURLPathError refuses an address that ends with the path of the API, which every request adds.
type BaseURLPathError struct {
	// Path is the end of the address, and Without the address without it.
	Path, Without string
}

func (e *BaseURLPathError) Error() string {
	return fmt.Sprintf("it ends in %s, which every request adds; use %s", e.Path, e.Without)
}

var apiPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/+api(?:/+v[^/]*)?/*$`) })

// ParseBaseURL checks the address of the service. A path prefix is kept. Plain http is refused except for
// loopback hosts. The error is [ErrBaseURLForm], [ErrBaseURLCleartext] or a [*BaseURLPathError].
func ParseBaseURL(text string) (*url.URL, error) {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Hostname() == "" || address.User != nil ||
		address.RawQuery != "" || address.ForceQuery || address.Fragment != "" {
		// The parser's own message repeats the text, which may hold a password in its user part.
		return nil, ErrBaseURLForm
	}
	if address.Scheme == "http" && !isLoopback(address.Hostname()) {
		return nil, ErrBaseURLCleartext
	}
	if end := apiPath().FindString(address.Path); end != "" {
		without := *address
		without.Path, without.RawPath = apiPath().ReplaceAllString(address.Path, ""), ""
		return nil, &BaseURLPathError{Path: end, Without: without.String()}
	}
	return address, nil
}

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }
