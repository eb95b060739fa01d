// Package ecg is the modality of electrocardiograms of up to twelve leads, in the WFDB format of PhysioNet.
//
// An item is the path of a record's header, with its signal files beside it:
//
//	modalities:
//	  - {name: ecg, kind: path, media_type: application/x-wfdb}
//
// The config of the plugin, with its defaults, is
//
//	encoder: features
//	seconds: 10        # used of a record, from its beginning
//	mains: [50, 60]    # Hz, filtered out; [] for none
//
// Leads are found by name, in any order, in any unit of voltage and at any sampling rate; they are resampled
// to 500 Hz, the mains hum and the wandering of the baseline are filtered out. Leads that a record lacks are
// counted in the log, and have a feature that says so.
//
// The encoder features makes one vector of each record: beats are detected and averaged, and waves measured
// on the average beat. Features returns the names: rhythm and heart-rate variability, intervals, axes, and for
// each lead amplitudes, areas and the power in bands of frequency. They are standardised with the mean and
// the deviation of the training split; what could not be measured is 0, the mean.
//
// The encoder autoencoder is the network of the FuseMoE paper (Han et al., NeurIPS 2024, appendix D.1), which
// learns by itself to make 256 numbers of each record and the record of these again:
//
//	encoder: autoencoder
//	autoencoder:
//	  rate: 125      # Hz that it sees
//	  width: 256
//	  epochs: 100    # at most; it stops when six have not helped
//	  records: 5000  # of the training split to learn from, at most
//
// Fit trains it, says of every epoch how much of what was held back the reconstruction misses, and can be
// interrupted. It is for large sets: on a few hundred records features tell more.
//
// The encoder onnx runs a network that was trained before, on the leads that it names, in mV at its rate:
//
//	encoder: onnx
//	onnx: {model: ecg.onnx, rate: 500}
package ecg

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/sdk"
)

// MediaType is that of items: paths of WFDB headers.
const MediaType = "application/x-wfdb"

// ECG is the modality. Use New.
type ECG struct {
	config  config
	threads int
	seed    uint64
	encoder encoder

	records int            // encoded since the last Summarize
	missing [leadCount]int // of them, those without the lead
}

// New returns the modality, to be configured.
func New() *ECG { return &ECG{encoder: newMeasurer()} }

var (
	_ sdk.Modality      = (*ECG)(nil)
	_ sdk.Fitter        = (*ECG)(nil)
	_ sdk.BatchEncoder  = (*ECG)(nil)
	_ sdk.FeatureNamer  = (*ECG)(nil)
	_ sdk.Fingerprinter = (*ECG)(nil)
	_ sdk.Summarizer    = (*ECG)(nil)
)

// Info describes the modality.
func (*ECG) Info() sdk.Info {
	return sdk.Info{Name: "ecg", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{MediaType}}
}

// Configure reads the config, the network if there is one, and the fitted state.
func (e *ECG) Configure(_ context.Context, c sdk.Config) (dim int, err error) {
	cfg, err := read(c)
	if err != nil {
		return 0, err
	}
	if n, ok := e.encoder.(*network); ok {
		n.close()
	}
	*e = ECG{config: cfg, threads: cmp.Or(c.Threads, runtime.GOMAXPROCS(0)), seed: c.Seed}
	e.encoder = e.newEncoder()
	if cfg.Encoder == onnxEncoder {
		n, err := openNetwork(cfg, c.Device, e.threads)
		if err != nil {
			return 0, err
		}
		e.encoder = n
	}
	if len(c.State) > 0 {
		if err := restore(e.encoder, c.State, cfg); err != nil {
			return 0, err
		}
	}
	return len(e.Features()), nil
}

// newEncoder is the one that the config names, before it has learned.
func (e *ECG) newEncoder() encoder {
	if e.config.Encoder == networkEncoder {
		return newCompressor(e.config, e.threads, e.seed)
	}
	return newMeasurer()
}

// Fingerprint is that of the network, or empty.
func (e *ECG) Fingerprint() string {
	if n, ok := e.encoder.(*network); ok {
		return n.print
	}
	return ""
}

// Features are the names of the values of a vector.
func (e *ECG) Features() []string { return e.encoder.names() }

