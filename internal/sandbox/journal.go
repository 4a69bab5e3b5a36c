package sandbox

import (
	"net/url"
	"time"
)

// Operation is a kind of request.
type Operation string

// The kinds of requests that the sandbox tells apart.
const (
	// AnyOperation matches every kind.
	AnyOperation  Operation = ""
	Create        Operation = "create"
	List          Operation = "list"
	Revoke        Operation = "revoke"
	ListProcesses Operation = "list processes"
	// Other is a request that the API does not have.
	Other Operation = "other"
)

// Request is an entry of the journal. It holds no secret: neither the credential nor a created key's.
type Request struct {
	Time      time.Time
	Operation Operation
	Method    string
	Path      string
	Query     url.Values
	UserAgent string
	// Name, Scopes and Expiry are what a creation asked for, as it was written.
	Name, Expiry string
	Scopes       []string
	// KeyID is the key that the request created or removed, empty if it did neither.
	KeyID string
	// By is the key of the sandbox whose secret the request carried, empty for a credential of the options.
	By string
	// Status is what the sandbox meant to answer; 0 if it meant to give no answer.
	Status int
	// Fault names the fault that was at work, empty if there was none.
	Fault string
}

// Journal returns all requests in the order of their arrival.
func (s *Sandbox) Journal() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, len(s.journal))
	for i, request := range s.journal {
		requests[i] = *request
	}
	return requests
}

// Count returns how many requests of a kind have arrived.
func (s *Sandbox) Count(operation Operation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, request := range s.journal {
		if operation == AnyOperation || request.Operation == operation {
			count++
		}
	}
	return count
}

// ClearJournal forgets all requests so far.
func (s *Sandbox) ClearJournal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = nil
}
