//go:build !gpu

package gpu

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/op"
)

// Open tells that this program was built without the tag gpu.
func Open(Options) (op.Device[float32], Info, error) {
	return nil, Info{}, fmt.Errorf("%w: this program was built without it; build with: go build -tags gpu ./cmd/fusemoe", ErrNone)
}
