package core

// Progress is told of the stages of a long piece of work. Its methods may be called
// from several goroutines.
type Progress interface {
	// Stage begins a stage of total steps; 0 means that their number is unknown.
	Stage(name string, total int) Meter
}

// Meter is told how far a stage is. It may be called from several goroutines.
type Meter interface {
	// Add counts n steps as done.
	Add(n int)
	// Note shows the latest news, such as "loss 0.41 val AUROC 0.83".
	Note(text string)
	// Done ends the stage. One without a known number of steps that fails is not ended.
	Done()
}

// silent is the Progress of those who want none.
type silent struct{}

func (silent) Stage(string, int) Meter { return silent{} }
func (silent) Add(int)                 {}
func (silent) Note(string)             {}
func (silent) Done()                   {}
