package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// answer is what a request gets: a body that is encoded as JSON, or none.
type answer struct {
	status int
	body   any
}

func (a answer) encode() []byte {
	if a.body == nil {
		return nil
	}
	if raw, ok := a.body.(json.RawMessage); ok {
		return raw // a fault's body, which need not be JSON
	}
	encoded, err := json.Marshal(a.body)
	if err != nil {
		panic(fmt.Sprintf("sandbox: %v", err))
	}
	return encoded
}

// route tells what kind of request it is, and the process or key it names.
func route(request *http.Request) (operation Operation, id string) {
	elements := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	is := func(method string, pattern ...string) bool {
		if request.Method != method || len(elements) != len(pattern) {
			return false
		}
		for i, element := range pattern {
			if element == "*" {
				id = elements[i]
			} else if element != elements[i] {
				return false
			}
		}
		return true
	}
	switch {
	case is(http.MethodPost, "api", "v0.4", "processes", "*", "api-keys"):
		return Create, id
	case is(http.MethodGet, "api", "v0.4", "processes", "*", "api-keys"):
		return List, id
	case is(http.MethodDelete, "api", "v0.4", "admin", "api-keys", "*"):
		return Revoke, id
	case is(http.MethodGet, "api", "v0.3", "processes"):
		return ListProcesses, ""
	default:
		return Other, ""
	}
}

// ServeHTTP implements [http.Handler].
func (s *Sandbox) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<20))
	if err != nil {
		return // the client went away
	}
	operation, id := route(request)
	s.mu.Lock()
	s.prepare()
	fault := s.takeFault(operation)
	entry := &Request{
		Time: s.Now(), Operation: operation, Method: request.Method, Path: request.URL.Path,
		Query: request.URL.Query(), UserAgent: request.UserAgent(), Fault: fault.Name,
	}
	s.journal = append(s.journal, entry)
	wait := s.Latency + fault.Delay
	writer.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	s.mu.Unlock()

	if wait > 0 && !sleep(request, wait) {
		return
	}
	if fault.ResetBefore {
		breakConnection(writer)
	}
	if fault.Late > 0 {
		time.AfterFunc(fault.Late, func() { s.work(request, operation, id, body, fault, entry) })
	}
	answer := answer{status: fault.Status}
	if fault.Status == 0 || fault.AfterWork {
		answer = s.work(request, operation, id, body, fault, entry)
	}
	fault.alterAnswer(&answer)
	s.mu.Lock()
	entry.Status = answer.status
	s.mu.Unlock()
	if fault.Then != nil {
		fault.Then(s)
	}
	fault.write(writer, request, answer)
}

func (s *Sandbox) work(request *http.Request, operation Operation, id string, body []byte, fault Fault, entry *Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refusal := s.authorize(request, id); refusal != nil {
		return *refusal
	}
	switch operation {
	case Create:
		return s.create(id, body, fault, entry)
	case List:
		return s.list(id, request, fault)
	case Revoke:
		return s.revoke(id, entry)
	case ListProcesses:
		return s.listProcesses(request)
	default:
		return s.problem(http.StatusNotFound, "Not found", "There is nothing at this path.")
	}
}

// authorize checks the credential: the one of the options may do everything, a key that was created here may
// do what its scopes say within its process.
func (s *Sandbox) authorize(request *http.Request, processID string) *answer {
	user, pass, ok := request.BasicAuth()
	credential := user + ":" + pass
	if ok && credential == s.Credential {
		return nil
	}
	for owner, keys := range s.keys {
		for _, key := range keys {
			if !ok || key.Secret != credential || !s.isLive(key) {
				continue
			}
			if owner == processID && slices.Contains(key.Scopes, "workspace.process.api_key:manage") {
				return nil
			}
			refusal := s.problem(http.StatusForbidden, "Forbidden", "This API key does not have the scope for this request.")
			return &refusal
		}
	}
	refusal := s.problem(http.StatusUnauthorized, "Unauthorized", "The API key is wrong or has expired.")
	return &refusal
}

