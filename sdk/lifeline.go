package sdk

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-plugin"
)

// exitWithHost ends the process when the host does, however the host ends: the host holds
// the other end of stdin, and the system closes it with the host's process.
func exitWithHost(stdin io.Reader) {
	_, _ = io.Copy(io.Discard, stdin) // any error means the same: nobody is there
	removeSocket()
	exitWithChildren()
}

// removeSocket removes what a host that was killed cannot remove any more: the private
// directory with this plugin's socket, and the one around it after the last plugin.
func removeSocket() {
	dir := os.Getenv(plugin.EnvUnixSocketDir)
	if dir == "" {
		return
	}
	_ = os.RemoveAll(dir)
	if run := filepath.Dir(dir); strings.HasPrefix(filepath.Base(run), SocketDirPrefix) {
		_ = os.Remove(run)
	}
}

// SocketDirPrefix begins the name of the directory in which a host keeps the sockets of
// its plugins.
const SocketDirPrefix = "fusemoe-"
