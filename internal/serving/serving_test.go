package serving

import (
	"context"
	"runtime"
	"testing"
	"weak"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"google.golang.org/grpc"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
)

// TestCallsLetGo looks whether anything holds the context of a call that has ended. During another call the framework does:
// if it does no longer, it need not be asked to stop either.
func TestCallsLetGo(t *testing.T) {
	t.Parallel()
	server := providerserver.NewProtocol6(provider.New(provider.Options{})())()
	calls := &calls{provider: server}
	type key struct{}
	heldAfterCall := func() bool {
		value := new([1 << 20]byte)
		_, err := calls.unary(context.WithValue(t.Context(), key{}, value), nil, nil, func(ctx context.Context, _ any) (any, error) {
			return server.GetMetadata(ctx, &tfprotov6.GetMetadataRequest{})
		})
		if err != nil {
			t.Error(err)
		}
		pointer := weak.Make(value)
		runtime.GC()
		return pointer.Value() != nil
	}
	if heldAfterCall() {
		t.Error("the context is held after the call")
	}
	info := &grpc.StreamServerInfo{FullMethod: "/tfplugin6.Provider/ListResource"}
	_ = calls.stream(nil, nil, info, func(any, grpc.ServerStream) error {
		if !heldAfterCall() {
			t.Error("the context is not held during a stream: the provider was asked to stop, or need not be asked any more")
		}
		return nil
	})
}
