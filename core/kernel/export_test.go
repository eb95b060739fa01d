package kernel

// Paths are the paths of this machine, slowest first.
func Paths() (names []string) {
	for _, s := range paths() {
		names = append(names, s.String())
	}
	return names
}

// OnPath runs f with every kernel on the named path. Nothing else may run meanwhile.
func OnPath(name string, f func()) {
	for _, s := range paths() {
		if s.String() == name {
			was := chosen
			chosen = s
			defer func() { chosen = was }()
			f()
		}
	}
}
