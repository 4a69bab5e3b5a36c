package provider

import (
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
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
	model.setSecret(alphamoon.NewSecret("user:first"), file, &diags)
	if diags.HasError() || model.EncryptedKey.IsNull() || !model.Key.IsNull() {
		t.Fatalf("%v, %v", model.EncryptedKey, diags)
	}
	model.setSecret(alphamoon.NewSecret("user:second"), file, &diags) // a file takes one
	if model.hasSecret() || len(diags) != 1 {
		t.Fatalf("%v, %v, %v", model.Key, model.EncryptedKey, diags)
	}
	if detail := diags[0].Detail(); !strings.Contains(detail, "The key id was created") || strings.Contains(detail, "second") {
		t.Errorf("it says: %s", detail)
	}
}
