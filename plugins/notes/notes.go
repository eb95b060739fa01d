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
// characters within a word. It weighs them by how rare they are in the training split,
// and projects them to a vector of the chosen width. It needs no download.
//
//	encoder: onnx
//	onnx: {model: minilm/model.onnx, pooling: mean, tokens: 510}
//
// The encoder onnx reads a note with a BERT-like network, in chunks of at most so many
// tokens over its whole length, whose vectors it averages. The tokenizer.json or vocab.txt
// lies beside the network.
//
// De-identification marks, header lines that held nothing else, and what printers add
// are left out first. Bytes that are not UTF-8 are replaced and counted.
package notes

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"

	"github.com/fusemoe/fusemoe/sdk"
)

// textType is the media type of notes.
const textType = "text/plain"

// Notes is the modality. Use New.
type Notes struct {
	config  config
	hasher  *hasher  // nil before Fit, and for another encoder
	network *network // nil for another encoder
	seen    tally
}

// tally is what there is to tell after a pass over the data.
type tally struct {
	notes, replaced, empty int
}

// New returns the modality, to be configured.
func New() *Notes { return &Notes{} }

var (
	_ sdk.Modality      = (*Notes)(nil)
	_ sdk.Fitter        = (*Notes)(nil)
	_ sdk.BatchEncoder  = (*Notes)(nil)
	_ sdk.Fingerprinter = (*Notes)(nil)
	_ sdk.Summarizer    = (*Notes)(nil)
)

// maxBatch is how many samples are encoded at once: enough to keep every core busy with
// their chunks, few enough to show progress.
const maxBatch = 16

// Info describes the modality.
func (*Notes) Info() sdk.Info {
	return sdk.Info{
		Name: "notes", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{textType}, MaxBatch: maxBatch,
	}
}

// Configure reads the config, the network if there is one, and the fitted state.
func (m *Notes) Configure(_ context.Context, c sdk.Config) (dim int, err error) {
	cfg, err := read(c)
	if err != nil {
		return 0, err
	}
	m.network.close()
	*m = Notes{config: cfg}
	if cfg.Encoder == pretrained {
		if c.Threads < 1 {
			c.Threads = runtime.NumCPU()
		}
		if m.network, err = openNetwork(cfg.ONNX, c.Device, c.Threads); err != nil {
			return 0, err
		}
		return m.network.width, nil
	}
	if len(c.State) > 0 {
		fitted, err := restore(c.State, cfg.Hash)
		if err != nil {
			return 0, err
		}
		m.hasher = newHasher(cfg.Hash, fitted)
	}
	return cfg.Hash.Width, nil
}

// Fingerprint is that of the network and its tokenizer, or empty.
func (m *Notes) Fingerprint() string {
	if m.network == nil {
		return ""
	}
	return m.network.print
}

// Fit learns how rare the terms of the notes are. Notes that cannot be read are left out:
// Encode says what is wrong with them. A network has learned before.
func (m *Notes) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	if m.network != nil {
		return []byte(pretrained), nil
	}
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

// Encode returns one vector per note in which there is something to encode, at the note's
// time.
func (m *Notes) Encode(ctx context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	all, err := m.EncodeBatch(ctx, []sdk.Sample{s})
	if err != nil {
		return q, err
	}
	return all[0], nil
}

// EncodeBatch encodes several samples.
func (m *Notes) EncodeBatch(ctx context.Context, samples []sdk.Sample) (all []sdk.Sequence, err error) {
	before := m.seen
	defer func() {
		if err != nil { // the samples will be tried one by one
			m.seen = before
		}
	}()
	var texts []string
	read := make([][]note, len(samples))
	for i, s := range samples {
		if read[i], err = m.read(s); err != nil {
			return nil, err
		}
		for _, n := range read[i] {
			texts = append(texts, n.text)
		}
	}
	vectors, err := m.vectors(ctx, texts)
	if err != nil {
		return nil, err
	}
	all = make([]sdk.Sequence, len(samples))
	for i := range samples {
		for j, n := range read[i] {
			if v := vectors[j]; v != nil {
				all[i].Times = append(all[i].Times, n.time)
				all[i].Values = append(all[i].Values, v)
			}
		}
		vectors = vectors[len(read[i]):]
	}
	return all, nil
}

// vectors is what the encoder makes of each text; nil where it finds nothing.
func (m *Notes) vectors(ctx context.Context, texts []string) ([][]float32, error) {
	if m.network != nil {
		return m.network.encode(ctx, texts)
	}
	out := make([][]float32, len(texts))
	for i, text := range texts {
		out[i] = m.hasher.encode(text)
	}
	return out, nil
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
