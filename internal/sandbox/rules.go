package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Rules are what a service may demand, make of a request, or show in a way of its own. Nobody knows whether the real one
// has any of them (U in what is known of the API). The zero value has none. Rules may be combined.
type Rules struct {
	// UniqueNames says among which keys a name must be unique: among those that work, or with NamesForEver among all
	// that there ever were. A name that is taken is refused with NameStatus; 0 means 409. With AnswerExisting it is
	// answered with the key that has it, as long as that works, and with RenewExisting that key gets another secret.
	UniqueNames                                 Extent
	NamesForEver, AnswerExisting, RenewExisting bool
	NameStatus                                  int
	// Quota is how many keys that work a process, or the organization itself, may have; 0 means any number. One more is
	// refused with QuotaStatus; 0 means 403.
	Quota, QuotaStatus int
	// Granted changes every key that is asked for before it is made, Created the answer to its creation, and Listed an
	// element of a listing: in the given order. See [CapLifetime], [RoundExpiry] and [NeverExpire] for the first,
	// [With], [Without], [Rewrite], [RewriteScopes] and [WithoutZone] for the others.
	Granted         []func(*Key)
	Created, Listed []func(fields map[string]any)
	// ShowNoExpiry shows the expiry of a key that never expires. Nil means null.
	ShowNoExpiry func(fields map[string]any)
	// NumericIDs makes the ids of new keys JSON numbers.
	NumericIDs bool
	// ListOwn leaves keys out of a listing that another credential made.
	ListOwn bool
	// KeepRemoved keeps removed keys listed, without effect; ShowDeletedAt shows when they were removed.
	KeepRemoved, ShowDeletedAt bool
	// EmptyStatus answers a listing without any key, such as 404 or 204. OmitEmpty leaves the list out of it.
	EmptyStatus int
	OmitEmpty   bool
	// LimitCeiling is the largest limit that a request may name; 0 means any. A larger one is refused with LimitStatus;
	// 0 means 422.
	LimitCeiling, LimitStatus int
	// LoneDetail writes every error as {"detail": …}, as services made with FastAPI do.
	LoneDetail bool
	// Activation is how long a new key is answered with 401. The time is real, and moves with [Sandbox.Advance].
	Activation time.Duration

	names []string // of the named rules among them
}

// Extent is a set of keys.
type Extent int

// The sets of keys in which names may have to be unique.
const (
	Nowhere Extent = iota
	// InCollection are the keys of a process, or those of the organization itself.
	InCollection
	// InOrganization are the keys of the organization and of all of its processes.
	InOrganization
)

// Detail is the body of an error with a lone detail.
func Detail(text string) string { return fmt.Sprintf(`{"detail": %q}`, text) }

// refuse answers with a lone detail, in the service's own words.
func refuse(status int, format string, values ...any) *answer {
	return &answer{status: status, body: map[string]any{"detail": fmt.Sprintf(format, values...)}}
}

// CapLifetime grants no more than that.
func CapLifetime(longest time.Duration) func(*Key) {
	return func(key *Key) {
		if end := key.CreatedAt.Add(longest); key.ExpiresAt.After(end) {
			key.ExpiresAt = end
		}
	}
}

// RoundExpiry grants expiries in whole units, up or down.
func RoundExpiry(unit time.Duration) func(*Key) {
	return func(key *Key) { key.ExpiresAt = key.ExpiresAt.Round(unit) }
}

// NeverExpire grants keys that never expire, whatever was asked for.
func NeverExpire(key *Key) { key.NeverExpires = true }

// With gives a field of a key in an answer another value.
func With(field string, value any) func(fields map[string]any) {
	return func(fields map[string]any) { fields[field] = value }
}

// Without leaves a field out of a key in an answer.
func Without(field string) func(fields map[string]any) {
	return func(fields map[string]any) { delete(fields, field) }
}

// Rewrite writes a text in an answer in another way.
func Rewrite(field string, change func(string) string) func(fields map[string]any) {
	return func(fields map[string]any) {
		if text, ok := fields[field].(string); ok {
			fields[field] = change(text)
		}
	}
}

// RewriteScopes writes the scopes in an answer in another way.
func RewriteScopes(change func(scopes []string) []string) func(fields map[string]any) {
	return func(fields map[string]any) {
		if scopes, ok := fields["scopes"].([]string); ok {
			fields["scopes"] = change(scopes)
		}
	}
}

// WithoutZone writes the dates in an answer without their zone, which is UTC.
func WithoutZone(fields map[string]any) {
	for _, field := range []string{"createdAt", "exp"} {
		Rewrite(field, func(date string) string { return strings.TrimSuffix(date, "Z") })(fields)
	}
}

// Cut is the beginning of a text.
func Cut(length int) func(string) string {
	return func(text string) string { return string([]rune(text)[:min(length, len([]rune(text)))]) }
}

