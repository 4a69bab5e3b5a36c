package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// answer is what a request gets: a body that is encoded as JSON, or none.
type answer struct {
	status int
	body   any
}

func (a *answer) encode() []byte {
	if a.body == nil || a.status == http.StatusNoContent {
		return nil
	}
	encoded, err := json.Marshal(a.body)
	if err != nil {
		panic(fmt.Sprintf("sandbox: %v", err))
	}
	return encoded
}

// route says what kind of request it is, and the owner of keys or the key that it names.
func route(req *http.Request) (operation Operation, id string) {
	address := strings.Trim(req.URL.Path, "/")
	elements := strings.Split(address, "/")
	is := func(method, pattern string) bool {
		matches, _ := path.Match(pattern, address)
		return matches && req.Method == method
	}
	switch {
	case is(http.MethodPost, "api/v0.4/processes/*/api-keys"):
		return Create, elements[3]
	case is(http.MethodGet, "api/v0.4/processes/*/api-keys"):
		return List, elements[3]
	case is(http.MethodPost, "api/v0.4/admin/api-keys"):
		return Create, Organization
	case is(http.MethodGet, "api/v0.4/admin/api-keys"):
		return List, Organization
	case is(http.MethodDelete, "api/v0.4/admin/api-keys/*"):
		return Revoke, elements[4]
	case is(http.MethodGet, "api/v0.3/processes"):
		return ListProcesses, ""
	default:
		return Other, ""
	}
}

// ServeHTTP implements [http.Handler].
func (s *Sandbox) ServeHTTP(writer http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	if err != nil {
		return // the client went away
	}
	operation, id := route(req)
	s.lock()
	fault := s.nextFault(operation, id)
	entry := &Request{
		Time: s.clock(), Operation: operation, Method: req.Method, Path: req.URL.Path,
		Query: req.URL.Query(), UserAgent: req.UserAgent(), Fault: fault.Name,
	}
	s.journal = append(s.journal, entry)
	wait := s.Latency + fault.Delay
	writer.Header().Set("Date", s.clock().UTC().Format(http.TimeFormat))
	refusal := s.limit(writer.Header())
	s.mu.Unlock()

	if wait > 0 && !sleep(req, wait) {
		return
	}
	if fault.ResetBefore {
		breakConnection(writer)
	}
	if fault.Late > 0 && refusal == nil {
		time.AfterFunc(fault.Late, func() { s.work(req, operation, id, body, fault, entry) })
	}
	result := refusal
	if refusal == nil && (fault.Status == 0 || fault.AfterWork) {
		result = s.work(req, operation, id, body, fault, entry)
	}
	if refusal == nil && fault.Status != 0 {
		result = &answer{status: fault.Status}
	}
	s.mu.Lock()
	entry.Status = result.status
	s.mu.Unlock()
	if fault.Then != nil {
		fault.Then(s)
	}
	fault.write(writer, req, result)
}

func (s *Sandbox) work(req *http.Request, operation Operation, id string, body []byte, fault Fault, entry *Request) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, pass, _ := req.BasicAuth()
	credential := user + ":" + pass
	bearer, owner := s.bearer(credential)
	entry.By = bearer.ID
	if refusal := s.authorize(credential, bearer, owner, operation, id); refusal != nil {
		return refusal
	}
	owner = id
	if operation == Revoke {
		var i int
		if owner, i = s.find(id); i >= 0 {
			id = s.keys[owner][i].ID // however it was written
		}
	}
	hiding := s.hidden[access{credential, owner}]
	switch {
	case hiding == http.StatusForbidden, hiding == http.StatusOK && operation == Create:
		return s.forbidden()
	case hiding == http.StatusNotFound:
		return s.noProcess()
	}
	byOther := credential == OtherCredential
	if byOther && operation != Revoke {
		owner = OfOther(id)
	}
	switch operation {
	case Create:
		return s.create(owner, credential, body, fault, entry)
	case List:
		return s.list(owner, credential, req, fault.over(s.Options), hiding != 0)
	case Revoke:
		return s.revoke(id, owner, byOther, entry)
	case ListProcesses:
		return s.listProcesses(req, credential)
	default:
		if s.LoneDetail {
			return refuse(http.StatusNotFound, "Not Found")
		}
		return s.problem(http.StatusNotFound, "Not found", "There is nothing at this path.")
	}
}

// What the sandbox demands of a key that was created here. The service documents the first, and that only an
// organization admin may manage the organization's keys.
const (
	scopeManageProcessKeys = "workspace.process.api_key:manage"
	scopeManageKeys        = "workspace.admin.api_key:manage"
	scopeReadProcesses     = "workspace.process:read"
)

