package provider

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// TestSecretThatCannotBeEncrypted keeps the key without its secret, and names it.
func TestSecretThatCannotBeEncrypted(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	model := existing(func(m *apiKeyModel) {
		m.EncryptTo = types.ListValueMust(types.StringType, []attr.Value{types.StringValue(identity.Recipient().String())})
	})
	var diags diag.Diagnostics
	file := model.openEncryption(t.Context(), &diags)
	model.setSecret(redact.NewSecret("user:first"), file, &diags)
	if diags.HasError() || model.EncryptedKey.IsNull() || !model.Key.IsNull() {
		t.Fatalf("%v, %v", model.EncryptedKey, diags)
	}
	model.setSecret(redact.NewSecret("user:second"), file, &diags) // a file takes one
	if model.hasSecret() || len(diags) != 1 {
		t.Fatalf("%v, %v, %v", model.Key, model.EncryptedKey, diags)
	}
	if detail := diags[0].Detail(); !strings.Contains(detail, "The key id was created") || strings.Contains(detail, "second") {
		t.Errorf("it says: %s", detail)
	}
}

// TestWhatAListingLeavesOut changes nothing; a new key has nulls there.
func TestWhatAListingLeavesOut(t *testing.T) {
	t.Parallel()
	state := existing(text(expiresIn, "90d"))
	state.OrganizationID = types.StringValue("org")
	after := state
	after.applyListed(alphamoon.APIKey{ID: "id"})
	if !reflect.DeepEqual(after, state) {
		t.Errorf("got %+v, want %+v", after, state)
	}
	created := apiKeyModel{ExpiresIn: types.StringValue("90d"), ExpiresAt: types.StringUnknown(), Scopes: state.Scopes}
	created.applyCreated(&alphamoon.CreatedAPIKey{APIKey: alphamoon.APIKey{ID: "id"}, Version: 7})
	for _, value := range []attr.Value{created.OrganizationID, created.Status, created.CreatedAt, created.ExpiresAt} {
		if !value.IsNull() {
			t.Errorf("got %s, want null", value)
		}
	}
	if created.KeyVersion.ValueInt64() != 7 || !created.Scopes.Equal(state.Scopes) {
		t.Errorf("key_version %s, scopes %s", created.KeyVersion, created.Scopes)
	}
}

// TestFieldsEqualTheSchemas: an attribute that the model forgets would be null for ever.
func TestFieldsEqualTheSchemas(t *testing.T) {
	t.Parallel()
	model := newAPIKeyModel(t.Context())
	bound := map[string]attr.Type{}
	for _, field := range model.fields() {
		bound[field.name] = field.get().Type(t.Context())
		if !field.get().IsNull() {
			t.Errorf("%s of a new model is %s", field.name, field.get())
		}
	}
	seen := map[string]bool{}
	for _, kind := range []apiKeyKind{processAPIKey, organizationAPIKey} {
		for name, attribute := range kind.resourceSchema().Attributes {
			seen[name] = true
			if !attribute.GetType().Equal(bound[name]) {
				t.Errorf("%s.%s is %s, the model has %v", kind.typeName, name, attribute.GetType(), bound[name])
			}
		}
	}
	for name := range bound {
		if !seen[name] {
			t.Errorf("no schema has %s", name)
		}
	}
}

// TestWholeSecondsAreSent: a service that rounds the fraction of a second would answer with another expiry in half of all cases.
func TestWholeSecondsAreSent(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	model := apiKeyModel{ExpiresIn: types.StringValue("1h")}
	if got := model.request(planTime.Add(687*time.Millisecond), &diags).ExpiresAt; !got.Equal(planTime.Add(time.Hour)) || diags.HasError() {
		t.Errorf("the request asks for %s, %v", got, diags)
	}
}
