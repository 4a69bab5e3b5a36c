package provider_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// encryptTo is the argument for the recipients of some identities.
func encryptTo(identities ...*age.X25519Identity) string {
	var quoted []string
	for _, identity := range identities {
		quoted = append(quoted, fmt.Sprintf("%q", identity.Recipient()))
	}
	return "encrypt_to = [" + strings.Join(quoted, ", ") + "]"
}

// decryptsAndWorks decrypts encrypted_key and authenticates with it.
func (f *fixture) decryptsAndWorks(identity age.Identity) resource.TestCheckFunc {
	return func(state *terraform.State) error {
		attributes := values{}
		for name, value := range state.RootModule().Resources[address].Primary.Attributes {
			attributes[name] = value
		}
		return f.tryDecrypted(identity, attributes)
	}
}

// tryDecrypted is the same with the attributes of the key.
func (f *fixture) tryDecrypted(identity age.Identity, attributes values) error {
	if key := attributes["key"]; key != nil && key != "" {
		return fmt.Errorf("the state holds the secret in plain text")
	}
	encrypted, _ := attributes["encrypted_key"].(string)
	reader, err := age.Decrypt(armor.NewReader(strings.NewReader(encrypted)), identity)
	if err != nil {
		return err
	}
	secret, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.URL+"/api/v0.4/processes/"+
		processID+"/api-keys", nil)
	if err != nil {
		return err
	}
	user, pass, _ := strings.Cut(string(secret), ":")
	request.SetBasicAuth(user, pass)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the decrypted secret is answered with %s", response.Status)
	}
	for name, value := range attributes {
		if strings.Contains(fmt.Sprint(value), pass) {
			return fmt.Errorf("the attribute %s holds the secret", name)
		}
	}
	return nil
}

func TestAccEncryption(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	alice := newIdentity(t)
	f.run(resource.TestStep{
		Config: f.key(lifetime, window, `scopes = ["workspace.process.api_key:manage"]`, encryptTo(alice)),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(address, attribute("key"), knownvalue.Null()),
		},
		Check: f.decryptsAndWorks(alice),
		ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue(address, attribute("encrypted_key"))},
		},
	})
}

// TestEncryptionThroughTheLifeOfAKey: every new key has a new file, for whoever is a recipient then.
func TestEncryptionThroughTheLifeOfAKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	alice, bob := newIdentity(t), newIdentity(t)
	config := func(arguments ...string) string {
		return f.key(append(arguments, lifetime, `scopes = ["workspace.process.api_key:manage"]`)...)
	}
	s := f.session()
	files := map[any]bool{}
	for _, step := range []struct {
		after          time.Duration
		config, action string
		because        []string
		reader         age.Identity // nil if the secret is not encrypted
	}{
		{0, config(window, encryptTo(alice)), create, nil, alice},
		// In place: neither the file nor the key changes.
		{0, config(encryptTo(alice)), update, nil, alice},
		{0, config(window, encryptTo(alice, bob)), replace, []string{"encrypt_to"}, bob},
		{60 * day, config(window, encryptTo(alice, bob)), replace, []string{"rotates_at"}, alice},
		{0, config(window), replace, []string{"encrypt_to"}, nil},
		{0, config(window, encryptTo(bob)), replace, []string{"encrypt_to"}, bob},
	} {
		f.clock.Advance(step.after)
		s.apply(step.config).expect(t, step.action, step.because...)
		state := s.attributes(address)
		files[state["encrypted_key"]] = true
		if step.reader == nil {
			s.expectNewestSecret()
		} else if err := f.tryDecrypted(step.reader, state); err != nil {
			t.Error(err)
		}
	}
	if len(files) != 5 || !files[nil] {
		t.Errorf("got %d files, of which one is none: %t", len(files), files[nil])
	}
	f.expectCounts(5, 5)
}

