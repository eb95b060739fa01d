package sdktest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

const (
	// handshakeTimeout is how long a host waits for a plugin to listen.
	handshakeTimeout = 30 * time.Second
	// waitDelay is how long to wait, once a process has ended, for output that a child
	// of it holds open.
	waitDelay = time.Second
)

// program is a plugin that is an executable.
type program struct {
	argv []string
	env  []string // names of further variables that it sees
}

func (p program) open(ctx context.Context) (*session, error) {
	running, err := p.start(ctx, "debug")
	if err != nil {
		return nil, startError{err}
	}
	return running.session, nil
}

// running is a started program.
type running struct {
	*session
	cmd    *exec.Cmd
	conn   *grpc.ClientConn
	exited chan struct{}
}

// start starts the program as a host does, waits until it listens, and connects.
func (p program) start(ctx context.Context, logLevel string) (*running, error) {
	dir, err := os.MkdirTemp("", sdk.SocketDirPrefix)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Env = environment(dir, logLevel, p.env)
	ownGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	out := &lines{}
	log := &record{}
	cmd.Stdout, cmd.Stderr = out, log
	cmd.WaitDelay = waitDelay
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("it does not start: %w", err), os.RemoveAll(dir))
	}
	r := &running{cmd: cmd, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is told by its log
		close(r.exited)
	}()
	r.session = &session{log: log, close: sync.OnceFunc(func() {
		if r.conn != nil {
			_ = r.conn.Close()
		}
		_ = stdin.Close()
		killGroup(cmd)
		<-r.exited
		_ = os.RemoveAll(dir)
	})}
	address, err := handshake(ctx, out, log, func() bool {
		select {
		case <-r.exited:
			return true
		default:
			return false
		}
	})
	if err == nil {
		r.conn, err = dial("passthrough:///plugin", func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", address)
		})
	}
	if err != nil {
		r.close()
		return nil, err
	}
	r.client = modalitypb.NewModalityClient(r.conn)
	return r, nil
}

// environment is what a host lets a plugin see, the further variables among it.
func environment(socketDir, logLevel string, further []string) []string {
	hs := sdk.Handshake()
	env := []string{
		hs.MagicCookieKey + "=" + hs.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=" + strconv.Itoa(sdk.ProtocolVersion),
		plugin.EnvUnixSocketDir + "=" + socketDir,
		sdk.LogLevelEnv + "=" + logLevel,
		"CUDA_VISIBLE_DEVICES=",
	}
	for _, name := range append([]string{"PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT"}, further...) {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// ready is the line that says where a plugin listens. What is before it on its line is a
// print without a line end.
var ready = regexp.MustCompile(`(\d+)\|(\d+)\|(unix|tcp)\|([^|]+)\|([a-z]+)`)

// handshake waits until the plugin says where it listens. Other lines on its standard
// output are none of a host's business.
func handshake(ctx context.Context, out *lines, log *record, ended func() bool) (address string, err error) {
	late := time.After(handshakeTimeout)
	for {
		over := ended() // before looking at what it wrote
		for _, line := range out.all() {
			m := ready.FindStringSubmatch(line)
			switch {
			case m == nil:
			case m[2] != strconv.Itoa(sdk.ProtocolVersion):
				return "", fmt.Errorf("it speaks protocol %s, this kit speaks %d", m[2], sdk.ProtocolVersion)
			case m[3] != "unix" || m[5] != "grpc":
				return "", fmt.Errorf("it serves %s over %s; a host wants grpc over unix", m[5], m[3])
			default:
				return m[4], nil
			}
		}
		if over {
			return "", fmt.Errorf("it ended before it listened; it wrote: %s", lastLine(log))
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-late:
			return "", fmt.Errorf("it did not listen within %v; it wrote: %s", handshakeTimeout, lastLine(log))
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

func lastLine(log *record) string {
	text := strings.TrimSpace(log.String())
	if text == "" {
		return "nothing"
	}
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// lines keeps what a process writes, by line.
type lines struct{ record }

func (l *lines) all() []string {
	var all []string
	s := bufio.NewScanner(strings.NewReader(l.String()))
	for s.Scan() {
		all = append(all, s.Text())
	}
	return all
}

// shutdown asks the plugin to end, as a host does.
func (r *running) shutdown(ctx context.Context, limit time.Duration) error {
	// The call of go-plugin's controller, whose messages are empty. The plugin may be
	// gone before it has answered.
	_ = r.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	select {
	case <-r.exited:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("it still runs %v after it was asked to end", limit)
	}
}

// levels checks the lines that a plugin logs: none below the level, and each that is JSON
// with a level and a message.
func levels(log io.Reader, least int) error {
	s := bufio.NewScanner(log)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := bytes.TrimSpace(s.Bytes())
		if len(line) == 0 || line[0] != '{' {
			continue
		}
		level, ok := levelOf(line)
		if !ok {
			return errors.New("a line of JSON in its log has no level or no message")
		}
		if level < least {
			return fmt.Errorf("it logs at level %s though the host wants less", names[level])
		}
	}
	return s.Err()
}
