package alphamoon

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// maxBodySize caps what is read of one answer, so that no answer can exhaust the memory.
	maxBodySize = 16 << 20
	// interruptGrace is how long a creation on its way may still take after the caller has given up. Breaking it
	// off at once would leave a live key behind that nobody knows.
	interruptGrace = 5 * time.Second
)

var errBodyTooLarge = errors.New("the answer is larger than 16 MiB")

// attemptTransport gives each attempt its own lifetime: the timeout counts anew for every attempt and covers
// the body, and a creation outlives the caller's context by [interruptGrace].
type attemptTransport struct {
	base    http.RoundTripper
	timeout time.Duration
	gate    *gate
}

func (t attemptTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, stop := request.Context(), func() bool { return true }
	if err := t.gate.pass(ctx); err != nil {
		return nil, err
	}
	if request.Method == http.MethodPost {
		ctx, stop = outlive(ctx, interruptGrace)
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	end := func() { stop(); cancel() }
	response, err := t.base.RoundTrip(request.WithContext(ctx))
	if err != nil {
		end()
		return nil, err
	}
	response.Body = &attemptBody{ReadCloser: response.Body, end: end}
	return response, nil
}

// outlive returns a context that ends a while after its parent, and a function that releases it.
func outlive(parent context.Context, grace time.Duration) (context.Context, func() bool) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(context.Cause(parent))
		case <-ctx.Done():
		}
	})
	return ctx, func() bool { cancel(nil); return stop() }
}

type attemptBody struct {
	io.ReadCloser
	end func()
}

func (b *attemptBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// cappedReader fails with [errBodyTooLarge] instead of ending early, so that a capped body is never taken for
// a complete one.
type cappedReader struct {
	reader io.Reader
	left   int64
}

func newCappedReader(reader io.Reader) *cappedReader {
	return &cappedReader{reader: reader, left: maxBodySize}
}

func (r *cappedReader) Read(buffer []byte) (int, error) {
	if r.left <= 0 {
		// One byte more tells a body of exactly the cap from a longer one.
		n, err := io.ReadFull(r.reader, make([]byte, 1))
		if n == 0 {
			return 0, err
		}
		return 0, errBodyTooLarge
	}
	if int64(len(buffer)) > r.left {
		buffer = buffer[:r.left]
	}
	n, err := r.reader.Read(buffer)
	r.left -= int64(n)
	return n, err
}
