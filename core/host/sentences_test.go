//go:build unix

package host_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
)

// TestWhatTheUserReadsOfABadPlugin has the sentence for each way in which a plugin can be
// bad beyond remedy.
func TestWhatTheUserReadsOfABadPlugin(t *testing.T) {
	t.Parallel()
	const author = "; this is a fault of the plugin; tell its author"
	tests := []struct {
		animal string
		want   string
	}{
		// It does not start.
		{"missing", "plugin m: start: fork/exec $DIR/missing: no such file or directory; check that the file is there, " +
			"executable and built for this machine, and that its interpreter, if it is a script, is installed"},
		{"crashes at start", "plugin m: start: the process ended (exit status 3); this is a fault of the plugin" +
			"\n  what the plugin wrote:\n    | no licence"},
		{"ends at once", "plugin m: start: the process ended (exit status 0); it wrote nothing; check that it is a plugin of " +
			"fusemoe"},
		{"speaks version 2", "plugin m: start: it speaks protocol 2, this fusemoe speaks 1; build it with the sdk of this " +
			"fusemoe, or use the fusemoe that it was built for"},
		{"never ready", "plugin m: start: it did not say that it is ready within 200ms; check that it is a plugin of fusemoe, " +
			"and that it loads nothing before Configure"},
		{"hangs in configure", "plugin m: configure: it did not answer; see its last lines, or give it more time with " +
			"plugins.configure_timeout"},
		// It dies or hangs, again and again.
		{"dies always", "plugin m: encode: the process ended, 3 times at samples 2 to 3 (exit status 5); this is a fault of " +
			"the plugin"},
		{"panics", "plugin m: encode: the process ended, 3 times at samples 0 to 3 (exit status 2); this is a fault of " +
			"the plugin\n  what the plugin wrote:\n    | panic: no such weight"},
		{"gets killed", "plugin m: encode: the process ended, 3 times at samples 0 to 3 (signal: killed); somebody killed " +
			"it; most often the system does when memory runs out"},
		{"dies when started again", "plugin m: configure: the process ended, and 5 restarts brought no answer (exit status 4)" +
			"; this is a fault of the plugin"},
		{"hangs", "plugin m: encode: it did not answer, 3 times at samples 0 to 3; see its last lines, or give it more time " +
			"with plugins.encode_timeout"},
		// It breaks the contract.
		{"wrong width", "plugin m: encode: 8 bytes of values, want 4 for 1 rows of 1 at sample 0" + author},
		{"not a number", "plugin m: encode: value 0 of row 0 is not finite at sample 0" + author},
		{"infinite", "plugin m: encode: value 0 of row 0 is not finite at sample 0" + author},
		{"unsorted times", "plugin m: encode: the time of row 1 is before that of the row before at sample 0" + author},
		{"another's batch", "plugin m: encode: it answered batch 0 of 4 samples with 0 results for batch 1099511627776" + author},
		{"another sample's", "plugin m: encode: it answered batch 0 of 4 samples with 5 results for batch 0" + author},
		{"nothing", "plugin m: encode: neither a sequence nor an error at sample 0" + author},
		{"half a batch, then death", "plugin m: encode: it answered batch 0 of 4 samples with 2 results for batch 0" + author},
		{"too large", "plugin m: encode: it ran out of memory, or of room in a message: grpc: received message larger than " +
			"max (75497497 vs. 68157440) at sample 0; give it smaller samples, or more memory"},
	}
	for _, test := range tests {
		t.Run(test.animal, func(t *testing.T) {
			t.Parallel()
			spec, contents := animal(t, test.animal), []string{"a", "b", "now", "c"}
			switch test.animal {
			case "missing":
				spec.Command[0] = filepath.Join(spec.Dir, "missing")
			case "never ready":
				spec = host.ExpectAtOnce(spec, 200*time.Millisecond)
			case "too large":
				contents = contents[:1]
			case "hangs":
				spec.EncodeTimeout = 200 * time.Millisecond
			case "hangs in configure":
				spec.ConfigureTimeout = 200 * time.Millisecond
			}
			fleet, err := host.Start(t.Context(), zerolog.Nop(), []host.Spec{spec})
			if err == nil {
				defer fleet.Stop()
				_, err = lengths(fleet.Plugin("m"), texts(contents...))
			}
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(err.Error(), spec.Dir, "$DIR")
			if got != test.want && !strings.HasPrefix(got, test.want+"\n") {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
