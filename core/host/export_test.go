package host

import "time"

// Hurry shortens the waits in the life of a plugin, so that tests of it are quick. Where an
// answer is waited for, nothing that a slow machine does comes near the limit.
func Hurry(s Spec) Spec {
	t := usualTiming()
	t.firstPause, t.longestPause = time.Millisecond, 4*time.Millisecond
	t.health = 50 * time.Millisecond
	t.handshake, t.describe, t.answer = Hang, Hang, Hang
	t.stop, t.kill = 500*time.Millisecond, 200*time.Millisecond
	s.timing = &t
	return s
}

// Hang is longer than anything takes that does not hang, on any machine.
const Hang = 2 * time.Minute

// Patiently makes the host wait until a plugin ends that was asked to.
func Patiently(s Spec) Spec {
	t := *Hurry(s).timing
	t.stop = Hang
	s.timing = &t
	return s
}

// ExpectAtOnce makes the host wait no longer than the limit for a process to be ready.
func ExpectAtOnce(s Spec, limit time.Duration) Spec {
	t := *s.timing
	t.handshake = limit
	s.timing = &t
	return s
}

// AskImpatiently makes the host wait no longer than the limit for an idle process to say that
// it lives.
func AskImpatiently(s Spec, limit time.Duration) Spec {
	t := *s.timing
	t.answer = limit
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

// UsualStop is how long Fleet.Stop takes at most where nobody hurries it.
func UsualStop() time.Duration {
	t := usualTiming()
	return callGrace + t.stop + t.kill
}
