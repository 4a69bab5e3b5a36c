package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
)

const goldenFile = "testdata/schema.json"

// surface is what users write against: each attribute, identity attribute and parameter by its path, with its type
// and how it is set.
type surface map[string]element

type element struct {
	Type string `json:"type"`
	// How is required, optional, computed, or optional and computed.
	How string `json:"how"`
}

// currentSurface reads the provider's schemas, identities and functions.
func currentSurface(t *testing.T) surface {
	t.Helper()
	result := surface{}
	var walk func(where string, attributes []*tfprotov6.SchemaAttribute)
	walk = func(where string, attributes []*tfprotov6.SchemaAttribute) {
		for _, attribute := range attributes {
			var how []string
			for word, applies := range map[string]bool{
				"required": attribute.Required, "optional": attribute.Optional, "computed": attribute.Computed,
			} {
				if applies {
					how = append(how, word)
				}
			}
			slices.Sort(how)
			kind := "nested"
			if attribute.NestedType != nil {
				walk(where+"."+attribute.Name, attribute.NestedType.Attributes)
			} else {
				kind = attribute.Type.String()
			}
			result[where+"."+attribute.Name] = element{kind, strings.Join(how, ", ")}
		}
	}
	response := providerSchema(t)
	walk("provider", response.Provider.Block.Attributes)
	for prefix, schemas := range map[string]map[string]*tfprotov6.Schema{
		"resource": response.ResourceSchemas, "data": response.DataSourceSchemas,
		"ephemeral": response.EphemeralResourceSchemas, "list": response.ListResourceSchemas,
	} {
		for name, schema := range schemas {
			result[prefix+" "+name] = element{"object", "computed"}
			walk(prefix+" "+name, schema.Block.Attributes)
		}
	}
	for name, function := range response.Functions {
		result["function "+name] = element{function.Return.Type.String(), "computed"}
		for i, parameter := range function.Parameters {
			result[fmt.Sprintf("function %s.%d", name, i)] = element{parameter.Type.String(), "required"}
		}
	}
	server := providerserver.NewProtocol6(provider.New(provider.Options{Version: "test"})())()
	identities, err := server.GetResourceIdentitySchemas(context.Background(),
		&tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name, schema := range identities.IdentitySchemas {
		for _, attribute := range schema.IdentityAttributes {
			result["identity "+name+"."+attribute.Name] = element{
				attribute.Type.String(),
				map[bool]string{true: "required", false: "optional"}[attribute.RequiredForImport],
			}
		}
	}
	return result
}

// breaking lists what existing configurations would stumble over.
func breaking(before, after surface) []string {
	var reasons []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		old := before[name]
		current, ok := after[name]
		switch {
		case !ok:
			reasons = append(reasons, name+" was removed")
		case current.Type != old.Type:
			reasons = append(reasons, fmt.Sprintf("%s was %s and is %s", name, old.Type, current.Type))
		case current.How == "required" && old.How != "required":
			reasons = append(reasons, name+" became required")
		case current.How == "computed" && old.How != "computed":
			reasons = append(reasons, name+" can no longer be set")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		object, _, nested := strings.Cut(name, ".")
		_, known := before[object]
		if _, ok := before[name]; !ok && nested && known && after[name].How == "required" {
			reasons = append(reasons, name+" is new and required")
		}
	}
	return reasons
}

// TestSchemaGolden compares the provider's surface with the committed one. The flag -update accepts additions, and
// nothing accepts what breaks configurations.
func TestSchemaGolden(t *testing.T) {
	t.Parallel()
	current := currentSurface(t)
	var golden surface
	raw, err := os.ReadFile(goldenFile)
	if err == nil {
		err = json.Unmarshal(raw, &golden)
	}
	if err != nil && (!os.IsNotExist(err) || !*updateFlag) {
		t.Fatal(err)
	}
	for _, reason := range breaking(golden, current) {
		t.Errorf("breaking: %s", reason)
	}
	if maps.Equal(golden, current) || t.Failed() {
		return
	}
	if !*updateFlag {
		t.Fatalf("%s is out of date; -update accepts the additions", goldenFile)
	}
	encoded, err := json.MarshalIndent(current, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenFile, append(encoded, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBreaking(t *testing.T) {
	t.Parallel()
	before := surface{
		"resource r":   {"object", "computed"},
		"resource r.a": {"string", "optional"},
		"resource r.b": {"string", "required"},
	}
	change := func(name string, to element) surface {
		after := maps.Clone(before)
		after[name] = to
		return after
	}
	removed := maps.Clone(before)
	delete(removed, "resource r.a")
	for name, test := range map[string]struct {
		after surface
		want  int
	}{
		"nothing":             {before, 0},
		"removed":             {removed, 1},
		"another type":        {change("resource r.a", element{"number", "optional"}), 1},
		"became required":     {change("resource r.a", element{"string", "required"}), 1},
		"became optional":     {change("resource r.b", element{"string", "optional"}), 0},
		"became computed":     {change("resource r.a", element{"string", "computed"}), 1},
		"added":               {change("resource r.c", element{"string", "optional"}), 0},
		"added and required":  {change("resource r.c", element{"string", "required"}), 1},
		"a new object's own":  {change("resource s.c", element{"string", "required"}), 0},
		"computed beside set": {change("resource r.a", element{"string", "computed, optional"}), 0},
	} {
		if got := breaking(before, test.after); len(got) != test.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
