package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

const (
	// memoryPipe is the buffer of a connection in memory: a batch of about 1 MiB.
	memoryPipe = 1 << 20
	// pieces is how much is written to and read from a socket at once: a quarter of a
	// batch, which with sdk.Window makes a stream a quarter faster than gRPC's 32 KiB.
	pieces = 256 << 10

	cpu = "cpu"
)

// connection is the way to a plugin, wherever it runs.
type connection struct {
	modalitypb.ModalityClient
	health  grpc_health_v1.HealthClient // nil for a plugin in process
	process *process                    // nil for a plugin in process
	close   func()
}

// launch starts the process of a plugin and connects to it.
func launch(ctx context.Context, log zerolog.Logger, spec Spec, t timing) (connection, error) {
	sockets, err := makeSockets()
	if err != nil {
		return connection{}, err
	}
	out := &output{log: log}
	proc := newProcess(spec.argv(), out, t.kill)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  sdk.Handshake(),
		VersionedPlugins: map[int]plugin.PluginSet{sdk.ProtocolVersion: {}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
			proc.env = slices.Concat(cmd.Env, environment(log, spec))
			return proc, nil
		},
		StartTimeout:     t.handshake,
		Logger:           chatter(log),
		SkipHostEnv:      true,
		SyncStdout:       out,
		SyncStderr:       out,
		GRPCDialOptions:  dialOptions(),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: sockets.dir},
		// A Unix socket lies in a directory that only this user can enter. On Windows
		// it is a TCP port, open to every user.
		AutoMTLS: runtime.GOOS == "windows",
	})
	stop := context.AfterFunc(ctx, func() { _ = proc.Kill(ctx) })
	defer stop()
	rpc, err := client.Client()
	if err != nil {
		err = notStarted(ctx, spec.Name, proc, t.handshake, err)
		client.Kill()
		sockets.remove()
		return connection{}, err
	}
	conn := rpc.(*plugin.GRPCClient).Conn // the only protocol that is allowed
	return connection{
		ModalityClient: modalitypb.NewModalityClient(conn),
		health:         grpc_health_v1.NewHealthClient(conn),
		process:        proc,
		close: sync.OnceFunc(func() {
			shutdown(log, client, rpc, proc, t.stop)
			sockets.remove()
		}),
	}, nil
}

// shutdown ends a process: by asking, by cutting its lifeline, by force.
func shutdown(log zerolog.Logger, client *plugin.Client, rpc plugin.ClientProtocol, proc *process, grace time.Duration) {
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_ = rpc.Close() // an error means that it is gone, or about to be
	}()
	if !proc.ended(grace) {
		log.Warn().Msg("the plugin does not end when it is asked to, and is ended by force")
		_ = proc.Kill(context.Background()) // what is left then, nobody can end
	}
	<-asked
	client.Kill()
}

// notStarted finds out why a process did not become a plugin.
func notStarted(ctx context.Context, name string, proc *process, limit time.Duration, err error) error {
	const op = "start"
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("plugin %s: %s: %w", name, op, cause)
	}
	if proc.cmd == nil {
		return &Error{
			Plugin: name, Op: op, Err: err,
			Advice: "check that the file is there, executable and built for this machine, and that its interpreter, if it is a script, is installed",
		}
	}
	if v := proc.protocol(); v != "" && v != strconv.Itoa(sdk.ProtocolVersion) {
		return &Error{
			Plugin: name, Op: op,
			Err:    fmt.Errorf("it speaks protocol %s, this fusemoe speaks %d", v, sdk.ProtocolVersion),
			Advice: "build it with the sdk of this fusemoe, or use the fusemoe that it was built for",
		}
	}
	if proc.died() {
		e := proc.obituary(name, op)
		if len(e.Stderr) == 0 && proc.protocol() == "" {
			e.Advice = "it wrote nothing; check that it is a plugin of fusemoe"
		}
		return e
	}
	if proc.protocol() == "" {
		return &Error{
			Plugin: name, Op: op, Err: fmt.Errorf("%w within %v", errNoHandshake, limit), Stderr: proc.tail(),
			Advice: "check that it is a plugin of fusemoe, and that it loads nothing before Configure",
		}
	}
	return &Error{Plugin: name, Op: op, Err: err, Stderr: proc.tail(), Advice: "its last lines may tell"}
}

// environment is what a plugin sees besides what go-plugin sets: where programs, the user,
// temporary files and ONNX Runtime are, and what the spec lists.
func environment(log zerolog.Logger, spec Spec) []string {
	env := []string{
		sdk.LogLevelEnv + "=" + log.GetLevel().String(),
		"PYTHONDONTWRITEBYTECODE=1", // beside a file whose hash was verified, nothing else may appear
	}
	if spec.Device == "" || spec.Device == cpu {
		env = append(env, "CUDA_VISIBLE_DEVICES=")
	}
	for _, name := range append([]string{"PATH", "HOME", "TMPDIR", "LANG", sdk.ONNXRuntimeEnv}, spec.Env...) {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// dialOptions are those of every connection to a plugin, and further ones.
func dialOptions(further ...grpc.DialOption) []grpc.DialOption {
	return append([]grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(sdk.MaxMessage), grpc.MaxCallSendMsgSize(sdk.MaxMessage)),
		grpc.WithInitialWindowSize(sdk.Window), grpc.WithInitialConnWindowSize(sdk.Window),
		grpc.WithReadBufferSize(pieces), grpc.WithWriteBufferSize(pieces),
	}, further...)
}

// chatter is a logger for go-plugin itself, at the level debug.
func chatter(log zerolog.Logger) hclog.Logger {
	if log.GetLevel() > zerolog.DebugLevel {
		return hclog.NewNullLogger()
	}
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Debug, DisableTime: true, Output: debugLines{log}})
}

type debugLines struct{ log zerolog.Logger }

func (d debugLines) Write(p []byte) (int, error) {
	d.log.Debug().Msg(strings.TrimSpace(printable(string(p))))
	return len(p), nil
}

// serve serves a modality over a connection in memory: the same server, no process.
func serve(m sdk.Modality, log zerolog.Logger) (connection, error) {
	listener := bufconn.Listen(memoryPipe)
	server := sdk.NewServer(m, log)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // returns when stopped
	}()
	conn, err := grpc.NewClient("passthrough:///memory", dialOptions(
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		server.Stop()
		return connection{}, errors.Join(err, listener.Close())
	}
	return connection{
		ModalityClient: modalitypb.NewModalityClient(conn),
		close: sync.OnceFunc(func() {
			_ = conn.Close()
			server.Stop()
			<-done
		}),
	}, nil
}
