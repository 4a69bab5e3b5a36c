package repository_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	shellBlock = regexp.MustCompile("(?s)```shell\n(.*?)```")
	inlineCode = regexp.MustCompile("`((?:make|go|bash|gpg|gh|git|terraform|tofu) [^`]*)`")
	makeTarget = regexp.MustCompile(`^make ([a-z-]+)$`)
	goTest     = regexp.MustCompile(`^go test \./internal/\S+( |$)`)
	goRun      = regexp.MustCompile(`^go run \./internal/cmd/\S+( |$)`)
)

// triedElsewhere begin the commands that other tests run, or that need GitHub.
var triedElsewhere = map[string]string{
	"terraform ": "the end-to-end tests type them", "tofu ": "the same",
	"gpg ": "TestSign", "sha256sum ": "TestSign",
	"gh ": "needs GitHub", "--signer-workflow ": "the second line of one",
}

// typed lists what a document tells a person to type, without comments.
func typed(document string) (commands []string) {
	for _, block := range shellBlock.FindAllStringSubmatch(document, -1) {
		commands = append(commands, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	for _, match := range inlineCode.FindAllStringSubmatch(document, -1) {
		commands = append(commands, match[1])
	}
	for i, command := range commands {
		command, _, _ = strings.Cut(command, " #")
		commands[i] = strings.TrimSpace(command)
	}
	return commands
}

// TestAccCommands runs, in small, what the documents for contributors and README.md tell a person to type. What make would
// do is only looked at: the tests are a part of it. Nothing is written, so that a test which would write golden files is left
// out of its package.
func TestAccCommands(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("this machine has no make")
	}
	tried, binaries := map[string]bool{}, t.TempDir()
	for _, document := range []string{
		"README.md", "CONTRIBUTING.md", "SECURITY.md", ".github/RELEASING.md", ".github/pull_request_template.md",
	} {
		for _, command := range typed(read(t, document)) {
			if tried[command] {
				continue
			}
			tried[command] = true
			if err := try(t, command, binaries); err != nil {
				t.Errorf("%s: %s: %v", document, command, err)
			}
		}
	}
	if len(tried) < 20 {
		t.Errorf("only %d commands were found", len(tried))
	}
	everything := run(t, root, "make", "--dry-run", "ci")
	for _, part := range []string{"/golangci-lint@", "/actionlint@", " validate --provider-name", ".ci/release-dry-run", "go test -race"} {
		if !strings.Contains(everything, part) {
			t.Errorf("make ci does not run %s", part)
		}
	}
}

// TestNamesInContributing: the files, functions and types that CONTRIBUTING.md names exist. Who renames one renames it there.
func TestNamesInContributing(t *testing.T) {
	t.Parallel()
	files, code := map[string]bool{}, ""
	for _, place := range []string{"main.go", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, place), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
				files[entry.Name()] = true
				name, _ := filepath.Rel(root, path)
				code += read(t, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for _, match := range regexp.MustCompile("`([A-Za-z_]+(?:\\.go)?)`").FindAllStringSubmatch(read(t, "CONTRIBUTING.md"), -1) {
		name := match[1]
		switch {
		case strings.HasSuffix(name, ".go"):
			if found++; !files[name] {
				t.Errorf("there is no file %s", name)
			}
		case regexp.MustCompile("[a-z][A-Z]").MatchString(name) && name != "GNUmakefile":
			declared := regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|type )` + name + `\b`)
			if found++; !declared.MatchString(code) {
				t.Errorf("nothing is called %s", name)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d names were found", found)
	}
}

func try(t *testing.T, command, binaries string) error {
	t.Helper()
	words := strings.Fields(command)
	switch {
	case makeTarget.MatchString(command):
		if help := "\n" + run(t, root, "make", "help"); !strings.Contains(help, "\n"+words[1]+" ") {
			return errors.New("make help does not list it")
		}
		run(t, root, "make", "--dry-run", words[1])
		return nil
	case goTest.MatchString(command):
		tests := compiled(t, binaries, words[2])
		run(t, filepath.Join(root, words[2]), tests, inSmall(words[3:])...)
		return nil
	case goRun.MatchString(command):
		run(t, root, words[0], append(words[1:], "-h")...)
		return nil
	case words[0] == "bash":
		_, err := os.Stat(filepath.Join(root, words[1]))
		return err
	}
	for beginning := range triedElsewhere {
		if strings.HasPrefix(command, beginning) {
			return nil
		}
	}
	return errors.New("nothing tries it")
}

// compiled returns the tests of a package as a program, which is linked once for all commands that name the package. With the
// race detector it takes what make test has compiled.
func compiled(t *testing.T, folder, name string) string {
	t.Helper()
	program := filepath.Join(folder, filepath.Base(name)+".test")
	if _, err := os.Stat(program); err != nil {
		run(t, root, "go", "test", "-c", "-race", "-vet=off", "-o", program, name)
	}
	return program
}

// inSmall are the arguments of a go test for the program itself, which runs the one test that is named, with one seed, and
// otherwise none.
func inSmall(arguments []string) []string {
	named, update := false, slices.Contains(arguments, "-update")
	for i, argument := range arguments {
		switch argument {
		case "-seeds":
			arguments[i+1] = "1"
		case "-v":
			arguments[i] = "-test.v"
		case "-run":
			arguments[i], named = "-test.run", true
		}
	}
	if update || !named {
		arguments = append(arguments, "-test.run", "^$")
	}
	return arguments
}

// run carries out a program in a folder, outside of the make or the tests that run this one.
func run(t *testing.T, folder, program string, arguments ...string) (output string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir, command.Env = folder, append(os.Environ(), "MAKELEVEL=", "MAKEFLAGS=")
	raw, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", program, strings.Join(arguments, " "), err, raw)
	}
	return string(raw)
}
