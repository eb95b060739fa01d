package sdk

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/rs/zerolog"
)

// ReattachEnv names the variable that tells a host of plugins that run already, as
// name=socket,name=socket.
const ReattachEnv = "FUSEMOE_REATTACH"

// serveDebug serves the modality until it is interrupted, to hosts that attach one after
// another. The process belongs to whoever has started it: a debugger, say.
func serveDebug(m Modality) (err error) {
	dir, err := os.MkdirTemp("", SocketDirPrefix+"debug-") // which only this user can enter
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	socket := filepath.Join(dir, "plugin.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := NewServer(m, zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, PartsExclude: []string{"time"}}))
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		server.Stop()
	}()
	fmt.Printf("%s='%s=%s'\n", ReattachEnv, m.Info().Name, socket)
	fmt.Fprintln(os.Stderr, "Put this line before a fusemoe run whose config uses the plugin. Ctrl-C ends it.")
	return server.Serve(listener)
}
