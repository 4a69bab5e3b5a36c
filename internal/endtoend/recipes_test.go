package endtoend_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const storesGuide = "templates/guides/secrets-and-stores.md"

// shelf is a workspace with stores of its own.
type shelf struct {
	*workspace
	stores      string
	environment map[string]string
	collection  string // where the keys are
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	if olderThan(t, "1.11.0") {
		t.Skip("this version has no write-only arguments")
	}
	s := &shelf{stores: t.TempDir(), collection: sandbox.DefaultProcessID}
	s.environment = map[string]string{storesVariable: s.stores}
	s.workspace = newWorkspace(t, "", sandbox.Options{})
	return s
}

// terraform runs with or without an identity.
func (s *shelf) terraform(identity string, arguments ...string) (string, error) {
	s.t.Helper()
	environment := map[string]string{"ALPHAMOON_AGE_IDENTITY": identity}
	for name, value := range s.environment {
		environment[name] = value
	}
	raw, err := s.command(s.t.Context(), environment, arguments...).CombinedOutput()
	return string(raw), err
}

func (s *shelf) must(identity string, arguments ...string) string {
	s.t.Helper()
	output, err := s.terraform(identity, arguments...)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", arguments, err, output)
	}
	return output
}

// refuse lets the stores refuse their next writes.
func (s *shelf) refuse(writes int) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.stores, "refusals"), []byte(strconv.Itoa(writes)), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// held is the secret that a program finds in the store; the last version where the store keeps several.
func (s *shelf) held() string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.stores, "*.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(files)
	found := ""
	for _, file := range files {
		raw, err := os.ReadFile(file)
		var object storeObject
		if err = errors.Join(err, json.Unmarshal(raw, &object)); err != nil {
			s.t.Fatal(err)
		}
		if object.Secret != "" {
			found = object.Secret
		}
	}
	var fields map[string]string
	if json.Unmarshal([]byte(found), &fields) == nil {
		found = fields["api_key"]
	}
	return found
}

// expectNewest demands that the store holds the newest key.
func (s *shelf) expectNewest(when string) {
	s.t.Helper()
	keys := s.LiveKeys(s.collection)
	if len(keys) == 0 || s.held() != keys[len(keys)-1].Secret {
		s.t.Errorf("%s: the store does not hold the newest key", when)
	}
}

// expectSafe demands that what the store holds works, and that Terraform has not forgotten it.
func (s *shelf) expectSafe(when string) {
	s.t.Helper()
	held := s.held()
	for _, key := range s.LiveKeys(s.collection) {
		if key.Secret == held {
			if !strings.Contains(s.read("terraform.tfstate"), key.ID) {
				s.t.Errorf("%s: the key in the store is not in the state", when)
			}
			return
		}
	}
	s.t.Errorf("%s: the key in the store does not work", when)
}

// recipe is a configuration of the guide: the common part and one store's.
type recipe struct {
	name, config string
	guarded      bool // a failed write stops the next plan; else the next apply writes again
}

var resourceOfStore = regexp.MustCompile(`(?m)^resource "(\w+)"`)

func recipes(t *testing.T) []recipe {
	t.Helper()
	all := blocks(t, storesGuide)
	var found []recipe
	for _, block := range all[1:] {
		if !strings.HasPrefix(block, "# needs ") {
			continue
		}
		one := recipe{
			name: resourceOfStore.FindStringSubmatch(block)[1], config: all[0] + block, guarded: strings.Contains(block, "condition {"),
		}
		found = append(found, one)
	}
	if len(found) != 7 {
		t.Errorf("the guide has %d recipes", len(found))
	}
	return found
}

// fakeGH is the program of GitHub: it takes the secret from its standard input.
const fakeGH = `#!/bin/sh
if [ "$1 $2" = "variable set" ]; then echo "$*" > "$ALPHAMOON_TEST_STORES/variable"; exit; fi
if [ "$1 $2" != "secret set" ]; then exit 2; fi
left=$(cat "$ALPHAMOON_TEST_STORES/refusals" 2>/dev/null || echo 0)
if [ "$left" -gt 0 ]; then echo $((left - 1)) > "$ALPHAMOON_TEST_STORES/refusals"; exit 1; fi
printf '{"Secret": "%s", "Public": {"arguments": "%s"}}' "$(cat)" "$*" > "$ALPHAMOON_TEST_STORES/gh.json"
`

// TestAccRecipes takes every recipe of the guide, as it stands there, through the life of a key of each kind.
func TestAccRecipes(t *testing.T) {
	t.Parallel()
	for _, recipe := range recipes(t) {
		for kind, collection := range map[string]string{"process": sandbox.DefaultProcessID, "organization": sandbox.Organization} {
			t.Run(recipe.name+", "+kind, func(t *testing.T) {
				t.Parallel()
				if recipe.name == "terraform_data" && runtime.GOOS == "windows" {
					t.Skip("the recipe is for a shell")
				}
				recipe.live(t, kind, collection)
			})
		}
	}
}