func (s *Sandbox) create(processID string, body []byte, fault Fault, entry *Request) answer {
	wanted, complaints := parseCreation(body)
	entry.Name, entry.Scopes, entry.Expiry = wanted.name, wanted.scopes, wanted.expiry
	if len(complaints) > 0 {
		return s.invalid(complaints)
	}
	if !s.hasProcess(processID) {
		return s.noProcess()
	}
	key := Key{Name: wanted.name, Scopes: wanted.scopes, ExpiresAt: wanted.expiresAt}
	fault.alterGrant(&key)
	key = s.addKey(processID, key)
	entry.KeyID = key.ID
	fields := s.render(key)
	fields["key"] = key.Secret
	status := s.CreateStatus
	if status == 0 {
		status = http.StatusCreated
	}
	return answer{status: status, body: fields}
}

func (s *Sandbox) list(processID string, request *http.Request, fault Fault) answer {
	window, refusal := s.parseWindow(request)
	if refusal != nil {
		return *refusal
	}
	if !s.hasProcess(processID) {
		return s.noProcess()
	}
	keys := s.keys[processID]
	if s.HideExpired || s.HideInactive || s.NewestFirst != fault.Reverse {
		keys = slices.Clone(keys) // a large process would take long to list if every page did this
	}
	if s.HideExpired || s.HideInactive {
		keys = slices.DeleteFunc(keys, func(key Key) bool {
			return s.HideExpired && !s.Now().Before(key.ExpiresAt) || s.HideInactive && key.Status != StatusActive
		})
	}
	if s.NewestFirst != fault.Reverse {
		slices.Reverse(keys)
	}
	elements := []map[string]any{}
	for _, key := range cut(window, keys) {
		fields := s.render(key)
		switch s.ListedSecret {
		case SecretAbsent:
		case SecretNull:
			fields["key"] = nil
		case SecretMasked:
			fields["key"] = "********"
		}
		elements = append(elements, fields)
	}
	return s.page("apiKeys", elements, window, len(keys)+fault.AddToTotal)
}

func (s *Sandbox) revoke(id string, entry *Request) answer {
	known := false
	switch s.Revocation {
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
	status := s.RevokeStatus
	if status == 0 {
		status = http.StatusNoContent
	}
	return answer{status: status}
}

func (s *Sandbox) listProcesses(request *http.Request) answer {
	window, refusal := s.parseWindow(request)
	if refusal != nil {
		return *refusal
	}
	elements := []map[string]any{}
	for _, process := range cut(window, s.processes) {
		elements = append(elements, map[string]any{
			"id": process.ID, "name": process.Name, "typeId": process.TypeID, "typeName": process.TypeName,
			"status": process.Status, "version": "0.1", "lastUpdated": wireTime(process.UpdatedAt), "usage": nil,
			"orgId": defaultOrganization, "createdBy": "auth0|sandbox", "createdAt": wireTime(process.CreatedAt),
			"updatedAt": wireTime(process.UpdatedAt), "accesses": map[string]any{},
		})
	}
	return s.page("processes", elements, window, len(s.processes))
}

// render shows a key without its secret, its scopes in another order than they were sent.
func (s *Sandbox) render(key Key) map[string]any {
	scopes := slices.Clone(key.Scopes)
	slices.Reverse(scopes)
	return map[string]any{
		"id": key.ID, "name": key.Name, "orgId": key.OrganizationID, "scopes": scopes, "status": key.Status,
		"createdAt": wireTime(key.CreatedAt), "exp": wireTime(key.ExpiresAt), "processId": key.ProcessID,
	}
}

func wireTime(instant time.Time) string {
	return instant.UTC().Truncate(time.Second).Format(time.RFC3339)
}

func (s *Sandbox) page(field string, elements []map[string]any, window window, total int) answer {
	body := map[string]any{field: elements}
	if !s.OmitPagination {
		body["pagination"] = map[string]any{"offset": window.offset, "limit": window.limit, "total": total}
	}
	return answer{status: http.StatusOK, body: body}
}
