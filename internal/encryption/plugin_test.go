package encryption_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"filippo.io/age/plugin"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
)

// testPlugin puts a plugin of age on the PATH and returns a recipient and an identity for it.
func testPlugin(t *testing.T, script string) (recipient, identity string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the plugins of these tests are shell scripts")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "age-plugin-test"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return plugin.EncodeRecipient("test", []byte("public")), plugin.EncodeIdentity("test", []byte("private"))
}

// TestPlugins that are missing, crash or quote the key that they got.
func TestPlugins(t *testing.T) {
	recipient, identity := testPlugin(t, "exit 1")
	file := encrypt(t, "user:secret", sshKey)
	try := func(want error) {
		t.Helper()
		var which *encryption.RecipientError
		if _, err := encryption.NewFile(t.Context(), []string{sshKey, recipient}); !errors.Is(err, want) ||
			!errors.As(err, &which) || which.Index != 1 {
			t.Errorf("encrypting: got %v, want %v", err, want)
		}
		_, err := encryption.Decrypt(t.Context(), file, []string{identity})
		if !errors.Is(err, want) {
			t.Errorf("decrypting: got %v, want %v", err, want)
		}
		if strings.Contains(err.Error(), "PLUGIN-TEST") {
			t.Errorf("the identity is repeated: %v", err)
		}
	}
	try(encryption.ErrPlugin)
	testPlugin(t, "read line; printf -- '-> error\\n%s\\n' \"$(printf '%s' \"$line\" | base64 -w 64 | tr -d =)\"")
	try(encryption.ErrPlugin)
	t.Setenv("PATH", t.TempDir())
	try(encryption.ErrNoPlugin)
}

// TestPluginThatHangs ends with the run's interrupt; without one after 30 seconds, see TestWithin.
//
//nolint:paralleltest // it changes the PATH
func TestPluginThatHangs(t *testing.T) {
	recipient, identity := testPlugin(t, "exec sleep 5")
	file := encrypt(t, "user:secret", sshKey)
	for name, work := range map[string]func(context.Context) error{
		"encrypting": func(ctx context.Context) error {
			_, err := encryption.NewFile(ctx, []string{recipient})
			return err
		},
		"decrypting": func(ctx context.Context) error {
			_, err := encryption.Decrypt(ctx, file, []string{identity})
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if err := work(ctx); !errors.Is(err, encryption.ErrInterrupted) { // the plugin's own end is another error
			t.Errorf("%s: got %v", name, err)
		}
		cancel()
	}
}
