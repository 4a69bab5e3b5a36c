package alphamoon_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

const echoed = "0f1e2d3c4b5a6978:correct+horse/battery"

// spellings are ways to write a credential. None of them has a character that could not stand in a header.
func spellings() map[string]string {
	_, pass, _ := strings.Cut(echoed, ":")
	each := func(text, format string) string {
		var all strings.Builder
		for _, char := range []byte(text) {
			_, _ = fmt.Fprintf(&all, format, char)
		}
		return all.String()
	}
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(echoed) }
	encoded := base64.StdEncoding.EncodeToString([]byte(echoed))
	quoted, _ := json.Marshal(replace("+", `\u002b`))
	return map[string]string{
		"itself":                         echoed,
		"the password":                   pass,
		"query":                          url.QueryEscape(echoed),
		"query, lower case":              replace("+", "%2b", "/", "%2f", ":", "%3a"),
		"query, once more":               url.QueryEscape(url.QueryEscape(echoed)),
		"query, seven times":             replace("+", "%"+strings.Repeat("25", 7)+"2b"),
		"every byte, percent":            each(echoed, "%%%02x"),
		"every byte, JSON":               each(echoed, `\u%04x`),
		"every byte, hexadecimal escape": each(echoed, `\x%02X`),
		"every byte, octal":              each(echoed, `\%03o`),
		"every byte, HTML":               each(echoed, "&#%d;"),
		"slash, JSON":                    replace("/", `\/`),
		"plus, JSON":                     replace("+", `\u002b`),
		"plus, JSON in JSON":             string(quoted),
		"plus, JavaScript":               replace("+", `\u{2b}`),
		"plus, old JavaScript":           replace("+", "%u002b"),
		"plus, Python":                   replace("+", `\U0000002b`),
		"plus, HTML":                     replace("+", "&#43;"),
		"plus, HTML, hexadecimal":        replace("+", "&#x2B;"),
		"plus, HTML, named":              replace("+", "&plus;", "/", "&sol;", ":", "&colon;"),
		"plus, HTML in HTML":             replace("+", "&amp;#43;"),
		"plus, as a blank":               replace("+", " "),
		"base64":                         encoded,
		"base64, for addresses":          base64.RawURLEncoding.EncodeToString([]byte(echoed)),
		"base64, wrapped":                encoded[:20] + " " + encoded[20:],
		"base64, wrapped in JSON":        encoded[:20] + `\n` + encoded[20:],
		"base64 in an address":           url.QueryEscape(encoded),
		"base64 of the password":         base64.StdEncoding.EncodeToString([]byte(pass)),
		"base64 of a header":             base64.StdEncoding.EncodeToString([]byte("A: " + echoed + "\r\n")),
		"base64 of a header, shifted":    base64.StdEncoding.EncodeToString([]byte("A:" + echoed + "\r\n")),
		"base64 of a header, and again":  base64.StdEncoding.EncodeToString([]byte(" " + echoed + "\r\n")),
		"hexadecimal":                    hex.EncodeToString([]byte(echoed)),
		"hexadecimal, upper case":        strings.ToUpper(hex.EncodeToString([]byte(pass))),
		"hexadecimal, dump":              each(pass, "%02x "),
		"blanks":                         pass[:9] + " " + pass[9:],
		"tab":                            pass[:9] + "\t" + pass[9:],
		"zero-width space":               pass[:9] + "\u200b" + pass[9:],
		"bidirectional":                  pass[:9] + "\u202e" + pass[9:],
		"soft hyphen, HTML":              pass[:9] + "&shy;" + pass[9:],
	}
}

