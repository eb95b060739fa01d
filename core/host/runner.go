package host

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// drainGrace is how long to wait, once the process has ended, for output that is held
// open by a child which left the process group.
const drainGrace = time.Second

// handshake is what go-plugin expects on standard output: the version of its own
// protocol, of ours, and where the plugin listens. Text before it on the same line is a
// print without a line end.
var handshake = regexp.MustCompile(`1\|(\d+)\|(?:unix|tcp)\|[^|]+\|[a-z]+\S*$`)

// process is a plugin's process as go-plugin's runner.Runner. It owns stdin, stdout and
// stderr: go-plugin sees the handshake and nothing else, since it takes any other line for
// a broken plugin and some for a reason to panic.
type process struct {
	argv []string
	env  []string
	out  *output
	// grace is how long it has to end by itself once its lifeline is cut.
	grace time.Duration

	mu       sync.Mutex // guards starting against killing
	cmd      *exec.Cmd
	killed   bool
	lifeline io.Closer

	version string // of our protocol, as in the handshake
	ready   *io.PipeReader
	silence *io.PipeReader // what go-plugin reads as stderr
	exited  chan struct{}
	exit    error // of Wait, once exited is closed
	alone   bool  // it ended before anybody killed it, once exited is closed
}

var _ runner.Runner = (*process)(nil)

func newProcess(argv []string, out *output, grace time.Duration) *process {
	return &process{argv: argv, out: out, grace: grace, exited: make(chan struct{})}
}

// Start starts the process, unless it was killed before.
func (p *process) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return errStopped
	}
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Env = p.env
	ownGroup(cmd)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	// Pipes of our own: those of exec.Cmd would make Wait wait for the children.
	stdout, childStdout, err := os.Pipe()
	if err != nil {
		return err
	}
	stderr, childStderr, err := os.Pipe()
	if err != nil {
		return errors.Join(err, stdout.Close(), childStdout.Close())
	}
	cmd.Stdout, cmd.Stderr = childStdout, childStderr
	err = cmd.Start()
	_, _ = childStdout.Close(), childStderr.Close()
	if err != nil {
		_, _ = stdout.Close(), stderr.Close()
		return err
	}
	p.cmd, p.lifeline = cmd, lifeline
	p.follow(stdout, stderr)
	return nil
}

// follow reads what the process writes until it has ended.
func (p *process) follow(stdout, stderr *os.File) {
	var ready, silence *io.PipeWriter
	p.ready, ready = io.Pipe()
	p.silence, silence = io.Pipe()
	var readers sync.WaitGroup
	readers.Go(func() { eachLine(stdout, func(line string) { p.stdoutLine(line, ready) }) })
	readers.Go(func() { eachLine(stderr, p.out.line) })
	go func() {
		p.exit = p.cmd.Wait()
		p.mu.Lock()
		p.alone = !p.killed
		p.mu.Unlock()
		killGroup(p.cmd) // what it left behind
		drained := time.Now().Add(drainGrace)
		_, _ = stdout.SetReadDeadline(drained), stderr.SetReadDeadline(drained)
		readers.Wait()
		_, _ = stdout.Close(), stderr.Close()
		close(p.exited)
		_, _ = ready.Close(), silence.Close()
	}()
}

// stdoutLine hands the handshake to go-plugin and everything else to the log.
func (p *process) stdoutLine(line string, ready io.Writer) {
	at := handshake.FindStringSubmatchIndex(line)
	if at == nil || p.protocol() != "" {
		p.out.line(line)
		return
	}
	if at[0] > 0 {
		p.out.line(line[:at[0]])
	}
	p.mu.Lock()
	p.version = line[at[2]:at[3]]
	p.mu.Unlock()
	_, _ = io.WriteString(ready, line[at[0]:]+"\n") // fails if go-plugin has given up
}

// protocol is the version that the plugin said it speaks, or empty.
func (p *process) protocol() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

// Kill cuts the lifeline, waits a moment, and then ends the process and all it started.
func (p *process) Kill(context.Context) error {
	p.mu.Lock()
	p.killed = true
	p.out.end()
	started := p.cmd != nil
	if started {
		_ = p.lifeline.Close()
	}
	p.mu.Unlock()
	if !started || p.ended(p.grace) {
		return nil
	}
	killGroup(p.cmd)
	if !p.ended(p.grace + drainGrace) {
		return errors.New("the process does not end")
	}
	return nil
}

// ended waits for the end of the process, but no longer than the grace.
func (p *process) ended(grace time.Duration) bool {
	select {
	case <-p.exited:
		return true
	default:
	}
	select {
	case <-p.exited:
		return true
	case <-time.After(grace):
		return false
	}
}

// Wait waits for the end of the process.
func (p *process) Wait(context.Context) error {
	<-p.exited
	return p.exit
}

// died tells whether the process ended without the host's doing.
func (p *process) died() bool { return p.ended(0) && p.alone }

// obituary is the error of a process that has ended.
func (p *process) obituary(plugin, op string) *Error {
	exit := "exit status 0"
	if p.exit != nil {
		exit = p.exit.Error()
	}
	return &Error{Plugin: plugin, Op: op, Err: errEnded, Exit: exit, Stderr: p.tail(), Advice: adviceOnExit(exit)}
}

// tail is the last lines that the process wrote; none for no process.
func (p *process) tail() []string {
	if p == nil {
		return nil
	}
	return p.out.tail()
}

// Stdout has the handshake.
func (p *process) Stdout() io.ReadCloser { return p.ready }

// Stderr has nothing and ends with the process.
func (p *process) Stderr() io.ReadCloser { return p.silence }

// Name is the path of the executable.
func (p *process) Name() string { return p.argv[0] }

// ID is the process's number. It is never empty: go-plugin would not clean up.
func (p *process) ID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return "not started"
	}
	return strconv.Itoa(p.cmd.Process.Pid)
}

// Diagnose has nothing to add: Error tells more than go-plugin's hints.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost says that plugin and host see the same addresses.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin says the same the other way round.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
