package kernel

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestChoosePath(t *testing.T) {
	tests := []struct {
		name      string
		forced    string
		available []path
		want      path
	}{
		{name: "fastest of all", available: []path{generic, avx2, avx512}, want: avx512},
		{name: "fastest there is", available: []path{generic}, want: generic},
		{name: "forced", forced: "avx2", available: []path{generic, avx2, avx512}, want: avx2},
		{name: "forced plain Go", forced: "generic", available: []path{generic, avx2}, want: generic},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := choosePath(test.forced, test.available)
			if err != nil || got != test.want {
				t.Errorf("%v, %v; want %v", got, err, test.want)
			}
		})
	}
}

// With -v the suite says which path it took.
func TestPath(t *testing.T) {
	want := paths()[len(paths())-1].String()
	if forced := os.Getenv(PathVariable); forced != "" {
		want = forced
	}
	got, err := Path()
	if err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	t.Logf("%s: kernels in %s of %v", runtime.GOARCH, got, paths())
}

func TestChoosePathRefuses(t *testing.T) {
	for _, forced := range []string{"avx512", "AVX2", "fast"} {
		_, err := choosePath(forced, []path{generic, avx2})
		if err == nil || !strings.Contains(err.Error(), `FUSEMOE_KERNEL="`+forced+`"`) ||
			!strings.Contains(err.Error(), "generic avx2") {
			t.Errorf("%s: the error must name the variable and the choices, is %v", forced, err)
		}
	}
}
