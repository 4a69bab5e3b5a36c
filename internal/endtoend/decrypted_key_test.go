package endtoend_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// sealedEdits make of the guide's recipe one with a recipient in a file, further arguments of the ephemeral resource in
// place of required, and a round: another one rotates the key.
func sealedEdits(round, arguments string) []string {
	return []string{
		`"` + encryption.ExampleRecipient + `"`, `file("id.pub")`, "required      = terraform.applying", arguments,
		"expires_in ", "rotation_triggers = { round = \"" + round + "\" }\n  expires_in ",
	}
}

// newSealed logs as much as there is.
func newSealed(t *testing.T, pair pairOfKeys, arguments string) *stored {
	t.Helper()
	s := newStored(t, storeRecipe(t), sandbox.DefaultProcessID, sealedEdits("1", arguments)...)
	s.environment["TF_LOG"], s.environment["TF_LOG_PATH"] = "TRACE", filepath.Join(s.dir, "trace.log")
	s.write("id.pub", pair.recipient)
	return s
}

// expectNowhereElse searches everything that was written, but for the store, for secrets and the identity.
func (s *stored) expectNowhereElse(pair pairOfKeys) {
	s.t.Helper()
	s.write("outputs", s.outputs.String())
	secrets := s.Keys(sandbox.DefaultProcessID)
	for line := range strings.Lines(pair.identity) {
		if line = strings.TrimSpace(line); len(line) > 20 && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "---") {
			secrets = append(secrets, sandbox.Key{Secret: line})
		}
	}
	s.expectInNoFile(secrets)
}

// TestAccDecryptedKeyReachesItsStore goes from the creation through plans without a change and a rotation to the
// destruction.
func TestAccDecryptedKeyReachesItsStore(t *testing.T) {
	t.Parallel()
	for name, makePair := range map[string]func(*testing.T) pairOfKeys{"age": agePair, "SSH": sshPair, "post-quantum": postQuantumPair} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair := makePair(t)
			s := newSealed(t, pair, "")
			identity := agePair(t).identity + pair.identity
			if name == "SSH" {
				identity = pair.identity // a file of SSH holds one
			}
			s.must(identity, apply...)
			s.must(identity, "plan", "-detailed-exitcode", "-out=empty.tfplan")

			// The recipient's spelling changes nothing. Those of age have but one.
			if spelled := strings.TrimSpace(pair.recipient); spelled != pair.recipient {
				s.write("id.pub", spelled)
				s.must(identity, "plan", "-detailed-exitcode")
			} else if name == "SSH" {
				t.Error("the recipient has no other spelling")
			}

			s.configure(sealedEdits("2", "")...)
			// While a rotation is planned, Terraform waits with the opening: no identity is needed.
			if output := s.must("", "plan", "-out=rotation.tfplan"); !strings.Contains(output, "triggers_replace") {
				t.Errorf("the store would not be written:\n%s", output)
			}
			s.must(identity, "apply", "rotation.tfplan")
			s.configure(sealedEdits("2", "required = terraform.applying")...)
			s.expectNewest("after a rotation", 2)
			s.expectNowhereElse(pair)
			s.must(identity, "destroy", "-auto-approve")
		})
	}
}

func TestAccDecryptedKeyFromAFile(t *testing.T) {
	t.Parallel()
	pair := agePair(t)
	s := newSealed(t, pair, "")
	file := filepath.Join(t.TempDir(), "identity.txt")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, identity := range []string{pair.identity, base64.StdEncoding.EncodeToString([]byte(pair.identity))} {
		s.environment["ALPHAMOON_AGE_IDENTITY_FILE"] = identity
		if output := s.fails("", apply, "itself, not the path of a file"); strings.Contains(output, identity[20:30]) {
			t.Errorf("it repeats the identity:\n%s", output)
		}
	}
	s.environment["ALPHAMOON_AGE_IDENTITY_FILE"] = file
	s.fails("", apply, "Identity file cannot be read", "identity.txt")
	write("no identity")
	s.fails("", apply, "Key could not be decrypted", "identity.txt")
	write(pair.identity)
	s.must("", apply...)
	s.expectNewest("with the file", 1)
}

