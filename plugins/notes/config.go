package notes

import (
	"fmt"

	"github.com/fusemoe/fusemoe/sdk"
)

// config is what the user writes, with everything that was left out filled in.
type config struct {
	// Encoder says what makes a vector of a note.
	Encoder encoderName `json:"encoder" enum:"hash" doc:"what makes a vector of a note"`
	// Last is how many notes of a sample are encoded, the latest ones; 0: all.
	Last int `json:"last" doc:"how many notes of a sample, the latest; 0: all"`
	// Hash is for the encoder of that name.
	Hash hashConfig `json:"hash"`
}

type encoderName string

const hash encoderName = "hash"

// hashConfig says which terms are counted, and the width of what becomes of them.
type hashConfig struct {
	// Width is the length of a note's vector.
	Width int `json:"width" doc:"length of a note's vector"`
	// Words is the longest sequence of words that is a term.
	Words int `json:"words" doc:"longest sequence of words that is counted"`
	// Characters is the longest sequence of characters of one word that is a term;
	// 0: only words.
	Characters int `json:"characters" doc:"longest sequence of characters of a word that is counted; 0: none"`
}

// defaults keep five notes, as the data of the paper do. On the eICU demo a width of 768
// with five characters changed the AUROC by less than the shuffles of its folds do.
func defaults() config {
	return config{Encoder: hash, Last: 5, Hash: hashConfig{Width: 512, Words: 3, Characters: 4}}
}

// read decodes and checks the config.
func read(c sdk.Config) (config, error) {
	cfg := defaults()
	if err := c.Decode(&cfg); err != nil {
		return config{}, err
	}
	if cfg.Last < 0 {
		return config{}, &sdk.Diagnostic{
			Path: "last", Summary: fmt.Sprintf("%d is no number of notes", cfg.Last), Detail: "0 takes all notes",
		}
	}
	return cfg, cfg.Hash.check()
}

// check finds settings outside of what makes sense. Wider vectors than maxWidth tell
// nothing more, and longer terms are seen too rarely to learn from.
func (h hashConfig) check() error {
	outside := func(key string, value int, valid string) error {
		return &sdk.Diagnostic{
			Path: "hash." + key, Summary: fmt.Sprintf("%d is out of range", value), Detail: "valid: " + valid,
		}
	}
	switch {
	case h.Width < minWidth || h.Width > maxWidth:
		return outside("width", h.Width, fmt.Sprintf("%d to %d", minWidth, maxWidth))
	case h.Words < 1 || h.Words > maxWords:
		return outside("words", h.Words, fmt.Sprintf("1 to %d", maxWords))
	case h.Characters != 0 && (h.Characters < minCharacters || h.Characters > maxCharacters):
		return outside("characters", h.Characters, fmt.Sprintf("0, or %d to %d", minCharacters, maxCharacters))
	}
	return nil
}
