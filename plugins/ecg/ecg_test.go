package ecg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/plugins/ecg"
	"github.com/fusemoe/fusemoe/sdk"
)

func item(path string) sdk.Item { return sdk.Item{Path: path, MediaType: ecg.MediaType} }

func sample(paths ...string) (s sdk.Sample) {
	for i, p := range paths {
		it := item(p)
		it.Time = float64(i)
		s.Items = append(s.Items, it)
	}
	return s
}

func each(samples ...sdk.Sample) iter.Seq2[sdk.Sample, error] {
	return func(yield func(sdk.Sample, error) bool) {
		for _, s := range samples {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func configured(t testing.TB, config string) *ecg.ECG {
	t.Helper()
	e := ecg.New()
	if _, err := e.Configure(t.Context(), sdk.Config{JSON: []byte(config)}); err != nil {
		t.Fatal(err)
	}
	return e
}

// measured are the features of a record by name, as they are before Fit: not standardised, 0 for NaN.
func measured(t testing.TB, config, path string) map[string]float64 {
	t.Helper()
	e := configured(t, config)
	q, err := e.Encode(t.Context(), sample(path))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]float64)
	for i, name := range e.Features() {
		out[name] = float64(q.Values[0][i])
	}
	return out
}

// TestFeaturesSayWhatCardiologistsSaid has records of PTB-XL with their diagnoses.
func TestFeaturesSayWhatCardiologistsSaid(t *testing.T) {
	type limits map[string][2]float64
	for _, test := range []struct {
		record, diagnosis string
		limits            limits
	}{
		{"00002_hr", "sinus bradycardia, otherwise normal", limits{
			"heart_rate": {40, 60}, "qrs_duration": {70, 110}, "pr_interval": {120, 200}, "qt_corrected": {330, 450},
			"II:p": {0.05, 0.3}, "qrs_t_angle": {0, 60}, "ectopic": {0, 0},
		}},
		{"00286_hr", "left bundle branch block, left axis deviation", limits{
			"qrs_duration": {120, 200}, "qrs_axis_x": {0, 1}, "qrs_axis_y": {-1, 0}, "qrs_t_angle": {120, 180},
			"V1:qrs_area": {-500, -20},
		}},
		{"00330_hr", "atrial fibrillation", limits{
			"rr_pnn50": {0.6, 1}, "rr_range": {0.4, 2}, "p_height": {0, 0.12}, "qrs_duration": {60, 110},
		}},
		{"00436_hr", "premature ventricular contraction, sinus rhythm", limits{
			"ectopic": {0.05, 0.3}, "heart_rate": {60, 80}, "qrs_duration": {60, 110}, "rr_range": {0.5, 2},
		}},
	} {
		t.Run(test.diagnosis, func(t *testing.T) {
			got := measured(t, `{}`, "testdata/ptbxl/"+test.record+".hea")
			for name, l := range test.limits {
				if x, ok := got[name]; !ok || x < l[0] || x > l[1] {
					t.Errorf("%s is %g, not from %g to %g", name, x, l[0], l[1])
				}
			}
		})
	}
}

func TestAnArtificialHeartIsMeasured(t *testing.T) {
	got := measured(t, `{}`, newRecorder().record(t))
	for name, want := range map[string]struct{ value, tolerance float64 }{
		"heart_rate":   {75, 0.1},
		"rr_mean":      {800, 1},
		"ectopic":      {0, 0},
		"pr_interval":  {160, 25}, // from peak to peak it is 160: both waves begin before
		"qrs_duration": {60, 20},  // three deviations to both sides
		"qt_interval":  {360, 30}, // two deviations of T behind its peak, where the tangent ends
		"II:r":         {1.2, 0.06},
		"II:t":         {0.36, 0.05},
		"II:p":         {0.18, 0.04},
		"II:st_begin":  {0, 0.06},
		"aVR:r":        {0, 0.06},
		"aVR:qrs_span": {1, 0.06},
		"qrs_axis_x":   {math.Cos(math.Atan2(0.8*2/math.Sqrt(3), 0.8)), 0.05},
		"qrs_t_angle":  {0, 5},
		"V6:present":   {1, 0},
	} {
		if x, ok := got[name]; !ok || math.Abs(x-want.value) > want.tolerance {
			t.Errorf("%s is %g, not %g", name, x, want.value)
		}
	}
}

// TestHowItIsRecordedDoesNotMatter compares features of the same heart but for the noise above 40 Hz.
func TestHowItIsRecordedDoesNotMatter(t *testing.T) {
	want := measured(t, `{}`, newRecorder().record(t))
	for name, change := range map[string]func(*recorder){
		"another order of leads": func(r *recorder) { r.names = slices.Clone(twelve); slices.Reverse(r.names) },
		"names in another style": func(r *recorder) {
			r.names = nil
			for _, lead := range twelve {
				r.names = append(r.names, "lead "+lead)
			}
		},
		"microvolts":            func(r *recorder) { r.units, r.perUnit = "uV", 1 },
		"1000 Hz":               func(r *recorder) { r.rate = 1000 },
		"257 Hz":                func(r *recorder) { r.rate = 257 },
		"333.3 Hz":              func(r *recorder) { r.rate = 333.3 },
		"mains hum":             func(r *recorder) { r.mains = 0.3 },
		"a wandering baseline":  func(r *recorder) { r.wander = 0.3 },
		"more than ten seconds": func(r *recorder) { r.seconds = 15 },
		"without derived leads": func(r *recorder) { r.names = slices.Concat(twelve[:2], twelve[6:]) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecorder()
			change(&r)
			if r.units == "uV" {
				r.override = func(_ string, x float64) int16 { return int16(math.Round(1000 * x)) }
			}
			got := measured(t, `{}`, r.record(t))
			ignored := func(name string, _ float64) bool {
				// The filter rings a little at the beginning with hum, and bands hold what is left of it.
				return strings.Contains(name, ":band") || name == "beats" || strings.HasSuffix(name, "_corrected")
			}
			near := cmp.Comparer(func(a, b float64) bool {
				return math.Abs(a-b) <= 0.03+0.1*math.Max(math.Abs(a), math.Abs(b)) || math.Abs(a-b) <= 6 && math.Abs(a) > 20
			})
			if diff := cmp.Diff(want, got, near, cmpopts.IgnoreMapEntries(ignored)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheMainsAreFilteredAsTheConfigSays(t *testing.T) {
	r := newRecorder()
	r.mains = 0.3
	path := r.record(t)
	quiet := measured(t, `{}`, path)["II:band_40_100"]
	hum := measured(t, `{"mains": [60]}`, path)["II:band_40_100"]
	if hum < quiet+2 {
		t.Errorf("the power is 10^%.1f with the filter at 50 Hz and 10^%.1f without", quiet, hum)
	}
}

func TestMissingLeadsAreSaid(t *testing.T) {
	r := newRecorder()
	r.names = slices.Concat(twelve[:8], twelve[9:]) // no V3
	r.override = func(lead string, x float64) int16 {
		switch lead {
		case "V5": // off: flat
			return 7
		case "V6": // off for most of the time: not recorded
			return math.MinInt16
		}
		return int16(math.Round(1000 * x))
	}
	path := r.record(t)
	got := measured(t, `{}`, path)
	for lead, present := range map[string]float64{"V2": 1, "V3": 0, "V4": 1, "V5": 0, "V6": 0} {
		if got[lead+":present"] != present {
			t.Errorf("%s:present is %g", lead, got[lead+":present"])
		}
	}
	e := configured(t, `{}`)
	if _, err := e.Encode(t.Context(), sample(path, path)); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ctx := zerolog.New(&log).WithContext(t.Context())
	e.Summarize(ctx)
	e.Summarize(ctx)
	want := `{"level":"info","records":2,"missing":{"V3":2,"V5":2,"V6":2},"message":"records lack leads"}` + "\n"
	if log.String() != want {
		t.Errorf("got %q, want %q", log.String(), want)
	}
}

func TestARecordWithoutBeatsHasNoWaves(t *testing.T) {
	r := newRecorder()
	r.override = func(_ string, x float64) int16 { return int16(10 * x) } // beats of 10 µV, and steps
	r.seconds = 2
	got := measured(t, `{}`, r.record(t))
	if got["V1:present"] != 1 || math.IsNaN(got["heart_rate"]) {
		t.Errorf("%v", got)
	}
}

func TestWhatIsWrongWithARecordIsSaidOfItsItem(t *testing.T) {
	change := func(f func(*recorder)) string {
		r := newRecorder()
		f(&r)
		return r.record(t)
	}
	truncated := newRecorder().record(t)
	if err := os.Truncate(strings.TrimSuffix(truncated, "hea")+"dat", 1000); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, path, want string }{
		{"no path", "", "an ECG is the path of a WFDB header, not its content"},
		{"no file", filepath.Join(t.TempDir(), "r.hea"), "r.hea: " + syscall.ENOENT.Error()},
		{"a truncated file", truncated, "r.dat: truncated: 1000 bytes of samples, 120000 needed"},
		{
			"no lead", change(func(r *recorder) { r.names = []string{"ABP", "RESP"} }),
			"none of its 2 signals is a lead of an ECG: I, …",
		},
		{
			"no voltage", change(func(r *recorder) { r.units = "mmHg" }),
			`lead I has the unit "mmHg", which is no voltage`,
		},
		{
			"a short record", change(func(r *recorder) { r.seconds = 1.9 }),
			"lead I is shorter than 2 s",
		},
		{
			"an absurd rate", change(func(r *recorder) { r.rate, r.seconds = 1e6, 0.01 }),
			"lead I has 1e+06 samples a second, not 50 to 20000",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := configured(t, `{}`)
			s := sample("testdata/ptbxl/00002_hr.hea", test.path)
			_, err := e.Encode(t.Context(), s)
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != "items[1].path" || d.Summary != test.want {
				t.Errorf("got %v", err)
			}
			if _, batchErr := e.EncodeBatch(t.Context(), []sdk.Sample{sample(s.Items[0].Path), s}); batchErr == nil {
				t.Error("no error in a batch")
			}
		})
	}
}

func TestABadConfigIsADiagnostic(t *testing.T) {
	for _, test := range []struct{ config, want string }{
		{`{"encoder": "resnet"}`, `encoder: unknown value "resnet"; valid: features, autoencoder, onnx`},
		{`{"encoder": "autoencoders"}`, `encoder: unknown value "autoencoders", did you mean autoencoder?; valid: features, autoencoder, onnx`},
		{`{"autoencoder": {"epochs": 5}}`, "autoencoder: is there, but the encoder is features"},
		{`{"encoder": "autoencoder", "autoencoder": {"rate": 128}}`, "autoencoder.rate: 128 is none of 100, 125, 250 and 500"},
		{`{"encoder": "autoencoder", "autoencoder": {"width": 0}}`, "autoencoder.width: 0 is not from 1 to 1024"},
		{`{"encoder": "autoencoder", "autoencoder": {"epochs": -1}}`, "autoencoder.epochs: -1 is not at least 1"},
		{`{"encoder": "autoencoder", "autoencoder": {"records": 0}}`, "autoencoder.records: 0 is not at least 1"},
		{`{"encoder": "autoencoder", "autoencoder": {"widht": 64}}`, "autoencoder.widht: unknown key, did you mean width?; valid: epochs, rate, records, width"},
		{`{"encoder": "autoencoder", "seconds": 3600, "autoencoder": {"width": 1}}`, "seconds: an autoencoder at 125 Hz sees 524 s at most"},
		{
			`{"encoder": "autoencoder", "seconds": 500, "autoencoder": {"width": 1024}}`,
			"seconds: an autoencoder of 500 s at 125 Hz to 1024 numbers is too large; lower seconds, or autoencoder.rate or autoencoder.width",
		},
		{`{"onnx": {"model": "m.onnx"}}`, "onnx: is there, but the encoder is features"},
		{`{"encoder": "onnx"}`, "onnx.model: no network is named; give the path of an .onnx file"},
		{`{"encoder": "onnx", "onnx": {"rate": 1000}}`, "onnx.rate: 1000 is not from 50 to 500; give what the network was trained with"},
		{`{"encoder": "onnx", "onnx": {"gain": 0}}`, "onnx.gain: 0 is not above 0; 1 for a network that takes mV, 1000 for µV"},
		{`{"encoder": "onnx", "onnx": {"leads": []}}`, "onnx.leads: no lead is named; name those of the network, in its order"},
		{`{"encoder": "onnx", "onnx": {"leads": ["I", "V7"]}}`, `onnx.leads[1]: "V7" is no lead; valid: I, II, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6`},
		{`{"seconds": 1}`, "seconds: 1 is not from 2 to 3600"},
		{`{"mains": [50, 600]}`, "mains[1]: 600 Hz is not from 10 to 240; mains have 50 or 60 Hz"},
		{`{"second": 10}`, "second: unknown key, did you mean seconds?; valid: autoencoder, encoder, mains, onnx, seconds"},
	} {
		_, err := ecg.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config)})
		if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Error() != test.want {
			t.Errorf("%s: %v", test.config, err)
		}
	}
}

