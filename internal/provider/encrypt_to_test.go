package provider_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/hashicorp/terraform-plugin-testing/compare"
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
		attributes := state.RootModule().Resources[address].Primary.Attributes
		if attributes["key"] != "" {
			return fmt.Errorf("the state holds the secret in plain text")
		}
		reader, err := age.Decrypt(armor.NewReader(strings.NewReader(attributes["encrypted_key"])), identity)
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
			if strings.Contains(value, pass) {
				return fmt.Errorf("the attribute %s holds the secret", name)
			}
		}
		return nil
	}
}

func TestAccEncryption(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	alice, bob := newIdentity(t), newIdentity(t)
	manage := `scopes = ["workspace.process.api_key:manage"]`
	config := func(recipients string) string { return f.key(lifetime, window, manage, recipients) }
	files := statecheck.CompareValue(compare.ValuesDiffer())
	file := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{
			files.AddStateValue(address, attribute("encrypted_key")),
			statecheck.ExpectKnownValue(address, attribute("key"), knownvalue.Null()),
		}
	}
	because := func(attributeName string) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{expectReplacedBy(attributeName)}}
	}
	f.run(
		resource.TestStep{
			Config:            config(encryptTo(alice)),
			ConfigStateChecks: file(),
			Check:             f.decryptsAndWorks(alice),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue(address, attribute("encrypted_key"))},
			},
		},
		keeps(config(encryptTo(alice))),
		// In place: neither the file nor the key changes.
		resource.TestStep{
			Config:           f.key(lifetime, manage, encryptTo(alice)),
			Check:            f.decryptsAndWorks(alice),
			ConfigPlanChecks: expectAction(plancheck.ResourceActionUpdate),
		},
		resource.TestStep{
			Config:            config(encryptTo(alice, bob)),
			ConfigStateChecks: file(),
			Check:             f.decryptsAndWorks(bob),
			ConfigPlanChecks:  because("encrypt_to"),
		},
		f.after(60*day, resource.TestStep{
			Config:            config(encryptTo(alice, bob)),
			ConfigStateChecks: file(),
			Check:             f.decryptsAndWorks(alice),
			ConfigPlanChecks:  because("rotates_at"),
		}),
		resource.TestStep{
			Config:           config(""),
			Check:            f.secretIsNewest(),
			ConfigPlanChecks: because("encrypt_to"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, attribute("encrypted_key"), knownvalue.Null()),
			},
		},
		resource.TestStep{
			Config:            config(encryptTo(bob)),
			ConfigStateChecks: file(),
			Check:             f.decryptsAndWorks(bob),
			ConfigPlanChecks:  because("encrypt_to"),
		},
	)
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
