package alphamoon

import (
	"context"
	"fmt"
	"io"
	"net/http"
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
	var processes []Process
	seen := map[string]bool{}
	for {
		var page []Process
		total := -1
		var query url.Values
		if len(processes) > 0 {
			query = windowQuery(len(processes), PageSize)
		}
		err := c.do(ctx, call{
			method: http.MethodGet,
			path:   []string{"api", "v0.3", "processes"},
			query:  query,
			decode: func(_ http.Header, body io.Reader) (err error) {
				page = nil
				total, err = decodePage(body, "processes", func(process Process) error {
					if process.ID == "" {
						return errNoID
					}
					page = append(page, process)
					return nil
				})
				return err
			},
			retry: retryIdempotent,
		})
		if err != nil {
			return nil, err
		}
		before := len(processes)
		for _, process := range page {
			if !seen[process.ID] {
				seen[process.ID] = true
				processes = append(processes, process)
			}
		}
		switch {
		case total < 0 || len(processes) == total:
			return processes, nil
		case len(processes) == before || len(processes) > total:
			return nil, fmt.Errorf("%w: the service counts %d processes and sent %d", ErrInconsistentListing, total, len(processes))
		}
	}
}
