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
package ecg

import (
	"cmp"
	"context"
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
	scaler  *scaler

	records int            // encoded since the last Summarize
	missing [leadCount]int // of them, those without the lead
}

// New returns the modality, to be configured.
func New() *ECG { return &ECG{} }

var (
	_ sdk.Modality     = (*ECG)(nil)
	_ sdk.Fitter       = (*ECG)(nil)
	_ sdk.BatchEncoder = (*ECG)(nil)
	_ sdk.FeatureNamer = (*ECG)(nil)
	_ sdk.Summarizer   = (*ECG)(nil)
)

// Info describes the modality.
func (*ECG) Info() sdk.Info {
	return sdk.Info{Name: "ecg", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{MediaType}}
}

// Configure reads the config and, if there is one, the fitted state.
func (e *ECG) Configure(_ context.Context, c sdk.Config) (dim int, err error) {
	cfg, err := read(c)
	if err != nil {
		return 0, err
	}
	var s *scaler
	if len(c.State) > 0 {
		if s, err = restore(c.State, cfg); err != nil {
			return 0, err
		}
	}
	e.config, e.scaler, e.threads = cfg, s, cmp.Or(c.Threads, runtime.GOMAXPROCS(0))
	e.records, e.missing = 0, [leadCount]int{}
	return len(featureNames), nil
}

// Features are the names of the values of a vector.
func (e *ECG) Features() []string { return featureNames }

// fitBatch is how many samples Fit reads before it measures them all at once. It is small beside a data set
// and large beside the number of threads.
const fitBatch = 64

// Fit learns the mean and deviation of every feature. Records that cannot be read are left out: Encode says
// of each what is wrong.
func (e *ECG) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	fitted := make([]moments, len(featureNames))
	unread := 0
	var batch []sdk.Sample
	flush := func() error {
		all, errs := e.measureAll(ctx, batch)
		for i, vectors := range all {
			if errs[i] != nil {
				unread++
			}
			for _, v := range vectors {
				for j := range fitted {
					fitted[j].add(v[j])
				}
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
	if fitted[0].n == 0 {
		return nil, &sdk.Diagnostic{
			Summary: "no record of the training split can be read", Detail: "the errors of its samples say why",
		}
	}
	return save(e.config, fitted)
}

// Encode returns one vector per record.
func (e *ECG) Encode(_ context.Context, s sdk.Sample) (sdk.Sequence, error) {
	vectors, err := e.measure(s)
	if err != nil {
		return sdk.Sequence{}, err
	}
	return e.sequence(s, vectors), nil
}

// EncodeBatch encodes several samples at a time.
func (e *ECG) EncodeBatch(ctx context.Context, samples []sdk.Sample) ([]sdk.Sequence, error) {
	all, errs := e.measureAll(ctx, samples)
	out := make([]sdk.Sequence, len(samples))
	if err := cmp.Or(append(errs, ctx.Err())...); err != nil {
		return nil, err
	}
	for i, s := range samples {
		out[i] = e.sequence(s, all[i])
	}
	return out, nil
}

// sequence standardises the vectors of a sample and counts its missing leads.
func (e *ECG) sequence(s sdk.Sample, vectors [][]float64) (q sdk.Sequence) {
	for i, v := range vectors {
		e.records++
		for lead := range e.missing {
			if v[presentFeature(lead)] == 0 {
				e.missing[lead]++
			}
		}
		q.Times = append(q.Times, s.Items[i].Time)
		q.Values = append(q.Values, e.scaler.scale(v))
	}
	return q
}

// measureAll measures the records of samples in parallel.
func (e *ECG) measureAll(ctx context.Context, samples []sdk.Sample) ([][][]float64, []error) {
	out, errs := make([][][]float64, len(samples)), make([]error, len(samples))
	var g errgroup.Group
	g.SetLimit(e.threads)
	for i, s := range samples {
		g.Go(func() error {
			if ctx.Err() == nil {
				out[i], errs[i] = e.measure(s)
			}
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	return out, errs
}

// measure returns one vector per record, before it is standardised.
func (e *ECG) measure(s sdk.Sample) ([][]float64, error) {
	vectors := make([][]float64, len(s.Items))
	for i, it := range s.Items {
		t, err := load(it.Path, e.config)
		if err != nil {
			return nil, &sdk.Diagnostic{
				Path: fmt.Sprintf("items[%d].path", i), Summary: err.Error(), Detail: "repair or leave out this record",
			}
		}
		vectors[i] = features(t)
	}
	return vectors, nil
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
