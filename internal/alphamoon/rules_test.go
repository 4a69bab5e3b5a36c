package alphamoon_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestEveryRule leads a key through its life at services with every rule: it is created and understood, found, listed and
// revoked, whatever the service makes of its name, its expiry, its id and the listings.
func TestEveryRule(t *testing.T) {
	t.Parallel()
	for _, rule := range sandbox.NamedRules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(26 * 365 * 24 * time.Hour) // until years after 2020
				box := service(t, rule.Name)
				client := newClient(t, box, func(config *alphamoon.Config) { config.MaxRetries = 4 })
				keys, asked := client.ProcessAPIKeys(processID), wanted
				asked.Name = "Ädam's uploader"
				key, err := keys.Create(t.Context(), asked, alphamoon.CreateOptions{})
				if rule.Name == "long-ago" {
					var foreign *alphamoon.NotOursError
					if !errors.As(err, &foreign) || foreign.Reason != "it was created more than a day ago" {
						t.Errorf("got %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				missing := asked.Granted(key.APIKey).Missing
				if (len(missing) > 0) != (rule.Name == "first-scope") {
					t.Errorf("missing: %v", missing)
				}
				if strings.HasPrefix(rule.Name, "no-expiry") != key.ExpiresAt.IsZero() {
					t.Errorf("the expiry is %s", key.ExpiresAt)
				}
				found, err := keys.Find(t.Context(), key.Ref())
				if err != nil || found == nil {
					t.Fatalf("got %v, %v", found, err)
				}
				if listed, err := keys.List(t.Context()); err != nil || len(listed) != 1 {
					t.Errorf("listed: %v, %v", listed, err)
				}
				time.Sleep(time.Hour)
				if err := keys.Revoke(t.Context(), key.Ref()); err != nil || len(box.LiveKeys(processID)) != 0 {
					t.Errorf("got %v, keys %v", err, box.LiveKeys(processID))
				}
			})
		})
	}
}
