package host

import (
	"errors"
	"fmt"
	"os"

	"github.com/fusemoe/fusemoe/sdk"
)

const (
	// maxSocketPath is the length of the longest path of a Unix socket: 104 bytes on
	// macOS, 108 on Linux, with the zero at the end.
	maxSocketPath = 103
	// socketName is about the longest that go-plugin makes inside our directory.
	socketName = "/plugin-dir4294967295/plugin4294967295"
)

// socketDir makes the directory of one process's socket, which only this user can enter.
// Each process has its own: it removes it when the host is gone.
func socketDir() (string, error) {
	var dir string
	err := errors.ErrUnsupported
	if base := os.Getenv("XDG_RUNTIME_DIR"); base != "" {
		dir, err = os.MkdirTemp(base, sdk.SocketDirPrefix) // in a container it may not exist
	}
	if err != nil {
		dir, err = os.MkdirTemp("", sdk.SocketDirPrefix)
	}
	if err != nil {
		return "", fmt.Errorf("host: no place for the plugins' sockets, set TMPDIR to a folder that can be written: %w", err)
	}
	if n := len(dir) + len(socketName); n > maxSocketPath {
		return "", errors.Join(os.Remove(dir), fmt.Errorf(
			"host: %s is too long a path for sockets, by %d bytes; set TMPDIR to a shorter one", dir, n-maxSocketPath))
	}
	return dir, nil
}
