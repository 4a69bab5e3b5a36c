package alphamoon

import (
	"context"
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

// ListProcesses returns all processes that the credential may see. The documentation shows one answer with all of
// them; only if that has a "pagination" whose total is higher are the others asked for, with the offset and limit
// that the service documents for keys. It fails with [ErrInconsistentListing] if the pages do not add up.
func (c *Client) ListProcesses(ctx context.Context) ([]Process, error) {
	id := func(process Process) string { return process.ID }
	processes := listing[Process]{id: id, fetch: func(ctx context.Context, offset, limit int) (Page[Process], error) {
		var query url.Values
		if offset > 0 {
			query = windowQuery(offset, limit)
		}
		page, err := fetchPage(ctx, c, request{path: []string{"api", "v0.3", "processes"}, query: query}, "processes", id,
			offset)
		if offset == 0 && page.counted < 0 {
			page.counted = len(page.Elements) // the documented answer, which is complete
			page.limit = page.counted + 1
		}
		return page, err
	}}
	result, err := processes.read(ctx, false)
	if err != nil {
		return nil, err
	}
	return result.elements, nil
}

// ProcessIsGone reports whether a process was deleted, as far as that can be proved: a complete list of processes
// lacks it, and shows another process of the same organization, so that it is not another workspace's list. Readers
// share the list.
func (c *Client) ProcessIsGone(ctx context.Context, processID, organizationID string) (bool, error) {
	processes, err := c.processes.get(ctx, c.ListProcesses)
	if err != nil {
		return false, err
	}
	witness := false
	for _, process := range processes {
		if process.ID == processID {
			return false, nil
		}
		witness = witness || organizationID != "" && process.OrganizationID == organizationID
	}
	return witness, nil
}
