package alphamoon

import "net/http"

// OwnTransport is the transport of a client that was given none.
func (c *Client) OwnTransport() *http.Transport {
	return c.config.Transport.(*http.Transport) //nolint:forcetypeassert // it is one
}
