package provider_test

import (
	"context"
	"regexp"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
)

// schemasOnce asks a provider once for all tests: thousands of them need the answer, which is always the same.
var schemasOnce = sync.OnceValues(func() (*tfprotov6.GetProviderSchemaResponse, error) {
	server := providerserver.NewProtocol6(provider.New(provider.Options{Version: "test"})())()
	return server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
})

func providerSchema(t *testing.T) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	response, err := schemasOnce()
	if err != nil {
		t.Fatal(err)
	}
	for _, diagnostic := range response.Diagnostics {
		t.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
	return response
}

// TestSchema walks over every attribute of every object: each is described in a sentence, and each that is
// called like a secret is sensitive.
func TestSchema(t *testing.T) {
	t.Parallel()
	response := providerSchema(t)
	secret := regexp.MustCompile(`(^|_)(key|api_key|secret|token|password)(_wo)?$`)
	sentence := regexp.MustCompile("(?s)^[A-Z`].*[.]$")
	seen := 0
	var walk func(where string, attributes []*tfprotov6.SchemaAttribute)
	walk = func(where string, attributes []*tfprotov6.SchemaAttribute) {
		for _, attribute := range attributes {
			seen++
			name := where + "." + attribute.Name
			if !sentence.MatchString(attribute.Description) {
				t.Errorf("%s is not described in a sentence: %q", name, attribute.Description)
			}
			// An encrypted secret is meant to be handed around. A write-only one stands in no plan and no state, and marked as
			// sensitive it would be a change of every state from before it.
			if wanted := (secret.MatchString(attribute.Name) || attribute.Name == "identities") &&
				attribute.Name != "encrypted_key"; wanted != (attribute.Sensitive || attribute.WriteOnly) {
				t.Errorf("%s: sensitive is %t", name, attribute.Sensitive)
			}
			if attribute.NestedType != nil {
				walk(name, attribute.NestedType.Attributes)
			}
		}
	}
	check := func(name string, schema *tfprotov6.Schema) {
		if !sentence.MatchString(schema.Block.Description) {
			t.Errorf("%s is not described in a sentence: %q", name, schema.Block.Description)
		}
		if schema.Version != 0 {
			t.Errorf("%s: version %d has no test of its upgrade", name, schema.Version)
		}
		walk(name, schema.Block.Attributes)
	}
	check("provider", response.Provider)
	for name, schema := range response.ResourceSchemas {
		check(name, schema)
	}
	for name, schema := range response.DataSourceSchemas {
		check(name, schema)
	}
	for name, schema := range response.EphemeralResourceSchemas {
		check("ephemeral "+name, schema)
	}
	if seen < 30 {
		t.Errorf("only %d attributes were seen", seen)
	}
}
