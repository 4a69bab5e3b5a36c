package alphamoon

import (
	"cmp"
	"context"
	"errors"
	"net/url"
)

// Process is a process of the workspace. Fields that the service leaves out are empty.
type Process struct {
	ID             string    `json:"id"`
	Name           string    `json:"name"`
	TypeID         string    `json:"typeId"`
	TypeName       string    `json:"typeName"`
	Status         string    `json:"status"`
	OrganizationID string    `json:"orgId"`
	CreatedAt      Timestamp `json:"createdAt"`
	UpdatedAt      Timestamp `json:"updatedAt"`
}

// ListProcesses returns all processes that the credential may see. The documentation shows one answer with all of them.
// Others are asked for, with the offset and limit that the service documents for keys, if the answer counts more, or
// has as many as a page. It fails with [ErrInconsistentListing] or [ErrUnproven] if the pages do not add up.
func (c *Client) ListProcesses(ctx context.Context) ([]Process, error) {
	id := func(process Process) string { return process.ID }
	paginated := false
	processes := listing[Process]{id: id, fetch: func(ctx context.Context, offset, limit int) (Page[Process], error) {
		var query url.Values
		if offset > 0 {
			query = windowQuery(offset, limit)
		}
		path := []string{"api", "v0.3", "processes"}
		page, err := fetchPage(ctx, c, request{path: path, query: query}, "processes", id, offset)
		paginated = paginated || page.paginated
		if received := len(page.Elements); offset == 0 && page.counted < 0 && received < cmp.Or(page.limit, PageSize) {
			page.counted, page.limit = received, received+1 // the documented answer, which is complete
		}
		return page, err
	}}
	result, err := processes.all(ctx)
	if err != nil && (paginated || !errors.Is(err, ErrUnproven)) { // the documented answer is the same for every offset
		return nil, err
	}
	return result.elements, nil
}
