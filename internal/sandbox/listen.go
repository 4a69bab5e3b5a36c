package sandbox

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Listen serves the sandbox, and below /sandbox/ its [Sandbox.Control], at an address such as 127.0.0.1:0, where port 0
// takes a free one. It returns the address as the provider's base_url wants it, and a function that ends the service at
// once. A web page in a browser on this machine can neither steer the sandbox nor read from it: requests from another
// site are refused, and so are those to a name, which anybody could have pointed here.
func (s *Sandbox) Listen(ctx context.Context, address string) (baseURL string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("cannot listen on %s (is the port in use?): %w", address, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/sandbox/", s.Control())
	mux.Handle("/", s)
	server := &http.Server{Handler: http.NewCrossOriginProtection().Handler(onlyAddresses(mux)), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with stop, and only then
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// onlyAddresses refuses requests whose Host is a name other than localhost.
func onlyAddresses(next http.Handler) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
		host := (&url.URL{Host: req.Host}).Hostname()
		if host != "localhost" && net.ParseIP(host) == nil {
			http.Error(writer, "Use the sandbox's IP address, or localhost.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(writer, req)
	})
}
