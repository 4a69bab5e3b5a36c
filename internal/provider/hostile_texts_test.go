package provider_test

import (
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// hostileText forges a line of a terminal, hides and reverses what follows, echoes the credential in hexadecimal, and goes
// on for a megabyte.
var hostileText = "\x1b[2K\x1b[31mEVIL\r\nApply complete!\u202e\u200b\u2066 " +
	hex.EncodeToString([]byte(sandbox.DefaultCredential)) + " " + strings.Repeat("and so on ", 100_000)

// checkHostile looks for what nobody may see in what is said, which is one line for each text.
func checkHostile(t *testing.T, said string, most int) {
	t.Helper()
	if len(said) > most {
		t.Errorf("%d bytes: %.3000q", len(said), said)
	}
	for _, r := range said {
		if !unicode.IsPrint(r) {
			t.Errorf("%q in %.3000q", r, said)
			break
		}
	}
	if strings.Contains(said, hex.EncodeToString([]byte("password"))) || strings.Contains(said, sandbox.DefaultCredential) {
		t.Errorf("the credential in %.3000q", said)
	}
}

// TestHostileTexts: names, scopes, words of a status and ids come from the service, and stand in messages.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	list := func(name string, value any) func(*fixture) {
		return func(f *fixture) { f.Update(func(o *sandbox.Options) { o.AlterListed = sandbox.With(name, value) }) }
	}
	answer := func(operation sandbox.Operation, status int, body string, header http.Header) func(*fixture) {
		return func(f *fixture) {
			f.Inject(sandbox.Fault{Operation: operation, Times: -1, Status: status, Body: body, Header: header})
		}
	}
	for name, test := range map[string]struct {
		first  bool // whether the attack comes before the key exists
		attack func(*fixture)
		config func(*fixture) string
		says   string
	}{
		"status": {false, list("status", hostileText), nil, "Status of a key is not documented"},
		"scopes": {false, func(f *fixture) {
			f.Update(func(o *sandbox.Options) {
				o.AlterListed = sandbox.With("scopes", []any{"workspace.file:upload", hostileText[:9000]})
			})
		}, func(f *fixture) string { return f.key(`expires_in = "90d"`, `scopes = ["workspace.file:upload"]`) }, "keeps working"},
		"granted scopes": {true, func(f *fixture) {
			f.Inject(sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.With("scopes", []any{
				"workspace.result:read", "workspace.file:upload", hostileText[:9000],
			})})
		}, nil, "granted the key"},
		"id of a new key": {true, func(f *fixture) {
			f.Inject(sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.With("id", "7\u202e\x1b[31m")})
		}, nil, `"7\u202e\x1b[31m"`},
		"id that holds the credential": {true, func(f *fixture) {
			credential := hex.EncodeToString([]byte(sandbox.DefaultCredential))
			f.Inject(sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.With("id", credential)})
		}, nil, "an id that cannot be shown"},
		"id in a listing":  {false, list("id", hostileText), nil, "an id that cannot be shown"},
		"text of an error": {false, answer(sandbox.List, 500, hostileText, nil), nil, "EVIL Apply complete"},
		"title of an error": {
			false, answer(sandbox.List, 400, fmt.Sprintf(`{"title": %q}`, "\u200bEVIL"+strings.Repeat(" x", 9000)), nil),
			nil, "saying: EVIL",
		},
		"redirect": {
			false, answer(sandbox.List, 302, "", http.Header{"Location": {"https://" + strings.Repeat("x", 9000) + "\u202e"}}),
			nil, "redirected",
		},
		"complaints": {
			true, answer(sandbox.Create, 400, `{"title": "t", "errors": [`+
				strings.Repeat(`{"location": "body: name", "message": "`+strings.Repeat("x", 900)+`"},`, 60)+
				`{"location": "x", "message": "y"}]}`, nil), nil, "rejected the value",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			s := f.session()
			key := f.key(`expires_in = "90d"`)
			if test.first {
				test.attack(f)
			} else {
				s.apply(key)
				f.clock.Advance(time.Hour)
				test.attack(f)
			}
			if test.config != nil {
				key = test.config(f)
			}
			r := s.try(key)
			if !strings.Contains(r.text, test.says) {
				t.Errorf("it does not say %q: %.3000q", test.says, r.text)
			}
			for _, said := range r.said {
				checkHostile(t, said.Summary, 400)
				checkHostile(t, said.Detail, 2500)
			}
			if len(r.said) > 12 {
				t.Errorf("%d diagnostics", len(r.said))
			}
		})
	}
}