// bearer is the key whose secret a credential is, with its owner; none for a credential of the options.
func (s *Sandbox) bearer(credential string) (bearer Key, owner string) {
	for owner, keys := range s.keys {
		for _, key := range keys {
			if key.Secret == credential {
				return key, owner
			}
		}
	}
	return Key{}, ""
}

// authorize checks the credential: those of the options are a person's, a key that was created here may do what its
// scopes say, a process's key within its process.
func (s *Sandbox) authorize(credential string, bearer Key, owner string, operation Operation, id string) *answer {
	adminOnly := operation == Revoke || id == Organization
	needed := scopeManageProcessKeys
	switch {
	case adminOnly:
		needed = scopeManageKeys
	case operation == ListProcesses:
		needed = scopeReadProcesses
	}
	isAdmin := credential == s.Credential || credential == OtherCredential
	known := isAdmin || credential == MemberCredential
	permitted := isAdmin || !adminOnly
	if bearer.ID != "" && s.isLive(bearer) && !s.elapsed().Before(bearer.accepted) {
		known = true
		permitted = (owner == Organization || owner == id) && slices.Contains(bearer.Scopes, needed)
	}
	switch {
	case !known:
		return s.problem(http.StatusUnauthorized, "Unauthorized", "The API key is wrong or has expired.")
	case !permitted:
		return s.forbidden()
	default:
		return nil
	}
}

func (s *Sandbox) create(owner, credential string, body []byte, fault Fault, entry *Request) *answer {
	wanted, complaints := parseCreation(body)
	entry.Name, entry.Scopes, entry.Expiry = wanted.name, wanted.scopes, wanted.expiry
	if len(complaints) > 0 {
		return s.invalid(complaints)
	}
	if !s.hasOwner(owner) {
		return s.noProcess()
	}
	key := Key{
		Name: wanted.name, Scopes: slices.Clone(wanted.scopes), CreatedAt: s.clock(), ExpiresAt: wanted.expiresAt, Maker: credential,
		accepted: s.elapsed().Add(s.Activation),
	}
	for _, change := range append(slices.Clip(s.Granted), fault.AlterGranted) {
		if change != nil {
			change(&key)
		}
	}
	existing, refusal := s.admit(owner, key.Name)
	if refusal != nil {
		return refusal
	}
	if shown := s.shown(s.keys[owner], s.Options); fault.AnswerExisting && len(shown) > 0 {
		existing = &shown[0]
	}
	if existing == nil {
		key = s.addKey(owner, key)
		entry.KeyID = key.ID
	} else {
		if s.RenewExisting {
			existing.Secret = s.newSecret()
		}
		key = *existing
	}
	fields := s.render(key)
	fields["key"] = key.Secret
	for _, change := range append(slices.Clip(s.Created), fault.AlterCreated) {
		if change != nil {
			change(fields)
		}
	}
	return &answer{status: cmp.Or(s.CreateStatus, http.StatusCreated), body: fields}
}

// shown are the keys that listings do not hide. Where nothing is hidden there is no copy, which would make every page of a
// large process take long.
func (s *Sandbox) shown(keys []Key, options Options) []Key {
	if !options.HideExpired && !options.HideInactive {
		return keys
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key Key) bool {
		return options.HideExpired && key.IsOver(s.clock()) || options.HideInactive && key.Status != StatusActive
	})
}

// list answers a listing of keys under the given options, with nothing to see if the keys are hidden.
func (s *Sandbox) list(owner, credential string, req *http.Request, options Options, hidden bool) *answer {
	if !s.hasOwner(owner) {
		return s.noProcess()
	}
	keys := s.indexed(owner)
	if strings.HasSuffix(owner, Organization) {
		keys = append(slices.Clip(keys), ownKey(owner))
	}
	if hidden {
		keys = nil
	}
	keys = s.shown(keys, options)
	if options.ListOwn {
		keys = slices.DeleteFunc(slices.Clone(keys), func(key Key) bool { return key.Maker != credential })
	}
	if len(keys) == 0 && options.EmptyStatus != 0 {
		return refuse(options.EmptyStatus, "There are no API keys.")
	}
	if options.NewestFirst {
		keys = slices.Clone(keys)
		slices.Reverse(keys)
	}
	return listing(s, req, options, "apiKeys", keys, func(key Key) map[string]any {
		fields := s.render(key)
		for _, change := range append(slices.Clip(options.Listed), options.AlterListed) {
			if change != nil {
				change(fields)
			}
		}
		return fields
	})
}

