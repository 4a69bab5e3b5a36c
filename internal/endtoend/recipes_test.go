package endtoend_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const storesGuide = "templates/guides/secrets-and-stores.md"

// storeProgram plays the command of every store: the key comes by standard input.
const storeProgram = `#!/bin/sh
case "$1 $2" in
"create secret") exec cat ;;
"variable set") exec echo "$*" ;;
esac
left=$(cat "$STORE/refusals" 2>/dev/null || echo 0)
if [ "$left" -gt 0 ]; then
	echo $((left - 1)) >"$STORE/refusals"
	echo "503: the store is sealed" >&2
	exit 2
fi
cat >"$STORE/secret"
echo "$*" >"$STORE/arguments"
`

// stored is a workspace with a recipe: its key goes, decrypted for the run only, into a store.
type stored struct {
	*workspace
	recipe, store string
	collection    string            // where the keys are
	environment   map[string]string // the store's programs among it
	outputs       strings.Builder
}

// storeRecipe is the guide's configuration for a store by command.
func storeRecipe(t *testing.T) string {
	t.Helper()
	all := blocks(t, storesGuide)
	return all[0] + block(t, all, "local-exec")
}

// newStored begins with a recipe in which texts are replaced, two by two.
func newStored(t *testing.T, recipe, collection string, edits ...string) *stored {
	t.Helper()
	if strings.Contains(recipe, "ephemeral \"") && olderThan(t, "1.11.0") {
		t.Skip("this recipe is for Terraform 1.11 and OpenTofu 1.11, or later")
	}
	s := newStore(t)
	s.recipe, s.collection = recipe, collection
	s.configure(edits...)
	initialize(t, s.dir)
	return s
}

func newStore(t *testing.T) *stored {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the recipe is for a shell of Unix")
	}
	s := &stored{workspace: serve(t, sandbox.Options{}), store: t.TempDir()}
	programs := t.TempDir()
	for _, name := range []string{"vault", "bao", "aws", "az", "kubectl", "gh"} {
		if err := os.WriteFile(filepath.Join(programs, name), []byte(storeProgram), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.environment = map[string]string{"STORE": s.store, "PATH": programs + string(os.PathListSeparator) + os.Getenv("PATH")}
	return s
}

func (s *stored) configure(edits ...string) {
	s.t.Helper()
	s.write("main.tf", strings.NewReplacer(edits...).Replace(s.recipe))
}

// terraform runs it with or without an identity.
func (s *stored) terraform(identity string, arguments ...string) (string, error) {
	s.t.Helper()
	environment := maps.Clone(s.environment)
	environment["ALPHAMOON_AGE_IDENTITY"] = identity
	raw, err := s.command(s.t.Context(), environment, append([]string{arguments[0], "-input=false"}, arguments[1:]...)...).CombinedOutput()
	s.outputs.Write(raw)
	return string(raw), err
}

func (s *stored) must(identity string, arguments ...string) string {
	s.t.Helper()
	output, err := s.terraform(identity, arguments...)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", arguments, err, output)
	}
	return output
}

// fails demands an error that says all texts.
func (s *stored) fails(identity string, arguments []string, texts ...string) string {
	s.t.Helper()
	output, err := s.terraform(identity, arguments...)
	for _, text := range texts {
		if err == nil || !strings.Contains(unbroken(output), text) {
			s.t.Fatalf("%s: %v, without %q:\n%s", arguments, err, text, output)
		}
	}
	return output
}

// put writes a file of the store.
func (s *stored) put(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.store, name), []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// held is what a program finds in the store.
func (s *stored) held() string {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.store, "secret"))
	if err != nil {
		s.t.Error(err)
	}
	return string(raw)
}

// expectNewest demands that the store holds the newest key, that so many were created, and that a plan without an
// identity is empty.
func (s *stored) expectNewest(when string, count int) {
	s.t.Helper()
	s.expectHeld(when, count)
	if output, err := s.terraform("", "plan", "-detailed-exitcode"); err != nil {
		s.t.Errorf("%s: the plan is not empty: %v\n%s", when, err, output)
	}
}

// expectHeld demands the same of the store and of the creations.
func (s *stored) expectHeld(when string, count int) {
	s.t.Helper()
	keys := s.LiveKeys(s.collection)
	if created := s.Count(sandbox.Create); created != count || len(keys) == 0 || s.held() != keys[len(keys)-1].Secret {
		s.t.Errorf("%s: %d keys were created, want %d, or the store does not hold the newest", when, created, count)
	}
	s.expectSafe(when)
}

