package endtoend_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccAdoptedSecretsOfMany adopts twelve keys with their secrets: from a map in an ephemeral variable, and from an ephemeral
// resource that stands for a store's. No secret stands in a plan, a state, a log or what Terraform prints.
func TestAccAdoptedSecretsOfMany(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.11.0") {
		t.Skip("this version has no write-only arguments")
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	const guide = "templates/guides/adopting.md"
	guided := blocks(t, guide)
	for name, source := range map[string]struct{ declaration, secret string }{
		"a variable": {block(t, guided, `variable "secrets"`), "var.secrets[each.key]"},
		"an ephemeral resource": {`
variable "encrypted" {
  type = map(string)
}
ephemeral "alphamoon_decrypted_key" "store" {
  for_each      = var.encrypted
  encrypted_key = each.value
}
`, "ephemeral.alphamoon_decrypted_key.store[each.key].key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const count = 12
			w := newWorkspace(t, "", sandbox.Options{})
			var keys []sandbox.Key
			listed := map[string]any{}
			var secrets, encrypted strings.Builder
			for i := range count {
				key := w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
					ID: fmt.Sprintf("%032x", i+1), Name: fmt.Sprintf("key-%d", i), Scopes: []string{"workspace.result:read"},
					CreatedAt: now().Add(-10 * 24 * 3600e9), ExpiresAt: now().Add(80 * 24 * 3600e9),
				})
				keys = append(keys, key)
				listed[key.ID] = map[string]any{"process_id": sandbox.DefaultProcessID, "name": key.Name, "scopes": key.Scopes}
				fmt.Fprintf(&secrets, "%q = %q\n", key.ID, key.Secret)
				fmt.Fprintf(&encrypted, "%q = <<EOT\n%s\nEOT\n", key.ID, encryptTo(t, identity.Recipient(), key.Secret))
			}
			adopted, err := json.Marshal(listed)
			if err != nil {
				t.Fatal(err)
			}
			w.write("keys.json", string(adopted))
			config := requirement + source.declaration + strings.Replace(block(t, guided, "local.adopted\n  to "),
				"expires_at = each.value.expires_at", fmt.Sprintf("expires_in = %q\nencrypt_to = [%q]\nkey_wo = %s", "90d",
					identity.Recipient(), source.secret), 1)
			w.write("main.tf", config)
			// The values come from outside of the workspace, which is searched.
			environment := map[string]string{
				"ALPHAMOON_AGE_IDENTITY": identity.String(), "TF_LOG": "TRACE", "TF_LOG_PATH": w.dir + "/trace.log",
				"TF_VAR_secrets": "{\n" + secrets.String() + "}", "TF_VAR_encrypted": "{\n" + encrypted.String() + "}",
			}
			printed := ""
			for _, arguments := range [][]string{
				{"plan", "-input=false", "-out=adoption.tfplan"},
				{"apply", "-input=false", "adoption.tfplan"},
				{"plan", "-input=false", "-detailed-exitcode"},
				{"show"},
			} {
				output, err := w.command(t.Context(), environment, arguments...).CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v\n%s", arguments, err, output)
				}
				printed += string(output)
			}
			if want := fmt.Sprintf("%d imported, 0 added, %[1]d changed, 0 destroyed", count); !strings.Contains(printed, want) {
				t.Errorf("it does not say %q:\n%s", want, printed)
			}
			if got := strings.Count(w.read("terraform.tfstate"), "BEGIN AGE ENCRYPTED FILE"); got != count {
				t.Errorf("%d secrets are in the state", got)
			}
			w.write("printed", printed)
			w.expectInNoFile(keys[:8]) // every key went the same way, and a search takes a while
			if got := w.Count(sandbox.Create); got != 0 {
				t.Errorf("%d keys were created", got)
			}
			if got := w.Count(sandbox.List); got > count+8 {
				t.Errorf("%d requests for %d trials", got, count)
			}
		})
	}
}

// encryptTo is what age writes.
func encryptTo(t *testing.T, recipient age.Recipient, secret string) string {
	t.Helper()
	var text strings.Builder
	armored := armor.NewWriter(&text)
	writer, err := age.Encrypt(armored, recipient)
	if err == nil {
		_, err = writer.Write([]byte(secret))
	}
	if err = errors.Join(err, writer.Close(), armored.Close()); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
