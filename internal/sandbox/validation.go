package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// creation is a request for a key, as far as it could be read.
type creation struct {
	name, expiry string
	expiresAt    time.Time
	scopes       []string
}

// complaint is one reason to refuse a request's body, in the words and the form of the service.
type complaint struct {
	Location string `json:"location"`
	Message  string `json:"message"`
	Type     string `json:"type"`
}

var scopeForm = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)+:[a-z_]+$`)

func parseCreation(body []byte) (wanted creation, complaints []complaint) {
	complain := func(field, message string) {
		complaints = append(complaints, complaint{"body: " + field, message, "request_validation_error"})
	}
	var fields struct {
		Name   json.RawMessage `json:"name"`
		Exp    json.RawMessage `json:"exp"`
		Scopes json.RawMessage `json:"scopes"`
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		return wanted, []complaint{{"body", "value is not a valid dict", "request_validation_error"}}
	}
	read := func(name string, raw json.RawMessage, target any, message string) bool {
		if raw == nil || string(raw) == "null" {
			complain(name, "field required")
			return false
		}
		if json.Unmarshal(raw, target) != nil {
			complain(name, message)
			return false
		}
		return true
	}
	if read("name", fields.Name, &wanted.name, "str type expected") && strings.TrimSpace(wanted.name) == "" {
		complain("name", "ensure this value has at least 1 characters")
	}
	if read("exp", fields.Exp, &wanted.expiry, "invalid datetime format") {
		var err error
		if wanted.expiresAt, err = time.Parse(time.RFC3339, wanted.expiry); err != nil {
			complain("exp", "invalid datetime format")
		}
	}
	if read("scopes", fields.Scopes, &wanted.scopes, "value is not a valid list") {
		if len(wanted.scopes) == 0 {
			complain("scopes", "ensure this value has at least 1 items")
		}
		for _, scope := range wanted.scopes {
			if !scopeForm.MatchString(scope) {
				complain("scopes", "value is not a valid scope: "+scope)
			}
		}
	}
	return wanted, complaints
}

func parseWindow(req *http.Request, options Options) (offset, limit int, refusal *answer) {
	maximum := cmp.Or(options.MaxLimit, defaultMaxLimit)
	limit = maximum
	for name, target := range map[string]*int{"offset": &offset, "limit": &limit} {
		text := req.URL.Query().Get(name)
		if text == "" {
			continue
		}
		number, err := strconv.Atoi(text)
		if err != nil {
			return 0, 0, notValid("query", name, "value is not a valid integer", "type_error.integer")
		}
		if number < 0 {
			return 0, 0, notValid("query", name, "ensure this value is greater than or equal to 0", "value_error.number.not_ge")
		}
		*target = number
		switch ceiling := options.LimitCeiling; {
		case name != "limit" || ceiling == 0 || number <= ceiling:
		case options.LimitStatus != 0:
			return 0, 0, refuse(options.LimitStatus, "The limit must not be larger than %d.", ceiling)
		default:
			message := fmt.Sprintf("ensure this value is less than or equal to %d", ceiling)
			return 0, 0, notValid("query", name, message, "value_error.number.not_le")
		}
	}
	return offset, min(limit, maximum), nil
}

// limit refuses a request that comes too fast; nil means that it may be worked on.
func (s *Sandbox) limit(header http.Header) *answer {
	if s.Rate <= 0 {
		return nil
	}
	now := time.Now() //nolint:forbidigo // a rate is about real seconds
	s.tokens = min(float64(max(s.Burst, 1)), s.tokens+now.Sub(s.refilled).Seconds()*s.Rate)
	s.refilled = now
	if s.tokens >= 1 {
		s.tokens--
		return nil
	}
	if s.RateHints {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil((1-s.tokens)/s.Rate))))
	}
	return s.problem(http.StatusTooManyRequests, "Too many requests", "The rate of requests is limited.")
}

// problem is the first documented shape of an error.
func (s *Sandbox) problem(status int, title, detail string) *answer {
	if s.LoneDetail {
		return refuse(status, "%s", detail)
	}
	return &answer{status: status, body: map[string]any{
		"action": "The client should not repeat this request without modification.",
		"detail": detail, "errors": []complaint{}, "instance": s.randomHex(16), "status": status,
		"timestamp": wireTime(s.clock()), "title": title, "type": "ClientError",
	}}
}

func (s *Sandbox) invalid(complaints []complaint) *answer {
	if s.LoneDetail {
		_, field, _ := strings.Cut(complaints[0].Location, ": ")
		return notValid("body", field, complaints[0].Message, "value_error")
	}
	result := s.problem(http.StatusBadRequest, "The server cannot process the request due to a client error.",
		"Please see the 'errors' field for details.")
	fields := result.body.(map[string]any) //nolint:forcetypeassert // problem made it
	fields["errors"], fields["type"] = complaints, "RequestValidationError"
	return result
}

// notValid is the second documented shape of an error.
func notValid(part, name, message, kind string) *answer {
	return &answer{status: http.StatusUnprocessableEntity, body: map[string]any{
		"detail": []map[string]any{{"loc": []string{part, name}, "msg": message, "type": kind}},
	}}
}

func (s *Sandbox) forbidden() *answer {
	return s.problem(http.StatusForbidden, "Forbidden", "This API key may not do this.")
}

func (s *Sandbox) noProcess() *answer {
	return s.problem(http.StatusNotFound, "Not found", "No process has this id.")
}