// expectSafe demands that what the store holds works, and that Terraform has not forgotten it.
func (s *stored) expectSafe(when string) {
	s.t.Helper()
	held := s.held()
	for _, key := range s.LiveKeys(s.collection) {
		if key.Secret == held && strings.Contains(s.read("terraform.tfstate"), key.ID) {
			return
		}
	}
	s.t.Errorf("%s: the key in the store does not work, or is not in the state", when)
}

var apply = []string{"apply", "-auto-approve"}

// withOrganizationKey adds a key of the organization to the recipe, with a store in another folder.
func withOrganizationKey(recipe, store string) string {
	_, key, _ := strings.Cut(recipe, "resource \"")
	return recipe + strings.NewReplacer("alphamoon_process_api_key", "alphamoon_organization_api_key",
		"process_id           = data.alphamoon_process.invoices.id", "", "uploader", "reader", `"store"`, `"readers"`,
		"EXPIRES_AT = ", fmt.Sprintf("STORE = %q\n      EXPIRES_AT = ", store)).Replace("\nresource \""+key)
}

// TestAccRecipe takes the guide's recipe through the lives of a key of each kind, side by side, while their stores refuse writes.
func TestAccRecipe(t *testing.T) {
	t.Parallel()
	const sealed = "503: the store is sealed"
	for _, revokes := range []bool{false, true} {
		t.Run(fmt.Sprintf("revoke_on_destroy %t", revokes), func(t *testing.T) {
			t.Parallel()
			pair := agePair(t)
			edits := func(round int, window string) []string {
				more := fmt.Sprintf("%q\n  revoke_on_destroy = %t\n  rotation_triggers = { round = \"%d\" }", window, revokes, round)
				return []string{encryption.ExampleRecipient, pair.recipient, `"30d"`, more}
			}
			organization := &stored{store: t.TempDir(), collection: sandbox.Organization}
			s := newStored(t, withOrganizationKey(storeRecipe(t), organization.store), sandbox.DefaultProcessID, edits(1, "30d")...)
			organization.workspace = s.workspace
			both := []*stored{s, organization}
			refuse := func(writes string) { // each store, so that each must be tried again so many times
				for _, one := range both {
					one.put("refusals", writes)
				}
			}
			expectSafe := func(when string) {
				t.Helper()
				for _, one := range both {
					one.expectSafe(one.collection + " " + when)
				}
			}
			expectLive := func(when string, want int) {
				t.Helper()
				for _, one := range both {
					if live := len(s.LiveKeys(one.collection)); live != want {
						t.Errorf("%d keys of %s live %s, want %d", live, one.collection, when, want)
					}
				}
			}
			s.must("", "plan")
			refuse("1")
			s.fails(pair.identity, apply, sealed)
			s.must(pair.identity, apply...)
			organization.expectHeld("after the first write", 2)
			s.expectNewest("after the first write", 2)

			s.configure(edits(2, "30d")...)
			refuse("3")
			s.fails(pair.identity, apply, sealed)
			expectSafe("after a refusal")
			withoutRefresh := append(slices.Clone(apply), "-refresh=false")
			s.fails(pair.identity, withoutRefresh, sealed)
			expectSafe("after a refusal without a refresh")
			s.configure(edits(2, "29d")...)
			s.must("", "plan")
			s.fails(pair.identity, withoutRefresh, sealed)
			expectSafe("after a refusal with a change in place")
			expectLive("while the store refuses", 2)
			s.must(pair.identity, apply...)
			organization.expectHeld("when the store is healed", 4)
			s.expectNewest("when the store is healed", 4)

			s.configure(edits(2, "89d23h59m59s")...)
			time.Sleep(1100 * time.Millisecond) // the keys are due a second after their creation
			if output := s.must(pair.identity, apply...); strings.Count(output, "rotates_at") < 2 {
				t.Errorf("the date does not rotate both:\n%s", output)
			}
			s.configure(edits(2, "30d")...)
			s.must(pair.identity, apply...)
			organization.expectHeld("after a rotation by date", 6)
			s.expectNewest("after a rotation by date", 6)
			s.must("", "destroy", "-auto-approve")
			expectLive("after the destruction", map[bool]int{true: 0, false: 3}[revokes])
		})
	}
}

