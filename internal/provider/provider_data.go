package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"
	"golang.org/x/net/http/httpproxy"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

const (
	apiKeyVariable            = "ALPHAMOON_API_KEY"
	baseURLVariable           = "ALPHAMOON_BASE_URL"
	requestsPerSecondVariable = "ALPHAMOON_REQUESTS_PER_SECOND"
)

// providerData is what a configured provider hands to its resources and data sources.
type providerData struct {
	now func() time.Time
	// client is nil if there is no API key, or if an argument of the provider is unknown.
	client *alphamoon.Client
	// baseURL is where the client sends its requests.
	baseURL string
	// credentialHash recognizes the client's credential, see [keyNotes].
	credentialHash func() []byte
	// unknown names the arguments that were not known when the provider was configured.
	unknown []string
	// clientMissed is set when the reason why there is no client was told, and unreadWarning when a refresh was skipped.
	clientMissed, unreadWarning sync.Once
	// importWarning is given once, however many keys are imported.
	importWarning sync.Once
	// warnedProcesses are the processes that the credential cannot see and that were warned of.
	warnedProcesses sync.Map
	// reported are the failures that a caller was told of, by their text.
	reported sync.Map
	// longWait is how long requests may wait for a rate limit before the run is told of it, once.
	longWait       time.Duration
	toldOfLongWait atomic.Bool
	// run is what the steps of one plan or apply know of each other.
	run runMemory
	// opened are the ephemeral keys to revoke. They outlive the configuration.
	opened *openKeys
}

// newProviderData builds the client from the configuration and the environment, the configuration first.
func newProviderData(ctx context.Context, options Options, req provider.ConfigureRequest, diags *diag.Diagnostics) *providerData {
	var (
		apiKey, baseURL, requestTimeout types.String
		maxRetries                      types.Number
		requestsPerSecond               types.Float64
	)
	arguments := []field{
		bindString("api_key", &apiKey), bindString("base_url", &baseURL), bind("max_retries", types.NumberType, &maxRetries),
		bindString("request_timeout", &requestTimeout), bind("requests_per_second", types.Float64Type, &requestsPerSecond),
	}
	diags.Append(loadObject(ctx, req.Config.Raw, arguments)...)
	result := &providerData{now: options.Now, longWait: cmp.Or(options.LongWait, 10*time.Second)}
	for _, argument := range arguments {
		if argument.get().IsUnknown() {
			result.unknown = append(result.unknown, argument.name)
		}
	}
	if diags.HasError() || len(result.unknown) > 0 {
		return result
	}
	credential := resolveCredential(apiKey, options.Getenv, diags)
	config := alphamoon.Config{
		Credential: credential,
		UserAgent: fmt.Sprintf("terraform-provider-alphamoon/%s "+
			"(+https://registry.terraform.io/providers/alphamoon/alphamoon) Terraform/%s", options.Version, req.TerraformVersion),
		Clock:             options.Now,
		MaxRetries:        alphamoon.DefaultMaxRetries,
		RequestsPerSecond: resolveRequestsPerSecond(requestsPerSecond, options.Getenv, diags),
		OnAttempt:         logAttempt,
	}
	address, source := alphamoon.DefaultBaseURL, "The default"
	if value, from, ok := fromConfigurationOrEnvironment(baseURL, baseURLVariable, options.Getenv); ok {
		address, source = value, from
	}
	var err error
	if config.BaseURL, err = alphamoon.ParseBaseURL(address); err != nil {
		diags.Append(validators.BaseURLDiagnostic(path.Root("base_url"), source, err))
	}
	if !maxRetries.IsNull() {
		config.MaxRetries = wholeNumber(maxRetries)
	}
	if !requestTimeout.IsNull() {
		if config.RequestTimeout, err = rotation.ParseDuration(requestTimeout.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("request_timeout"), "Invalid duration", err.Error())
		}
	}
	if diags.HasError() {
		return nil
	}
	if credential.IsZero() {
		return result // whatever needs the service says so
	}
	warnOfIgnoredProxy(httpproxy.FromEnvironment(), config.BaseURL, diags)
	if options.Tune != nil {
		options.Tune(&config)
	}
	result.client = alphamoon.NewClient(config)
	result.baseURL = config.BaseURL.String()
	result.credentialHash = sync.OnceValue(func() []byte { return keyedHash(credential.Reveal(), []byte(result.baseURL)) })
	return result
}

// resolveCredential returns the empty credential if there is none.
func resolveCredential(argument types.String, getenv func(string) string, diags *diag.Diagnostics) alphamoon.Credential {
	text, source, ok := fromConfigurationOrEnvironment(argument, apiKeyVariable, getenv)
	if !ok {
		return alphamoon.Credential{}
	}
	credential, err := alphamoon.ParseCredential(text)
	if err != nil {
		diags.Append(validators.CredentialDiagnostic(path.Root("api_key"), source, err))
	}
	return credential
}