// paths are the records of testdata.
func paths(t testing.TB) []string {
	t.Helper()
	out, err := filepath.Glob("testdata/ptbxl/*.hea")
	if err != nil || len(out) < 2 {
		t.Fatal(out, err)
	}
	return out
}

func Example() {
	ctx := context.Background()
	e := ecg.New()
	dim, err := e.Configure(ctx, sdk.Config{JSON: []byte(`{"seconds": 10, "mains": [50]}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Without Fit the features are in their own units.
	q, err := e.Encode(ctx, sdk.Sample{Items: []sdk.Item{
		{Time: 3.5, MediaType: ecg.MediaType, Path: "testdata/ptbxl/00002_hr.hea"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rate := slices.Index(e.Features(), "heart_rate")
	fmt.Printf("%d features at %v; %.0f beats a minute\n", dim, q.Times, q.Values[0][rate])
	// Output: 214 features at [3.5]; 47 beats a minute
}

// FuzzState checks that no state makes the plugin panic.
func FuzzState(f *testing.F) {
	_, state := fitted(f)
	config, _, _ := strings.Cut(string(state), `"learned":`)
	f.Add(state)
	f.Add([]byte(config + `"learned":{"mean":[1],"deviation":[0]}}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		e := ecg.New()
		if _, err := e.Configure(t.Context(), sdk.Config{State: state}); err == nil {
			_, _ = e.Encode(t.Context(), sample("testdata/ptbxl/00002_hr.hea"))
		}
	})
}

// BenchmarkEncodeBatch encodes twelve leads of ten seconds. The aim is 200 records a second on two cores.
func BenchmarkEncodeBatch(b *testing.B) {
	e, _ := fitted(b)
	var samples []sdk.Sample
	for range 8 {
		for _, p := range paths(b) {
			samples = append(samples, sample(p))
		}
	}
	for b.Loop() {
		if _, err := e.EncodeBatch(b.Context(), samples); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(samples))/b.Elapsed().Seconds(), "records/s")
}
