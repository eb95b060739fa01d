//go:build gpu

package cuda_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel/cuda/cudatest"
)

func TestMain(m *testing.M) { cudatest.Main(m) }
