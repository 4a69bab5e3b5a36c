package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNotices of the provider name what is linked, on every system, and nothing that only tests use.
func TestNotices(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	if err := run(t.Context(), "../../..", &page); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"\nfilippo.io/age v", "\ngithub.com/hashicorp/terraform-plugin-framework v",
		"\nThe Go standard library go", "\ngoogle.golang.org/grpc v",
		"Mozilla Public License", "Apache License", "Redistributions in binary form must reproduce", "Permission is hereby granted",
	} {
		if !strings.Contains(page.String(), text) {
			t.Errorf("they lack %q", text)
		}
	}
	for _, text := range []string{"\ngithub.com/hashicorp/terraform-plugin-testing v", "\ngithub.com/alphamoon/", "\r"} {
		if strings.Contains(page.String(), text) {
			t.Errorf("they have %q", text)
		}
	}
}

// TestLicenses: equal texts stand once, packages may have their own, and a module without one is an error.
func TestLicenses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("a/LICENSE", "MIT")
	put("a/license.go", "package a")
	put("b/LICENCE.md", "MIT\r\n")
	put("b/NOTICE.txt", "b by B")
	put("b/inner/deep/COPYING", "BSD")
	put("b/other/LICENSE", "of a package that is not linked")
	put("c/README", "no license")
	at := func(name string, packages ...string) *module {
		found := &module{name: name, dir: filepath.Join(dir, name)}
		for _, folder := range packages {
			found.packages = append(found.packages, filepath.Join(dir, name, folder))
		}
		return found
	}
	put("b/inner/deep/er/er.go", "package er")
	texts, err := licenses([]*module{at("a"), at("b", "inner/deep/er", "inner/deep")})
	var got []string
	for _, text := range texts {
		got = append(got, text.text+": "+strings.Join(text.modules, ", "))
	}
	if want := []string{"MIT: a, b", "b by B: b", "BSD: b"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := licenses([]*module{at("c")}); err == nil || !strings.Contains(err.Error(), "c has no license") {
		t.Errorf("a module without a license: %v", err)
	}
}
