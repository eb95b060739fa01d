package core_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk"
)

// choosy is a pulse that refuses samples whose chart begins with 129 beats a minute.
type choosy struct{ pulse }

func (choosy) Info() sdk.Info {
	info := pulse{}.Info()
	info.Name = "choosy"
	return info
}

func (choosy) Encode(ctx context.Context, s sdk.Sample) (sdk.Sequence, error) {
	if bpm, _ := s.Items[0].Row.Value("heart_rate"); bpm == 129 {
		return sdk.Sequence{}, errors.New("the chart is no chart")
	}
	return pulse{}.Encode(ctx, s)
}

func TestSamplesThatCannotBeEncodedStopARunOrAreSkipped(t *testing.T) {
	description := data.Description{
		Name: "ward", TimeUnit: "hours", Window: 6,
		Tasks:   []data.Task{{Name: "deteriorates", Kind: data.Binary, Columns: []string{"deteriorates"}}},
		Sources: []data.Source{{Name: "monitor", Kind: data.Rows, Columns: []string{"heart_rate"}}},
	}
	var splits []data.Split
	for i := range 40 {
		splits = append(splits, []data.Split{data.Train, data.Val, data.Test}[i/2%3])
	}
	d, err := chart(description, splits...)
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	prepare := func(onError config.OnError) (string, error) {
		cfg := config.Default()
		cfg.Modalities = []config.Modality{
			{Name: "pulse", Plugin: "choosy", Source: "monitor", OnError: onError},
			{Name: "plain", Plugin: "pulse", Source: "monitor"},
		}
		var log bytes.Buffer
		rt, err := core.Open(t.Context(), cfg, core.WithDataset(d), core.WithModality("choosy", choosy{}),
			core.WithModality("pulse", pulse{}), core.WithCacheDir(cache), core.WithLogger(zerolog.New(&log)))
		if err != nil {
			t.Fatal(err)
		}
		defer rt.Close()
		err = rt.Prepare(t.Context())
		return log.String(), err
	}
	// Twice each: what a run that skips leaves in the cache is no good for one that stops.
	for range 2 {
		_, err := prepare(config.OnErrorStop)
		if want := "modality pulse cannot encode the sample at samples, row 18: the chart is no chart"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
		log, err := prepare(config.OnErrorSkip)
		want := `"modality":"pulse","samples":2,"of":40,"first":"samples, row 18","because":"the chart is no chart",` +
			`"message":"samples that the plugin could not encode count as missing"`
		if err != nil || !strings.Contains(log, want) {
			t.Errorf("%v; want %s in\n%s", err, want, log)
		}
	}
}
