package provider_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// handmade is a key that somebody made by hand twenty days ago, for ninety.
func (f *fixture) handmade(owner string) sandbox.Key {
	return f.AddKey(owner, sandbox.Key{
		Name: "test", Scopes: []string{"workspace.result:read", "workspace.file:upload"}, CreatedAt: start.Add(-20 * day),
		ExpiresAt: start.Add(70 * day),
	})
}

// adoption is a configuration that imports a key by hand, with more arguments.
func (f *fixture) adoption(key sandbox.Key, arguments ...string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, processID+"/"+key.ID) +
		f.key(append(arguments, `expires_in = "90d"`)...)
}

// runWithWriteOnly is run for a Terraform that knows of write-only arguments.
func (f *fixture) runWithWriteOnly(steps ...resource.TestStep) {
	f.t.Helper()
	resource.UnitTest(f.t.(*testing.T), resource.TestCase{
		ProtoV6ProviderFactories: f.factories(), Steps: steps,
		TerraformVersionChecks: needs("1.11.0", "1.11.0"),
	})
}

// TestAccAdoptedSecret: the secret of an imported key is tried with one request and taken over in place; from then on key_wo
// is ignored, and the next key has a secret of its own.
func TestAccAdoptedSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	byHand := f.handmade(processID)
	with := func(secret string) string { return f.adoption(byHand, fmt.Sprintf("key_wo = %q", secret)) }
	secrets, versions := statecheck.CompareValue(compare.ValuesDiffer()), statecheck.CompareValue(compare.ValuesDiffer())
	listings := 0
	f.runWithWriteOnly(
		resource.TestStep{
			Config: with(byHand.Secret),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(address, attribute("key")),
				plancheck.ExpectUnknownValue(address, attribute("key_version")),
				planCheckFunc(func() { listings = f.Count(sandbox.List) }),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, attribute("key"), knownvalue.StringExact(byHand.Secret)),
				statecheck.ExpectKnownValue(address, attribute("key_wo"), knownvalue.Null()),
				statecheck.ExpectKnownValue(address, attribute("encrypted_key"), knownvalue.Null()),
				statecheck.ExpectKnownValue(address, attribute("key_version"), knownvalue.Int64Exact(start.Unix())),
				secrets.AddStateValue(address, attribute("key")), versions.AddStateValue(address, attribute("key_version")),
			},
		},
		resource.TestStep{
			PreConfig: func() {
				if got := f.Count(sandbox.List) - listings; got < 1 {
					t.Errorf("the secret was not tried")
				}
			},
			Config: with("another:secret"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop),
			}},
		},
		resource.TestStep{
			PreConfig: func() { f.clock.Advance(41 * day) },
			Config:    with(byHand.Secret),
			ConfigStateChecks: []statecheck.StateCheck{
				secrets.AddStateValue(address, attribute("key")), versions.AddStateValue(address, attribute("key_version")),
			},
		},
	)
	f.expectCounts(1, 2)
}

// TestAccAdoptedSecretOfTheOrganization does the same for the other kind, encrypted, and with a secret that is known only in
// the apply.
func TestAccAdoptedSecretOfTheOrganization(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	identity := newIdentity(t)
	byHand := f.handmade(sandbox.Organization)
	config := func(secret string) string {
		return f.config(fmt.Sprintf(`
import {
  to = alphamoon_organization_api_key.test
  id = %q
}
resource "terraform_data" "secret" {
  input = %q
}
resource "alphamoon_organization_api_key" "test" {
  name       = "test"
  scopes     = ["workspace.result:read", "workspace.file:upload"]
  expires_in = "90d"
  key_wo     = terraform_data.secret.output
  %s
}
`, byHand.ID, secret, encryptTo(identity)))
	}
	const organizationAddress = "alphamoon_organization_api_key.test"
	f.runWithWriteOnly(resource.TestStep{
		Config: config(byHand.Secret),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction(organizationAddress, plancheck.ResourceActionUpdate),
			plancheck.ExpectUnknownValue(organizationAddress, attribute("encrypted_key")),
		}},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(organizationAddress, attribute("key"), knownvalue.Null()),
			statecheck.ExpectKnownValue(organizationAddress, attribute("encrypted_key"),
				knownvalue.StringFunc(func(text string) error {
					got, err := encryption.Decrypt(t.Context(), text, []string{identity.String()})
					if err == nil && got != byHand.Secret {
						err = errors.New("it is not the secret")
					}
					return err
				})),
		},
	})
}

