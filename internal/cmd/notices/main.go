// Command notices prints the licenses of everything that is linked into a release of the provider, for the archives: most
// of them ask that their text comes with a binary. It reads the module cache, where the go command checks what it
// downloads, and fails if a module has no license.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/cmd/program"
)

// systems are those that a release is built for: each may link modules of its own.
var systems = []string{"darwin", "freebsd", "linux", "windows"}

func main() {
	program.Main("notices", func(ctx context.Context) error { return run(ctx, ".", os.Stdout) })
}

// run prints the notices of the module in a directory.
func run(ctx context.Context, dir string, out io.Writer) error {
	linked, err := linkedModules(ctx, dir)
	if err != nil {
		return err
	}
	texts, err := licenses(linked)
	if err != nil {
		return err
	}
	return write(out, texts)
}

// module is one that a binary links.
type module struct {
	name string // PATH VERSION
	dir  string
	// packages are the folders of the linked packages: some have a license of their own.
	packages []string
}

func linkedModules(ctx context.Context, dir string) ([]*module, error) {
	const format = "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}"
	found := map[string]*module{}
	for _, system := range systems {
		list := exec.CommandContext(ctx, "go", "list", "-deps", "-f", format, ".")
		list.Dir, list.Env = dir, append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		var failure bytes.Buffer
		list.Stderr = &failure
		output, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("listing what %s links: %w\n%s", system, err, failure.Bytes())
		}
		for line := range strings.Lines(string(output)) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			if len(fields) != 3 {
				continue // of the standard library, or of this module
			}
			if found[fields[0]] == nil {
				found[fields[0]] = &module{name: fields[0], dir: fields[1]}
			}
			found[fields[0]].packages = append(found[fields[0]].packages, fields[2])
		}
	}
	if len(found) == 0 {
		return nil, errors.New("nothing is linked")
	}
	found["The Go standard library"] = &module{name: "The Go standard library " + runtime.Version(), dir: goroot(ctx)}
	return slices.SortedFunc(maps.Values(found), func(a, b *module) int { return strings.Compare(a.name, b.name) }), nil
}

// goroot is empty where it is not known; then no license is found, which is an error.
func goroot(ctx context.Context) string {
	output, _ := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	return strings.TrimSpace(string(output))
}

// license is a text, and the modules that it is the license or the notice of.
type license struct {
	text    string
	modules []string
}

var licenseFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents)([.-](md|txt|rst|[a-z0-9-]+))?$`)

// licenses finds the texts of all modules, each text once.
func licenses(modules []*module) ([]*license, error) {
	var texts []*license
	for _, module := range modules {
		files, err := licenseFiles(module)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s has no license in %s", module.name, module.dir)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file) //nolint:gosec // a file of the module cache
			if err != nil {
				return nil, err
			}
			text := strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n"))
			at := slices.IndexFunc(texts, func(known *license) bool { return known.text == text })
			if at < 0 {
				at = len(texts)
				texts = append(texts, &license{text: text})
			}
			if !slices.Contains(texts[at].modules, module.name) {
				texts[at].modules = append(texts[at].modules, module.name)
			}
		}
	}
	return texts, nil
}

// licenseFiles looks in the folders of the linked packages and in those above, up to the module's.
func licenseFiles(module *module) ([]string, error) {
	folders := map[string]bool{module.dir: true}
	for _, folder := range module.packages {
		for strings.HasPrefix(folder, module.dir+string(filepath.Separator)) {
			folders[folder] = true
			folder = filepath.Dir(folder)
		}
	}
	var files []string
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if entry.Type().IsRegular() && licenseFile.MatchString(entry.Name()) && filepath.Ext(entry.Name()) != ".go" {
				files = append(files, filepath.Join(folder, entry.Name()))
			}
		}
	}
	return files, nil
}

func write(out io.Writer, texts []*license) error {
	var page strings.Builder
	page.WriteString("The provider links these modules. The source of each is at https://pkg.go.dev/PATH@VERSION.\n")
	line := strings.Repeat("=", 80)
	for _, text := range texts {
		fmt.Fprintf(&page, "\n%s\n%s\n%s\n\n%s\n", line, strings.Join(text.modules, "\n"), line, text.text)
	}
	_, err := io.WriteString(out, page.String())
	return err
}
