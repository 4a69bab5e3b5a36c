package alphamoon

import (
	"errors"
	"net"
	"net/url"
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

// ParseBaseURL checks the address of the service. A path prefix is kept. Plain http is refused except for
// loopback hosts. The error is [ErrBaseURLForm] or [ErrBaseURLCleartext].
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
	return address, nil
}

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }
