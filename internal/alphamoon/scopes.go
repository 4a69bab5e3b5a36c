package alphamoon

import (
	"regexp"
	"slices"
	"sync"
)

// Scope is an entry of the documented catalogue of process API scopes.
type Scope struct {
	// Name is what a key is granted, e.g. workspace.result:read.
	Name string
	// Group is the heading under which the service documents the scope.
	Group string
	// Description says what the scope permits, in this project's words.
	Description string
}

// ScopeManageProcessAPIKeys is the scope that a credential needs to create and list process API keys.
const ScopeManageProcessAPIKeys = "workspace.process.api_key:manage"

// Scopes returns the documented catalogue in the order of the documentation. The catalogue is known to be
// incomplete: keys in the service's own examples carry scopes that it does not list.
func Scopes() []Scope {
	const (
		collections  = "Collections & images"
		files        = "Files & documents"
		results      = "Results"
		processes    = "Processes"
		destinations = "Destinations"
		exports      = "Exports"
		users        = "Users administration"
	)
	return []Scope{
		{"workspace.collection:create", collections, "Create collections of files in the process."},
		{"workspace.collection:read", collections, "List and view the collections of the process."},
		{"workspace.collection:update", collections, "Update collections."},
		{"workspace.collection:delete", collections, "Delete collections of the process."},
		{"workspace.collection_editor:override", collections, "Change collections that exist in the process."},
		{"workspace.file:upload", files, "Upload files to the process."},
		{"workspace.file:download", files, "Download files of the process."},
		{"workspace.result:read", results, "Read extraction results."},
		{"workspace.result:update", results, "Edit extraction results, for instance add or remove extractions."},
		{"workspace.process:read", processes, "View the process: its queue and its supervision."},
		{"workspace.process:update", processes, "Edit the process and its configuration."},
		{"workspace.process:delete", processes, "Delete the process."},
		{ScopeManageProcessAPIKeys, processes, "Create API keys of the process."},
		{"workspace.destination:create", destinations, "Configure where the process sends its data."},
		{"workspace.destination:read", destinations, "View the data destinations of the process."},
		{"workspace.destination:delete", destinations, "Delete data destinations of the process."},
		{"workspace.export:create", exports, "Create exports of the process."},
		{"workspace.export:delete", exports, "Delete exports of the process."},
		{"workspace.admin.user:read", users, "View the details of users."},
		{"workspace.admin.user:invite", users, "Invite users to Alphamoon."},
		{"workspace.admin.user:manage", users, "Manage Alphamoon users."},
	}
}

var scopeForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z_]+(?:\.[a-z_]+)+:[a-z_]+$`)
})

// IsScope reports whether text has the documented form of a scope, segment(.segment)+:action, each part of
// lower-case letters and underscores. It says nothing about the catalogue.
func IsScope(text string) bool { return scopeForm().MatchString(text) }

// IsDocumentedScope reports whether the catalogue has a scope of this name.
func IsDocumentedScope(name string) bool {
	return slices.ContainsFunc(Scopes(), func(scope Scope) bool { return scope.Name == name })
}

// ScopeGroups returns the groups of the catalogue in the order of the documentation.
func ScopeGroups() []string {
	var groups []string
	for _, scope := range Scopes() {
		groups = append(groups, scope.Group)
	}
	return slices.Compact(groups)
}
