package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/fusemoe/fusemoe/sdk"
)

const (
	// maxSocketPath is the length of the longest path of a Unix socket: 104 bytes on
	// macOS, 108 on Linux, with the zero at the end.
	maxSocketPath = 103
	// socketName is about the longest that go-plugin makes inside our directory.
	socketName = "/plugin-dir4294967295/plugin4294967295"
)

// sockets is the directory of one process's socket, which only this user can enter. Each
// process has its own: it removes it when the host is gone.
type sockets struct {
	dir  string
	lock *os.File // tells other hosts that the directory is in use; may be nil
}

func makeSockets() (sockets, error) {
	var dir string
	err := errors.ErrUnsupported
	for _, base := range socketBases() {
		if dir, err = os.MkdirTemp(base, sdk.SocketDirPrefix); err == nil { // in a container it may not exist
			break
		}
	}
	if err != nil {
		return sockets{}, fmt.Errorf("host: no place for the plugins' sockets, set TMPDIR to a folder that can be written: %w", err)
	}
	if n := len(dir) + len(socketName); n > maxSocketPath {
		return sockets{}, errors.Join(os.Remove(dir), fmt.Errorf(
			"host: %s is too long a path for sockets, by %d bytes; set TMPDIR to a shorter one", dir, n-maxSocketPath))
	}
	return sockets{dir, lockDir(dir)}, nil
}

// remove removes the directory, in which the process has left empty ones at most.
func (s sockets) remove() {
	_ = os.RemoveAll(s.dir)
	if s.lock != nil {
		_ = s.lock.Close()
	}
}

// socketBases are where such directories are made, the first that can be written.
func socketBases() []string {
	bases := []string{os.TempDir()}
	if base := os.Getenv("XDG_RUNTIME_DIR"); base != "" {
		bases = append([]string{base}, bases...)
	}
	return bases
}

// abandoned is the age from which a directory that nobody has locked is left over. Younger
// ones may be about to be locked, or are of sdktest, which has no locks.
const abandoned = time.Hour

var socketDirName = regexp.MustCompile("^" + sdk.SocketDirPrefix + "[0-9]+$")

// sweep removes the directories that were left where host and plugin were killed together,
// as when memory runs out or a container ends.
func sweep() {
	for _, base := range socketBases() {
		entries, _ := os.ReadDir(base) // what cannot be read cannot be swept
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !e.IsDir() || !socketDirName.MatchString(e.Name()) || time.Since(info.ModTime()) < abandoned {
				continue
			}
			dir := filepath.Join(base, e.Name())
			if lock := lockDir(dir); lock != nil {
				sockets{dir, lock}.remove()
			}
		}
	}
}
