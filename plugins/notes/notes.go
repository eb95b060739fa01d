// Package notes is the modality of clinical text: notes, reports, letters, one vector
// each at the time it was written.
//
// Its config says what makes the vectors:
//
//	encoder: hash
//	last: 5
//	hash: {width: 512, words: 3, characters: 4}
//
// The encoder hash counts sequences of up to so many words, and of up to so many
// characters within a word. It weighs them by how rare they are in the training split, and projects them to a vector
// of the chosen width. It needs no download.
//
// De-identification marks, header lines that held nothing else, and what printers add
// are left out first. Bytes that are not UTF-8 are replaced and counted.
package notes

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/fusemoe/fusemoe/sdk"
)

// textType is the media type of notes.
const textType = "text/plain"

// Notes is the modality. Use New.
type Notes struct {
	config config
	hasher *hasher // nil before Fit
	seen   tally
}

// tally is what there is to tell after a pass over the data.
type tally struct {
	notes, replaced, empty int
}

// New returns the modality, to be configured.
func New() *Notes { return &Notes{} }

var (
	_ sdk.Modality   = (*Notes)(nil)
	_ sdk.Fitter     = (*Notes)(nil)
	_ sdk.Summarizer = (*Notes)(nil)
)

// Info describes the modality.
func (*Notes) Info() sdk.Info {
	return sdk.Info{Name: "notes", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{textType}}
}

// Configure reads the config and, if there is one, the fitted state.
func (m *Notes) Configure(_ context.Context, c sdk.Config) (dim int, err error) {
	cfg, err := read(c)
	if err != nil {
		return 0, err
	}
	*m = Notes{config: cfg}
	if len(c.State) > 0 {
		fitted, err := restore(c.State, cfg.Hash)
		if err != nil {
			return 0, err
		}
		m.hasher = newHasher(cfg.Hash, fitted)
	}
	return cfg.Hash.Width, nil
}

// Fit learns how rare the terms of the notes are. Notes that cannot be read are left out:
// Encode says what is wrong with them.
func (m *Notes) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	terms, fitted := newTerms(m.config.Hash.Words, m.config.Hash.Characters), newFrequencies()
	unreadable := 0
	for s, err := range samples {
		if err != nil {
			return nil, err
		}
		notes, err := m.read(s)
		if err != nil {
			unreadable++
			continue
		}
		for _, n := range notes {
			fitted.add(terms, n.text)
		}
	}
	if unreadable > 0 {
		sdk.Log(ctx).Warn().Int("samples", unreadable).Msg("samples with notes that cannot be read were not learned from")
	}
	if fitted.notes == 0 {
		return nil, &sdk.Diagnostic{
			Summary: "no note with a word in the training split", Detail: "check the text column and the split",
		}
	}
	return fitted.save(m.config.Hash)
}

// Encode returns one vector per note that has a known word, at the note's time.
func (m *Notes) Encode(_ context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	notes, err := m.read(s)
	if err != nil {
		return q, err
	}
	for _, n := range notes {
		if vector := m.hasher.encode(n.text); vector != nil {
			q.Times = append(q.Times, n.time)
			q.Values = append(q.Values, vector)
		}
	}
	return q, nil
}

// Summarize logs how many notes were read, and how many of them were damaged or empty.
func (m *Notes) Summarize(ctx context.Context) {
	seen := m.seen
	m.seen = tally{}
	if seen.replaced > 0 || seen.empty > 0 {
		sdk.Log(ctx).Info().Int("notes", seen.notes).Int("not_utf8", seen.replaced).Int("empty", seen.empty).
			Msg("read notes; bytes that are not UTF-8 were replaced")
	}
}

// note is a note after clean.
type note struct {
	time float64
	text string
}

// read returns the last notes of the sample that have a word, as many as the config
// wants, in the order of their times.
func (m *Notes) read(s sdk.Sample) ([]note, error) {
	var notes []note
	for i, it := range slices.Backward(s.Items) {
		if m.config.Last > 0 && len(notes) == m.config.Last {
			break
		}
		raw, err := content(it)
		if err != nil {
			return nil, &sdk.Diagnostic{
				Path: fmt.Sprintf("items[%d]", i), Summary: "cannot read the note: " + err.Error(),
				Detail: "notes are plain text in UTF-8",
			}
		}
		text, replaced := clean(raw)
		m.seen.notes++
		if replaced > 0 {
			m.seen.replaced++
		}
		if !hasWord(text) {
			m.seen.empty++
			continue
		}
		notes = append(notes, note{it.Time, text})
	}
	slices.Reverse(notes)
	return notes, nil
}