// TestAdoptedSecretThatIsRefused: a wrong secret is an error on the argument, and changes nothing of the key.
func TestAdoptedSecretThatIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	byHand := f.handmade(processID)
	s := f.session()
	s.states[address] = &instance{outcome: f.connect(nil).adopt(t.Context(), processID+"/"+byHand.ID), kind: resourceType}
	s.apply(f.key(lifetime))
	s.fails(f.key(lifetime, `key_wo = "nonsense"`), "two non-empty parts joined by a colon")
	s.fails(f.key(lifetime, `key_wo = "wrong:wrong"`, "revoke_on_destroy = true"), "Secret was refused")
	f.Inject(sandbox.Fault{Operation: sandbox.List, Skip: 1, ResetBefore: true, Times: 10})
	s.fails(f.key(lifetime, fmt.Sprintf("key_wo = %q", byHand.Secret)), "so nothing was changed: no answer arrived")
	f.ClearFaults()
	s.apply(f.key(lifetime, "key_wo = null")).expect(t, keep)
	if state := s.attributes(address); state["revoke_on_destroy"] != false || state["key_version"] != float64(byHand.CreatedAt.Unix()) {
		t.Errorf("got %v", state)
	}
}

// TestAdoptedSecretInWords: the error quotes the service, and never the secret.
func TestAdoptedSecretInWords(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	p := f.connect(nil)
	adopted := p.adopt(t.Context(), processID+"/"+f.handmade(processID).ID)
	before := f.Count(sandbox.AnyOperation)
	result := p.change(t.Context(), adopted, values{"key_wo": "wrong:hidden-word"})
	const want = `ERROR: Secret was refused: The service refused the secret that key_wo gives for the key "test"`
	if !result.failed || !strings.HasPrefix(result.diagnostics, want) ||
		!strings.Contains(result.diagnostics, "saying: The API key is wrong or has expired.") ||
		strings.Contains(result.diagnostics, "hidden") {
		t.Errorf("it says %q", result.diagnostics)
	}
	checkWords(t, result.diagnostics)
	if !result.state.Equal(adopted.state) || string(result.private) != string(adopted.private) {
		t.Errorf("%s became %s", adopted.state, result.state)
	}
	if got := f.Count(sandbox.AnyOperation) - before; got != 1 {
		t.Errorf("%d requests", got)
	}
	// The credential of the provider is not in doubt.
	if result := p.read(t.Context(), adopted); result.failed {
		t.Errorf("a refresh says %q", result.diagnostics)
	}
}

// change plans and applies a change in place: some arguments of the configuration, which else is as the state.
func (p *protocol) change(ctx context.Context, prior outcome, arguments values) outcome {
	kind := p.kind()
	var state map[string]tftypes.Value
	p.must(prior.state.As(&state))
	config, proposed := maps.Clone(state), maps.Clone(state)
	var given map[string]tftypes.Value
	p.must(p.object(kind, arguments).As(&given))
	schema := p.schemas.ResourceSchemas[p.resourceType].Block
	for _, known := range schema.Attributes {
		if !known.Optional && !known.Required || known.Name == "expires_at" && !state["expires_in"].IsNull() {
			config[known.Name] = tftypes.NewValue(known.Type, nil)
		}
		if value, ok := arguments[known.Name]; ok {
			config[known.Name] = given[known.Name]
			if value != nil && !known.WriteOnly {
				proposed[known.Name] = config[known.Name]
			}
		}
	}
	encoded := p.encode(kind, tftypes.NewValue(kind, config))
	plan, err := p.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: p.resourceType, PriorState: p.encode(kind, prior.state), PriorPrivate: prior.private,
		ProposedNewState: p.encode(kind, tftypes.NewValue(kind, proposed)), Config: encoded,
	})
	p.must(err)
	if failed(plan.Diagnostics) || len(plan.RequiresReplace) > 0 {
		p.t.Fatalf("%s, replaced for %s", describe(plan.Diagnostics), plan.RequiresReplace)
	}
	result := p.apply(ctx, p.encode(kind, prior.state), plan.PlannedState, encoded, plan.PlannedPrivate)
	result.diagnostics = strings.TrimSpace(describe(plan.Diagnostics) + "\n" + result.diagnostics)
	return result
}