// resolveRequestsPerSecond returns 0 for no ceiling.
func resolveRequestsPerSecond(argument types.Float64, getenv func(string) string, diags *diag.Diagnostics) float64 {
	text := strings.TrimSpace(getenv(requestsPerSecondVariable))
	if !argument.IsNull() || text == "" {
		return argument.ValueFloat64()
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !(number > 0) || math.IsInf(number, 0) {
		diags.AddAttributeError(path.Root("requests_per_second"), "Invalid number", fmt.Sprintf("The environment variable %s is %q, "+
			"but must be a number above zero, like 5 or 0.5. Correct it, or remove it to set no ceiling.", requestsPerSecondVariable, text))
	}
	return number
}

// fromConfigurationOrEnvironment returns a value with the beginning of a sentence that says where it comes from.
// An empty variable counts as not set, as is usual for environments, and blanks and line ends around a value are
// dropped, because files and secret stores add them.
func fromConfigurationOrEnvironment(
	argument types.String, variable string, getenv func(string) string,
) (value, source string, ok bool) {
	if !argument.IsNull() {
		return argument.ValueString(), "The value", true
	}
	if value := strings.TrimSpace(getenv(variable)); value != "" {
		return value, "The value of the environment variable " + variable, true
	}
	return "", "", false
}

// requireClient returns the client, or nil with an error that says why there is none and what to do. The reason is worth
// reading once.
func (d *providerData) requireClient(purpose string, diags *diag.Diagnostics) *alphamoon.Client {
	if d.client != nil {
		return d.client
	}
	summary, detail := "Missing Alphamoon API key", fmt.Sprintf("The provider cannot %s, because it has no API key to work with. Set "+
		"the environment variable %s to a key in the form user:pass, or the provider's argument api_key.", purpose, apiKeyVariable)
	if len(d.unknown) > 0 {
		summary, detail = "Provider configuration not known yet", fmt.Sprintf("The provider cannot %s, because its "+
			"configuration depends on values that are known only after an apply: %s. Apply what they come from first, "+
			"for instance with -target, or give them as variables or in the environment.", purpose, strings.Join(d.unknown, ", "))
	}
	short := seeDetailed(summary)
	d.clientMissed.Do(func() { short = detail })
	diags.AddError(summary, short)
	return nil
}

// keepUnread reports whether a refresh has to keep what the state has, because the configuration of the provider is not
// known yet, and says so once. So a rotation or a destroy of the key that the provider is configured from heals by itself.
func (d *providerData) keepUnread(diags *diag.Diagnostics) bool {
	if len(d.unknown) == 0 {
		return false
	}
	d.unreadWarning.Do(func() {
		diags.AddWarning("Keys are not refreshed", fmt.Sprintf("The configuration of the provider depends on values that are known only "+
			"after an apply: %s. So the provider cannot read its keys now. They stay in the state as they are, and the next plan "+
			"reads them.", strings.Join(d.unknown, ", ")))
	})
	return true
}

// providerDataFrom reads what Configure of a resource or data source was given; nil before the provider is configured.
func providerDataFrom(given any, diags *diag.Diagnostics) *providerData {
	if given == nil {
		return nil
	}
	data, ok := given.(*providerData)
	if !ok {
		diags.Append(defect(fmt.Sprintf("The provider handed over %T instead of its own configuration", given))...)
	}
	return data
}

// finish is what every operation ends with.
func (d *providerData) finish(diags *diag.Diagnostics) {
	d.warnOfLongWait(diags)
	d.lookOver(diags)
}

// lookOver takes out of diagnostics what a text of somebody else may have brought into them: the credential, and characters
// that forge what a terminal shows.
func (d *providerData) lookOver(diags *diag.Diagnostics) {
	var client *alphamoon.Client
	if d != nil {
		client = d.client
	}
	for i, said := range *diags {
		summary, detail := client.Redact(said.Summary()), client.Redact(said.Detail())
		if summary == said.Summary() && detail == said.Detail() {
			continue
		}
		(*diags)[i] = diag.NewErrorDiagnostic(summary, detail)
		if said.Severity() == diag.SeverityWarning {
			(*diags)[i] = diag.NewWarningDiagnostic(summary, detail)
		}
		if attribute, ok := said.(diag.DiagnosticWithPath); ok {
			(*diags)[i] = diag.WithPath(attribute.Path(), (*diags)[i])
		}
	}
}

// warnOfLongWait warns once, at the end of an operation, that the run waited long for a rate limit.
func (d *providerData) warnOfLongWait(diags *diag.Diagnostics) {
	if d == nil || d.client == nil {
		return
	}
	waited, complete := d.client.RateLimitWait()
	if complete && waited > d.longWait && !d.toldOfLongWait.Swap(true) {
		diags.AddWarning("Run waited for Alphamoon's rate limit", fmt.Sprintf("Alphamoon refuses requests that come too fast, so the "+
			"provider slowed down and has waited for %s in all. Nothing failed because of it. If runs take too long, ask Alphamoon to "+
			"raise the limit, or let fewer programs use it at the same time.", waited.Round(time.Second)))
	}
}

// repeatedError is a failure that somebody was told of before.
type repeatedError struct{ error }

func (e *repeatedError) Unwrap() error { return e.error }

// markRepeated marks a failure that somebody was told of before. Many resources run into one failure, and its reason is
// worth reading once. What names an orphan is never one of them.
func (d *providerData) markRepeated(err error) error {
	_, isLost := errors.AsType[*alphamoon.LostCreationError](err)
	_, isConflict := errors.AsType[*alphamoon.ConflictError](err)
	_, isNotOurs := errors.AsType[*alphamoon.NotOursError](err)
	if isLost || isConflict || isNotOurs || errors.Is(err, context.Canceled) {
		return err
	}
	if _, repeated := d.reported.LoadOrStore(err.Error(), true); repeated {
		return &repeatedError{err}
	}
	return err
}

// failure reports an error of the client, in full only the first time.
func (d *providerData) failure(about advice, err error, action string) diag.Diagnostics {
	return about.diagnostics(d.markRepeated(err), action)
}

// logAttempt writes one line per attempt. It takes no part of a body and no header.
func logAttempt(ctx context.Context, attempt alphamoon.Attempt) {
	tflog.Debug(ctx, "Alphamoon API request", map[string]any{
		"method": attempt.Method, "path": attempt.Path, "status": attempt.Status,
		"duration_ms": attempt.Duration.Milliseconds(), "attempt": attempt.Number,
	})
}
