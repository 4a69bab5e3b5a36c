package alphamoon_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// The types of HTTP/2 frames, their flags, and some reasons to reset a stream (RFC 9113).
const (
	frameData, frameHeaders, frameReset, frameSettings, framePing, frameGoAway = 0, 1, 3, 4, 6, 7
	flagEndStream, flagAck, flagEndHeaders                                     = 1, 1, 4
	protocolError, internalError, refusedStream, enhanceYourCalm               = 1, 2, 7, 11
)

func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
	head = binary.BigEndian.AppendUint32(append(head, kind, flags), stream)
	return append(head, payload...)
}

func answer(stream uint32, body any) []byte {
	const status200 = 0x88 // an entry of the static table
	text, _ := json.Marshal(body)
	return append(frame(frameHeaders, flagEndHeaders, stream, []byte{status200}), frame(frameData, flagEndStream, stream, text)...)
}

// serveHTTP2 speaks HTTP/2 in frames, which can say what no handler can. It lists, and leaves creations to post.
func serveHTTP2(conn net.Conn, list func(stream uint32) []byte, post func(stream uint32, body io.Reader) []byte) {
	defer conn.Close()
	const preface = 24
	_, _ = io.CopyN(io.Discard, conn, preface)
	_, _ = conn.Write(frame(frameSettings, 0, 0, nil))
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		payload := make([]byte, int(binary.BigEndian.Uint32(head)>>8))
		_, _ = io.ReadFull(conn, payload)
		kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
		switch {
		case kind == frameSettings && flags&flagAck == 0:
			_, _ = conn.Write(frame(frameSettings, flagAck, 0, nil))
		case kind == framePing && flags&flagAck == 0:
			_, _ = conn.Write(frame(framePing, flagAck, 0, payload))
		case kind == frameHeaders && flags&flagEndStream != 0: // a request without a body
			_, _ = conn.Write(list(stream))
		case kind == frameData && flags&flagEndStream != 0:
			_, _ = conn.Write(post(stream, strings.NewReader(string(payload))))
		}
	}
}

// listenHTTP2 returns an address. serve gets the connections to it, with their numbers.
func listenHTTP2(t *testing.T, serve func(conn net.Conn, number int)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for number := 1; ; number++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn, number)
		}
	}()
	return "http://" + listener.Addr().String()
}

// speakHTTP2 makes a client speak HTTP/2 without TLS.
func speakHTTP2(t *testing.T, client *alphamoon.Client) *http.Transport {
	t.Helper()
	transport := client.OwnTransport()
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// TestDeadHTTP2Connection: a connection whose far end is gone swallows requests. Go's transport goes on using it after a
// timeout, so that without pings no repetition would help.
func TestDeadHTTP2Connection(t *testing.T) {
	t.Parallel()
	service := &hostile{numbers: map[string]int{}}
	service.old(1)
	address := listenHTTP2(t, func(conn net.Conn, number int) {
		used := false
		dead := func() bool { // the first two connections answer once
			if used && number < 3 {
				_, _ = io.Copy(io.Discard, conn)
				return true
			}
			used = true
			return false
		}
		serveHTTP2(conn, func(stream uint32) []byte {
			if dead() {
				return nil
			}
			return answer(stream, map[string]any{"apiKeys": service.all(), "pagination": map[string]any{"total": len(service.all())}})
		}, func(stream uint32, body io.Reader) []byte {
			if dead() {
				return nil
			}
			return answer(stream, service.create(&http.Request{Body: io.NopCloser(body)}))
		})
	})
	client := clientAt(t, address, soon)
	transport := speakHTTP2(t, client)
	transport.HTTP2.SendPingTimeout /= 20
	transport.HTTP2.PingTimeout /= 20
	keys := client.ProcessAPIKeys(processID)
	if got := doList(keys, t); got != "1" {
		t.Errorf("the listing gave %s", got)
	}
	if got := doCreate(keys, t); got != "created" || len(service.all()) != 2 {
		t.Errorf("%s, with %d keys", got, len(service.all()))
	}
}

// TestHTTP2BreaksCreationsOff: Go's transport sends again what was broken off in some ways, up to six times. A creation
// that was worked on must not be sent again before its remains were looked for.
func TestHTTP2BreaksCreationsOff(t *testing.T) {
	t.Parallel()
	reset := func(code uint32) func(uint32) []byte {
		return func(stream uint32) []byte {
			return frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, code))
		}
	}
	goAway := func(last uint32) []byte {
		return frame(frameGoAway, 0, 0, binary.BigEndian.AppendUint64(nil, uint64(last)<<32))
	}
	for name, test := range map[string]struct {
		breakOff func(stream uint32) []byte // nil answers
		listing  []byte                     // precedes its answer
		want     string
	}{
		"protocol error":        {reset(protocolError), nil, "lost, 1 equal, 0 similar"},
		"internal error":        {reset(internalError), nil, "lost, 1 equal, 0 similar"},
		"refused":               {reset(refusedStream), nil, "lost, 1 equal, 0 similar"},
		"too much":              {reset(enhanceYourCalm), nil, "lost, 1 equal, 0 similar"},
		"a goodbye":             {func(uint32) []byte { return goAway(1) }, nil, "lost, 1 equal, 0 similar"},
		"a goodbye before that": {nil, goAway(1), "created"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &hostile{numbers: map[string]int{}}
			list := func(stream uint32) []byte {
				return append(test.listing, answer(stream, map[string]any{"apiKeys": service.all()})...)
			}
			var posts atomic.Int64
			post := func(stream uint32, body io.Reader) []byte {
				key := service.create(&http.Request{Body: io.NopCloser(body)})
				if posts.Add(1) > 2 || test.breakOff == nil {
					return answer(stream, key)
				}
				return test.breakOff(stream)
			}
			address := listenHTTP2(t, func(conn net.Conn, _ int) { serveHTTP2(conn, list, post) })
			client := clientAt(t, address, soon, func(config *alphamoon.Config) { config.Transport = &http.Transport{} })
			speakHTTP2(t, client)
			if got := doCreate(client.ProcessAPIKeys(processID), t); got != test.want || len(service.all()) != 1 {
				t.Errorf("%s, with %d keys", got, len(service.all()))
			}
		})
	}
}

