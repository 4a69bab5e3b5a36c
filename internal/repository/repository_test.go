// Package repository_test checks what is written in several files of the repository and must agree.
package repository_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

const root = "../.."

// rootEntries is what the root holds, and nothing else: what people and tools look for there.
var rootEntries = []string{
	".ci", ".devcontainer", ".editorconfig", ".gitattributes", ".github", ".gitignore", ".golangci.yml", ".goreleaser.yml",
	"CHANGELOG.md", "CONTRIBUTING.md", "GNUmakefile", "LICENSE", "README.md", "SECURITY.md", "docs", "examples", "go.mod", "go.sum",
	"internal", "main.go", "templates", "terraform-registry-manifest.json",
}

func TestRoot(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files").Output()
	if err != nil {
		t.Skipf("this is no clone of the repository: %v", err)
	}
	var entries []string
	for line := range strings.Lines(string(output)) {
		entry, _, _ := strings.Cut(strings.TrimSpace(line), "/")
		entries = append(entries, entry)
	}
	slices.Sort(entries)
	if entries = slices.Compact(entries); !slices.Equal(entries, rootEntries) {
		t.Errorf("the root holds\n%s, want\n%s", entries, rootEntries)
	}
}

// TestLineEnds keeps a checkout on Windows equal to one elsewhere: tests compare files to the byte.
func TestLineEnds(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--eol").Output()
	if err != nil {
		t.Skipf("this is no clone of the repository: %v", err)
	}
	for line := range strings.Lines(string(output)) {
		ends, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		fields := strings.Fields(ends) // in the index, in the folder, and as .gitattributes asks
		for _, end := range fields[:2] {
			if _, end, _ = strings.Cut(end, "/"); !slices.Contains([]string{"lf", "none", ""}, end) {
				t.Errorf("%s: the line ends are %q", name, ends)
			}
		}
		if fields[len(fields)-1] != "eol=lf" {
			t.Errorf("%s: .gitattributes does not fix the line ends", name)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// workflows reads all of them, by name.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d workflows, %v", len(files), err)
	}
	found := map[string]string{}
	for _, file := range files {
		name := filepath.Base(file)
		found[name] = read(t, filepath.Join(".github", "workflows", name))
	}
	return found
}

// jobs cuts a workflow at the names of its jobs.
func jobs(workflow string) map[string]string {
	_, all, _ := strings.Cut(workflow, "\njobs:\n")
	heads := regexp.MustCompile(`(?m)^  ([a-z]+):\n`).FindAllStringSubmatchIndex(all, -1)
	found := map[string]string{}
	for i, head := range heads {
		end := len(all)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		found[all[head[2]:head[3]]] = all[head[0]:end]
	}
	return found
}

// TestSecretsOfWorkflows: a job gets the secrets that it names, and only a step that needs one has it in its environment. The
// signing key meets no code but this repository's scripts and GitHub's own, and what builds a release may change nothing.
func TestSecretsOfWorkflows(t *testing.T) {
	t.Parallel()
	for name, content := range workflows(t) {
		if strings.Contains(content, "secrets: inherit") {
			t.Errorf("%s hands over every secret", name)
		}
		if !strings.Contains(content, "\npermissions:\n  contents: read\n\n") {
			t.Errorf("%s gives every job more than it needs", name)
		}
		for job, text := range jobs(content) {
			if regexp.MustCompile(`(?m)^    env:\n(?:      .*\n)*      .*secrets\.`).MatchString(text) {
				t.Errorf("%s: every step of %s has a secret in its environment", name, job)
			}
			if strings.Contains(text, "secrets.GPG_") != (name == "release.yml" && job == "sign") {
				t.Errorf("%s: %s has the signing key, or has it not", name, job)
			}
			if strings.Contains(text, "security-events: write") && !strings.Contains(text, "/upload-sarif@") {
				t.Errorf("%s: %s may write what it does not write", name, job)
			}
		}
	}
	release := jobs(workflows(t)["release.yml"])
	if build := release["build"]; !strings.Contains(build, "make release") || strings.Contains(build, "secrets.") ||
		strings.Contains(build, "permissions:") || strings.Contains(build, "environment:") {
		t.Errorf("the job that builds has more than it needs:\n%s", build)
	}
	sign := release["sign"]
	if !strings.Contains(sign, "\n    environment: release\n") || !strings.Contains(sign, "\n    needs: build\n") {
		t.Errorf("the signing key is not behind the environment's reviewers:\n%s", sign)
	}
	for _, match := range regexp.MustCompile(`uses: (\S+)`).FindAllStringSubmatch(sign, -1) {
		if !strings.HasPrefix(match[1], "actions/") {
			t.Errorf("the job that signs uses %s", match[1])
		}
	}
	if foreign := regexp.MustCompile(`\b(go|make|curl|npx?|pip|docker|goreleaser|syft)\b`).FindString(sign); foreign != "" {
		t.Errorf("the job that signs runs %s", foreign)
	}
}

// documents reads what people read: pages, examples, and the files at the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, place := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", ".github", "docs", "templates", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, place), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, path)
			found[filepath.ToSlash(name)] = read(t, name)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestWhatReadersCopy: no command shows a credential to every user of the machine, no job gives one to all its steps, and no
// action can change under the job.
func TestWhatReadersCopy(t *testing.T) {
	t.Parallel()
	argument := regexp.MustCompile(`curl[^\n|]*(\\\n[^\n|]*)* (-[a-z]*u|--user|-H ['"]?Authorization)\b`)
	for name, content := range documents(t) {
		if command := argument.FindString(content); command != "" {
			t.Errorf("%s has a credential among the arguments: %s", name, command)
		}
		for _, match := range regexp.MustCompile(`(?m)uses: (.*)$`).FindAllStringSubmatch(content, -1) {
			if !pinned.MatchString(match[1]) {
				t.Errorf("%s: %q is not pinned by commit, with the release in a comment", name, match[1])
			}
		}
		if regexp.MustCompile(`(?m)^    env:\n(?:      .*\n)*      .*secrets\.`).MatchString(content) {
			t.Errorf("%s: every step has a secret in its environment", name)
		}
	}
	for _, command := range []string{`curl -X DELETE -u "$KEY" https://a`, "curl -sf \\\n  --user x https://a", `curl -sfu x`} {
		if !argument.MatchString(command) {
			t.Errorf("%q is not noticed", command)
		}
	}
}

// pinned is how a workflow names an action.
var pinned = regexp.MustCompile(`^(\./\S+|\S+@[0-9a-f]{40} # v[\d.]+)$`)

// TestReleaseTargets: the notices are of all systems that a release is built for.
func TestReleaseTargets(t *testing.T) {
	t.Parallel()
	config := read(t, ".goreleaser.yml")
	systems := strings.Split(regexp.MustCompile(`goos: \[(.*)\]`).FindStringSubmatch(config)[1], ", ")
	slices.Sort(systems)
	listed := `systems = []string{"` + strings.Join(systems, `", "`) + `"}`
	if !strings.Contains(read(t, "internal/cmd/notices/main.go"), listed) {
		t.Errorf("the program notices does not say %s", listed)
	}
	if !regexp.MustCompile(`goarch: \[.*s390x.*\]`).MatchString(config) {
		t.Error("linux/s390x is not built")
	}
}

// TestSign signs the checksums of exactly the files that they name, and SECURITY.md's commands accept the result.
func TestSign(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "gpg", "gpgconf", "sha256sum"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("this machine has no " + program)
		}
	}
	published, keys := t.TempDir(), t.TempDir()
	if err := os.Chmod(keys, 0o700); err != nil { // gpg warns otherwise
		t.Fatal(err)
	}
	// A passphrase of a test need not take long to guess.
	if err := os.WriteFile(filepath.Join(keys, "gpg-agent.conf"), []byte("s2k-count 65536\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join(root, ".ci", "sign"))
	if err != nil {
		t.Fatal(err)
	}
	run := func(commands string, environment ...string) (string, error) {
		command := exec.CommandContext(t.Context(), "bash", "-c", commands)
		command.Dir, command.Env = published, append(append(os.Environ(), "GNUPGHOME="+keys), environment...)
		output, err := command.CombinedOutput()
		return string(output), err
	}
	must := func(commands string, environment ...string) string {
		t.Helper()
		output, err := run(commands, environment...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", commands, err, output)
		}
		return output
	}
	t.Cleanup(func() { _ = exec.Command("gpgconf", "--homedir", keys, "--kill", "gpg-agent").Run() })
	// As .github/RELEASING.md says, but for the length of the key and the questions that gpg asks.
	releasing := func(option string) string {
		t.Helper()
		match := regexp.MustCompile("`gpg (" + option + "[^`]*)`").FindStringSubmatch(read(t, ".github/RELEASING.md"))
		if match == nil {
			t.Fatalf("RELEASING.md does not say gpg %s", option)
		}
		id := ""
		if option != "--quick-generate-key" {
			id = strings.TrimSpace(must("gpg --batch --with-colons --list-keys 2>/dev/null | awk -F: '/^fpr/ {print $10; exit}'"))
		}
		arguments := strings.NewReplacer("rsa4096", "rsa2048", "ID", id).Replace(match[1])
		return must("gpg --batch --quiet --pinentry-mode loopback --passphrase 'a b' " + arguments)
	}
	releasing("--quick-generate-key")
	releasing("--quick-set-expire")
	key := releasing("--armor --export-secret-keys")
	if public := releasing("--armor --export "); !strings.Contains(public, "BEGIN PGP PUBLIC KEY BLOCK") {
		t.Errorf("the registries get\n%s", public)
	}
	const prefix = "terraform-provider-alphamoon_1.2.3_"
	must("echo archive > " + prefix + "linux_amd64.zip; echo {} > " + prefix + "manifest.json; sha256sum * > " + prefix + "SHA256SUMS")
	sign := "bash '" + script + "' ."
	for _, other := range []string{
		"touch stranger", "mv " + prefix + "manifest.json elsewhere", "echo more >> " + prefix + "linux_amd64.zip",
	} {
		aside := t.TempDir()
		must("cp * '" + aside + "'; " + other)
		if output, err := run(sign, "GPG_PRIVATE_KEY="+key, "GPG_PASSPHRASE=a b"); err == nil {
			t.Errorf("after %q it signed:\n%s", other, output)
		}
		must("rm *; cp '" + aside + "'/* .")
	}
	if output, err := run(sign, "GPG_PRIVATE_KEY="+key, "GPG_PASSPHRASE=wrong"); err == nil {
		t.Errorf("with a wrong passphrase it signed:\n%s", output)
	}
	must(sign, "GPG_PRIVATE_KEY="+key, "GPG_PASSPHRASE=a b")
	typed := strings.ReplaceAll(read(t, "SECURITY.md"), "X.Y.Z", "1.2.3")
	must("set -e\n" + strings.Join(regexp.MustCompile(`(?m)^(gpg|sha256sum) .*$`).FindAllString(typed, -1), "\n"))
	must("echo changed >> " + prefix + "SHA256SUMS")
	if _, err := run("gpg --verify *.sig *SUMS"); err == nil {
		t.Error("the signature is of something else")
	}
}

// TestVersionsAgree compares what is written in several places and what no updater keeps in step.
func TestVersionsAgree(t *testing.T) {
	t.Parallel()
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))[1]
	for name, content := range workflows(t) {
		for _, match := range regexp.MustCompile(`(?m)uses: (.*)$`).FindAllStringSubmatch(content, -1) {
			if !pinned.MatchString(match[1]) {
				t.Errorf("%s: %q is not pinned by commit, with the release in a comment", name, match[1])
			}
		}
		newest := "go-version: " + goVersion + ".x\n          check-latest: true\n"
		if strings.Count(content, "actions/setup-go@") != strings.Count(content, newest) {
			t.Errorf("%s: a job does not use the newest patch of Go %s", name, goVersion)
		}
		for _, match := range regexp.MustCompile(`terraform_version: "(.*)"`).FindAllStringSubmatch(content, -1) {
			if match[1] != terraformcli.PinnedVersion {
				t.Errorf("%s: Terraform %s, but %s is pinned", name, match[1], terraformcli.PinnedVersion)
			}
		}
		for _, match := range regexp.MustCompile(`(?m)(?:runs-on|os): (.*)$`).FindAllStringSubmatch(content, -1) {
			if strings.Contains(match[1], "latest") {
				t.Errorf("%s: the system %q has no version", name, match[1])
			}
		}
	}
	image := regexp.MustCompile(`(?m)^FROM golang:` + regexp.QuoteMeta(goVersion) + `\.\d+-\S+@sha256:[0-9a-f]{64}$`)
	if devcontainer := read(t, ".devcontainer/Dockerfile"); strings.Count(devcontainer, "FROM ") != 1 || !image.MatchString(devcontainer) {
		t.Errorf("the devcontainer's image is not Go %s, pinned by digest:\n%s", goVersion, devcontainer)
	}
	if features := read(t, ".devcontainer/devcontainer.json"); strings.Contains(features, "features") {
		t.Error("a feature of the devcontainer is not pinned by digest")
	}
}

// TestReleaseNotes checks that the notes of a release are the section of the changelog about its version.
func TestReleaseNotes(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	newest := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+)`).FindStringSubmatch(read(t, "CHANGELOG.md"))
	if newest == nil {
		t.Fatal("CHANGELOG.md has no section about a version")
	}
	notes, err := exec.CommandContext(t.Context(), "bash", filepath.Join(root, ".ci", "release-notes"), newest[1]).Output()
	if err != nil || len(bytes.TrimSpace(notes)) == 0 || strings.Contains(string(notes), "\n## ") {
		t.Errorf("the notes of %s are %q, %v", newest[1], notes, err)
	}
	missing := exec.CommandContext(t.Context(), "bash", filepath.Join(root, ".ci", "release-notes"), "99.0.0")
	if output, err := missing.CombinedOutput(); err == nil {
		t.Errorf("a version that is not in the changelog has the notes %q", output)
	}
}