// TestAccEncryptionAfterAnImport: there is no secret to encrypt, so recipients count from the next key on.
func TestAccEncryptionAfterAnImport(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	key := f.AddKey(
		processID,
		sandbox.Key{
			Name:      "test",
			Scopes:    []string{"workspace.file:upload", "workspace.result:read"},
			ExpiresAt: start.Add(60 * day),
		},
	)
	identity := newIdentity(t)
	fixed := `expires_at = "2026-04-30T09:30:15Z"`
	f.run(
		resource.TestStep{
			Config:             f.key(fixed),
			ResourceName:       address,
			ImportState:        true,
			ImportStateId:      processID + "/" + key.ID,
			ImportStatePersist: true,
		},
		resource.TestStep{
			Config: f.key(fixed, encryptTo(identity)), ConfigPlanChecks: expectAction(plancheck.ResourceActionUpdate),
		},
		resource.TestStep{
			Config: f.key(fixed, encryptTo(identity), `scopes = ["workspace.process.api_key:manage"]`),
			Check:  f.decryptsAndWorks(identity),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{expectReplacedBy("scopes")},
			},
		},
	)
}

func TestBadRecipients(t *testing.T) {
	t.Parallel()
	identity := newIdentity(t)
	recipient := identity.Recipient().String()
	for name, test := range map[string]struct{ value, message string }{
		"no key at all":  {`["alice"]`, "a recipient is an age public key"},
		"mistyped":       {fmt.Sprintf("[%q]", recipient[:40]), "cut off, mistyped or too short"},
		"a private key":  {fmt.Sprintf("[%q]", identity), "this is a private key"},
		"twice the same": {fmt.Sprintf("[%q, %q]", recipient, recipient), "encrypt_to has an element twice"},
		"empty":          {`[]`, "encrypt_to must have at least one element"},
		"null":           {`[null]`, "Name at least one public key. For none write null, or remove the argument."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			output := f.fails(f.key(lifetime, "encrypt_to = "+test.value), test.message)
			if strings.Contains(output, identity.String()) {
				t.Errorf("the private key is repeated:\n%s", output)
			}
			if got := f.Count(sandbox.AnyOperation); got != 0 {
				t.Errorf("requests: got %d, want none", got)
			}
		})
	}
}

// TestAccRecipientsThatAreKnownLate come from another resource: a wrong one stops before anything is created.
func TestAccRecipientsThatAreKnownLate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	identity := newIdentity(t)
	config := func(recipient string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"recipient\" {\n  input = %q\n}\n", recipient) +
			f.key(lifetime, `scopes = ["workspace.process.api_key:manage"]`,
				"encrypt_to = [terraform_data.recipient.output]")
	}
	f.failsInTerraform(config("alice"), "a recipient is an age public key")
	f.expectCounts(0, 0)
	f.run(resource.TestStep{Config: config(identity.Recipient().String()), Check: f.decryptsAndWorks(identity)})
	f.expectCounts(1, 1)
}

// TestAccRecipientsTogether: what no recipient by itself shows stops the plan if all are known, else the apply, and
// always before a key exists.
func TestAccRecipientsTogether(t *testing.T) {
	t.Parallel()
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	classic := newIdentity(t).Recipient().String()
	for name, test := range map[string]struct{ first, second, message string }{
		"both kinds":              {hybrid.Recipient().String(), classic, "Post-quantum (age1pq1…) and classic recipients do not mix"},
		"the example's recipient": {classic, encryption.ExampleRecipient, "the recipient of the provider's examples"},
	} {
		for when, second := range map[string]string{
			"known": fmt.Sprintf("%q", test.second), "known late": "terraform_data.recipient.output",
		} {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, sandbox.Options{})
				config := fmt.Sprintf("resource \"terraform_data\" \"recipient\" {\n  input = %q\n}\n", test.second) +
					f.key(lifetime, fmt.Sprintf("encrypt_to = [%q, %s]", test.first, second))
				output := f.failsInTerraform(config, test.message)
				if planned := strings.Contains(output, "Error running pre-apply plan"); planned != (when == "known") {
					t.Errorf("stopped by the plan: %t\n%s", planned, output)
				}
				f.expectCounts(0, 0)
			})
		}
	}
}
