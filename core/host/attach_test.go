//go:build unix

package host_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/sdk"
)

func TestHostsAttachOneAfterAnotherAndLeaveThePluginRunning(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(shortTempDir(t), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := sdk.NewServer(&plugin{}, zerolog.Nop())
	done := make(chan error)
	go func() { done <- server.Serve(listener) }()
	for range 2 {
		fleet := start(t, &lines{}, host.Spec{Name: "m", Attach: socket})
		if got, err := lengths(fleet.Plugin("m"), texts("four")); err != nil || got[0] != 4 {
			t.Errorf("got %v, %v", got, err)
		}
		if !fleet.Plugin("m").Attached() {
			t.Error("the plugin does not know that it is attached")
		}
		fleet.Stop()
	}
	server.Stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	_, err = host.Start(t.Context(), zerolog.Nop(), []host.Spec{{Name: "m", Attach: socket}})
	if err == nil || !strings.Contains(err.Error(), "start the plugin with -debug again") {
		t.Errorf("attached to nothing: %v", err)
	}
}

func TestOneDebuggedPluginIsForOneModality(t *testing.T) {
	_, err := host.Start(t.Context(), zerolog.Nop(), []host.Spec{{Name: "a", Attach: "/s"}, {Name: "b", Attach: "/s"}})
	if err == nil || !strings.Contains(err.Error(), "modalities a and b cannot share the plugin") {
		t.Errorf("got %v", err)
	}
}
