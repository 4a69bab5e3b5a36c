package simulation

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/text/unicode/norm"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// identity opens what is encrypted to the recipient of the configurations.
var identity, recipient = func() (string, string) {
	pair, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return pair.String(), pair.Recipient().String()
}()

// oracle knows the truth, and what everybody was told.
type oracle struct {
	w         *world
	hand      map[string]bool   // keys that somebody made by hand
	incidents map[string]string // what was done by hand to keys
	makers    map[string]*team  // who asked for a key
	asked     map[string]string // by which name
	tried     map[string]bool   // new keys that were let in
	successor map[string]string // of keys that an apply replaces
	adopted   map[string]*team
	released  map[string]bool // keys that were accounted for when they left a state, or were never in one
	named     map[string]bool // ids that stand in a diagnostic
	unseen    map[string]bool // ids of which somebody was told that another credential saw the key last
	doubts    map[string]bool // names of keys of which somebody was told that they may exist
	applies   map[string]int  // by teams in this step
	opened    map[string]int  // ephemeral keys, by teams in this step
	foul      bool            // there is weather
	killed    map[string]bool // teams that had a kill in this step
	cut       map[string]bool // teams that had a kill or an interrupt in this step
	attempted map[string]bool // keys that a team set out to remove
	gone      []departure
	hidden    map[[2]string]int
	findable  bool // what a lost creation leaves in this step shows within the ten seconds
	hidEmpty  bool // in this step a process showed no keys to somebody
	working   map[string]guarantee
}

// departure is a key that left a state.
type departure struct {
	team          *team
	id, why       string
	revoke, quiet bool
	forgotten     bool // without a revocation: the apply has to name the key, unless quiet
}

// guarantee is how long a key must work: the last apply left it alone, so that it has its window before it at least.
type guarantee struct {
	id    string
	until time.Time
}

func newOracle(w *world) *oracle {
	return &oracle{
		w: w, hand: map[string]bool{}, incidents: map[string]string{}, makers: map[string]*team{}, asked: map[string]string{},
		tried: map[string]bool{}, successor: map[string]string{}, adopted: map[string]*team{}, released: map[string]bool{},
		named: map[string]bool{}, unseen: map[string]bool{}, doubts: map[string]bool{}, applies: map[string]int{},
		opened: map[string]int{}, killed: map[string]bool{}, cut: map[string]bool{}, attempted: map[string]bool{},
		hidden: map[[2]string]int{}, working: map[string]guarantee{},
	}
}

func (o *oracle) byHand(key sandbox.Key) {
	o.w.mu.Lock()
	defer o.w.mu.Unlock()
	o.hand[key.ID] = true
}

func (o *oracle) hide(credential, id string, status int) {
	o.w.box.Hide(credential, id, status)
	o.hidden[[2]string{credential, id}] = status
	// What a credential has seen it can see to be gone.
	saw := slices.ContainsFunc(o.w.teams, func(t *team) bool { return t.own == credential }) ||
		o.w.counted["weather: a wrong credential"] > 0
	o.hidEmpty = o.hidEmpty || status == 200 && saw
}

func (o *oracle) show() {
	for h := range o.hidden {
		o.w.box.Hide(h[0], h[1], 0)
	}
	clear(o.hidden)
}

var (
	keyID  = regexp.MustCompile(`[0-9a-f]{32}|\b1\d{5}\b`)
	quoted = regexp.MustCompile(`"([^"]+)"`)
)

