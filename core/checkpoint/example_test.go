package checkpoint_test

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/fusemoe/fusemoe/core/checkpoint"
)

func Example() {
	dir, err := os.MkdirTemp("", "checkpoint")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	weights := []checkpoint.Tensor{{Name: "head.weight", Shape: []int{1, 2}, Data: []float32{0.5, -1}}}
	manifest := checkpoint.Manifest{Model: json.RawMessage(`{"width":2}`), Epoch: 4}
	if err := checkpoint.Save(dir, manifest, weights); err != nil {
		panic(err)
	}
	manifest, weights, err = checkpoint.Load(dir)
	if err != nil {
		panic(err)
	}
	head, err := checkpoint.Find(weights, "head.weight", 1, 2)
	fmt.Println(manifest.Epoch, head, err)
	// Output: 4 [0.5 -1] <nil>
}