// TestAccRecipeOfAnAdoptedKey: while nobody knows the secret, an apply is an error and the store stays as it is. With key_wo,
// or a replacement, the store has the key.
func TestAccRecipeOfAnAdoptedKey(t *testing.T) {
	t.Parallel()
	for _, remedy := range []string{"key_wo", "replacement"} {
		t.Run(remedy, func(t *testing.T) {
			t.Parallel()
			pair := agePair(t)
			s := newStored(t, storeRecipe(t), sandbox.DefaultProcessID, encryption.ExampleRecipient, pair.recipient)
			key := s.AddKey(s.collection, sandbox.Key{
				Name: "invoice-uploader", Scopes: []string{"workspace.file:upload"},
				CreatedAt: now(), ExpiresAt: now().Add(90 * 24 * time.Hour),
			})
			s.put("secret", "by hand")
			s.must("", "import", "alphamoon_process_api_key.uploader", s.collection+"/"+key.ID)
			for range 2 {
				s.fails(pair.identity, apply, "No encrypted secret")
			}
			if s.held() != "by hand" || s.Count(sandbox.Create) != 0 {
				t.Errorf("the store holds %q, and %d creations were sent", s.held(), s.Count(sandbox.Create))
			}
			if remedy == "replacement" {
				s.must(pair.identity, append(slices.Clone(apply), "-replace=alphamoon_process_api_key.uploader")...)
				s.expectNewest("after a replacement", 1)
				return
			}
			s.configure(`["`+encryption.ExampleRecipient+`"]`, fmt.Sprintf("[%q]\n  key_wo = %q", pair.recipient, key.Secret))
			s.must(pair.identity, apply...)
			s.expectNewest("with key_wo", 0)
		})
	}
}

// TestAccFromAClassicToAPostQuantumIdentity follows the guide's two steps.
func TestAccFromAClassicToAPostQuantumIdentity(t *testing.T) {
	t.Parallel()
	classic, hybrid := agePair(t), postQuantumPair(t)
	s := newStored(t, storeRecipe(t), sandbox.DefaultProcessID, encryption.ExampleRecipient, classic.recipient)
	s.must(classic.identity, apply...)
	s.configure(encryption.ExampleRecipient, classic.recipient+`", "`+hybrid.recipient)
	s.fails(classic.identity, []string{"plan"}, "cannot be used together")
	s.configure(encryption.ExampleRecipient, classic.recipient)
	const nothing = "0 added, 0 changed, 0 destroyed"
	if output := s.must(classic.identity+hybrid.identity, apply...); !strings.Contains(output, nothing) {
		t.Errorf("another identity beside the first changes something:\n%s", output)
	}
	s.configure(encryption.ExampleRecipient, hybrid.recipient)
	s.must(classic.identity+hybrid.identity, apply...)
	s.expectHeld("after the second step", 2)
	if output := s.must(hybrid.identity, apply...); !strings.Contains(output, nothing) {
		t.Errorf("without the first identity it says:\n%s", output)
	}
}

// TestStoreCommands runs the recipe's shell with the command of each store: the key arrives, a refusal and an empty key
// are errors, no argument has the key, and one has the expiry.
func TestStoreCommands(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(root, storesGuide))
	if err != nil {
		t.Fatal(err)
	}
	shell := regexp.MustCompile(`(?s)<<-EOT\n(.*?)EOT`).FindStringSubmatch(storeRecipe(t))[1]
	commands := regexp.MustCompile("(?m)^\\| ([A-Z][^|]+) \\| `(.+)` \\|$").FindAllStringSubmatch(string(raw), -1)
	if len(commands) != 6 || !strings.Contains(shell, commands[0][2]) {
		t.Fatalf("%d stores have commands, or the recipe has another than the first", len(commands))
	}
	for _, command := range commands {
		t.Run(command[1], func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			script := strings.Replace(shell, commands[0][2], strings.ReplaceAll(command[2], `\|`, "|"), 1)
			const first, second = "user:first $HOME", "user:second"
			for _, write := range []struct{ key, refusals, held string }{
				{first, "0", first}, {"", "0", first}, {second, "1", first}, {second, "0", second},
			} {
				s.put("refusals", write.refusals)
				program := exec.CommandContext(t.Context(), "/bin/sh", "-c", script)
				program.Env = []string{"KEY=" + write.key, "EXPIRES_AT=EXPIRY", "STORE=" + s.store, "PATH=" + s.environment["PATH"]}
				if output, err := program.CombinedOutput(); s.held() != write.held || (err == nil) != (write.key == write.held) {
					t.Errorf("%+v: the store holds %q: %v\n%s", write, s.held(), err, output)
				}
			}
			arguments, err := os.ReadFile(filepath.Join(s.store, "arguments"))
			if err != nil || strings.Contains(string(arguments), "user:") || strings.Contains(command[2], "KEY\"") ||
				!strings.Contains(command[2], "$EXPIRES_AT") {
				t.Errorf("the key is on a command line, or the expiry on none: %s, %v", arguments, err)
			}
		})
	}
}