// listing answers with the part of all elements that a request asks for.
func listing[T any](
	s *Sandbox, req *http.Request, options Options, field string, all []T, render func(T) map[string]any,
) *answer {
	offset, limit, refusal := parseWindow(req, options)
	isBeyond := offset > 0 && offset >= len(all)
	switch {
	case refusal != nil:
		return refusal
	case isBeyond && options.EndStatus == http.StatusUnprocessableEntity:
		return notValid("query", "offset", "ensure this value is less than the total", "value_error.number.not_lt")
	case isBeyond && options.EndStatus != 0:
		return s.problem(options.EndStatus, "Out of range", "The offset is at the end of the list.")
	}
	part := all
	if !options.IgnoreOffset {
		part = part[min(offset, len(part)):]
	}
	if !options.IgnoreLimit {
		part = part[:min(limit, len(part))]
	}
	elements := make([]map[string]any, len(part))
	for i, element := range part {
		elements[i] = render(element)
	}
	pagination := map[string]any{"offset": offset, "limit": limit, "total": len(all) + options.addToTotal}
	if options.CountPage {
		pagination["total"] = len(part)
	}
	if options.TotalOnFirstPage && offset > 0 {
		delete(pagination, "total")
	}
	body := map[string]any{field: elements, "pagination": pagination}
	if options.OmitPagination {
		delete(body, "pagination")
	}
	if options.OmitEmpty && len(all) == 0 {
		delete(body, field)
	}
	return &answer{status: http.StatusOK, body: body}
}

// ownKey is the key of the admin who lists the organization's keys: the credential is one of them. Nobody can change it,
// and [Sandbox.Keys] does not return it.
func ownKey(owner string) Key {
	return Key{
		ID: strings.Repeat("0", 32), Name: "administration", OrganizationID: organizationOf(owner), Status: StatusActive,
		Scopes:    []string{scopeManageKeys, scopeManageProcessKeys, scopeReadProcesses},
		CreatedAt: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func (s *Sandbox) revoke(id, owner string, byOther bool, entry *Request) *answer {
	how := s.Revocation
	if strings.HasSuffix(owner, Organization) {
		how = s.OrganizationRevocation
	}
	if strings.HasPrefix(owner, otherPrefix) != byOther {
		how = RevocationUnknown
	}
	known := false
	switch how {
	case RevocationRemoves:
		known = s.edit(id, nil)
	case RevocationDisables:
		known = s.edit(id, func(key *Key) { key.Status = "Revoked" })
	case RevocationDoesNothing:
		known = s.edit(id, func(*Key) {})
	case RevocationUnknown:
	}
	if !known {
		return s.problem(http.StatusNotFound, "Not found", "No API key has this id.")
	}
	entry.KeyID = id
	return &answer{status: cmp.Or(s.RevokeStatus, http.StatusNoContent)}
}

func (s *Sandbox) listProcesses(req *http.Request, credential string) *answer {
	processes := slices.DeleteFunc(slices.Clone(s.processes), func(process Process) bool {
		return s.hidden[access{credential, process.ID}] != 0
	})
	return listing(s, req, s.Options, "processes", processes, func(process Process) map[string]any {
		return map[string]any{
			"id": process.ID, "name": process.Name, "typeId": process.TypeID, "typeName": process.TypeName,
			"status": process.Status, "version": "0.1", "lastUpdated": wireTime(process.UpdatedAt), "usage": nil,
			"orgId": process.OrganizationID, "createdBy": "auth0|sandbox", "createdAt": wireTime(process.CreatedAt),
			"updatedAt": wireTime(process.UpdatedAt), "accesses": map[string]any{},
		}
	})
}

// render shows a key without its secret, its scopes in another order than they were sent.
func (s *Sandbox) render(key Key) map[string]any {
	scopes := slices.Clone(key.Scopes)
	slices.Reverse(scopes)
	fields := map[string]any{
		"id": key.ID, "name": key.Name, "orgId": key.OrganizationID, "scopes": scopes, "status": key.Status,
		"createdAt": wireTime(key.CreatedAt), "exp": wireTime(key.ExpiresAt),
	}
	if key.NeverExpires {
		fields["exp"] = nil
		if s.ShowNoExpiry != nil {
			s.ShowNoExpiry(fields)
		}
	}
	if s.NumericIDs && json.Valid([]byte(key.ID)) { // the administrator's key is older than the rule
		fields["id"] = json.Number(key.ID)
	}
	if s.ShowDeletedAt && !key.RemovedAt.IsZero() {
		fields["deletedAt"] = wireTime(key.RemovedAt)
	}
	if key.ProcessID != "" {
		fields["processId"] = key.ProcessID
	}
	return fields
}

func wireTime(instant time.Time) string {
	return instant.UTC().Truncate(time.Second).Format(time.RFC3339)
}
