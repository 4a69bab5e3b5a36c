package simulation

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// configuration is a resource block.
type configuration struct {
	kind                string
	arguments           map[string]any
	createBeforeDestroy bool
	ignore              []string
	valid               bool // it was validated, which depends on nothing else
}

func (c *configuration) copy() *configuration {
	result := *c
	result.arguments = maps.Clone(c.arguments)
	return &result
}

// team is a configuration with its state, and the pipeline that applies it.
type team struct {
	name           string
	own            string // the credential that it should use
	credential     string // the one that it uses
	skew           time.Duration
	configurations map[string]*configuration
	states         map[string]*instance
	serial         int
	ephemeral      map[string]any // the arguments of a key for the length of a run, if the team has one
}

const ephemeralName = "ephemeral"

// The arguments that programs choose from. Names and dates are few, so that teams share them.
var (
	teamNames    = []string{"team-a", "team-b", "team-c"}
	names        = []string{"invoices", "export"} // or what they begin with
	lifetimes    = []string{"30d", "45d", "1080h", "200d"}
	windows      = []any{nil, "10d", "240h", "5d"}
	scopeSets    = [][]string{{"workspace.result:read"}, {"workspace.file:upload", "workspace.result:read"}}
	firstMorning = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// fixedDates are the dates that programs choose from, some in two spellings.
func fixedDates() (dates []any) {
	for _, days := range []int{60, 500, 800} {
		at := firstMorning.Add(time.Duration(days)*day + 8*time.Hour)
		dates = append(dates, at.Format(time.RFC3339), at.In(time.FixedZone("", 7200)).Format("2006-01-02T15:04:05.250Z07:00"))
	}
	return dates
}

func (w *world) makeTeams(r *rand.Rand) {
	for i, name := range teamNames[:2+r.IntN(2)] {
		t := &team{
			name: name, own: pick(r, sandbox.DefaultCredential, sandbox.DefaultCredential, sandbox.MemberCredential),
			skew:           time.Duration(i)*1700*time.Millisecond + pick(r, 0, 0, -3*time.Minute, 4*time.Minute),
			configurations: map[string]*configuration{}, states: map[string]*instance{},
		}
		t.credential = t.own
		if w.listed != nil && t.own == sandbox.DefaultCredential {
			t.ephemeral = map[string]any{"process_id": processIDs[i%2], "scopes": scopeSets[0], "revoke_on_close": true}
			t.ephemeral[map[bool]string{false: "name", true: "name_prefix"}[w.refuses()]] = ephemeralName
		}
		for _, address := range []string{"a", "b", "c"}[:1+r.IntN(3)] {
			t.add(r, address)
		}
		w.teams = append(w.teams, t)
	}
}

// add writes another resource block.
func (t *team) add(r *rand.Rand, name string) {
	c := t.newConfiguration(r)
	if address := map[string]string{processKind: "key.", orgKind: "org."}[c.kind] + name; t.configurations[address] == nil {
		t.configurations[address] = c
	}
}

func (t *team) newConfiguration(r *rand.Rand) *configuration {
	c := &configuration{kind: processKind, createBeforeDestroy: r.IntN(2) == 0, arguments: map[string]any{
		"scopes": pick(r, scopeSets...), "revoke_on_destroy": pick[any](r, nil, true, true, false),
	}}
	c.arguments[pick(r, "name", "name_prefix")] = pick(r, names...)
	if t.own == sandbox.DefaultCredential && r.IntN(4) == 0 {
		c.kind = orgKind
	} else {
		c.arguments["process_id"] = pick(r, processIDs...)
	}
	if r.IntN(4) == 0 {
		c.arguments["expires_at"] = pick(r, fixedDates()...)
	} else {
		c.arguments["expires_in"] = pick(r, lifetimes...)
		c.arguments["rotate_before_expiry"] = pick(r, windows...)
	}
	if r.IntN(4) == 0 {
		c.arguments["encrypt_to"] = []string{recipient}
	}
	return c
}

// untilDue is how long it takes until some key of the team is due, or an hour if that is too long to wait.
func (t *team) untilDue() time.Duration {
	for _, o := range t.objects() {
		at, err := time.Parse(time.RFC3339, text(o.value, "rotates_at"))
		if wait := time.Until(at) + time.Hour; err == nil && wait > time.Hour && wait < 40*day {
			return wait
		}
	}
	return time.Hour
}

// inPlace are the arguments whose change keeps the key.
var inPlace = []string{"expires_in", "rotate_before_expiry", "revoke_on_destroy"}

// edits are what programs change in a configuration: those of both kinds of keys, then those of process keys.
var edits = []string{
	"name", "scopes", "expiry", "expires_in", "rotate_before_expiry", "rotation_triggers", "revoke_on_destroy", "encrypt_to",
	"create_before_destroy", "ignore_changes", "process_id", "allow_undocumented_scopes",
}

// edit changes one argument, of all or of the given ones.
func (w *world) edit(r *rand.Rand, c *configuration, among ...string) {
	if len(among) == 0 {
		if among = edits; c.kind != processKind {
			among = edits[:len(edits)-2]
		}
	}
	what := pick(r, among...)
	a := c.arguments
	switch what {
	case "name":
		a["name"], a["name_prefix"] = nil, nil
		a[pick(r, "name", "name_prefix")] = pick(r, names...)
	case "scopes":
		a[what] = pick(r, scopeSets...)
	case "process_id":
		a[what] = pick(r, processIDs...)
	case "rotation_triggers":
		a[what] = pick[any](r, nil, map[string]string{"v": "1"}, map[string]string{"v": "2"})
	case "encrypt_to":
		a[what] = pick[any](r, nil, []string{recipient})
	case "revoke_on_destroy", "allow_undocumented_scopes":
		a[what] = pick[any](r, nil, true, false)
	case "expiry": // of the other kind
		if a["expires_in"] == nil {
			a["expires_at"], a["expires_in"] = nil, pick(r, lifetimes...)
		} else {
			a["expires_at"], a["expires_in"], a["rotate_before_expiry"] = pick(r, fixedDates()...), nil, nil
		}
	case "expires_in":
		if a["expires_in"] != nil {
			a["expires_in"] = pick(r, lifetimes...)
		} else {
			a["expires_at"] = pick(r, fixedDates()...)
		}
	case "rotate_before_expiry":
		if a["expires_in"] != nil {
			a["rotate_before_expiry"] = pick(r, windows...)
		}
	case "create_before_destroy":
		c.createBeforeDestroy = !c.createBeforeDestroy
	case "ignore_changes":
		c.ignore = pick(r, nil, nil, []string{"name"}, []string{"expires_in"}, []string{"rotation_triggers"}, []string{"all"})
	}
	c.valid = false
	w.count("edit: " + what)
	w.note("  %s is edited: %s %v", what, strings.ReplaceAll(fmt.Sprint(a), recipient, "a recipient"), c.ignore)
}

// step is a part of the history that stands by itself: time passes, something happens under some weather, the weather
// clears, and mostly everybody applies once more in peace.
func (w *world) step(number int) {
	r := random(w.seed, number)
	time.Sleep(pick(r, 10*time.Minute, time.Hour, day, day, 3*day, 7*day, 12*day) + time.Duration(r.IntN(3600_000))*time.Millisecond)
	w.oracle.guarantees()
	t := pick(r, w.teams...)
	foul := w.weather(r, t)
	// Where the service says that there is nothing, nobody can tell what was there before the first creation.
	w.oracle.findable = len(foul) == 1 && foul[0] == weathers[0].name && !w.slow && w.box.EmptyStatus == 0
	w.oracle.foul = len(foul) > 0
	w.note("step %d: %s", number, strings.Join(foul, "; "))
	segment := len(w.history)
	w.operate(r, t)
	if r.IntN(3) == 0 {
		w.count("action: a second apply at once")
		w.run(r, t, planOptions{}, true)
	}
	w.clear()
	time.Sleep(time.Minute) // what is done late is done now
	w.mu.Lock()
	slices.Sort(w.history[segment:]) // of what is said at one moment the order does not matter
	w.mu.Unlock()
	w.oracle.check()
	if w.failed() || r.IntN(3) == 0 {
		return
	}
	time.Sleep(6 * time.Minute) // nothing is young any more
	everybody := r.IntN(3) == 0
	for _, other := range w.teams {
		if other == t || everybody {
			w.settle(other)
		}
	}
}

// weather draws what goes wrong in a step, and says it.
func (w *world) weather(r *rand.Rand, t *team) (foul []string) {
	add := func(name string) {
		foul = append(foul, name)
		w.count("weather: " + name)
	}
	if w.seed%8 == 0 {
		return nil // a world with fair weather only
	}
	w.busy, w.slow = r.IntN(4) == 0, false
	var late time.Duration
	if r.IntN(2) == 0 {
		weather := pick(r, weathers...)
		if r.IntN(3) == 0 { // what creations meet matters most
			weather = pick(r, weathers[:5]...)
		}
		if weather.name == existingAnswered && w.box.ListOwn {
			weather = weathers[0] // nobody can tell a new key from one that no listing shows
		}
		fault := weather.make(r)
		fault.Name, late = weather.name, fault.Late
		w.slow = late > 9*time.Second
		if name, skips := pick(r, "by hand", names[0]), weather.name == pageSkips; skips || weather.name == pagesShift {
			fault.Then = func(box *sandbox.Sandbox) {
				for _, owner := range processIDs {
					if keys := box.Keys(owner); skips && len(keys) > 0 && w.oracle.hand[keys[0].ID] && w.oracle.adopted[keys[0].ID] == nil {
						box.RemoveKey(keys[0].ID) // the total stays
					}
					w.oracle.byHand(box.AddKey(owner, sandbox.Key{
						Name: name, Scopes: []string{"workspace.result:read"}, ExpiresAt: time.Now().Add(3 * 365 * day),
					}))
				}
			}
		}
		switch fault.Operation {
		case sandbox.Create, sandbox.Revoke:
			w.busy = true
			fault.Skip = max(0, r.IntN(4)-2)
		default:
			fault.Skip += r.IntN(3)
		}
		w.box.Inject(fault)
		w.paced = fault.Status == 429 || fault.Status == 503
		foul = append(foul, fault.Name)
	}
	switch r.IntN(16) {
	case 0, 1:
		lags := pick(r, []time.Duration{3 * time.Second}, []time.Duration{8 * time.Second}, []time.Duration{0, 7 * time.Second},
			[]time.Duration{2 * time.Second, 9 * time.Second, 0})
		if len(foul) == 0 && r.IntN(2) == 0 { // longer than anybody waits for what a failure left
			lags = []time.Duration{time.Minute}
		}
		if late > 0 {
			break // what is done late and listed late takes longer to show than anybody waits
		}
		w.box.Update(func(o *sandbox.Options) { o.Lags = lags })
		add("listings lag")
	case 2:
		status := pick(r, 403, 404, 200)
		w.oracle.hide(t.own, pick(r, processIDs...), status)
		add(fmt.Sprintf("a process hidden with %d", status))
	case 3:
		id := pick(r, processIDs...)
		for _, credential := range []string{sandbox.DefaultCredential, sandbox.MemberCredential} {
			w.oracle.hide(credential, id, 404)
		}
		add("a process gone")
	case 4:
		t.credential = pick(r, "wrong:wrong-password", sandbox.MemberCredential)
		add("a wrong credential")
	case 5:
		t.credential = sandbox.MemberCredential
		for _, id := range processIDs {
			w.oracle.hide(t.credential, id, 200)
		}
		add("another credential that sees nothing")
	case 6:
		rate := pick(r, 0.5, 2, 5)
		w.paced = true
		w.box.Update(func(o *sandbox.Options) { o.Rate, o.Burst, o.RateHints = rate, 2, rate < 1 })
		add("a rate limit")
	case 7, 8, 9:
		if id := w.oracle.anyManaged(r, t); id != "" {
			what := pick(r, "removed", "disabled", "given an unknown status")
			switch what {
			case "removed":
				w.box.RemoveKey(id)
			case "disabled":
				w.box.SetStatus(id, pick(r, "Disabled", "REVOKED", "inactive"))
			case "given an unknown status":
				w.box.SetStatus(id, pick(r, "Pending", "Enabled"))
			}
			w.oracle.incidents[id] = what
			add("a key " + what + " by hand")
		}
	}
	return foul
}

// clear ends the weather.
func (w *world) clear() {
	w.paced = false
	w.box.ClearFaults()
	w.box.Update(func(o *sandbox.Options) { o.Lags, o.Rate = nil, 0 })
	w.oracle.show()
	for _, t := range w.teams {
		t.credential = t.own
	}
}

// operate lets the team do something.
func (w *world) operate(r *rand.Rand, t *team) {
	options := planOptions{noRefresh: r.IntN(12) == 0}
	addresses := slices.Sorted(maps.Keys(t.configurations))
	if w.busy && len(addresses) > 0 { // much is made and removed
		options.replace = []string{pick(r, addresses...)}
		if r.IntN(2) == 0 {
			options.replace = addresses
		}
	}
	switch choice := r.IntN(20); {
	case choice < 6 && len(addresses) > 0:
		w.edit(r, t.configurations[pick(r, addresses...)])
		w.run(r, t, options, true)
	case choice == 6 && len(addresses) < 3:
		t.add(r, pick(r, "a", "b", "c"))
		w.run(r, t, options, true)
	case choice == 7 && len(addresses) > 1:
		delete(t.configurations, pick(r, addresses...))
		w.run(r, t, options, true)
	case choice == 8:
		options.destroy = true
		w.run(r, t, options, true)
	case choice == 9 && len(addresses) > 0:
		options.replace = []string{pick(r, addresses...)}
		w.run(r, t, options, true)
	case choice == 10:
		w.run(r, t, options, false)
	case choice <= 12:
		if r.IntN(3) > 0 && len(addresses) > 0 {
			w.edit(r, t.configurations[pick(r, addresses...)], inPlace...)
		}
		saved := w.run(r, t, options, false)
		time.Sleep(pick(r, time.Hour, 2*day, 11*day, t.untilDue(), t.untilDue()))
		w.applySaved(r, t, saved)
	case choice <= 14:
		other := w.teams[(slices.Index(w.teams, t)+1)%len(w.teams)]
		first, second := rand.New(rand.NewPCG(r.Uint64(), 1)), rand.New(rand.NewPCG(r.Uint64(), 2))
		later := seconds(r, 3)
		w.count("action: two teams at once")
		if r.IntN(2) == 0 {
			w.count("action: two teams ask for equal keys")
			twin := t.newConfiguration(r)
			twin.kind = processKind
			maps.Copy(twin.arguments, map[string]any{
				"name": names[0], "name_prefix": nil, "process_id": pick(r, processIDs...), "revoke_on_destroy": true,
				"expires_at": pick(r, fixedDates()[2:]...), "expires_in": nil, "rotate_before_expiry": nil,
			})
			t.configurations["twin"], other.configurations["twin"] = twin, twin.copy()
		}
		var group sync.WaitGroup
		group.Go(func() { w.run(first, t, options, true) })
		group.Go(func() { time.Sleep(later); w.run(second, other, planOptions{}, true) })
		group.Wait()
	case choice == 15:
		w.adopt(r, t)
	default:
		w.run(r, t, options, true)
	}
}

// run plans, and applies what was planned.
func (w *world) run(r *rand.Rand, t *team, options planOptions, apply bool) *plan {
	run := w.start(t)
	defer func() { run.end() }()
	run.parallel = r.IntN(3) == 0 && !w.paced
	accident, at := r.IntN(8), 1+r.IntN(6)
	p := run.plan(options)
	w.outcome(run, "plan", p.describe(), p.failed)
	if p.failed || !apply {
		return p
	}
	time.Sleep(seconds(r, 20))
	if w.seed%8 != 0 && w.jitter(7) == 0 {
		t.skew = w.jitter(8*time.Minute) - 4*time.Minute
		w.count("weather: a clock set anew between plan and apply")
	}
	parallel := run.parallel
	run.end()
	run = w.start(t)
	run.parallel = parallel
	if w.seed%8 != 0 {
		switch accident {
		case 0:
			run.interruptAt = at
		case 1:
			run.killAt = at
		}
	}
	ok := run.apply(p)
	w.outcome(run, "apply", "", !ok)
	return p
}

// applySaved applies a saved plan, if Terraform would: not to a state that has changed since.
func (w *world) applySaved(r *rand.Rand, t *team, p *plan) {
	if p.failed || p.serial != t.serial {
		return
	}
	run := w.start(t)
	defer run.end()
	run.parallel = r.IntN(3) == 0 && !w.paced
	ok := run.apply(p)
	w.count("action: saved plan applied")
	w.outcome(run, "apply of the saved plan", "", !ok)
}

// adopt imports a key that somebody made by hand.
func (w *world) adopt(r *rand.Rand, t *team) {
	c := t.newConfiguration(r)
	c.kind, c.arguments["process_id"] = processKind, pick(r, processIDs...)
	owner := c.arguments["process_id"].(string)
	if t.configurations["imported"] != nil || t.states["imported"] != nil {
		return
	}
	name, _ := c.arguments["name"].(string) // with a prefix any name will do that begins with it
	if prefix, ok := c.arguments["name_prefix"].(string); ok {
		name = prefix + "by hand"
	}
	key := w.box.AddKey(owner, sandbox.Key{
		Name: name, Scopes: c.arguments["scopes"].([]string), ExpiresAt: time.Now().Add(pick(r, 40*day, 5*365*day)),
	})
	w.oracle.byHand(key)
	if c.arguments["expires_in"] == nil {
		c.arguments["expires_at"] = key.ExpiresAt.Format(time.RFC3339)
	}
	t.configurations["imported"] = c
	run := w.start(t)
	defer run.end()
	ok := run.adopt("imported", c.kind, owner+"/"+key.ID)
	if w.count("action: import"); ok {
		w.oracle.adopted[key.ID] = t
	} else {
		delete(t.configurations, "imported")
	}
	w.outcome(run, "import", "", !ok)
}

func (w *world) outcome(r *run, what, detail string, failed bool) {
	word := "done"
	if failed {
		word = "failed"
	}
	w.count("outcome: " + what + " " + word)
	w.note("  %s: %s %s %s", r.team.name, what, word, detail)
}

func (p *plan) describe() string {
	var texts []string
	for _, c := range p.changes {
		texts = append(texts, c.address+": "+strings.TrimSpace(c.action+" "+strings.Join(c.reasons, ", ")))
	}
	return strings.Join(texts, "; ")
}
