package endtoend_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// pairOfKeys is a recipient with the identity that belongs to it.
type pairOfKeys struct{ recipient, identity string }

func agePair(t *testing.T) pairOfKeys {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return pairOfKeys{identity.Recipient().String(), "# created by a test\n" + identity.String() + "\n"}
}

func postQuantumPair(t *testing.T) pairOfKeys {
	t.Helper()
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return pairOfKeys{identity.Recipient().String(), identity.String() + "\n"}
}

// sshPair is as ssh-keygen writes it: a comment and a line end behind the public key.
func sshPair(t *testing.T) pairOfKeys {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pairOfKeys{
		strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " my private key at home\n",
		string(pem.EncodeToMemory(block)),
	}
}

// vault is a shelf whose key goes, decrypted for the run only, into a store and to a program.
type vault struct {
	*shelf
	outputs strings.Builder
}

func newVault(t *testing.T, pair pairOfKeys, arguments string) *vault {
	t.Helper()
	v := &vault{shelf: newShelf(t)}
	v.write("id.pub", pair.recipient)
	v.configure("1", arguments)
	v.must(nil, "init", "-input=false", "-plugin-dir="+mirror)
	return v
}

// configure writes the configuration. Another round rotates the key.
func (v *vault) configure(round, arguments string) {
	v.t.Helper()
	v.write("main.tf", requirement+fmt.Sprintf(`
resource "alphamoon_process_api_key" "test" {
  process_id        = %q
  name              = "sealed"
  scopes            = ["workspace.result:read"]
  expires_in        = "90d"
  rotation_triggers = { round = %q }
  encrypt_to        = [file("id.pub")]

  lifecycle {
    create_before_destroy = true
  }
}

ephemeral "alphamoon_decrypted_key" "test" {
  encrypted_key = alphamoon_process_api_key.test.encrypted_key
  %s
}

resource "vault_kv_secret_v2" "test" {
  mount                = "secret"
  name                 = "test"
  data_json_wo         = jsonencode({ api_key = ephemeral.alphamoon_decrypted_key.test.key })
  data_json_wo_version = alphamoon_process_api_key.test.key_version
}

resource "terraform_data" "provisioned" {
  triggers_replace = alphamoon_process_api_key.test.key_version

  provisioner "local-exec" {
    command = "printf %%s \"$KEY\" > provisioned"
    environment = {
      KEY = ephemeral.alphamoon_decrypted_key.test.key
    }
  }
}
`, sandbox.DefaultProcessID, round, arguments))
}

// terraform runs it with every log at its most talkative and the given environment.
func (v *vault) terraform(environment map[string]string, arguments ...string) (string, error) {
	variables := map[string]string{"TF_LOG": "TRACE", "TF_LOG_PATH": filepath.Join(v.dir, "trace.log")}
	maps.Copy(variables, v.environment)
	maps.Copy(variables, environment)
	raw, err := v.command(v.t.Context(), variables, arguments...).CombinedOutput()
	v.outputs.Write(raw)
	return string(raw), err
}

func (v *vault) must(environment map[string]string, arguments ...string) string {
	v.t.Helper()
	output, err := v.terraform(environment, arguments...)
	if err != nil {
		v.t.Fatalf("%s: %v\n%s", arguments, err, output)
	}
	return output
}

// expectStored demands that both consumers hold the newest key.
func (v *vault) expectStored(count int) {
	v.t.Helper()
	if keys := v.Keys(sandbox.DefaultProcessID); len(keys) != count {
		v.t.Fatalf("%d keys exist", len(keys))
	}
	v.expectNewest("after an apply")
	if v.read("provisioned") != v.held() {
		v.t.Error("the program did not get the newest key")
	}
}

// expectNowhereElse searches everything that was written, but for the consumers, for secrets and the identity.
func (v *vault) expectNowhereElse(pair pairOfKeys) {
	v.t.Helper()
	if err := os.Remove(filepath.Join(v.dir, "provisioned")); err != nil {
		v.t.Error(err)
	}
	v.write("outputs", v.outputs.String())
	secrets := v.Keys(sandbox.DefaultProcessID)
	for line := range strings.Lines(pair.identity) {
		if line = strings.TrimSpace(line); len(line) > 20 && !strings.HasPrefix(line, "#") &&
			!strings.HasPrefix(line, "---") {
			secrets = append(secrets, sandbox.Key{Secret: line})
		}
	}
	v.expectInNoFile(secrets)
}