// fitBatch is how many samples Fit reads before it prepares them all at once. It is small beside a data set
// and large beside the number of threads.
const fitBatch = 64

// Fit lets the encoder learn. Records that cannot be read are left out: Encode says of each what is wrong. A
// pretrained network has learned before.
func (e *ECG) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	if e.config.Encoder == onnxEncoder {
		return json.Marshal(state{stateVersion, e.config, json.RawMessage("{}")})
	}
	learner := e.newEncoder()
	read, unread := 0, 0
	var batch []sdk.Sample
	flush := func() error {
		for _, r := range e.readAll(ctx, batch) {
			if r.err != nil {
				unread++
			}
			for _, p := range r.prepared {
				learner.learn(p)
				read++
			}
		}
		batch = batch[:0]
		return ctx.Err()
	}
	for s, err := range samples {
		if err != nil {
			return nil, err
		}
		if batch = append(batch, s); len(batch) == fitBatch {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	if unread > 0 {
		sdk.Log(ctx).Warn().Int("samples", unread).Msg("left out of fitting: a record cannot be read")
	}
	if read == 0 {
		return nil, &sdk.Diagnostic{
			Summary: "no record of the training split can be read", Detail: "the errors of its samples say why",
		}
	}
	learned, err := learner.learned(ctx)
	if err != nil {
		return nil, err
	}
	return json.Marshal(state{stateVersion, e.config, learned})
}

// Encode returns one vector per record.
func (e *ECG) Encode(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
	out, err := e.EncodeBatch(ctx, []sdk.Sample{s})
	if err != nil {
		return sdk.Sequence{}, err
	}
	return out[0], nil
}

// EncodeBatch encodes several samples at a time.
func (e *ECG) EncodeBatch(ctx context.Context, samples []sdk.Sample) ([]sdk.Sequence, error) {
	all := e.readAll(ctx, samples)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var flat []prepared
	for _, r := range all {
		if r.err != nil {
			return nil, r.err
		}
		flat = append(flat, r.prepared...)
	}
	vectors, err := e.encoder.vectors(flat)
	if err != nil {
		return nil, err
	}
	out := make([]sdk.Sequence, len(samples))
	for i, s := range samples {
		e.count(all[i])
		for _, it := range s.Items {
			out[i].Times = append(out[i].Times, it.Time)
		}
		n := len(s.Items)
		out[i].Values, vectors = vectors[:n:n], vectors[n:]
	}
	return out, nil
}

// reading is what was read of a sample: one entry per item, or an error.
type reading struct {
	prepared []prepared
	missing  [][leadCount]bool
	err      error
}

// count keeps account of missing leads.
func (e *ECG) count(r reading) {
	for _, missing := range r.missing {
		e.records++
		for lead, is := range missing {
			if is {
				e.missing[lead]++
			}
		}
	}
}

// readAll reads the records of samples in parallel.
func (e *ECG) readAll(ctx context.Context, samples []sdk.Sample) []reading {
	out := make([]reading, len(samples))
	var g errgroup.Group
	g.SetLimit(e.threads)
	for i, s := range samples {
		g.Go(func() error {
			if ctx.Err() == nil {
				out[i] = e.read(s)
			}
			return nil
		})
	}
	_ = g.Wait() // the errors are in out
	return out
}

// read reads the records of a sample.
func (e *ECG) read(s sdk.Sample) (r reading) {
	for i, it := range s.Items {
		t, err := load(it.Path, e.config)
		if err != nil {
			return reading{err: &sdk.Diagnostic{
				Path: fmt.Sprintf("items[%d].path", i), Summary: err.Error(), Detail: "repair or leave out this record",
			}}
		}
		r.prepared, r.missing = append(r.prepared, e.encoder.prepare(t)), append(r.missing, t.missing())
	}
	return r
}

// Summarize logs how many records lacked a lead, by lead.
func (e *ECG) Summarize(ctx context.Context) {
	missing := make(map[string]int)
	for i, n := range e.missing {
		if n > 0 {
			missing[leadNames[i]] = n
		}
	}
	if len(missing) > 0 {
		sdk.Log(ctx).Info().Int("records", e.records).Interface("missing", missing).
			Msg("records lack leads")
	}
	e.records, e.missing = 0, [leadCount]int{}
}