// dashed is an id as UUIDs are written.
func dashed(id string) string {
	if len(id) != 32 {
		return id
	}
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}

func sorted(scopes []string) []string { return slices.Sorted(slices.Values(scopes)) }

func enabled(status string) string {
	if status == StatusActive {
		return "Enabled"
	}
	return status
}

// implied adds to each scope that changes something the one that reads it.
func implied(scopes []string) []string {
	result := slices.Clone(scopes)
	for _, scope := range scopes {
		subject, _, _ := strings.Cut(scope, ":")
		result = append(result, subject+":read")
	}
	return slices.Compact(sorted(result))
}

// renamed writes scopes in another form, which no creation would accept.
func renamed(scopes []string) []string {
	var result []string
	for _, scope := range scopes {
		result = append(result, strings.ToUpper(strings.TrimPrefix(scope, "workspace.")))
	}
	return result
}

// inMinutes cuts the seconds off a date.
func inMinutes(date string) string {
	instant, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return date
	}
	return wireTime(instant.Truncate(time.Minute))
}

// Rule is a way of the service that can be switched on by name.
type Rule struct {
	Name, Text string
	set        func(*Rules)
}

// NamedRules are the rules that can be switched on by name, those of one kind beside each other.
func NamedRules() []Rule {
	nothing := func(*Rules) {}
	existing := func(r *Rules) { r.AnswerExisting = true }
	renewing := func(r *Rules) { r.AnswerExisting, r.RenewExisting = true, true }
	unique := func(extent Extent, more func(*Rules)) func(*Rules) {
		return func(r *Rules) { r.UniqueNames = extent; more(r) }
	}
	granted := func(change func(*Key)) func(*Rules) { return func(r *Rules) { r.Granted = append(r.Granted, change) } }
	created := func(change func(map[string]any)) func(*Rules) {
		return func(r *Rules) { r.Created = append(r.Created, change) }
	}
	listed := func(change func(map[string]any)) func(*Rules) {
		return func(r *Rules) { r.Listed = append(r.Listed, change) }
	}
	shown := func(change func(map[string]any)) func(*Rules) {
		return func(r *Rules) { created(change)(r); listed(change)(r) }
	}
	endless := func(show func(map[string]any)) func(*Rules) {
		return func(r *Rules) { granted(NeverExpire)(r); r.ShowNoExpiry = show }
	}
	rename := func(change func(string) string) func(*Key) { return func(key *Key) { key.Name = change(key.Name) } }
	return []Rule{
		{"unique-names", "the name of a key that works is refused with 409", unique(InCollection, nothing)},
		{"unique-names-400", "the same with 400", unique(InCollection, func(r *Rules) { r.NameStatus = 400 })},
		{"unique-names-422", "the same with 422", unique(InCollection, func(r *Rules) { r.NameStatus = 422 })},
		{"unique-names-ever", "the name of any earlier key is refused", unique(InCollection, func(r *Rules) { r.NamesForEver = true })},
		{"unique-names-everywhere", "names are unique in the whole organization", unique(InOrganization, nothing)},
		{"existing-key", "a name that exists is answered with its key", unique(InCollection, existing)},
		{"existing-key-everywhere", "the same, with any process's key", unique(InOrganization, existing)},
		{"existing-key-renewed", "the same, with a new secret", unique(InCollection, renewing)},
		{"quota", "a process has at most three keys that work: 403", func(r *Rules) { r.Quota = 3 }},
		{"quota-409", "the same with 409", func(r *Rules) { r.Quota, r.QuotaStatus = 3, 409 }},
		{"short-lives", "a key lives for at most 30 days", granted(CapLifetime(30 * 24 * time.Hour))},
		{"whole-minutes", "expiries are rounded to minutes", granted(RoundExpiry(time.Minute))},
		{"whole-hours", "expiries are rounded to hours", granted(RoundExpiry(time.Hour))},
		{"whole-days", "expiries are rounded to days", granted(RoundExpiry(24 * time.Hour))},
		{"listed-in-minutes", "listings show an expiry without its seconds", listed(Rewrite("exp", inMinutes))},
		{"no-zone", "dates have no zone", shown(WithoutZone)},
		{"no-expiry", "keys never expire, which is shown as null", endless(nil)},
		{"no-expiry-missing", "the same without the field", endless(Without("exp"))},
		{"no-expiry-empty", `the same as ""`, endless(With("exp", ""))},
		{"no-expiry-year-1", "the same as the year 1", endless(With("exp", "0001-01-01T00:00:00Z"))},
		{"no-expiry-year-9999", "the same as the year 9999", endless(With("exp", "9999-12-31T23:59:59Z"))},
		{"trimmed-names", "blanks at the ends of a name go", granted(rename(strings.TrimSpace))},
		{"short-names", "a name has at most six characters", granted(rename(Cut(6)))},
		{"lower-names", "names are in lower case", granted(rename(strings.ToLower))},
		{"decomposed-names", "names come in Unicode's decomposed form", shown(Rewrite("name", norm.NFD.String))},
		{"listed-short-names", "listings cut a name after six characters", listed(Rewrite("name", Cut(6)))},
		{"listed-lower-names", "listings show names in lower case", listed(Rewrite("name", strings.ToLower))},
		{"sorted-scopes", "scopes are sorted", shown(RewriteScopes(sorted))},
		{"implied-scopes", "listings show scopes with those that they imply", listed(RewriteScopes(implied))},
		{"granted-implied-scopes", "scopes that are implied are granted", granted(func(key *Key) { key.Scopes = implied(key.Scopes) })},
		{"renamed-scopes", "listings show scopes in another form", listed(RewriteScopes(renamed))},
		{"first-scope", "of several scopes one is granted", granted(func(key *Key) { key.Scopes = sorted(key.Scopes)[:1] })},
		{"numeric-ids", "ids are numbers", func(r *Rules) { r.NumericIDs = true }},
		{"dashed-ids", "listings write ids with dashes", listed(Rewrite("id", dashed))},
		{"upper-ids", "listings write ids with capitals", listed(Rewrite("id", strings.ToUpper))},
		{"list-own", "listings show what the calling credential made", func(r *Rules) { r.ListOwn = true }},
		{"keep-removed", "removed keys stay listed, unchanged", func(r *Rules) { r.KeepRemoved = true }},
		{"deleted-at", "removed keys stay listed, with deletedAt", func(r *Rules) { r.KeepRemoved, r.ShowDeletedAt = true, true }},
		{"empty-404", "a listing without keys is answered with 404", func(r *Rules) { r.EmptyStatus = 404 }},
		{"empty-204", "the same with 204", func(r *Rules) { r.EmptyStatus = 204 }},
		{"empty-without-list", "the same without the list", func(r *Rules) { r.OmitEmpty = true }},
		{"limit-422", "a limit above 50 is refused with 422", func(r *Rules) { r.LimitCeiling = 50 }},
		{"limit-400", "the same with 400", func(r *Rules) { r.LimitCeiling, r.LimitStatus = 50, 400 }},
		{"long-ago", "a creation says that the key was made in 2020", created(With("createdAt", "2020-01-01T00:00:00Z"))},
		{"lone-detail", `every error is {"detail": …}`, func(r *Rules) { r.LoneDetail = true }},
		{"slow-keys", "a new key is accepted after three seconds", func(r *Rules) { r.Activation = 3 * time.Second }},
		{"upper-status", "every status is in upper case", shown(Rewrite("status", strings.ToUpper))},
		{"enabled", "the status of a key that works is Enabled", shown(Rewrite("status", enabled))},
	}
}

