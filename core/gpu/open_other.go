//go:build !gpu

package gpu

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/op"
)

// Open tells that this program was built without the tag gpu.
func Open(Options) (device op.Device[float32], name string, err error) {
	return nil, "", fmt.Errorf("%w: this program was built without it; build with: go build -tags gpu ./cmd/fusemoe", ErrNone)
}