// httpAnswer is an answer as it stands on the wire.
func httpAnswer(head, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

// inJSON puts a text into a document.
func inJSON(format string) func(string) string {
	return func(text string) string {
		encoded, _ := json.Marshal("Bad gateway. " + text + " Sorry.")
		return httpAnswer("400 Bad Request\r\nContent-Type: application/json", fmt.Sprintf(format, encoded))
	}
}

// channels are the ways from an answer into a message. Each returns the answer to a listing that has the text in it.
var channels = map[string]func(text string) string{
	"header":     func(text string) string { return httpAnswer("200 OK\r\nContent-Type: Sorry. "+text, "Sorry") },
	"reason":     func(text string) string { return "HTTP/1.1 200 OK\r\nSorry. " + text + "\r\n\r\n" },
	"status":     func(text string) string { return "HTTP/1.1 Sorry. " + text + "\r\n\r\n" },
	"length":     func(text string) string { return "HTTP/1.1 200 OK\r\nContent-Length: Sorry. " + text + "\r\n\r\n" },
	"location":   func(text string) string { return httpAnswer("302 Found\r\nLocation: https://gateway/Sorry?"+text, "") },
	"title":      inJSON(`{"title": %s, "status": 400}`),
	"detail":     inJSON(`{"title": "", "detail": %s}`),
	"action":     inJSON(`{"title": "No.", "action": %s}`),
	"instance":   inJSON(`{"title": "No.", "instance": %s}`),
	"complaint":  inJSON(`{"title": "No.", "errors": [{"location": "body: exp", "message": %s}]}`),
	"location 2": inJSON(`{"detail": [{"loc": ["query", %s], "msg": "no"}]}`),
	"validation": inJSON(`{"detail": [{"loc": ["query"], "msg": %s}]}`),
	"text":       func(text string) string { return httpAnswer("500 Sorry", "Bad gateway. "+text+"\nSorry.") },
	"text, wrapped": func(text string) string {
		return httpAnswer("500 Sorry", "Bad gateway.\r\n"+strings.ReplaceAll(text, " ", "\r\n")+"\r\nSorry.")
	},
	"HTML": func(text string) string {
		return httpAnswer("500 Sorry\r\nContent-Type: text/html", "<html><h1>Bad gateway</h1><pre>"+text+"</pre><p>Sorry.</html>")
	},
	"HTML attribute": func(text string) string {
		return httpAnswer("500 Sorry\r\nContent-Type: text/html", `<h1>Bad gateway</h1><input value="`+text)
	},
	"trailer": func(text string) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\nSorry " + text + "\r\n\r\n"
	},
	"total": func(text string) string {
		return httpAnswer("200 OK", `{"apiKeys": [], "pagination": {"total": "`+text+`"}}`)
	},
	"id":     func(text string) string { return httpAnswer("200 OK", `{"apiKeys": [{"id": "`+text+`"}, {}]}`) },
	"GOAWAY": nil, // see [goAwayWithin]
}

// goAwayWithin ends a connection within the body of an answer, with a word about why.
func goAwayWithin(t *testing.T, text string) *alphamoon.Client {
	t.Helper()
	address := listenHTTP2(t, func(conn net.Conn, _ int) {
		serveHTTP2(conn, func(stream uint32) []byte {
			const status200 = 0x88
			_, _ = conn.Write(bytes.Join([][]byte{
				frame(frameHeaders, flagEndHeaders, stream, []byte{status200}), frame(frameData, 0, stream, []byte(`{"apiKeys": [`)),
				frame(frameGoAway, 0, 0, append([]byte{0, 0, 0, byte(stream), 0, 0, 0, 0}, text...)),
			}, nil))
			_ = conn.Close()
			return nil
		}, nil)
	})
	client := clientAt(t, address, withEchoed, func(config *alphamoon.Config) { config.Transport = &http.Transport{} })
	speakHTTP2(t, client)
	return client
}

func withEchoed(config *alphamoon.Config) {
	config.Credential, _ = alphamoon.ParseCredential(echoed)
	config.MaxRetries = 0
}

// answering returns a client whose service gives one answer to everything.
func answering(t *testing.T, answer string) *alphamoon.Client {
	t.Helper()
	return answeringNext(t, &answer)
}

// answeringNext returns a client whose service gives the answer that the variable has at the time.
func answeringNext(t *testing.T, answer *string) *alphamoon.Client {
	t.Helper()
	return newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = conn.Write([]byte(*answer))
			_ = conn.Close()
		}
	}), withEchoed)
}

// shown is everything that a message may take from an error.
func shown(err error) string {
	text := err.Error()
	if status, ok := errors.AsType[*alphamoon.StatusError](err); ok {
		text += fmt.Sprintf("%+v", *status)
	}
	return text
}

// leaks reports a part of a text that stands in a message, blanks apart.
func leaks(message, text string) string {
	const part = 8
	message, text = strings.Join(strings.Fields(message), ""), strings.Join(strings.Fields(text), "")
	for i := range max(0, len(text)-part+1) {
		if strings.Contains(message, text[i:i+part]) {
			return text[i : i+part]
		}
	}
	return ""
}