// TestHostileProcesses: their names and ids come from the service too.
func TestHostileProcesses(t *testing.T) {
	t.Parallel()
	for says, processes := range map[string][]sandbox.Process{
		"Process not found": {
			{ID: processID, Name: hostileText},
			{ID: strings.Repeat("f", 32), Name: "nine" + hostileText[:20]},
		},
		"an id that cannot be shown": {{ID: hostileText, Name: "none"}},
	} {
		f := newFixture(t, sandbox.Options{Processes: processes})
		r := f.session().try(f.config("data \"alphamoon_process\" \"test\" {\n  name = \"none\"\n}\n"))
		if len(r.said) != 1 || !strings.Contains(r.text, says) {
			t.Fatalf("%.3000q", r.text)
		}
		checkHostile(t, r.said[0].Detail, 1000)
	}
}

// TestHostileDisplayNames: "terraform query" prints what it is given.
func TestHostileDisplayNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Processes: []sandbox.Process{{ID: processID, Name: hostileText}}})
	f.AddKey(processID, sandbox.Key{Name: hostileText, Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
	p := f.connect(nil)
	p.listing = values{}
	results := p.query(t, 0, 100, false)
	if len(results) != 1 || !strings.Contains(results[0].DisplayName, "EVIL") {
		t.Fatalf("got %d results", len(results))
	}
	checkHostile(t, results[0].DisplayName, 700)
	f.Update(func(o *sandbox.Options) { o.AlterListed = sandbox.With("id", "7\x1b[2K") })
	results = p.query(t, 0, 100, false)
	if len(results) != 1 || results[0].Identity != nil || !failed(results[0].Diagnostics) {
		t.Errorf("an id that Terraform would print: %+v", results)
	}
	checkHostile(t, describe(results[0].Diagnostics), 1000)
}

// TestEveryOperationLooksOverItsDiagnostics: whatever Terraform calls has a last look at what it says.
func TestEveryOperationLooksOverItsDiagnostics(t *testing.T) {
	t.Parallel()
	operations := map[string]bool{
		"Create": true, "Read": true, "Update": true, "Delete": true, "ModifyPlan": true,
		"ImportState": true, "Open": true, "Close": true, "List": true,
	}
	quiet := map[string]bool{"decryptedKeyEphemeral": true, "processAPIScopesDataSource": true} // they ask nobody
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			method, ok := declaration.(*ast.FuncDecl)
			if !ok || method.Recv == nil || !operations[method.Name.Name] {
				continue
			}
			receiver := method.Recv.List[0].Type
			if pointer, ok := receiver.(*ast.StarExpr); ok {
				receiver = pointer.X
			}
			looks := false
			ast.Inspect(method, func(node ast.Node) bool {
				call, ok := node.(*ast.SelectorExpr)
				looks = looks || ok && (call.Sel.Name == "finish" || call.Sel.Name == "lookOver")
				return true
			})
			count++
			if name := receiver.(*ast.Ident).Name; !looks && !quiet[name] {
				t.Errorf("%s of %s does not", method.Name.Name, name)
			}
		}
	}
	if count < 12 {
		t.Errorf("found %d operations only", count)
	}
}

// TestHostileIDsRemoveNothing: who can write a state could make a destroy remove something else than the key.
func TestHostileIDsRemoveNothing(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{"empty": "", "path": "../../processes", "query": "a?force=true", "escape": "\x1b[2K"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			p := f.connect(nil)
			created := p.create(t.Context(), values{
				"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"},
				"expires_in": "90d", "revoke_on_destroy": true,
			})
			var attributes map[string]tftypes.Value
			if err := created.state.As(&attributes); created.failed || err != nil {
				t.Fatal(created.diagnostics, err)
			}
			attributes["id"] = tftypes.NewValue(tftypes.String, id)
			created.state = tftypes.NewValue(created.state.Type(), attributes)
			result := p.destroy(t.Context(), created)
			if !result.failed || result.state.IsNull() || f.Count(sandbox.Revoke) > 0 || len(f.Keys(processID)) != 1 {
				t.Errorf("%d removals: %s", f.Count(sandbox.Revoke), result.diagnostics)
			}
			if !strings.Contains(result.diagnostics, "then run terraform state rm") {
				t.Errorf("it does not say what to do: %s", result.diagnostics)
			}
			checkHostile(t, result.diagnostics, 1000)
		})
	}
}