func (r recipe) live(t *testing.T, kind, collection string) {
	pair := agePair(t)
	s := newShelf(t)
	s.collection = collection
	programs := t.TempDir()
	if err := os.WriteFile(filepath.Join(programs, "gh"), []byte(fakeGH), 0o700); err != nil {
		t.Fatal(err)
	}
	s.environment["PATH"] = programs + string(os.PathListSeparator) + os.Getenv("PATH")
	s.environment["TF_VAR_key_vault_id"] = "/subscriptions/example"
	config := strings.ReplaceAll(r.config, encryption.ExampleRecipient, pair.recipient)
	if kind == "organization" {
		config = strings.ReplaceAll(config, "alphamoon_process_api_key", "alphamoon_organization_api_key")
		config = regexp.MustCompile(`(?m)^  process_id .*$`).ReplaceAllString(config, "")
	}
	configure := func(round int, window string) {
		s.write("main.tf", strings.Replace(config, `"30d"`, fmt.Sprintf("%q\n  rotation_triggers = { round = \"%d\" }", window, round), 1))
	}
	address := "alphamoon_" + kind + "_api_key.uploader"
	apply := []string{"apply", "-input=false", "-auto-approve"}
	remedy := append(slices.Clone(apply), "-replace="+address)
	expectEmptyPlan := func(when string) {
		t.Helper()
		if output, err := s.terraform("", "plan", "-input=false", "-detailed-exitcode"); err != nil {
			t.Errorf("%s: the plan is not empty: %v\n%s", when, err, output)
		}
	}

	configure(1, "30d")
	s.must("", "init", "-input=false", "-plugin-dir="+mirror)
	s.must("", "plan", "-input=false")
	s.refuse(1)
	if output, err := s.terraform(pair.identity, apply...); err == nil {
		t.Errorf("the store refuses nothing\n%s", output)
	}
	s.must(pair.identity, apply...)
	s.expectNewest("after the creation")
	configure(2, "30d")
	s.must(pair.identity, apply...)
	s.expectNewest("after a rotation by trigger")
	expectEmptyPlan("after a rotation")
	configure(2, "89d23h59m59s")
	time.Sleep(1100 * time.Millisecond) // until then
	if output := s.must(pair.identity, apply...); !strings.Contains(output, "rotates_at") {
		t.Errorf("the date does not rotate:\n%s", output)
	}
	s.expectNewest("after a rotation by date")

	for _, failures := range []int{1, 3} {
		configure(2+failures, "30d")
		s.refuse(failures)
		next := apply
		for failure := range failures {
			when := fmt.Sprintf("failure %d of %d", failure+1, failures)
			if output, err := s.terraform(pair.identity, next...); err == nil {
				t.Fatalf("%s: the store refuses nothing\n%s", when, output)
			}
			s.expectSafe(when)
			if !r.guarded {
				continue
			}
			next = remedy
			// Neither a change in place nor a plan without a refresh gets past the guard.
			configure(2+failures, "29d")
			for identity, run := range map[string][]string{"": {"plan", "-input=false"}, pair.identity: append(slices.Clone(apply), "-refresh=false")} {
				if output, err := s.terraform(identity, run...); err == nil ||
					!strings.Contains(strings.Join(strings.Fields(output), " "), "terraform apply -replace="+address) {
					t.Errorf("%s: %s: %v\n%s", when, run, err, output)
				}
			}
			s.expectSafe(when + ", after another apply")
		}
		s.must(pair.identity, next...)
		s.expectNewest("after the remedy")
		s.expectSafe("after the remedy")
		expectEmptyPlan("after the remedy")
	}
	if live := len(s.LiveKeys(collection)); kind == "organization" && live != 1 {
		t.Errorf("%d keys live, of which one is used", live)
	}
	if raw, err := os.ReadFile(filepath.Join(s.stores, "gh.json")); err == nil {
		var object storeObject
		if err := json.Unmarshal(raw, &object); err != nil || strings.Contains(object.Public["arguments"], object.Secret) {
			t.Errorf("the key is on a command line: %v", err)
		}
	}
	s.must("", "destroy", "-input=false", "-auto-approve")
	if live := len(s.LiveKeys(collection)); kind == "organization" && live != 0 {
		t.Errorf("%d keys live after the destruction", live)
	}
}

// TestAccFromAClassicToAPostQuantumIdentity follows the guide's two steps.
func TestAccFromAClassicToAPostQuantumIdentity(t *testing.T) {
	t.Parallel()
	classic, hybrid := agePair(t), postQuantumPair(t)
	s := newShelf(t)
	configure := func(recipients string) {
		s.write("main.tf", strings.Replace(recipes(t)[0].config, `["`+encryption.ExampleRecipient+`"]`, recipients, 1))
	}
	apply := []string{"apply", "-input=false", "-auto-approve"}
	configure(fmt.Sprintf("[%q]", classic.recipient))
	s.must("", "init", "-input=false", "-plugin-dir="+mirror)
	s.must(classic.identity, apply...)

	configure(fmt.Sprintf("[%q, %q]", classic.recipient, hybrid.recipient))
	if output, err := s.terraform(classic.identity, "plan", "-input=false"); err == nil || !strings.Contains(output, "cannot be used together") {
		t.Errorf("a mix of both says:\n%s", output)
	}
	configure(fmt.Sprintf("[%q]", classic.recipient))
	if output := s.must(classic.identity+hybrid.identity, apply...); !strings.Contains(output, "0 added, 0 changed, 0 destroyed") {
		t.Errorf("another identity beside the first changes something:\n%s", output)
	}
	configure(fmt.Sprintf("[%q]", hybrid.recipient))
	s.must(classic.identity+hybrid.identity, apply...)
	s.expectNewest("after the second step")
	if output := s.must(hybrid.identity, apply...); !strings.Contains(output, "0 added, 0 changed, 0 destroyed") {
		t.Errorf("without the first identity it says:\n%s", output)
	}
}
