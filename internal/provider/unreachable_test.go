package provider_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// serve listens on a free port until the test ends and returns the address.
func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go handle(connection)
		}
	}()
	return listener.Addr().String()
}

// dead is an address where nobody listens.
func dead(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return listener.Addr().String()
}

// TestUnreachable meets real servers, proxies and closed ports.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	const service = "https://alphamoon.example"
	refusing := func(t *testing.T) string {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Proxy-Authenticate", "Basic")
			http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		}))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	resetting := func(t *testing.T) string {
		t.Helper()
		return serve(t, func(connection net.Conn) {
			_ = connection.(*net.TCPConn).SetLinger(0)
			_, _ = connection.Read(make([]byte, 1))
			_ = connection.Close()
		})
	}
	untrusted := func(t *testing.T) string {
		t.Helper()
		server := httptest.NewTLSServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	cleartext := func(t *testing.T) string {
		t.Helper()
		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	for name, test := range map[string]struct {
		// address is that of the service; the sandbox's if it is empty. proxy starts the proxy to use, peer the service.
		address  string
		proxy    func(*testing.T) string
		peer     func(*testing.T) string
		messages []string // <peer> and <proxy> stand for host and port
	}{
		"untrusted": {
			address: "https://<peer>", peer: untrusted, messages: []string{"Alphamoon's certificate is not trusted", "SSL_CERT_FILE"},
		},
		"cleartext": {
			address: "https://<peer>", peer: cleartext,
			messages: []string{"Alphamoon's address does not speak TLS", "Check the address and the port"},
		},
		"closed port": {
			peer:     dead,
			messages: []string{"Alphamoon cannot be reached", "no answer arrived from <peer> (connection refused)", "Check base_url"},
		},
		"broken": {
			peer:     resetting,
			messages: []string{"Alphamoon cannot be reached", "no answer arrived from <peer> (connection reset by peer)"},
		},
		"silent": {peer: func(t *testing.T) string {
			t.Helper()
			return serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
		}, messages: []string{"Alphamoon did not answer in time", "in time from <peer>.", "request_timeout"}},
		"closed proxy": {
			address: service, proxy: dead,
			messages: []string{
				"Alphamoon cannot be reached", "from alphamoon.example:443 through the proxy <proxy> (connection refused)",
				"Check the proxy",
			},
		},
		"refusing proxy": {
			address: service, proxy: refusing,
			messages: []string{
				"Alphamoon cannot be reached", "through the proxy <proxy> (Proxy Authentication Required)",
				"address, user and password in HTTPS_PROXY",
			},
		},
		"resetting proxy": {
			address: service, proxy: resetting,
			messages: []string{"Alphamoon cannot be reached", "through the proxy <proxy> (connection reset by peer)", "Check the proxy"},
		},
		"proxy without TLS": {
			address: service, proxy: func(t *testing.T) string { t.Helper(); return "https://" + refusing(t) },
			messages: []string{"Proxy does not speak TLS", "Write http:// in HTTPS_PROXY", "from alphamoon.example:443 through the proxy"},
		},
		"forwarding proxy": {
			proxy: refusing,
			messages: []string{
				"Proxy refused the request", "status 407 Proxy Authentication Required, saying: who are you? The proxy wants a user",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			peer, proxy := "", ""
			if test.peer != nil {
				peer = test.peer(t)
				f.URL = "http://" + peer
			}
			if test.address != "" {
				f.URL = strings.Replace(test.address, "<peer>", peer, 1)
			}
			transport := &http.Transport{}
			if test.proxy != nil {
				proxy = test.proxy(t)
				address := &url.URL{Scheme: "http", Host: proxy, User: url.UserPassword("me", "hidden-password")}
				if host, ok := strings.CutPrefix(proxy, "https://"); ok {
					address.Scheme, address.Host = "https", host
				}
				transport.Proxy = http.ProxyURL(address)
			}
			t.Cleanup(transport.CloseIdleConnections)
			f.tune = func(config *alphamoon.Config) { config.Transport, config.MaxRetries = transport, 1 }
			config := f.config(list)
			config = strings.Replace(config, "base_url", "request_timeout = \"1s\"\n  base_url", 1)
			output := f.fails(config, test.messages[0])
			for _, message := range test.messages[1:] {
				if !says(strings.NewReplacer("<peer>", peer, "<proxy>", proxy).Replace(message)).MatchString(output) {
					t.Errorf("no error says %q:\n%s", message, output)
				}
			}
			if strings.Contains(output, "hidden-password") {
				t.Errorf("the password of the proxy is told:\n%s", output)
			}
		})
	}
}
