package provider

import (
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

func FuzzImportID(f *testing.F) {
	for _, seed := range []string{
		"2080d36bf94c4147b2e543104342fc2f/688874d9d9064c23bf78bf3ec93cbd2d", "2080d36bf94c4147b2e543104342fc2f/",
		"/x", "a/b/c", "", "2080d36bf94c4147b2e543104342fc2f/..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		processID, id, err := processAPIKey.parseImportID(text)
		if err == nil &&
			(!alphamoon.IsProcessID(processID) || id == "" || strings.Contains(id, "/") || processID+"/"+id != text) {
			t.Errorf("%q was read as %q and %q", text, processID, id)
		}
	})
}
