package host

import "time"

// Hurry shortens the waits in the life of a plugin, so that tests of it are quick.
func Hurry(s Spec) Spec {
	t := usualTiming()
	t.firstPause, t.longestPause = time.Millisecond, 4*time.Millisecond
	t.health = 50 * time.Millisecond
	t.stop, t.kill = 500*time.Millisecond, 200*time.Millisecond
	s.timing = &t
	return s
}

// Usual undoes Hurry.
func Usual(s Spec) Spec {
	s.timing = nil
	return s
}

// ExpectAtOnce makes the host wait no longer than the limit for a process to be ready.
func ExpectAtOnce(s Spec, limit time.Duration) Spec {
	t := *s.timing
	t.handshake = limit
	s.timing = &t
	return s
}

// KillProcess kills the process of a replica, if it lives, as nobody expects it.
func (p *Plugin) KillProcess(replica int) bool {
	r := p.replicas[replica]
	r.mu.Lock()
	defer r.mu.Unlock()
	proc := r.conn.process
	if proc == nil || proc.ended(0) {
		return false
	}
	killGroup(proc.cmd)
	<-proc.exited
	return true
}

// PID is the number of the first process.
func (p *Plugin) PID() int {
	r := p.replicas[0]
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conn.process.cmd.Process.Pid
}

// Processes is how many processes there are.
func (p *Plugin) Processes() int { return len(p.replicas) }

// WaitNotice is after how long a start says whom it waits for.
const WaitNotice = waitNotice
