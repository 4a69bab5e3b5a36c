package provider_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestMove: a key that was kept under another address of the provider stays the same key, with its secret, its private data
// and its identity. Another type of resource is refused.
func TestMove(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	p := f.connect(nil)
	state := values{
		"id": "688874d9d9064c23bf78bf3ec93cbd2d", "process_id": processID, "name": "x", "scopes": []string{"workspace.result:read"},
		"key": "user:pass", "revoke_on_destroy": false, "an_attribute_of_a_fork": 1,
	}
	raw, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	private := []byte(`{"fingerprint":"eyJTYWx0IjoiIn0="}`)
	for name, test := range map[string]struct {
		address, typeName string
		state             []byte
		message           string
	}{
		"OpenTofu's registry": {"registry.opentofu.org/alphamoon/alphamoon", resourceType, raw, ""},
		"a fork":              {"registry.example.com/somebody/alphamoon", resourceType, raw, ""},
		"another kind": {
			"registry.terraform.io/alphamoon/alphamoon", "alphamoon_organization_api_key", raw,
			"A moved block cannot make an alphamoon_process_api_key of alphamoon_organization_api_key",
		},
		"another shape": {"registry.example.com/somebody/alphamoon", resourceType, []byte(`{"id": {"a": 1}}`), "is not that of an"},
		"no id":         {"registry.example.com/somebody/alphamoon", resourceType, []byte(`{"name": "x"}`), "is not that of an"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := p.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
				SourceProviderAddress: test.address, SourceTypeName: test.typeName, SourceState: &tfprotov6.RawState{JSON: test.state},
				SourcePrivate: private, TargetTypeName: resourceType,
			})
			if err != nil {
				t.Fatal(err)
			}
			if test.message != "" {
				if text := describe(response.Diagnostics); !strings.Contains(text, test.message) {
					t.Errorf("it says %q", text)
				}
				return
			}
			if len(response.Diagnostics) > 0 {
				t.Fatal(describe(response.Diagnostics))
			}
			moved := p.outcome(response.TargetState, response.TargetPrivate, response.TargetIdentity, response.Diagnostics)
			expectIdentity(t, "move", moved)
			if moved.text("key") != "user:pass" || moved.text("id") != state["id"] || string(moved.private) != string(private) {
				t.Errorf("%s with %s became %s with %s", raw, private, moved.state, moved.private)
			}
		})
	}
	if got := f.Count(sandbox.AnyOperation); got != 0 {
		t.Errorf("%d requests were sent", got)
	}
}
