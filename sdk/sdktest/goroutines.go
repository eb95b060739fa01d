package sdktest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// inProcess are checks that only a modality in this process allows.
func inProcess() []check {
	return []check{{
		"no goroutine left", "End the goroutines that a call starts before it returns, and those of Configure with the next Configure.",
		func(ctx context.Context, k *kit) error {
			if _, err := k.ready(ctx); err != nil { // gRPC and the modality start what they keep for good
				return err
			}
			k.close()
			before := goroutines()
			s, err := k.fresh(ctx)
			if err != nil {
				return err
			}
			samples := append([]*modalitypb.Sample{{Id: "nothing"}}, k.samples...)
			_, err = s.encode(ctx, samples...)
			s.close()
			if err != nil {
				return err
			}
			for deadline := time.Now().Add(k.patience.leak); ; time.Sleep(10 * time.Millisecond) {
				left := leaked(before)
				if len(left) == 0 {
					return nil
				}
				if time.Now().After(deadline) {
					return fmt.Errorf("%d goroutines are left, among them one %s", len(left), left[0])
				}
			}
		},
	}}
}

// goroutines maps the number of each goroutine to the line that tells what started it.
func goroutines() map[string]string {
	all := map[string]string{}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		head, _, _ := strings.Cut(stack, " [")
		_, creator, _ := strings.Cut(stack, "\ncreated by ")
		creator, _, _ = strings.Cut(creator, "\n")
		all[head] = "created by " + creator
	}
	return all
}

// leaked are the creators of goroutines that were not there before.
func leaked(before map[string]string) []string {
	var left []string
	for number, creator := range goroutines() {
		if _, old := before[number]; !old && !strings.Contains(creator, "testing.") {
			left = append(left, creator)
		}
	}
	return left
}