// TestEchoes: a service, a gateway or a proxy sends back what it was sent, in any spelling, on any way into a message.
func TestEchoes(t *testing.T) {
	t.Parallel()
	for channel, answer := range channels {
		t.Run(channel, func(t *testing.T) {
			t.Parallel()
			list := func(t *testing.T, text string) string {
				t.Helper()
				client := (*alphamoon.Client)(nil)
				if answer == nil {
					client = goAwayWithin(t, text)
				} else {
					client = answering(t, answer(text))
				}
				_, err := client.ProcessAPIKeys(processID).List(t.Context())
				if err == nil {
					t.Error("the listing succeeded")
					return ""
				}
				return shown(err)
			}
			for spelling, text := range spellings() {
				t.Run(spelling, func(t *testing.T) {
					t.Parallel()
					if message := list(t, text); leaks(message, text) != "" {
						t.Errorf("%s", message)
					}
				})
			}
		})
	}
}

// TestHarmlessWordsStay: what is no credential is shown, or nobody could see what is wrong.
func TestHarmlessWordsStay(t *testing.T) {
	t.Parallel()
	for channel, answer := range channels {
		if answer == nil || slices.Contains([]string{"reason", "status", "length", "trailer", "total", "id", "location 2"}, channel) {
			continue // what the libraries quote is never shown
		}
		const words = "100%25 of a&amp;b, C:\\new, 0f1e, +1"
		_, err := answering(t, answer(words)).ProcessAPIKeys(processID).List(t.Context())
		if message := shown(err); !strings.Contains(message, "100%25 of a") || !strings.Contains(message, "0f1e, +1") {
			t.Errorf("%s: %s", channel, message)
		}
	}
}

// TestCutEchoes: an answer ends within an echo, because it broke off or because no more of it is read.
func TestCutEchoes(t *testing.T) {
	t.Parallel()
	sorry := strings.Repeat("Sorry. ", 10_000)
	// A character whose number has so many zeros in front is a blank to who reads the page, and takes no time to read.
	blank := func(size int) string { return fmt.Sprintf("&#%0*d;", size-3, ' ') }
	for spelling, text := range spellings() {
		t.Run(spelling, func(t *testing.T) {
			t.Parallel()
			var answer string
			keys := answeringNext(t, &answer).ProcessAPIKeys(processID)
			for end := 8; end < len(text); end += max(1, len(text)/8) {
				var name string
				for name, answer = range map[string]string{
					"cut":       "HTTP/1.1 500 Sorry\r\nContent-Length: 1000\r\n\r\nSorry. " + text[:end],
					"no length": "HTTP/1.0 500 Sorry\r\n\r\nSorry. " + text[:end],
					"chunked": fmt.Sprintf("HTTP/1.1 500 Sorry\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\nSorry. %s\r\n",
						end+7, text[:end]),
					"in HTML":     "HTTP/1.1 500 Sorry\r\nContent-Length: 1000\r\n\r\n<html>Sorry. <b>" + text[:end],
					"at the end":  httpAnswer("500 Sorry", "<p>"+blank(64<<10-3-7-end)+"Sorry. "+text+sorry),
					"in the text": httpAnswer("500 Sorry", sorry[:8<<10-end]+text+" "+sorry),
				} {
					if len(answer) > len(sorry) && end != 8 && end < len(text)-len(text)/4 {
						continue // the first and the last places tell as much, and each costs as much as ten others
					}
					_, err := keys.List(context.Background())
					if message := shown(err); leaks(message, text) != "" {
						t.Errorf("%s at %d: %s", name, end, message)
					}
				}
			}
		})
	}
}

// TestHostileReasons: the words of the network come from certificates and proxies.
func TestHostileReasons(t *testing.T) {
	t.Parallel()
	evil := "\x1b[31mEVIL\x07" + strings.Repeat(".evil", 10_000)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), DNSNames: []string{evil},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 502 "+evil+" Basic "+base64.StdEncoding.EncodeToString([]byte(echoed))+"\r\n\r\n")
			_ = conn.Close()
		}
	}))
	t.Cleanup(proxy.Close)
	proxyURL, _ := url.Parse(proxy.URL)
	for name, transport := range map[string]*http.Transport{
		"certificate": {TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		"proxy":       {Proxy: http.ProxyURL(proxyURL)},
	} {
		address := "https://localhost:" + server.URL[strings.LastIndex(server.URL, ":")+1:]
		client := clientAt(t, address, withEchoed, func(config *alphamoon.Config) { config.Transport = transport })
		t.Cleanup(transport.CloseIdleConnections)
		_, err := client.ProcessAPIKeys(processID).List(t.Context())
		connection, ok := errors.AsType[*alphamoon.ConnectionError](err)
		if !ok || !strings.Contains(connection.Reason, "EVIL") || len(connection.Reason) > 310 ||
			strings.ContainsAny(connection.Reason, "\x1b\x07") {
			t.Errorf("%s: %.1000q", name, err)
		}
	}
}