// plainID is an id without what a service may write otherwise.
func plainID(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

// idOf is the id of a key in a state.
func idOf(o *object) string { return plainID(text(o.value, "id")) }

// heard notes what a diagnostic tells its reader.
func (o *oracle) heard(text string) {
	o.w.mu.Lock()
	defer o.w.mu.Unlock()
	for _, id := range keyID.FindAllString(plainID(text), -1) {
		o.named[id] = true
	}
	doubtful := func(words string) bool { return strings.Contains(text, words) }
	if slices.ContainsFunc([]string{"may exist", "may still appear", "may have been created", "could not be found out"}, doubtful) {
		for _, name := range quoted.FindAllStringSubmatch(text, -1) {
			o.doubts[name[1]] = true
		}
	}
}

// left notes that a refresh called a key gone.
func (w *world) left(r *run, o *object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.oracle.gone = append(w.oracle.gone, departure{r.team, idOf(o), "was called gone", false, false, false})
}

// opens notes that a run asks for an ephemeral key.
func (w *world) opens(r *run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.oracle.opened[r.team.name]++
}

// sets notes that an apply sets out to destroy a key.
func (w *world) sets(o *object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := idOf(o)
	w.oracle.attempted[id] = true
	maps.DeleteFunc(w.oracle.working, func(_ string, g guarantee) bool { return g.id == id })
}

// succeeds notes that an apply replaces a key by another one, which is to be tried first if it is of the kind that is
// revoked.
func (w *world) succeeds(old, successor *object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if truth(successor.value, "revoke_on_destroy") {
		w.oracle.successor[idOf(old)] = idOf(successor)
	}
}

// forgotten notes that an apply destroyed a key.
func (w *world) forgotten(r *run, c *change) {
	o := c.prior
	w.mu.Lock()
	defer w.mu.Unlock()
	// A key that became due before the apply of a saved plan overlaps no longer than its window, whatever the reason was,
	// unless it lives longer than any window is.
	rotatesAt, err := time.Parse(time.RFC3339, text(o.value, "rotates_at"))
	scheduled := slices.Contains(c.reasons, "rotates_at") || slices.Contains(c.reasons, withIgnored) ||
		err == nil && rotatesAt.Before(time.Now())
	id := idOf(o)
	all, _ := w.oracle.keys()
	scheduled = scheduled && all[id].IsOver(time.Now().Add(duration(lifetimes[len(lifetimes)-1])/3))
	r.mu.Lock()
	named := strings.Contains(plainID(r.said.String()), id) // in this apply, whatever its plan said
	r.mu.Unlock()
	revoke := truth(o.value, "revoke_on_destroy")
	w.oracle.gone = append(w.oracle.gone, departure{r.team, id, "was destroyed", revoke, scheduled || named, !revoke})
}

// keys returns all keys there are, and which of them work.
func (o *oracle) keys() (all map[string]sandbox.Key, live map[string]bool) {
	all, live = map[string]sandbox.Key{}, map[string]bool{}
	for _, owner := range append(slices.Clone(processIDs), sandbox.Organization) {
		for _, key := range o.w.box.Keys(owner) {
			all[key.ID] = key
			// A word that nobody knows may well mean that the key works.
			live[key.ID] = slices.Contains([]string{sandbox.StatusActive, "Pending", "Enabled"}, key.Status) &&
				key.RemovedAt.IsZero() && !key.IsOver(time.Now())
		}
	}
	return all, live
}

func (o *oracle) secrets() (secrets []string) {
	all, _ := o.keys()
	for _, key := range all {
		secrets = append(secrets, key.Secret)
	}
	return append(secrets, sandbox.DefaultCredential, sandbox.MemberCredential)
}

// anyManaged returns a key of a team.
func (o *oracle) anyManaged(r *rand.Rand, t *team) string {
	all, _ := o.keys()
	var ids []string
	for _, held := range t.objects() {
		if id := idOf(held); all[id].ID != "" && o.incidents[id] != "removed" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return pick(r, ids...)
}

// objects are all that a team's state holds, in a fixed order.
func (t *team) objects() (objects []*object) {
	for _, address := range slices.Sorted(maps.Keys(t.states)) {
		if state := t.states[address]; state.current != nil {
			objects = append(objects, state.current)
		}
		objects = append(objects, t.states[address].deposed...)
	}
	return objects
}

func (w *world) teamOf(agent string) *team {
	for _, t := range w.teams {
		if strings.HasPrefix(agent, "terraform-provider-alphamoon/"+t.name+" ") {
			return t
		}
	}
	return nil
}

// check compares what everybody believes with the truth, in whatever weather.
func (o *oracle) check() {
	w := o.w
	held := map[string]*team{}
	for _, t := range w.teams {
		for _, object := range t.objects() {
			id := idOf(object)
			if held[id] != nil {
				w.fail("the key %s is in two states", id)
			}
			held[id] = t
		}
	}
	tries := map[string]int{}
	for _, q := range w.requests() {
		t := w.teamOf(q.UserAgent)
		if q.Fault == everyCreationFails && q.Status != http.StatusTooManyRequests {
			tries[t.name]++
			if most := 2 * o.wanted(t); tries[t.name] > most {
				w.fail("%s sent more than %d creations of which nobody knows what they did", t.name, most)
			}
		}
		if q.By != "" && q.Status != http.StatusUnauthorized {
			o.tried[q.By] = true
		}
		switch {
		case q.KeyID == "":
		case q.Operation == sandbox.Create:
			o.makers[q.KeyID], o.asked[q.KeyID] = t, q.Name
			if q.Fault == grantedOtherwise {
				o.incidents[q.KeyID] = grantedOtherwise
			}
		case q.Operation == sandbox.Revoke:
			if o.foul || o.cut[t.name] { // perhaps nobody heard that it worked
				o.incidents[q.KeyID] = "removed"
			}
			switch {
			case o.makers[q.KeyID] != t && o.adopted[q.KeyID] != t:
				w.fail("%s revoked the key %s, which is not its own", t.name, q.KeyID)
			case held[q.KeyID] != nil && !o.attempted[q.KeyID]:
				w.fail("%s revoked the key %s, which is in use", t.name, q.KeyID)
			case !o.attempted[q.KeyID] && slices.Contains(append(names, "by hand"), o.asked[q.KeyID]):
				w.fail("%s revoked the key %s, which it knew by nothing but its name", t.name, q.KeyID)
			case !o.foul && o.makers[o.successor[q.KeyID]] != nil && !o.tried[o.successor[q.KeyID]]:
				w.fail("%s revoked the key %s before its successor was tried", t.name, q.KeyID)
			}
		}
	}
	all, live := o.keys()
	for id, t := range held {
		if o.makers[id] != t && o.adopted[id] != t {
			w.fail("%s calls the key %s its own", t.name, id)
		}
	}
	left := map[string]bool{}
	for _, d := range o.gone {
		switch {
		case !live[d.id]:
		case d.why == "was called gone" && !o.hidEmpty: // by a plan that nobody applies too
			w.fail("the key %s of %s works and was called gone", d.id, d.team.name)
		case held[d.id] != nil:
		case d.revoke && o.hidEmpty: // an old key that is not listed counts as revoked
		case !o.named[d.id] && (d.revoke || !d.quiet), d.forgotten && !d.quiet:
			w.fail("the key %s of %s %s and works, and nobody said so", d.id, d.team.name, d.why)
		}
		left[d.id] = true
	}
	lost := map[*team]int{}
	for _, id := range slices.Sorted(maps.Keys(live)) {
		switch {
		case !live[id] || o.hand[id] || held[id] != nil || o.named[id] || o.released[id]:
			continue
		case left[id]: // judged above
		case o.foul && strings.HasPrefix(o.asked[id], ephemeralName): // it ends by itself
			w.count("outcome: an ephemeral key left to its end")
		case o.doubts[o.asked[id]] && !o.findable, o.makers[id] != nil && o.killed[o.makers[id].name]:
			w.count("outcome: a key that nobody could know of")
			t := o.makers[id]
			if lost[t]++; lost[t] > o.wanted(t) {
				w.fail("%s left more keys that nobody could know of than it has resources", t.name)
			}
		default:
			w.fail("the key %s (%s) works, is in no state and was never named", id, all[id].Name)
		}
		o.released[id] = true
	}
	o.noSecrets()
	o.gone, o.hidEmpty, o.foul = nil, false, false
	clear(o.applies)
	clear(o.opened)
	clear(o.killed)
	clear(o.cut)
	clear(o.attempted)
	clear(o.successor)
	clear(o.doubts)
}

// wanted is how many keys a team can have asked for in this step.
func (o *oracle) wanted(t *team) int {
	return len(t.configurations)*o.applies[t.name] + o.opened[t.name]
}

// noneOfBefore fails if what is called lost existed before the run began, so long before that its first listing showed it.
func (o *oracle) noneOfBefore(r *run, text string) {
	all, _ := o.keys()
	listed := r.began.Add(-time.Second - slices.Max(append([]time.Duration{0}, o.w.box.Lags...)))
	for _, id := range keyID.FindAllString(plainID(text), -1) {
		if key := all[id]; key.ID != "" && key.CreatedAt.Before(listed) {
			o.w.fail("%s takes the key %s, which existed before, for what it has lost", r.team.name, id)
		}
	}
}

// noSecrets searches what was logged, and the states in which secrets are encrypted.
func (o *oracle) noSecrets() {
	o.w.noSecret("a log", o.w.logs.String())
	o.w.logs.Reset()
	for _, t := range o.w.teams {
		for _, object := range t.objects() {
			if !attribute(object.value, "encrypt_to").IsNull() {
				o.w.noSecret("an encrypted state", object.value.String())
			}
		}
	}
}

// guarantees checks that keys work which the last applies saw to.
func (o *oracle) guarantees() {
	_, live := o.keys()
	for _, g := range o.working {
		if time.Now().Before(g.until) && o.incidents[g.id] == "" && !live[g.id] {
			o.w.fail("the key %s does not work, and the last apply had no reason to renew it before %s", g.id, g.until)
		}
	}
}

// roundedAway is told of an ephemeral key whose expiry a service has rounded into the past.
const roundedAway = "is over, where"

// settle applies in fair weather and demands that all is well then. Whatever fails, no third apply makes a key.
func (w *world) settle(t *team) {
	canRevoke := t.own == sandbox.DefaultCredential
	empty := false
	made, addresses := 0, map[string]bool{}
	for try := 1; ; try++ {
		before := len(w.box.Journal())
		run := w.start(t)
		p := run.plan(planOptions{})
		said := run.said.String()
		run.end()
		w.note("  %s settles: %s", t.name, p.describe())
		empty = p.empty() && p.keeps(t.states)
		ok := empty
		if !ok && !p.failed {
			run = w.start(t)
			ok = run.apply(p)
			said += run.said.String()
			run.end()
		}
		sent, wanted := w.creations(before), w.oracle.opened[t.name]
		for _, c := range p.changes {
			if c.action == create || c.action == destroyCreate || c.action == createDestroy {
				wanted++
				addresses[c.address] = true
			}
		}
		for _, q := range sent {
			if q.KeyID != "" && !strings.HasPrefix(q.Name, ephemeralName) {
				made++
			}
		}
		w.oracle.check()
		if ok {
			if len(sent) != wanted {
				w.fail("%s sent %d creations for %d keys", t.name, len(sent), wanted)
			}
			w.count("outcome: settled")
			break
		}
		if try < 3 {
			time.Sleep(time.Minute)
			continue
		}
		due := slices.ContainsFunc(p.changes, func(c *change) bool { return slices.Contains(c.reasons, "rotates_at") })
		if !due && len(sent) > 0 && made > len(addresses) { // the service may have had no room for one before
			w.fail("%s made %d keys in three applies of one configuration with %d", t.name, made, len(addresses))
		}
		if strings.Contains(said, "Expiry not in the future") || !canRevoke && strings.Contains(said, "could not be revoked") ||
			w.refuses() && t.maybeRefused(w) || strings.Contains(said, roundedAway) ||
			strings.Contains(said, "There are no API keys") || // of the organization: it could be the address that is wrong
			strings.Contains(said, "could not be revoked") && w.oracle.hidesLoss(t) {
			w.count("outcome: cannot settle")
		} else {
			w.fail("%s does not settle in fair weather: %s", t.name, said)
		}
		return
	}
	w.oracle.well(t)
	if empty {
		return
	}
	before := len(w.box.Journal())
	run := w.start(t)
	defer run.end()
	p := run.plan(planOptions{})
	switch {
	case p.failed && t.ephemeral != nil && // there is no room for another key, or none lives as long as that
		(w.refuses() || strings.Contains(run.said.String(), roundedAway)):
		w.count("outcome: an ephemeral key refused")
		return
	case !p.empty():
		w.fail("%s: the second plan is not empty: %s %s", t.name, p.describe(), run.said.String())
	}
	for _, id := range w.listed {
		var there []string
		for _, key := range w.box.Keys(id) {
			if (!w.box.HideExpired || !key.IsOver(time.Now())) && (!w.box.ListOwn || key.Maker == t.own) {
				status := w.shown("status", key.Status)
				if !key.RemovedAt.IsZero() && w.box.ShowDeletedAt {
					status = "Deleted"
				}
				there = append(there, plainID(key.ID)+" "+w.shown("name", key.Name)+" "+status)
			}
		}
		if slices.Sort(there); !slices.Equal(run.list(id), there) {
			w.fail("%s: the data source lists other keys than there are: %v", t.name, there)
		}
	}
	w.oracle.expectListings(t, w.box.Journal()[before:])
	if len(w.rules) == 0 || w.failed() {
		return
	}
	if third := w.start(t); third.apply(p) { // what this plan has read is in the state now
		// While there is an ephemeral key, a listing that said nothing says more.
		if p := third.plan(planOptions{}); !p.empty() && (t.ephemeral == nil || w.box.EmptyStatus == 0) {
			w.fail("%s: the third plan is not empty: %s", t.name, p.describe())
		}
		third.end()
	}
}

// hidesLoss reports whether a key of the team is gone and nothing shows it: a listing goes on to show what a person or a run
// that was cut short has removed, or the credential that saw it last was another one. Then only a person can help.
func (o *oracle) hidesLoss(t *team) bool {
	_, live := o.keys()
	return slices.ContainsFunc(t.objects(), func(held *object) bool {
		id := idOf(held)
		return !live[id] && (o.unseen[id] || o.incidents[id] == "removed" && o.w.box.KeepRemoved)
	})
}

// creations are what was sent to make keys since then.
func (w *world) creations(before int) (sent []sandbox.Request) {
	for _, q := range w.box.Journal()[before:] {
		if q.Operation == sandbox.Create {
			sent = append(sent, q)
		}
	}
	return sent
}

// maybeRefused reports whether the service may refuse keys of the team that are asked for properly: by their number, or
// because the names are not their own.
func (t *team) maybeRefused(w *world) bool {
	return w.box.Quota > 0 || slices.ContainsFunc(slices.Collect(maps.Values(t.configurations)),
		func(c *configuration) bool { return c.arguments["name"] != nil })
}

// shown is how listings show a field of a key.
func (w *world) shown(field, value string) string {
	fields := map[string]any{field: value}
	for _, change := range w.box.Listed {
		change(fields)
	}
	return norm.NFC.String(fields[field].(string))
}

// granted is what the service makes of a request.
func (w *world) granted(key sandbox.Key) sandbox.Key {
	for _, change := range w.box.Granted {
		change(&key)
	}
	key.ExpiresAt = key.ExpiresAt.Truncate(time.Second)
	return key
}

// expectListings demands that a plan without changes lists each collection once, and once more for a data source.
func (o *oracle) expectListings(t *team, sent []sandbox.Request) {
	options := o.w.box.Options
	var owners []string
	for _, object := range t.objects() {
		owners = append(owners, cmp.Or(text(object.value, "process_id"), sandbox.Organization))
	}
	slices.Sort(owners)
	owners = append(slices.Compact(owners), o.w.listed...) // a data source never reads from memory
	most := 0
	if t.ephemeral != nil { // its creation and its removal look for themselves, and what follows looks anew
		most = 2
		id := t.ephemeral["process_id"].(string)
		owners = append(owners, id, id, id)
	}
	if options.LimitCeiling > 0 {
		most++ // to learn it
	}
	for _, owner := range owners {
		pages := len(o.w.box.Keys(owner))/options.MaxLimit + 2
		if options.OmitPagination || options.CountPage || options.EndStatus != 0 {
			pages *= 2 // nothing but a second walk proves anything
		}
		most += pages
	}
	if len(sent) > most {
		o.w.fail("%s needed %d requests for a plan without changes, %d are enough", t.name, len(sent), most)
	}
}

// well demands of every resource exactly one key, which works and is as configured.
func (o *oracle) well(t *team) {
	all, live := o.keys()
	for _, address := range slices.Sorted(maps.Keys(t.configurations)) {
		conf, state := t.configurations[address], t.states[address]
		if state == nil || state.current == nil {
			o.w.fail("%s.%s has no key", t.name, address)
			continue
		}
		value, id := state.current.value, idOf(state.current)
		key := all[id]
		wrong := func(what string) { o.w.fail("%s.%s: the key %s %s", t.name, address, id, what) }
		expired := key.IsOver(time.Now())
		switch {
		case text(value, "expires_in") == "" && (expired || key.ID == ""), slices.Contains(conf.ignore, "all"):
			o.w.count("outcome: a fixed date has passed")
			continue
		case o.adopted[id] != nil && key.ID != "" && (key.Status != sandbox.StatusActive || !key.RemovedAt.IsZero()):
			// It waits for somebody who asks for a new one.
			continue
		case !live[id] && o.unseen[id]: // it waits for somebody who knows that it is gone
			o.w.count("outcome: a key that another credential saw last")
			continue
		case !key.RemovedAt.IsZero() && !o.w.box.ShowDeletedAt, !live[id] && o.w.box.EmptyStatus != 0:
			o.w.count("outcome: a listing does not show that a key is gone")
			continue
		case !live[id]:
			wrong("does not work")
		case state.current.tainted:
			wrong("is tainted")
		case len(state.deposed) > 0:
			wrong("has deposed ones beside it")
		}
		asked := text(value, "name")
		if prefix, ok := conf.arguments["name_prefix"].(string); !slices.Contains(conf.ignore, "name") &&
			(ok && !strings.HasPrefix(asked, prefix) || !ok && asked != conf.arguments["name"]) {
			wrong("is called " + asked + " in the state")
		}
		want := o.w.granted(sandbox.Key{Name: asked, Scopes: conf.arguments["scopes"].([]string), CreatedAt: key.CreatedAt})
		// An imported key has the name that its listing shows, and some keys have another by hand.
		if o.incidents[id] == "" && o.adopted[id] == nil && key.Name != want.Name {
			wrong("has another name: " + key.Name)
		}
		if !slices.Equal(slices.Sorted(slices.Values(key.Scopes)), slices.Sorted(slices.Values(want.Scopes))) && o.adopted[id] == nil {
			wrong("has other scopes")
		}
		if conf.kind == processKind && key.ProcessID != conf.arguments["process_id"] {
			wrong("is another process's")
		}
		if o.w.box.ListOwn && key.Maker != t.own {
			continue // the state cannot know what no listing shows
		}
		for name, want := range map[string]string{
			"status": o.w.shown("status", key.Status), "organization_id": key.OrganizationID,
			"created_at": key.CreatedAt.Format(time.RFC3339),
		} {
			if got := text(value, name); got != want {
				wrong(name + " is " + want + " and the state says " + got)
			}
		}
		o.checkExpiry(t, address, conf, key, wrong)
		o.checkSecret(conf, key, value, wrong)
	}
}

func (o *oracle) checkExpiry(t *team, address string, conf *configuration, key sandbox.Key, wrong func(string)) {
	if fixed, ok := conf.arguments["expires_at"].(string); ok {
		at := must(time.Parse(time.RFC3339, fixed))
		want := o.w.granted(sandbox.Key{ExpiresAt: at, CreatedAt: key.CreatedAt})
		if o.incidents[key.ID] == "" && o.adopted[key.ID] == nil &&
			!want.ExpiresAt.Equal(key.ExpiresAt) {
			wrong("expires at another time: " + key.ExpiresAt.String())
		}
		return
	}
	if slices.Contains(conf.ignore, "expires_in") {
		return
	}
	window, lifetime := duration(conf.arguments["rotate_before_expiry"]), duration(conf.arguments["expires_in"])
	want := o.w.granted(sandbox.Key{CreatedAt: key.CreatedAt, ExpiresAt: key.CreatedAt.Add(lifetime)}).ExpiresAt
	if time.Since(key.CreatedAt) < 5*time.Minute && !o.hand[key.ID] && o.incidents[key.ID] == "" &&
		key.ExpiresAt.Sub(want).Abs() > 5*time.Minute && len(o.w.box.Granted) == 0 { // the clocks are minutes apart
		wrong("was made just now until " + key.ExpiresAt.String())
	}
	end := key.ExpiresAt
	if policy := key.CreatedAt.Add(lifetime); key.NeverExpires || key.ExpiresAt.Sub(policy) > day {
		end = policy
	}
	if due := end.Add(-window); !time.Now().Add(t.skew).Before(due) {
		wrong("was due at " + due.String())
	}
	o.working[t.name+address] = guarantee{key.ID, time.Now().Add(window)}
}

// checkSecret demands that the state holds the secret, and in no other way than it was asked for.
func (o *oracle) checkSecret(conf *configuration, key sandbox.Key, value tftypes.Value, wrong func(string)) {
	plain, encrypted := text(value, "key"), text(value, "encrypted_key")
	switch {
	case o.hand[key.ID]:
		if plain != "" || encrypted != "" {
			wrong("was imported and has a secret")
		}
	case conf.arguments["encrypt_to"] == nil:
		if plain != key.Secret {
			wrong("has another secret than the state")
		}
	default:
		opened, err := encryption.Decrypt(context.Background(), encrypted, []string{identity})
		if err != nil || opened != key.Secret || plain != "" {
			wrong("is not encrypted as it should be")
		}
	}
}

// duration reads what configurations are made of.
func duration(argument any) time.Duration {
	text, ok := argument.(string)
	if !ok {
		return 0
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		hours, _ := time.ParseDuration(days + "h")
		return 24 * hours
	}
	result, _ := time.ParseDuration(text)
	return result
}
