// Package serving runs the provider as a plugin of Terraform.
package serving

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

const (
	// GracePeriod is how long the plugin runs on after SIGTERM, and how long its last requests may take after its end: systems
	// that stop jobs usually kill after ten seconds.
	GracePeriod = 10 * time.Second
	// largestMessage is what tf6server.Serve permits.
	largestMessage = 256 << 20
)

// handshake is how Terraform and a provider of protocol 6 recognize each other; tf6server has it, but does not export it.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion: 6, MagicCookieKey: "TF_PLUGIN_MAGIC_COOKIE",
	MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
}

// Run serves a provider under its registry address. It returns when Terraform has ended the plugin or has died, and the
// calls in flight have returned, for which it waits for GracePeriod at most. SIGTERM asks the provider to stop, as an
// interrupt of Terraform does, and ends the server a GracePeriod later.
//
// tf6server.Serve is the usual way, but it stays forever when Terraform is killed, dies at once of the SIGTERM that job
// runners send to every process of a job, and gives no access to the server with which both could be changed.
func Run(ctx context.Context, address string, provider tfprotov6.ProviderServer) {
	calls := &calls{provider: provider}
	connections := &connections{}
	signal.Ignore(syscall.SIGPIPE) // the first line of the log raises it after Terraform's death
	terminations := make(chan os.Signal, 1)
	signal.Notify(terminations, syscall.SIGTERM) // before anybody is told where the provider listens
	go stopAt(ctx, terminations, provider, connections)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins: plugin.PluginSet{"provider": &tf6server.GRPCProviderPlugin{
			GRPCProvider: func() tfprotov6.ProviderServer { return provider }, Name: address,
		}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			connections.server = grpc.NewServer(append(options, grpc.MaxRecvMsgSize(largestMessage),
				grpc.MaxSendMsgSize(largestMessage), grpc.StatsHandler(connections), grpc.UnaryInterceptor(calls.unary),
				grpc.StreamInterceptor(calls.stream))...)
			return connections.server
		},
	})
	calls.wait(GracePeriod)
}

// Debug serves a provider to whom it tells how to attach, until SIGTERM or an interrupt.
func Debug(address string, provider func() tfprotov6.ProviderServer) error {
	return tf6server.Serve(address, provider, tf6server.WithManagedDebug(),
		tf6server.WithManagedDebugStopSignals([]os.Signal{os.Interrupt, syscall.SIGTERM}))
}

// stopAt leaves the end at a SIGTERM to Terraform, which gets the same signal and asks for the same: it then needs the
// answers. Only where nobody has ended the server within the GracePeriod does this.
func stopAt(ctx context.Context, terminations <-chan os.Signal, provider tfprotov6.ProviderServer, connections *connections) {
	<-terminations
	_, _ = provider.StopProvider(ctx, &tfprotov6.StopProviderRequest{}) // never fails
	time.Sleep(GracePeriod)
	connections.server.Stop()
}

// connections stops the server when the last client has gone: Terraform was killed, for otherwise it ends the server
// itself.
type connections struct {
	server *grpc.Server
	open   atomic.Int32
}

var _ stats.Handler = (*connections)(nil)

// HandleConn counts the open connections.
func (c *connections) HandleConn(_ context.Context, event stats.ConnStats) {
	switch event.(type) {
	case *stats.ConnBegin:
		c.open.Add(1)
	case *stats.ConnEnd:
		if c.open.Add(-1) == 0 {
			go c.server.Stop() // waits for this goroutine
		}
	}
}

// TagConn changes nothing.
func (*connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// TagRPC changes nothing.
func (*connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC ignores calls; see [calls].
func (*connections) HandleRPC(context.Context, stats.RPCStats) {}

// calls keeps track of the calls in flight.
type calls struct {
	provider tfprotov6.ProviderServer
	// inFlight is locked for reading by each of them.
	inFlight sync.RWMutex
}

// track marks the beginning of a call and returns what marks its end.
//
// The plugin framework keeps the context of every call, with loggers of 11 KB, until the provider is asked to stop: they
// were three quarters of what a plan of thousands of keys holds. Asked while no call is in flight, it only drops them.
func (c *calls) track() (end func()) {
	c.inFlight.RLock()
	return func() {
		c.inFlight.RUnlock()
		if c.inFlight.TryLock() {
			defer c.inFlight.Unlock()
			_, _ = c.provider.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{}) // never fails
		}
	}
}

// wait returns when no call is in flight any more, or after a limit.
func (c *calls) wait(limit time.Duration) {
	idle := make(chan struct{})
	go func() { c.inFlight.Lock(); close(idle) }()
	select {
	case <-idle:
	case <-time.After(limit):
	}
}

// unary tracks calls with one answer.
func (c *calls) unary(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	end := c.track() //nolint:contextcheck // StopProvider ignores its context
	defer end()
	return handle(ctx, request)
}

// stream tracks calls with several answers. It leaves out the streams of go-plugin, which last as long as the connection.
func (c *calls) stream(provider any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if strings.HasPrefix(info.FullMethod, "/tfplugin6.") {
		end := c.track()
		defer end()
	}
	return handle(provider, stream)
}
