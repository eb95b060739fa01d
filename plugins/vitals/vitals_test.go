package vitals_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/plugins/vitals"
	"github.com/fusemoe/fusemoe/sdk"
)

// at is a row item: at(time, name, value, name, value, …).
func at(time float64, pairs ...any) sdk.Item {
	var names []string
	var values []float32
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, pairs[i].(string))
		switch v := pairs[i+1].(type) {
		case int:
			values = append(values, float32(v))
		case float64:
			values = append(values, float32(v))
		case float32:
			values = append(values, v)
		}
	}
	return sdk.Item{Time: time, MediaType: sdk.RowType, Row: sdk.NewRow(names, values)}
}

// stay is a sample with those items.
func stay(items ...sdk.Item) sdk.Sample { return sdk.Sample{Items: items} }

func each(samples ...sdk.Sample) iter.Seq2[sdk.Sample, error] {
	return func(yield func(sdk.Sample, error) bool) {
		for _, s := range samples {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// fitted is a Vitals with that config, fitted on the samples.
func fitted(t interface {
	Helper()
	Fatal(args ...any)
}, config string, samples ...sdk.Sample,
) *vitals.Vitals {
	t.Helper()
	v, c := vitals.New(), sdk.Config{JSON: []byte(config)}
	if _, err := v.Configure(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	state, err := v.Fit(context.Background(), each(samples...))
	if err != nil {
		t.Fatal(err)
	}
	c.State = state
	if _, err := v.Configure(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	return v
}

func encode(t interface {
	Helper()
	Fatal(args ...any)
}, v *vitals.Vitals, items ...sdk.Item,
) sdk.Sequence {
	t.Helper()
	q, err := v.Encode(context.Background(), sdk.Sample{Items: items})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Two channels, one with a plausible range. The heart rate of 999 is dropped, the row
// with the temperature alone is not.
func Example() {
	ctx := context.Background()
	config := sdk.Config{JSON: []byte(`{"channels": [
		{"name": "HR", "min": 0, "max": 300},
		{"name": "temperature", "column": "Temp"}
	]}`)}
	sample := stay(at(0, "HR", 60, "Temp", 37), at(1, "HR", 999), at(2, "HR", 80), at(3, "Temp", 39))

	v := vitals.New()
	if _, err := v.Configure(ctx, config); err != nil {
		fmt.Println(err)
		return
	}
	state, err := v.Fit(ctx, each(sample))
	if err != nil {
		fmt.Println(err)
		return
	}
	config.State = state
	if _, err := v.Configure(ctx, config); err != nil {
		fmt.Println(err)
		return
	}
	q, err := v.Encode(ctx, sample)
	fmt.Println(v.Features(), err)
	for i, t := range q.Times {
		fmt.Println(t, q.Values[i], q.Observed[i])
	}
	// Output:
	// [HR temperature] <nil>
	// 0 [-1 -1] [true true]
	// 2 [1 0] [true false]
	// 3 [0 1] [false true]
}

func TestConfigsThatCannotBeUsed(t *testing.T) {
	tests := []struct{ config, path, summary string }{
		{`{}`, "channels", "no channel"},
		{`{"channels": ["HR"], "scal": "none"}`, "scal", "unknown key, did you mean scale?"},
		{`{"channels": ["HR"], "scale": "minmax"}`, "scale", `unknown value "minmax"`},
		{`{"channels": [{"column": "HR"}]}`, "channels[0].name", "no name"},
		{`{"channels": ["HR", "HR"]}`, "channels[1].name", "HR is there twice"},
		{`{"channels": ["HR", {"name": "pulse", "column": "HR"}]}`, "channels[1].column", "HR is read already"},
		{`{"channels": [{"name": "T", "column": ["C", "C"]}]}`, "channels[0].column[1]", "C is read already"},
		{`{"channels": [{"name": "T", "column": ["C", {"factor": 2}]}]}`, "channels[0].column[1].name", "no name"},
		{`{"channels": [{"name": "T", "column": {"name": "F", "factor": 0}}]}`, "channels[0].column.factor", "0 makes all values the same"},
		{`{"channels": [{"name": "T", "column": ["C", {"name": "F", "fctor": 2}]}]}`, "channels[0].column[1].fctor", "unknown key, did you mean factor?"},
		{`{"channels": [{"name": "T", "column": 7}]}`, "channels[0].column", "number is not an object"},
		{`{"channels": [{"name": "g", "levels": [1, 2, 1]}]}`, "channels[0].levels[2]", "1 is there twice"},
		{`{"channels": [{"name": "g", "levels": [1]}]}`, "channels[0].levels", "one level says nothing"},
		{`{"channels": [{"name": "g", "levels": ["low", "high"]}]}`, "channels[0].levels[0]", "string is not a number"},
		{`{"channels": [{"name": "g", "levels": [1, 2], "min": 1}]}`, "channels[0].levels", "codes have no min, max and log"},
		{`{"channels": [{"name": "g", "levels": [1, 2], "categories": [1]}]}`, "channels[0].categories", "a channel has levels or categories, not both"},
		{`{"channels": [{"name": "g", "categories": [1, {"name": "1", "codes": [2]}]}]}`, "channels[0].categories[1].name", "1 is there twice"},
		{`{"channels": [{"name": "g", "categories": [{"name": "a"}]}]}`, "channels[0].categories[0].codes", "no code"},
		{`{"channels": [{"name": "g", "categories": [1, {"name": "a", "codes": [2, 1]}]}]}`, "channels[0].categories[1].codes[1]", "1 is there twice"},
		{`{"channels": [{"name": "g", "categories": ["AF"]}]}`, "channels[0].categories[0]", "neither a code, which is a number, nor an object"},
		{`{"channels": ["g=2", {"name": "g", "categories": [1, 2]}]}`, "channels[1].name", "g=2 is there twice"},
		{`{"channels": ["HR", {"name": "T", "min": 45, "max": 25}]}`, "channels[1].min", "45 is above max, 25"},
		{`{"channels": ["HR", {"name": "T", "mni": 45}]}`, "channels[1].mni", "unknown key, did you mean min?"},
		{`{"channels": ["HR"], "summary": true}`, "summary", "bool is not a list"},
		{`{"channels": ["HR"], "summary": ["mean", "average"]}`, "summary[1]", `unknown statistic "average"`},
		{`{"channels": ["HR"], "summary": ["mean", 3]}`, "summary[1]", "number is not a text"},
		{`{"channels": ["HR"], "summary": ["mean", "last", "mean"]}`, "summary[2]", "mean is there twice"},
		{`{"channels": ["HR"], "rows": false}`, "rows", "without rows and without a summary nothing is left"},
		{`{"channels": [3]}`, "channels[0]", "number is not an object"},
	}
	for _, test := range tests {
		t.Run(test.config, func(t *testing.T) {
			_, err := vitals.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config)})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != test.path || d.Summary != test.summary {
				t.Errorf("got %v, want %s: %s", err, test.path, test.summary)
			}
		})
	}
}

func TestRowsOfOneTimeAreKeptAndEmptyOnesAreNot(t *testing.T) {
	v := fitted(t, `{"channels": ["HR"], "scale": "none"}`, stay(at(0, "HR", 1)))
	got := encode(t, v, at(1, "HR", 60), at(1, "HR", 61), at(2, "Urine", 5), at(3), at(4, "Urine", 1, "HR", 62))
	want := sdk.Sequence{
		Times:    []float64{1, 1, 4},
		Values:   [][]float32{{60}, {61}, {62}},
		Observed: [][]bool{{true}, {true}, {true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := encode(t, v, at(1, "Urine", 60)); len(got.Times) != 0 {
		t.Errorf("a sample without heart rates gives %v", got)
	}
}

func TestStandardisedValuesHaveMeanZeroAndDeviationOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float32Range(-1000, 1000), 2, 50).Draw(t, "values")
		var items []sdk.Item
		for i, x := range values {
			items = append(items, at(float64(i), "x", x))
		}
		v := fitted(t, `{"channels": ["x"]}`, sdk.Sample{Items: items})
		var got []float64
		for _, row := range encode(t, v, items...).Values {
			got = append(got, float64(row[0]))
		}
		mean, variance := stat.PopMeanVariance(got, nil)
		if math.Abs(mean) > 1e-4 {
			t.Errorf("mean %g", mean)
		}
		if slices.Max(values)-slices.Min(values) > 1e-2 && math.Abs(variance-1) > 1e-4 {
			t.Errorf("variance %g", variance)
		}
	})
}

func TestAConstantChannelBecomesZeroAndItsNeighboursStayFinite(t *testing.T) {
	v := fitted(t, `{"channels": ["x"]}`, stay(at(0, "x", 36.6), at(1, "x", 36.6), at(2, "x", 36.6)))
	got := encode(t, v, at(0, "x", 36.6), at(1, "x", 38.6))
	want := [][]float32{{0}, {2}}
	if diff := cmp.Diff(want, got.Values, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Error(diff)
	}
}

func TestLogIsTakenBeforeStandardising(t *testing.T) {
	v := fitted(t, `{"channels": [{"name": "x", "log": true}]}`,
		stay(at(0, "x", 0), at(1, "x", math.E*math.E-1)))
	got := encode(t, v,
		at(0, "x", math.E-1), at(1, "x", math.E*math.E*math.E-1), at(2, "x", -1), at(3, "x", -7))
	want := [][]float32{{0}, {2}} // log(1+x) has mean 1 and deviation 1; below 0 there is none
	if diff := cmp.Diff(want, got.Values, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Error(diff)
	}
}

func TestImplausibleValuesAreCountedOnceAndNotQuoted(t *testing.T) {
	v := fitted(t, `{"channels": [{"name": "HR", "min": 10, "max": 300}, "T"]}`, stay(at(0, "HR", 60)))
	encode(t, v, at(0, "HR", 9, "T", 37), at(1, "HR", 4711), at(2, "HR", 10), at(3, "HR", 300), at(4, "T", math.Inf(1)))
	var log bytes.Buffer
	ctx := zerolog.New(&log).WithContext(t.Context())
	v.Summarize(ctx)
	v.Summarize(ctx)
	want := `{"level":"info","dropped":{"HR":2,"T":1},"message":"dropped implausible values"}` + "\n"
	if log.String() != want {
		t.Errorf("got %q, want %q", log.String(), want)
	}
}

func TestTwoUnitsOfOneQuantityAreOneChannel(t *testing.T) {
	config := `{"channels": [
		{"name": "temperature", "column": ["C", {"name": "F", "factor": 0.555556, "offset": -17.7778}], "min": 25, "max": 45}
	], "scale": "none"}`
	v := fitted(t, config, stay(at(0, "C", 37)))
	got := encode(t, v, at(0, "C", 36.5), at(1, "F", 98.6), at(2, "F", 104, "C", 38), at(3, "C", 38, "F", 104), at(4, "C", 99, "F", 98.6), at(5, "F", 37))
	// Where both are charted the first of the config counts, whichever comes first; 37 °F and 99 °C are dropped.
	want := [][]float32{{36.5}, {37}, {38}, {38}, {37}}
	if diff := cmp.Diff(want, got.Values, cmpopts.EquateApprox(0, 1e-3)); diff != "" {
		t.Error(diff)
	}
}

func TestLevelsAreRanksAndCategoriesAreFeatures(t *testing.T) {
	config := `{"channels": [
		{"name": "consciousness", "levels": [3, 1, 0]},
		{"name": "rhythm", "categories": [1.1, {"name": "flutter", "codes": [4, 5]}]}
	], "scale": "standard"}`
	v := fitted(t, config, stay(at(0, "consciousness", 3, "rhythm", 1.1), at(1, "consciousness", 0, "rhythm", 1.1)))
	if diff := cmp.Diff([]string{"consciousness", "rhythm=1.1", "rhythm=flutter"}, v.Features()); diff != "" {
		t.Error(diff)
	}
	got := encode(t, v, at(0, "consciousness", 1), at(1, "rhythm", 5, "consciousness", 0), at(2, "rhythm", 1.1), at(3, "rhythm", 9), at(4, "consciousness", 2))
	want := sdk.Sequence{
		Times:    []float64{0, 1, 2}, // the codes 9 and 2 are none
		Values:   [][]float32{{0, 0, 0}, {1, 0, 1}, {0, 1, 0}},
		Observed: [][]bool{{true, false, false}, {true, true, true}, {false, true, true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestASummaryOfACategoryIsItsShare(t *testing.T) {
	v := fitted(t, `{"channels": [{"name": "rhythm", "categories": [1, 4]}], "rows": false, "summary": ["mean", "last"], "scale": "none"}`,
		stay(at(0, "rhythm", 1)))
	got := encode(t, v, at(0, "rhythm", 4), at(1, "rhythm", 4), at(2, "rhythm", 4), at(3, "rhythm", 1))
	if diff := cmp.Diff([][]float32{{0.25, 1, 0.75, 0}}, got.Values); diff != "" {
		t.Error(diff, v.Features())
	}
}

// TestAnOutlierDoesNotMoveRobustValues has the values -50 to 50, and one that a sensor made.
func TestAnOutlierDoesNotMoveRobustValues(t *testing.T) {
	var items []sdk.Item
	for i := -50; i <= 50; i++ {
		items = append(items, at(float64(i+50), "x", i))
	}
	items = append(items, at(200, "x", 1e9))
	v := fitted(t, `{"channels": ["x"], "scale": "robust"}`, stay(items...))
	got := encode(t, v, at(0, "x", 0), at(1, "x", 25), at(2, "x", -25))
	want := [][]float32{{0}, {0.67}, {-0.67}} // the quartiles of the normal distribution
	if diff := cmp.Diff(want, got.Values, cmpopts.EquateApprox(0, 0.02)); diff != "" {
		t.Error(diff)
	}
}

func TestARobustChannelThatIsMostlyTheSameStaysFinite(t *testing.T) {
	var items []sdk.Item
	for i := range 100 {
		items = append(items, at(float64(i), "x", i/90))
	}
	v := fitted(t, `{"channels": ["x"], "scale": "robust"}`, stay(items...))
	got := encode(t, v, at(0, "x", 0), at(1, "x", 1))
	if diff := cmp.Diff([][]float32{{0}, {10. / 3}}, got.Values, cmpopts.EquateApprox(0, 1e-4)); diff != "" {
		t.Error(diff) // deviations of 0.3
	}
}

// TestQuantilesMakeAnyDistributionNormal asks of values whose logarithm, and more, is far from normal.
func TestQuantilesMakeAnyDistributionNormal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		power := rapid.Float64Range(0.2, 5).Draw(t, "power")
		n := rapid.IntRange(500, 2000).Draw(t, "n")
		var items []sdk.Item
		for i := range n {
			items = append(items, at(float64(i), "x", math.Pow((float64(i)+0.5)/float64(n), power)))
		}
		v := fitted(t, `{"channels": ["x"], "scale": "quantile"}`, stay(items...))
		var got []float64
		for i, row := range encode(t, v, items...).Values {
			got = append(got, float64(row[0]))
			if i > 0 && got[i] < got[i-1] {
				t.Fatalf("value %d is below the one before", i)
			}
		}
		if mean, variance := stat.PopMeanVariance(got, nil); math.Abs(mean) > 0.02 || math.Abs(variance-1) > 0.03 {
			t.Errorf("mean %g, variance %g", mean, variance)
		}
	})
}

func TestQuantilesBoundWhatWasNeverSeenAndCentreWhatIsAlwaysTheSame(t *testing.T) {
	v := fitted(t, `{"channels": ["x", "y"], "scale": "quantile"}`, stay(at(0, "x", 1, "y", 7), at(1, "x", 2, "y", 7), at(2, "x", 3)))
	got := encode(t, v, at(0, "x", -1e30, "y", 7), at(1, "x", 1e30), at(2, "x", 2))
	if diff := cmp.Diff([][]float32{{-3, 0}, {3, 0}, {0, 0}}, got.Values, cmpopts.EquateApprox(0, 1e-3)); diff != "" {
		t.Error(diff)
	}
}

// TestOfVeryManyValuesARandomPartGivesTheQuantiles fits on more values than are kept.
func TestOfVeryManyValuesARandomPartGivesTheQuantiles(t *testing.T) {
	var items []sdk.Item
	for i := range 100_000 {
		items = append(items, at(float64(i), "x", i))
	}
	v := fitted(t, `{"channels": ["x"], "scale": "quantile"}`, stay(items...))
	got := encode(t, v, at(0, "x", 50_000), at(1, "x", 84_134))
	if diff := cmp.Diff([][]float32{{0}, {1}}, got.Values, cmpopts.EquateApprox(0, 0.05)); diff != "" {
		t.Error(diff)
	}
}

const everyStatistic = `"summary": ["mean", "min", "max", "first", "last", "count", "std", "slope"]`

func TestASummaryAloneIsOneRowOfStatistics(t *testing.T) {
	v := fitted(t, `{"channels": ["x", "y", "z"], "rows": false, "scale": "none", `+everyStatistic+`}`, stay(at(0, "x", 1)))
	got := encode(t, v, at(0.5, "other", 1), at(1, "x", 4, "y", 7), at(2, "x", 1), at(4, "x", 7))
	want := sdk.Sequence{
		Times: []float64{1},
		Values: [][]float32{{
			4, 1, 7, 4, 7, 3, 3, 9. / 7,
			7, 7, 7, 7, 7, 1, 0, 0,
			0, 0, 0, 0, 0, 0, 0, 0,
		}},
		Observed: [][]bool{{
			true, true, true, true, true, true, true, true,
			true, true, true, true, true, true, false, false,
			false, false, false, false, false, true, false, false,
		}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-6, 0)); diff != "" {
		t.Error(diff)
	}
	names := v.Features()
	if len(names) != 24 || names[0] != "x:mean" || names[15] != "y:slope" {
		t.Errorf("features %v", names)
	}
	if got := encode(t, v, at(1, "other", 1)); len(got.Times) != 0 {
		t.Errorf("a sample without any channel gives %v", got)
	}
}

func TestASummaryStandsBeforeTheRowsWhichDoNotObserveIt(t *testing.T) {
	v := fitted(t, `{"channels": ["x", "y"], "summary": ["last", "count"], "scale": "none"}`, stay(at(0, "x", 1)))
	got := encode(t, v, at(1, "x", 4), at(2, "x", 5))
	want := sdk.Sequence{
		Times:  []float64{1, 1, 2},
		Values: [][]float32{{0, 0, 5, 2, 0, 0}, {4, 0, 0, 0, 0, 0}, {5, 0, 0, 0, 0, 0}},
		Observed: [][]bool{
			{false, false, true, true, false, true},
			{true, false, false, false, false, false},
			{true, false, false, false, false, false},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x", "y", "x:last", "x:count", "y:last", "y:count"}, v.Features()); diff != "" {
		t.Error(diff)
	}
}

func TestSummaryStatisticsAgreeWithTheirDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-100, 100), 2, 30).Draw(t, "values")
		times := make([]float64, len(xs))
		var items []sdk.Item
		for i := range xs {
			xs[i] = float64(float32(xs[i]))
			times[i] = float64(i) + rapid.Float64Range(0, 0.9).Draw(t, "jitter")
			items = append(items, at(times[i], "x", xs[i]))
		}
		v := fitted(t, `{"channels": ["x"], "rows": false, "scale": "none", `+everyStatistic+`}`, sdk.Sample{Items: items})
		_, slope := stat.LinearRegression(times, xs, nil, false)
		want := []float32{
			float32(stat.Mean(xs, nil)), float32(slices.Min(xs)), float32(slices.Max(xs)), float32(xs[0]),
			float32(xs[len(xs)-1]), float32(len(xs)), float32(stat.StdDev(xs, nil)), float32(slope),
		}
		got := encode(t, v, items...).Values[0]
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-4, 1e-4)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSeveralValuesOfOneTimeHaveNoSlope(t *testing.T) {
	v := fitted(t, `{"channels": ["x"], "rows": false, "scale": "none", `+everyStatistic+`}`, stay(at(0, "x", 1)))
	q := encode(t, v, at(1, "x", 4), at(1, "x", 8))
	if observed := q.Observed[0]; !observed[6] || observed[7] {
		t.Errorf("deviation and slope: %v", observed[6:])
	}
}

func TestStateOfAnotherConfigIsRefused(t *testing.T) {
	ctx := t.Context()
	v := vitals.New()
	c := sdk.Config{JSON: []byte(`{"channels": ["HR", {"name": "T", "min": 25}]}`)}
	if _, err := v.Configure(ctx, c); err != nil {
		t.Fatal(err)
	}
	state, err := v.Fit(ctx, each(stay(at(0, "HR", 60, "T", 37))))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, config, state string }{
		{"another channel", `{"channels": ["HR", {"name": "temp", "min": 25}]}`, string(state)},
		{"another range", `{"channels": ["HR", {"name": "T", "min": 26}]}`, string(state)},
		{"a category", `{"channels": ["HR", {"name": "T", "categories": [37]}]}`, string(state)},
		{"another scale", `{"scale": "robust", "channels": ["HR", {"name": "T", "min": 25}]}`, string(state)},
		{"another version", string(c.JSON), `{"version": 99}`},
		{"no state", string(c.JSON), `mean`},
		{"no numbers", string(c.JSON), `{"version": 3}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := vitals.New().Configure(ctx, sdk.Config{JSON: []byte(test.config), State: []byte(test.state)})
			if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Detail != "fit the modality again" {
				t.Errorf("got %v", err)
			}
		})
	}
	same := `{"scale": "standard", "channels": [{"name": "HR", "column": "HR"}, {"name": "T", "min": 25.0}]}`
	if _, err := vitals.New().Configure(ctx, sdk.Config{JSON: []byte(same), State: state}); err != nil {
		t.Errorf("the same config in other words: %v", err)
	}
}

func TestFittingWithoutAnyValueIsADiagnostic(t *testing.T) {
	v := vitals.New()
	if _, err := v.Configure(t.Context(), sdk.Config{JSON: []byte(`{"channels": ["hr"]}`)}); err != nil {
		t.Fatal(err)
	}
	_, err := v.Fit(t.Context(), each(stay(at(0, "HR", 60))))
	if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Path != "channels" {
		t.Errorf("got %v", err)
	}
}

// FuzzState checks that no state makes the plugin panic.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"version":3,"config":{"channels":[{"name":"x","column":"x","levels":[],"categories":[]}],` +
		`"scale":"standard","summary":[],"rows":true},"transforms":[{"center":1,"spread":2}]}`))
	f.Add([]byte(`{"version":3,"transforms":[{"center":1,"spread":0,"quantiles":[1]}]}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		v := vitals.New()
		if len(state) == 0 {
			return
		}
		if _, err := v.Configure(t.Context(), sdk.Config{JSON: []byte(`{"channels": ["x"]}`), State: state}); err == nil {
			encode(t, v, at(0, "x", 1))
		}
	})
}
