package extract

import (
	"context"
	"fmt"

	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// Open opens a table that must be in a folder.
func Open(ctx context.Context, dir, name string, o table.Options, columns ...string) (*table.Reader, error) {
	path, err := table.Find(dir, name)
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, fmt.Errorf("%s: there is no %s.csv or %s.csv.gz in it; is this the right folder?", dir, name, name)
	}
	return table.Open(ctx, path, o, columns...)
}