// trials are the requests that were sent with the secret of a key, in their order.
func (f *fixture) trials(id string) (requests []sandbox.Request) {
	for _, request := range f.Journal() {
		if request.By == id {
			requests = append(requests, request)
		}
	}
	return requests
}

// TestAccNewKeyIsTriedBeforeTheOldOneGoes: a service accepts a new key late. The old one is revoked only after that.
func TestAccNewKeyIsTriedBeforeTheOldOneGoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Rules: sandbox.Rules{Activation: 100 * time.Millisecond}})
	f.tune = func(config *alphamoon.Config) { config.SettleTime = time.Minute }
	config := func(trigger string) string {
		return f.key(`expires_in = "90d"`, "revoke_on_destroy = true", fmt.Sprintf("rotation_triggers = { round = %q }", trigger),
			"lifecycle {\n    create_before_destroy = true\n  }")
	}
	f.run(resource.TestStep{Config: config("1")}, resource.TestStep{Config: config("2")})
	var order []string
	accepted := false
	for _, request := range f.Journal() {
		switch {
		case request.Operation == sandbox.Create, request.Operation == sandbox.Revoke:
			order, accepted = append(order, string(request.Operation)), false
		case request.By != "" && request.Status != http.StatusUnauthorized && !accepted:
			accepted, order = true, append(order, "accepted")
		}
	}
	want := []string{"create", "accepted", "create", "accepted", "revoke", "revoke"} // the last ends the test
	if !slices.Equal(order, want) {
		t.Errorf("the order is %q", order)
	}
}

// TestNewKeyIsTried: with one request where it is accepted at once, not at all where nothing is revoked, and with a warning where
// it is never accepted.
func TestNewKeyIsTried(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind       string
		arguments  values
		activation time.Duration
		fault      sandbox.Fault
		trials     int // with the new key, -1 for several
		requests   int // listings after the creation, at most
		warning    string
	}{
		"revoked":                {resourceType, values{"revoke_on_destroy": true}, 0, sandbox.Fault{}, 1, 1, ""},
		"of the organization":    {"alphamoon_organization_api_key", values{"revoke_on_destroy": true}, 0, sandbox.Fault{}, 1, 1, ""},
		"not revoked":            {resourceType, values{"revoke_on_destroy": false}, 0, sandbox.Fault{}, 0, 0, ""},
		"a service that is down": {resourceType, values{"revoke_on_destroy": true}, 0, sandbox.Fault{Status: 503}, 0, 1, ""},
		"a service that is slow": {resourceType, values{"revoke_on_destroy": true}, 0, sandbox.Fault{LoseAnswer: true}, 1, 2, ""},
		"accepted far too late": {
			resourceType,
			values{"revoke_on_destroy": true},
			time.Hour,
			sandbox.Fault{},
			-1, 100,
			"is not accepted yet: The service created the key of process " + processID + ", and answers it with 401.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{Rules: sandbox.Rules{Activation: test.activation}})
			f.tune = func(config *alphamoon.Config) { config.SettleTime = 500 * time.Millisecond }
			if test.fault.Operation = sandbox.List; test.fault.Status != 0 || test.fault.LoseAnswer {
				test.fault.Skip = 1 // the listing before the creation
				f.Inject(test.fault)
			}
			arguments := newKey("x")
			if maps.Copy(arguments, test.arguments); test.kind != resourceType {
				delete(arguments, "process_id")
			}
			result := f.connect(nil).of(test.kind).create(t.Context(), arguments)
			if result.failed || !strings.Contains(result.diagnostics, test.warning) || (result.diagnostics == "") != (test.warning == "") {
				t.Errorf("it says %q", result.diagnostics)
			}
			after := 0
			for _, request := range f.Journal() {
				switch request.Operation { //nolint:exhaustive // nothing else is sent
				case sandbox.Create:
					after = 0
				case sandbox.List:
					after++
				}
			}
			got := len(f.trials(result.text("id")))
			if test.trials >= 0 && got != test.trials || test.trials < 0 && got < 2 || after > test.requests {
				t.Errorf("%d requests, %d of them with the new key", after, got)
			}
		})
	}
}

