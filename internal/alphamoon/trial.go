package alphamoon

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// Try sends one request with a secret of the collection instead of the client's own credential, and repeats it as every
// read. Any answer but a 401 shows that the service accepts the secret: what it may do is another question. The error is a
// 401 (see [IsUnauthorized]) if the service refuses it, and what stopped the request if there was no answer. It is never
// shared with other requests, nor is theirs with it.
func (k *APIKeys) Try(ctx context.Context, secret redact.Secret) error {
	return k.try(ctx, secret, k.client.config.MaxRetries)
}

// AwaitAcceptance tries a new secret until the service accepts it: how soon it does is not known. It returns false if the
// service still answered 401 ten seconds later (or at the end of the context). Without an answer it returns true, because
// nothing speaks against the secret.
// U: a new key is accepted
func (k *APIKeys) AwaitAcceptance(ctx context.Context, secret redact.Secret) bool {
	ctx, cancel := context.WithTimeout(ctx, k.client.config.SettleTime)
	defer cancel()
	for retries := 0; ; retries++ {
		// The end of the context in the middle of a request leaves the 401 before it as the last answer.
		if err := k.try(ctx, secret, 0); !IsUnauthorized(err) && (retries == 0 || ctx.Err() == nil) {
			return true
		}
		if sleep(ctx, k.client.pause(nil, retries)) != nil {
			return false
		}
	}
}

// Renumber gives a key whose secret was taken over another version, see [CreatedAPIKey]: the given time in Unix seconds, or the
// next second that no key of its name has.
func (k *APIKeys) Renumber(name string, at time.Time) int64 {
	return k.ledger.number(APIKey{Name: name}, at)
}

func (k *APIKeys) try(ctx context.Context, secret redact.Secret, maxRetries int) error {
	config := k.client.config
	config.Credential, config.MaxRetries = Credential{secret}, maxRetries
	trial := NewClient(config)
	trial.limiter = k.client.limiter
	err := trial.do(ctx, request{
		method: http.MethodGet, path: k.path, query: windowQuery(0, 1),
		decode: func(http.Header, io.Reader) error { return nil },
	})
	if _, answered := errors.AsType[*StatusError](err); answered && !IsUnauthorized(err) {
		return nil
	}
	return err
}
