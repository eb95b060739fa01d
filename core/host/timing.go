package host

import "time"

// timing has the waits in a plugin's life. Tests shorten them.
type timing struct {
	// handshake bounds the time from starting a process until it listens. Loading
	// belongs in Configure, so that this can be short; but a Python that imports
	// scikit-learn from a cold or distant disk takes its ten seconds.
	handshake time.Duration
	// describe is short: Describe loads nothing.
	describe time.Duration
	// firstPause and longestPause are how long to wait before a restart: the first for
	// the accident, twice as long each time for what needs time to come right.
	firstPause, longestPause time.Duration
	// goodWork is how long a process must have lived for its end to be a new accident.
	goodWork time.Duration
	// health is how often an idle process is asked whether it lives, and answer how long
	// it may take to say so.
	health, answer time.Duration
	// stop is how long a plugin has to end when it was asked to, and kill how long it then
	// has once its lifeline is cut.
	stop, kill time.Duration
}

// usualTiming is that of everybody but tests.
func usualTiming() timing {
	return timing{
		handshake: 30 * time.Second, describe: 10 * time.Second,
		firstPause: 500 * time.Millisecond, longestPause: 30 * time.Second,
		goodWork: time.Minute, health: 10 * time.Second, answer: 10 * time.Second, stop: 5 * time.Second, kill: time.Second,
	}
}

const (
	// maxRestarts is how often a process is started again without an answer in between.
	maxRestarts = 5
	// maxTries is how often the same batch may end a process, since chance hardly does
	// so three times.
	maxTries = 3
)
