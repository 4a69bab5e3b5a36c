package alphamoon

import (
	"cmp"
	"context"
	"errors"

	"golang.org/x/text/unicode/norm"
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
		path := []string{"api", "v0.3", "processes"}
		if offset > 0 {
			return fetchWindow(ctx, c, path, "processes", id, offset, limit)
		}
		page, err := fetchPage(ctx, c, request{path: path}, "processes", id, offset)
		paginated, page.limit = page.paginated, cmp.Or(page.limit, PageSize)
		if received := len(page.Elements); page.counted < 0 && received < page.limit {
			page.counted, page.limit = received, received+1 // the documented answer, which is complete
		}
		return page, err
	}}
	result, err := processes.all(ctx)
	if err != nil && (paginated || !errors.Is(err, ErrUnproven)) { // the documented answer is the same for every offset
		return nil, err
	}
	for i, process := range result.elements {
		result.elements[i].Name = norm.NFC.String(process.Name) // all that Terraform can write
	}
	return result.elements, nil
}