// TestAccDecryptedKeyReachesItsStore goes from the creation through plans without a change and a rotation to the
// destruction.
func TestAccDecryptedKeyReachesItsStore(t *testing.T) {
	t.Parallel()
	for name, makePair := range map[string]func(*testing.T) pairOfKeys{"age": agePair, "SSH": sshPair, "post-quantum": postQuantumPair} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair := makePair(t)
			v := newVault(t, pair, "")
			environment := map[string]string{"ALPHAMOON_AGE_IDENTITY": agePair(t).identity + pair.identity}
			if name == "SSH" {
				environment["ALPHAMOON_AGE_IDENTITY"] = pair.identity // a file of SSH holds one
			}
			v.must(environment, "apply", "-input=false", "-auto-approve")
			v.expectStored(1)
			v.must(environment, "plan", "-input=false", "-detailed-exitcode", "-out=empty.tfplan")

			// The recipient's spelling changes nothing.
			v.write("id.pub", strings.TrimSpace(pair.recipient))
			v.must(environment, "plan", "-input=false", "-detailed-exitcode")

			v.configure("2", "")
			// While a rotation is planned, Terraform waits with the opening: no identity is needed.
			output := v.must(nil, "plan", "-input=false", "-out=rotation.tfplan")
			if !strings.Contains(output, "data_json_wo_version") {
				t.Errorf("the store would not be written:\n%s", output)
			}
			v.must(environment, "apply", "-input=false", "rotation.tfplan")
			v.expectStored(2)
			v.expectNowhereElse(pair)
			v.must(environment, "destroy", "-input=false", "-auto-approve")
		})
	}
}

func TestAccDecryptedKeyFromAFile(t *testing.T) {
	t.Parallel()
	pair := agePair(t)
	v := newVault(t, pair, "")
	file := filepath.Join(t.TempDir(), "identity.txt")
	environment := map[string]string{"ALPHAMOON_AGE_IDENTITY_FILE": file}
	v.must(nil, "apply", "-input=false", "-auto-approve", "-target=alphamoon_process_api_key.test")
	output, err := v.terraform(environment, "apply", "-input=false", "-auto-approve")
	if err == nil || !strings.Contains(output, "Identity file cannot be read") || !strings.Contains(output, "identity.txt") {
		t.Errorf("without the file it says:\n%s", output)
	}
	for _, identity := range []string{pair.identity, base64.StdEncoding.EncodeToString([]byte(pair.identity))} {
		mistaken := map[string]string{"ALPHAMOON_AGE_IDENTITY_FILE": identity}
		output, err = v.terraform(mistaken, "apply", "-input=false", "-auto-approve")
		if err == nil || !strings.Contains(output, "itself, not the path of a file") || strings.Contains(output, identity[20:30]) {
			t.Errorf("with an identity in place of its path it says:\n%s", output)
		}
	}
	if err := os.WriteFile(file, []byte("no identity"), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err = v.terraform(environment, "apply", "-input=false", "-auto-approve")
	if err == nil || !strings.Contains(output, "Key could not be decrypted") || !strings.Contains(output, "identity.txt") {
		t.Errorf("with the wrong file it says:\n%s", output)
	}
	if err := os.WriteFile(file, []byte(pair.identity), 0o600); err != nil {
		t.Fatal(err)
	}
	v.must(environment, "apply", "-input=false", "-auto-approve")
	v.expectStored(1)
}

// TestAccDecryptedKeyWithoutIdentity: it is an error, unless only the apply has the identity and the configuration says so.
func TestAccDecryptedKeyWithoutIdentity(t *testing.T) {
	t.Parallel()
	pair := agePair(t)
	v := newVault(t, pair, "")
	environment := map[string]string{"ALPHAMOON_AGE_IDENTITY": pair.identity}
	v.must(environment, "apply", "-input=false", "-auto-approve")
	output, err := v.terraform(nil, "plan", "-input=false")
	for _, place := range []string{"Missing identity", "identities", "ALPHAMOON_AGE_IDENTITY", "ALPHAMOON_AGE_IDENTITY_FILE"} {
		if err == nil || !strings.Contains(output, place) {
			t.Errorf("it does not say %q:\n%s", place, output)
		}
	}
	for _, run := range [][]string{{"plan", "-destroy"}, {"plan", "-refresh-only"}, {"apply", "-refresh-only", "-auto-approve"}, {"destroy", "-auto-approve"}} {
		if output, err := v.terraform(nil, append(run, "-input=false")...); err == nil || !strings.Contains(output, "Missing identity") {
			t.Errorf("%s: it says:\n%s", run, output)
		}
	}
	v.configure("1", "required = terraform.applying")
	v.must(nil, "plan", "-input=false", "-detailed-exitcode")
	v.must(nil, "plan", "-input=false", "-destroy")
	v.must(nil, "plan", "-input=false", "-refresh-only")
	// Terraform opens it in an apply that changes nothing, OpenTofu does not.
	if output, err := v.terraform(nil, "apply", "-input=false", "-refresh-only", "-auto-approve"); cli.OpenTofu != (err == nil) ||
		cli.OpenTofu == strings.Contains(output, "Missing identity") {
		t.Errorf("an apply that only refreshes says:\n%s", output)
	}
	v.configure("2", "required = terraform.applying")
	v.must(nil, "plan", "-input=false", "-out=rotation.tfplan")
	if output, err := v.terraform(nil, "apply", "-input=false", "rotation.tfplan"); err == nil ||
		!strings.Contains(output, "Missing identity") {
		t.Errorf("an apply without the identity says:\n%s", output)
	}
	v.must(environment, "apply", "-input=false", "-auto-approve")
	v.expectStored(2)
	v.expectNowhereElse(pair)
	v.must(nil, "destroy", "-input=false", "-auto-approve")
}

// TestAccDecryptedKeyOfAnAdoptedKey: there is nothing to decrypt.
func TestAccDecryptedKeyOfAnAdoptedKey(t *testing.T) {
	t.Parallel()
	if withoutEphemerals(t) {
		t.Skip("this version has no ephemeral resources")
	}
	config := func(arguments string) string {
		return requirement + `
resource "alphamoon_process_api_key" "test" {
  process_id = "` + sandbox.DefaultProcessID + `"
  name       = "adopted"
  scopes     = ["workspace.result:read"]
  expires_at = "2099-01-01T00:00:00Z"
}

ephemeral "alphamoon_decrypted_key" "test" {
  encrypted_key = alphamoon_process_api_key.test.encrypted_key
  ` + arguments + `

  lifecycle {
    postcondition {
      condition     = self.key == null
      error_message = "There is a key."
    }
  }
}
`
	}
	w := newWorkspace(t, "", sandbox.Options{})
	key := w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
		Name: "adopted", Scopes: []string{"workspace.result:read"}, ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	w.write("main.tf", config("required = false"))
	identity := map[string]string{"ALPHAMOON_AGE_IDENTITY": agePair(t).identity}
	for _, environment := range []map[string]string{nil, identity} {
		for _, arguments := range [][]string{
			{"import", "-input=false", "alphamoon_process_api_key.test", sandbox.DefaultProcessID + "/" + key.ID},
			{"apply", "-input=false", "-auto-approve"},
			{"state", "rm", "alphamoon_process_api_key.test"},
		} {
			if output, err := w.command(t.Context(), environment, arguments...).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", arguments, err, output)
			}
		}
	}
	w.run("import", "-input=false", "alphamoon_process_api_key.test", sandbox.DefaultProcessID+"/"+key.ID)
	w.write("main.tf", config(""))
	if output, err := w.command(t.Context(), identity, "plan", "-input=false").CombinedOutput(); err == nil ||
		!strings.Contains(string(output), "No encrypted secret") {
		t.Errorf("it says:\n%s", output)
	}
}