// Follow switches rules on by their names, beside those that are on already.
func (r *Rules) Follow(names ...string) error {
	for _, name := range names {
		i := slices.IndexFunc(NamedRules(), func(rule Rule) bool { return rule.Name == name })
		if i < 0 {
			return fmt.Errorf("there is no rule %q", name)
		}
		NamedRules()[i].set(r)
		r.names = append(r.names, name)
	}
	return nil
}

// admit says why a key may not be made under the rules, or which key has its name and is answered instead.
func (s *Sandbox) admit(owner, name string) (existing *Key, refusal *answer) {
	if existing = s.named(owner, name); existing != nil {
		if s.AnswerExisting && s.isLive(*existing) {
			return existing, nil
		}
		return nil, refuse(cmp.Or(s.NameStatus, http.StatusConflict), "An API key with the name %q already exists.", name)
	}
	working := 0
	for _, key := range s.keys[owner] {
		if s.isLive(key) {
			working++
		}
	}
	if s.Quota > 0 && working >= s.Quota {
		return nil, refuse(cmp.Or(s.QuotaStatus, http.StatusForbidden), "The quota of %d API keys is used up.", s.Quota)
	}
	return nil, nil
}

// named returns the key that stands in the way of a name.
func (s *Sandbox) named(owner, name string) *Key {
	if s.UniqueNames == Nowhere {
		return nil
	}
	among := []string{owner}
	if s.UniqueNames == InOrganization {
		prefix := strings.TrimSuffix(owner, strings.TrimPrefix(owner, otherPrefix))
		among = []string{prefix + Organization}
		for _, process := range s.processes {
			among = append(among, prefix+process.ID)
		}
	}
	for _, owner := range among {
		for i, key := range s.keys[owner] {
			if key.Name == name && (s.NamesForEver || s.isLive(key)) {
				return &s.keys[owner][i]
			}
		}
		if s.NamesForEver && slices.Contains(s.removed[owner], name) {
			return &Key{}
		}
	}
	return nil
}