// TestBrokenAnswersKeepTheSecret: the libraries quote an answer that is no HTTP, and a page of a gateway is shown. Both
// may have the secret of the new key.
func TestBrokenAnswersKeepTheSecret(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef:newsecret"
	for name, format := range map[string]string{
		"no head":               "%s",
		"no empty line":         "HTTP/1.1 201 Created\r\n%s\r\n\r\n",
		"no status":             "HTTP/1.1 %s\r\n\r\n",
		"no length":             "HTTP/1.1 201 Created\r\nContent-Length: %s\r\n\r\n",
		"no encoding":           "HTTP/1.1 201 Created\r\nTransfer-Encoding: %s\r\n\r\n",
		"no address":            "HTTP/1.1 302 Found\r\nLocation: :%s\r\n\r\n",
		"no chunk":              "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n%s",
		"no size of a chunk":    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n%s\r\n\r\n",
		"an error, cut off":     "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 1000\r\n\r\n%s,",
		"an error, in a page":   "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<pre>%s</pre>",
		"an error, its tail":    "HTTP/1.1 500 Internal Server Error\r\n\r\n\"key\": \"" + secret + "\"}%.0s",
		"an error, then a page": "HTTP/1.1 504 Gateway Timeout\r\n\r\n%s<html>",
		"an error, as text":     "HTTP/1.1 502 Bad Gateway\r\n\r\nThe answer was 201, with the key " + secret + "%.0s",
		"an error, as a page":   "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<p>Your key: <b>" + secret + "</b>%.0s",
		"an error, other JSON":  "HTTP/1.1 409 Conflict\r\n\r\n{\"detail\": \"Not Found\", \"key\": \"" + secret + "\"}%.0s",
		"a line of the head":    "HTTP/1.1 201 Created\r\nkey is " + secret[:3] + "newsecret\r\n\r\n%.0s",
		"a redirect":            "HTTP/1.1 303 See Other\r\nLocation: /keys?new=" + secret + "\r\nContent-Length: 0\r\n\r\n%.0s",
		"a content type":        "HTTP/1.1 201 Created\r\nContent-Type: text/key; is=" + secret + "\r\nContent-Length: 1\r\n\r\n-%.0s",
		"a trailer": "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nkey is " +
			secret + "\r\n\r\n%.0s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &hostile{numbers: map[string]int{}}
			service.trick = func(h *hostile, w http.ResponseWriter, r *http.Request, _ int) bool {
				if r.Method != http.MethodPost {
					return false
				}
				key, _ := json.Marshal(map[string]any{"id": h.create(r)["id"], "key": secret})
				if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
					_, _ = fmt.Fprintf(conn, format, key)
					_ = conn.Close()
				}
				return true
			}
			server := httptest.NewServer(service)
			t.Cleanup(server.Close)
			_, err := clientAt(t, server.URL, soon).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
			if err == nil || strings.Contains(shown(err), "newsecret") {
				t.Errorf("got %s", shown(err))
			}
		})
	}
}

// TestSwitchedProtocols: the body of a 101 is the connection itself, whose reading no timeout ends.
func TestSwitchedProtocols(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				time.Sleep(time.Hour)
				_ = conn.Close()
			}
		}))
		took := stopwatch()
		if got := doList(client.ProcessAPIKeys(processID), t); got != "error" || took() > time.Minute {
			t.Errorf("%s after %s", got, took())
		}
		time.Sleep(2 * time.Hour)
	})
}

// TestCacheBetween: a cache that answers for a minute what it has read before hides what a lost creation left. It is
// asked not to, and one that keeps to the rules obeys.
func TestCacheBetween(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &hostile{numbers: map[string]int{}}
		service.trick = func(h *hostile, w http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method != http.MethodPost || n > 1 {
				return false
			}
			h.create(r)
			html(w, http.StatusBadGateway)
			return true
		}
		var mu sync.Mutex
		answers := map[string]*httptest.ResponseRecorder{}
		client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				service.ServeHTTP(w, r)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			kept := answers[r.URL.String()]
			if kept == nil || r.Header.Get("Cache-Control") == "no-cache" {
				kept = httptest.NewRecorder()
				service.ServeHTTP(kept, r)
				answers[r.URL.String()] = kept
			}
			_, _ = w.Write(kept.Body.Bytes())
		}))
		if got := doCreate(client.ProcessAPIKeys(processID), t); got != "lost, 1 equal, 0 similar" || len(service.all()) != 1 {
			t.Errorf("%s, with %d keys", got, len(service.all()))
		}
	})
}