// TestAccDecryptedKeyWithoutIdentity: it is an error, unless only the apply has the identity and the configuration says so.
func TestAccDecryptedKeyWithoutIdentity(t *testing.T) {
	t.Parallel()
	pair := agePair(t)
	s := newSealed(t, pair, "")
	s.must(pair.identity, apply...)
	s.fails("", []string{"plan"}, "Missing identity", "identities", "ALPHAMOON_AGE_IDENTITY", "ALPHAMOON_AGE_IDENTITY_FILE")
	onlyRefresh := append(slices.Clone(apply), "-refresh-only")
	for _, run := range [][]string{{"plan", "-destroy"}, {"plan", "-refresh-only"}, onlyRefresh, {"destroy", "-auto-approve"}} {
		s.fails("", run, "Missing identity")
	}
	s.configure(sealedEdits("1", "required = terraform.applying")...)
	s.must("", "plan", "-refresh-only") // the other plans come with the rotation and the destruction below
	// An apply that changes nothing opens it, but for OpenTofu since 1.12.
	opens := !cli.OpenTofu || olderThan(t, "1.12.0")
	if output, err := s.terraform("", onlyRefresh...); opens == (err == nil) || opens != strings.Contains(output, "Missing identity") {
		t.Errorf("an apply that only refreshes says:\n%s", output)
	}
	s.configure(sealedEdits("2", "required = terraform.applying")...)
	s.must("", "plan", "-out=rotation.tfplan")
	s.fails("", []string{"apply", "rotation.tfplan"}, "Missing identity")
	s.must(pair.identity, apply...)
	s.expectNewest("after an apply without the identity", 2)
	s.expectNowhereElse(pair)
	s.must("", "destroy", "-auto-approve")
}

// TestAccDecryptedKeyOfAnAdoptedKey: there is nothing to decrypt, which is an error unless the key is not required.
func TestAccDecryptedKeyOfAnAdoptedKey(t *testing.T) {
	t.Parallel()
	pair := agePair(t)
	s := newSealed(t, pair, "required = false\n  lifecycle {\n    postcondition {\n      condition = self.key == null\n"+
		"      error_message = \"There is a key.\"\n    }\n  }")
	key := s.AddKey(sandbox.DefaultProcessID, sandbox.Key{
		Name: "invoice-uploader", Scopes: []string{"workspace.file:upload"}, CreatedAt: now(), ExpiresAt: now().Add(90 * 24 * time.Hour),
	})
	s.must("", "import", "alphamoon_process_api_key.uploader", sandbox.DefaultProcessID+"/"+key.ID)
	for _, identity := range []string{"", pair.identity} {
		s.must(identity, append(slices.Clone(apply), "-target=alphamoon_process_api_key.uploader")...)
		s.must(identity, "plan")
	}
	s.configure(sealedEdits("1", "")...)
	s.fails(pair.identity, []string{"plan"}, "No encrypted secret")
}

// TestAccDecryptedKeyWithAWrongIdentity: it is an error, or a warning and no key where none is required.
func TestAccDecryptedKeyWithAWrongIdentity(t *testing.T) {
	t.Parallel()
	s := newSealed(t, agePair(t), "")
	s.must("", append(slices.Clone(apply), "-target=alphamoon_process_api_key.uploader")...)
	for _, test := range []struct{ identity, message string }{
		{agePair(t).identity, "no identity matches"},
		{"AGE-SECRET-KEY-1NONSENSE", "neither the form of an age identity file"},
		{agePair(t).recipient, "neither the form of an age identity file"},
	} {
		s.configure(sealedEdits("1", "")...)
		output := s.fails(test.identity, []string{"plan"}, test.message)
		s.configure(sealedEdits("1", "required = false")...)
		warning := s.must(test.identity, "plan")
		if strings.Contains(output+warning, "SECRET") || !strings.Contains(unbroken(warning), test.message) {
			t.Errorf("it repeats the identity, or does not warn:\n%s%s", output, warning)
		}
	}
}

// TestAccDecryptedKeyWithIdentitiesAsArgument takes them from ephemeral values of another resource.
func TestAccDecryptedKeyWithIdentitiesAsArgument(t *testing.T) {
	t.Parallel()
	pair := agePair(t)
	s := newSealed(t, pair, "identities = [var.identity, var.other]")
	s.write("variables.tf", "variable \"identity\" {\n  type = string\n  ephemeral = true\n}\n"+
		"variable \"other\" {\n  type = string\n  ephemeral = true\n}\n")
	s.environment["TF_VAR_identity"], s.environment["TF_VAR_other"] = pair.identity, agePair(t).identity
	s.must("", apply...)
	s.expectNewest("with identities as an argument", 1)
	s.must("", "plan", "-out=empty.tfplan")
	s.expectNowhereElse(pair)
}