// TestRequestsOfAnApply holds what the guide "Promises" says an apply costs: one request for each new key, one more if it is
// revoked one day, one for each secret that is adopted, and one listing for the process.
func TestRequestsOfAnApply(t *testing.T) {
	t.Parallel()
	const count = 5
	f := newFixture(t, sandbox.Options{})
	f.tune = func(config *alphamoon.Config) { config.SettleTime = time.Minute } // no trial is given up
	byHand := f.handmade(processID)
	adopted := f.connect(nil).adopt(t.Context(), processID+"/"+byHand.ID) // in the plan
	f.ClearJournal()
	p := f.connect(nil)
	for i := range 2 * count {
		arguments := newKey(fmt.Sprint(i))
		arguments["revoke_on_destroy"] = i < count
		if result := p.create(t.Context(), arguments); result.failed {
			t.Fatal(result.diagnostics)
		}
	}
	if result := p.change(t.Context(), adopted, values{"key_wo": byHand.Secret}); result.failed {
		t.Fatal(result.diagnostics)
	}
	if creations, listings := f.Count(sandbox.Create), f.Count(sandbox.List); creations != 2*count || listings != 1+count+1 {
		t.Errorf("%d creations, %d listings", creations, listings)
	}
}

// TestWriteOnlyArgumentOfAnOlderTerraform: one that knows of no write-only arguments validates every configuration without
// key_wo, and is told what key_wo needs.
func TestWriteOnlyArgumentOfAnOlderTerraform(t *testing.T) {
	t.Parallel()
	p := newFixture(t, sandbox.Options{}).connect(nil)
	for _, typeName := range []string{resourceType, "alphamoon_organization_api_key"} {
		p = p.of(typeName)
		for _, secret := range []any{nil, "user:hidden-word"} {
			arguments := newKey("x")
			if arguments["key_wo"] = secret; typeName != resourceType {
				delete(arguments, "process_id")
			}
			response, err := p.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
				TypeName: typeName, Config: p.encode(p.kind(), p.object(p.kind(), arguments)),
			})
			text := describe(response.Diagnostics)
			if err != nil || failed(response.Diagnostics) != (secret != nil) || strings.Contains(text, "hidden") ||
				secret != nil && !strings.Contains(text, "only supported in Terraform 1.11 and later") {
				t.Errorf("%s with %v: %v, %s", typeName, secret, err, text)
			}
		}
	}
}

// TestAdoptedSecretsOfOneName: two adopted keys of one name get versions of their own in one second.
func TestAdoptedSecretsOfOneName(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	p := f.connect(nil)
	versions := map[string]bool{}
	for _, byHand := range []sandbox.Key{f.handmade(processID), f.handmade(processID), f.handmade(processID)} {
		result := p.change(t.Context(), p.adopt(t.Context(), processID+"/"+byHand.ID), values{"key_wo": byHand.Secret})
		var attributes map[string]tftypes.Value
		if err := result.state.As(&attributes); err != nil || result.failed {
			t.Fatalf("%v, %s", err, result.diagnostics)
		}
		versions[attributes["key_version"].String()] = true
	}
	if len(versions) != 3 {
		t.Errorf("three keys have the versions %v", versions)
	}
}
