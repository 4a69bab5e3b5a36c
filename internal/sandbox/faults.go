package sandbox

import (
	"cmp"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"
)

// Fault is something that goes wrong with requests of one kind. Several effects may be combined; the zero effect is none.
type Fault struct {
	// Name stands in the journal.
	Name string
	// Operation is the kind of request that is affected.
	Operation Operation
	// Owner is the process, or the [Organization], whose keys are affected; empty means all.
	Owner string
	// Skip lets that many requests pass first.
	Skip int
	// Times is how many requests are affected; 0 means one, and a negative number all.
	Times int

	// Delay waits before anything is done.
	Delay time.Duration
	// ResetBefore breaks the connection before any work is done, ResetAfter when it is done.
	ResetBefore, ResetAfter bool
	// LoseAnswer does the work and never answers.
	LoseAnswer bool
	// Late does the work only that long after the answer, as behind a gateway that has given up waiting.
	Late time.Duration
	// Status answers with this status and Body instead of doing the work; with AfterWork, after it was done.
	Status    int
	AfterWork bool
	// Body replaces the body.
	Body string
	// Header is added to the answer, e.g. Retry-After or another Content-Type.
	Header http.Header
	// Truncate sends half of the body and breaks off.
	Truncate bool
	// SlowBody is the time in which the body trickles out.
	SlowBody time.Duration

	// AlterGranted changes the key that a creation asked for before it is made.
	AlterGranted func(*Key)
	// AnswerExisting answers a creation with the oldest key of the same owner, and creates none if there is one.
	AnswerExisting bool
	// AlterCreated changes the answer to a creation before it is sent, see [With] and [Without].
	AlterCreated func(fields map[string]any)

	// AddToTotal is added to the total of a listing.
	AddToTotal int
	// CountPage, OmitPagination, IgnoreOffset and AlterListed are as in [Options].
	CountPage, OmitPagination, IgnoreOffset bool
	AlterListed                             func(fields map[string]any)
	// Reverse sends the keys of a listing in the opposite order.
	Reverse bool
	// Then is called, without a lock held, when the answer was computed and before it is sent: it may add or
	// remove keys between two pages.
	Then func(*Sandbox)
}

// Inject switches faults on. For each request the first fault that matches is at work.
func (s *Sandbox) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fault := range faults {
		fault.Times = cmp.Or(fault.Times, 1)
		s.faults = append(s.faults, &fault)
	}
}

// ClearFaults switches all faults off.
func (s *Sandbox) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// nextFault returns the fault for a request, the empty one if there is none.
func (s *Sandbox) nextFault(operation Operation, owner string) Fault {
	for i, fault := range s.faults {
		if fault.Operation != AnyOperation && fault.Operation != operation ||
			fault.Owner != "" && fault.Owner != owner {
			continue
		}
		if fault.Skip > 0 {
			fault.Skip--
			continue
		}
		if fault.Times--; fault.Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return *fault
	}
	return Fault{}
}

// over returns the options under which a request with this fault is answered.
func (f Fault) over(options Options) Options {
	options.CountPage = options.CountPage || f.CountPage
	options.OmitPagination = options.OmitPagination || f.OmitPagination
	options.IgnoreOffset = options.IgnoreOffset || f.IgnoreOffset
	options.NewestFirst = options.NewestFirst != f.Reverse
	options.addToTotal = f.AddToTotal
	if f.AlterListed != nil {
		options.AlterListed = f.AlterListed
	}
	return options
}

// write sends an answer, or whatever the fault leaves of it.
func (f Fault) write(writer http.ResponseWriter, req *http.Request, answer *answer) {
	if f.LoseAnswer {
		<-req.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if f.ResetAfter {
		breakConnection(writer)
	}
	body := []byte(f.Body)
	if f.Body == "" {
		body = answer.encode()
	}
	writer.Header().Set("Content-Type", "application/json")
	maps.Copy(writer.Header(), f.Header)
	writer.WriteHeader(answer.status)
	switch {
	case f.Truncate:
		_, _ = writer.Write(body[:len(body)/2])
		_ = http.NewResponseController(writer).Flush()
		panic(http.ErrAbortHandler)
	case f.SlowBody > 0:
		for i := range body {
			_, _ = writer.Write(body[i : i+1])
			_ = http.NewResponseController(writer).Flush()
			if !sleep(req, f.SlowBody/time.Duration(len(body))) {
				return
			}
		}
	default:
		_, _ = writer.Write(body)
	}
}

// breakConnection ends the connection with a reset instead of an orderly end, where the system allows.
func breakConnection(writer http.ResponseWriter) {
	connection, _, err := http.NewResponseController(writer).Hijack()
	if err == nil {
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
	}
	panic(http.ErrAbortHandler)
}

func sleep(req *http.Request, duration time.Duration) bool {
	select {
	case <-time.After(duration):
		return true
	case <-req.Context().Done():
		return false
	}
}
