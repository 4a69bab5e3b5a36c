package main

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

	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
)

const (
	// patience is how long the provider lives on after SIGTERM, and how long its last requests may take after its end:
	// systems that stop jobs usually kill after ten seconds.
	patience = 10 * time.Second
	// largestMessage is what tf6server.Serve permits.
	largestMessage = 256 << 20
)

// serve returns when Terraform has ended the provider or is gone, and the calls on their way have ended.
//
// tf6server.Serve is the usual way, but it stays for ever when Terraform is killed, dies at once of the SIGTERM that job
// runners send to every process of a job, and gives no access to the server with which both could be changed.
func serve(ctx context.Context, server tfprotov6.ProviderServer) {
	terraform := &terraform{provider: server}
	signal.Ignore(syscall.SIGPIPE) // which the first line of the log raises after Terraform's death
	terminations := make(chan os.Signal, 1)
	signal.Notify(terminations, syscall.SIGTERM)
	go func() {
		<-terminations
		// Terraform gets the same signal and asks for the same. It then needs the answers, so that it also chooses the end.
		_, _ = server.StopProvider(ctx, &tfprotov6.StopProviderRequest{}) // never fails
		time.Sleep(patience)
		terraform.server.Stop()
	}()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 6, MagicCookieKey: "TF_PLUGIN_MAGIC_COOKIE",
			MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		},
		Plugins: plugin.PluginSet{"provider": &tf6server.GRPCProviderPlugin{
			GRPCProvider: func() tfprotov6.ProviderServer { return server }, Name: provider.Address,
		}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			terraform.server = grpc.NewServer(append(options, grpc.MaxRecvMsgSize(largestMessage),
				grpc.MaxSendMsgSize(largestMessage), grpc.StatsHandler(terraform), grpc.UnaryInterceptor(terraform.answer),
				grpc.StreamInterceptor(terraform.stream))...)
			return terraform.server
		},
	})
	ended := make(chan struct{})
	go func() { terraform.calls.Lock(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
	}
}

// terraform is the other side. It stops the server when the last connection has ended.
type terraform struct {
	provider    tfprotov6.ProviderServer
	server      *grpc.Server
	connections atomic.Int32
	// calls is locked for reading by every call on its way.
	calls sync.RWMutex
}

// call notes the beginning of a call and returns a function that notes its end.
//
// The plugin framework keeps the context of every call, with loggers of 11 KB, until the provider is asked to stop: they
// were three quarters of what a plan of thousands of keys holds. Asked while no call is on its way, it only lets go of them.
func (t *terraform) call() (end func()) {
	t.calls.RLock()
	return func() {
		t.calls.RUnlock()
		if t.calls.TryLock() {
			defer t.calls.Unlock()
			_, _ = t.provider.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{}) // never fails
		}
	}
}

func (t *terraform) answer(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	defer t.call()() //nolint:contextcheck // StopProvider ignores its context
	return handler(ctx, request)
}

// stream leaves out the streams of go-plugin, which last as long as the connection.
func (t *terraform) stream(provider any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if strings.HasPrefix(info.FullMethod, "/tfplugin6.") {
		defer t.call()()
	}
	return handler(provider, stream)
}

var _ stats.Handler = (*terraform)(nil)

// HandleConn counts connections.
func (t *terraform) HandleConn(_ context.Context, event stats.ConnStats) {
	switch event.(type) {
	case *stats.ConnBegin:
		t.connections.Add(1)
	case *stats.ConnEnd:
		if t.connections.Add(-1) == 0 {
			go t.server.Stop() // waits for this goroutine
		}
	}
}

// The rest of a handler has nothing to do.

func (*terraform) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*terraform) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*terraform) HandleRPC(context.Context, stats.RPCStats)                         {}
