package cohort

// Guard places what was recorded in the time of a stay, and blocks what a prediction
// made at the end of the window could not have known. It counts what it blocks.
type Guard struct {
	Window float64 // hours; 0: the whole stay

	Kept   int64
	Before int64 // recorded before the stay began
	After  int64 // recorded at or after the end of the window, or after the stay
	Late   int64 // recorded within the window, but not known before its end
}

// Place returns the hours from the begin of a stay to when something was recorded. It is
// false if that is outside of the window or was known, which is when it was charted,
// stored or reported, too late. Both are seconds; where the second is unknown, it is the
// first.
func (g *Guard) Place(s *Stay, recorded, known int64) (hours float64, ok bool) {
	switch {
	case recorded < s.In:
		g.Before++
	case g.ended(s, recorded):
		g.After++
	case g.ended(s, known):
		g.Late++
	default:
		g.Kept++
		return float64(recorded-s.In) / 3600, true
	}
	return 0, false
}

// Admits tells, and does not count, what Place would.
func (g *Guard) Admits(s *Stay, recorded, known int64) bool {
	return recorded >= s.In && !g.ended(s, recorded) && !g.ended(s, known)
}

// ended tells whether the window of a stay is over.
func (g *Guard) ended(s *Stay, at int64) bool {
	return at > s.Out || g.Window > 0 && float64(at-s.In) >= 3600*g.Window
}

// Blocked is how much was blocked in all.
func (g *Guard) Blocked() int64 { return g.Before + g.After + g.Late }