func TestAccDecryptedKeyWithAWrongIdentity(t *testing.T) {
	t.Parallel()
	v := newVault(t, agePair(t), "")
	v.must(nil, "apply", "-input=false", "-auto-approve", "-target=alphamoon_process_api_key.test")
	for name, test := range map[string]struct{ identity, message string }{
		"of another recipient": {agePair(t).identity, "no identity matches"},
		"not an identity":      {"AGE-SECRET-KEY-1NONSENSE", "neither the form of an age identity file"},
		"a public key":         {agePair(t).recipient, "neither the form of an age identity file"},
	} {
		for _, required := range []string{"", "required = false"} {
			v.configure("1", required)
			output, err := v.terraform(map[string]string{"ALPHAMOON_AGE_IDENTITY": test.identity}, "plan", "-input=false")
			if err == nil ||
				!strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(output, "│", " ")), " "), test.message) {
				t.Errorf("%s: it says:\n%s", name, output)
			}
			if strings.Contains(output, "SECRET") {
				t.Errorf("%s: it repeats the identity:\n%s", name, output)
			}
		}
	}
}

// TestAccDecryptedKeyWithIdentitiesAsArgument takes them from ephemeral values of another resource.
func TestAccDecryptedKeyWithIdentitiesAsArgument(t *testing.T) {
	t.Parallel()
	pair := agePair(t)
	v := newVault(t, pair, "identities = [var.identity, var.other]")
	v.write("variables.tf", "variable \"identity\" {\n  type = string\n  ephemeral = true\n}\nvariable \"other\" {\n  "+
		"type = string\n  ephemeral = true\n}\n")
	environment := map[string]string{"TF_VAR_identity": pair.identity, "TF_VAR_other": agePair(t).identity}
	v.must(environment, "apply", "-input=false", "-auto-approve")
	v.expectStored(1)
	v.must(environment, "plan", "-input=false", "-detailed-exitcode", "-out=empty.tfplan")
	v.expectNowhereElse(pair)
}
