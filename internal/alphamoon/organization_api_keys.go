package alphamoon

import (
	"context"
	"io"
	"net/http"
)

// DeleteOrganizationAPIKey calls the documented removal of an organization key. Whether it accepts the id of a
// process key is not known, nor what it answers: only a listing can tell what has become of the key. See
// [Client.RevokeProcessAPIKey].
func (c *Client) DeleteOrganizationAPIKey(ctx context.Context, id string) error {
	return c.do(ctx, call{
		method: http.MethodDelete,
		path:   []string{"api", "v0.4", "admin", "api-keys", id},
		decode: func(_ http.Header, body io.Reader) error { _, err := io.Copy(io.Discard, body); return err },
		retry:  retryIdempotent,
	})
}

// RevokeProcessAPIKey asks for the removal of a key and then looks. It returns revoked only if the key is
// provably absent or no longer active. refusal is what the request for removal failed with, nil if it was
// accepted; it matters only when the key was not revoked. err means that the key's fate could not be read.
func (c *Client) RevokeProcessAPIKey(ctx context.Context, processID, id string) (revoked bool, refusal, err error) {
	refusal = c.DeleteOrganizationAPIKey(ctx, id)
	c.listings.invalidate(processID)
	key, err := c.FindProcessAPIKey(ctx, processID, id)
	if err != nil {
		return false, refusal, err
	}
	return key == nil || key.Status != "" && key.Status != StatusActive, refusal, nil
}
