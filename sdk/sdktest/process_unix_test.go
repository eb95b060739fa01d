//go:build unix

package sdktest

import (
	"os"
	"path/filepath"
	"testing"
)

// A process one of whose threads executes another program looks like a zombie for a moment.
func TestAZombieWithOtherThreadsIsNotOver(t *testing.T) {
	const before, after = " 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 ", " 0 100 0 0"
	for text, want := range map[string]bool{
		"7 (plugin) S" + before + "9" + after: false,
		"7 (plugin) Z" + before + "2" + after: false,
		"7 (plugin) Z" + before + "1" + after: true,
		"7 (a) b) X" + before + "0" + after:   true,
	} {
		file := filepath.Join(t.TempDir(), "stat")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if over, group, ok := stat(file); !ok || group != 42 || over != want {
			t.Errorf("%s: over %v, group %d, %v; want %v", text, over, group, ok, want)
		}
	}
}
