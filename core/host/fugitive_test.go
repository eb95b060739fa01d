//go:build linux

package host_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fusemoe/fusemoe/sdk"
)

// fugitive tries to do what a plugin in a sandbox must not and what it may, and logs what
// came of it.
type fugitive struct{ dir string }

func (*fugitive) Info() sdk.Info {
	return sdk.Info{Name: "fugitive", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{"text/plain"}}
}

func (f *fugitive) Configure(_ context.Context, c sdk.Config) (int, error) {
	f.dir = c.WorkDir
	return 1, c.Decode(&struct{}{})
}

func (f *fugitive) Encode(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
	for what, attempt := range f.attempts() {
		said := "done"
		if err := attempt(); err != nil {
			said = err.Error()
		}
		sdk.Log(ctx).Info().Str("what", what).Str("said", said).Msg("attempt")
	}
	sdk.Log(ctx).Info().Msg("given up")
	return sdk.Sequence{Times: []float64{0}, Values: [][]float32{{float32(len(s.Items[0].Data))}}}, nil
}

func (f *fugitive) attempts() map[string]func() error {
	patient, address := os.Getenv("FUSEMOE_TEST_PATIENT"), os.Getenv("FUSEMOE_TEST_TCP")
	read := func(path string) func() error {
		return func() error { _, err := os.ReadFile(path); return err }
	}
	multipath := &net.Dialer{Timeout: time.Minute}
	multipath.SetMultipathTCP(true)
	return map[string]func() error{
		"read another patient's file": read(patient),
		"list the folder":             func() error { _, err := os.ReadDir(filepath.Dir(patient)); return err },
		"write beside it":             func() error { return os.WriteFile(patient+".copy", nil, 0o600) },
		"cut it off":                  func() error { return os.Truncate(patient, 4) },
		"connect over TCP":            dial("tcp", address),
		"connect over multipath TCP": func() error {
			conn, err := multipath.Dial("tcp", address)
			return closed(conn, err)
		},
		"listen on TCP": func() error {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			return closed(listener, err)
		},
		"send over UDP":               dial("udp", address),
		"use another's Unix socket":   dial("unix", os.Getenv("FUSEMOE_TEST_UNIX")),
		"read the host's environment": read(fmt.Sprintf("/proc/%d/environ", os.Getppid())),
		"signal the host":             func() error { return syscall.Kill(os.Getppid(), 0) },
		"read its model":              read(os.Getenv("FUSEMOE_TEST_MODEL")),
		"write to its directory":      func() error { return os.WriteFile(filepath.Join(f.dir, "kept"), nil, 0o600) },
		"make a temporary file": func() error {
			file, err := os.CreateTemp("", "")
			return closed(file, err)
		},
	}
}

func dial(network, address string) func() error {
	return func() error {
		conn, err := net.DialTimeout(network, address, time.Minute)
		return closed(conn, err)
	}
}

func closed(c interface{ Close() error }, err error) error {
	if err == nil {
		err = c.Close()
	}
	return err
}
