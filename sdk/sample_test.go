package sdk_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/sdk"
)

// Authors print and log what they look at. Nothing of a patient is shown, whatever the verb.
func TestSamplesInWordsShowNothingOfAPatient(t *testing.T) {
	row := sdk.NewRow([]string{"canary"}, []float32{7.25})
	item := sdk.Item{
		Time: 1.5, MediaType: "text/plain", Data: []byte("canary"), Path: "canary", Row: row,
		Attributes: map[string]string{"canary": "canary"},
	}
	sample := sdk.Sample{ID: "canary", Items: []sdk.Item{item}}
	for _, shown := range []any{sample, &sample, item, sample.Items, row, []sdk.Sample{sample}} {
		var log bytes.Buffer
		logger := zerolog.New(&log)
		logger.Info().Interface("sample", shown).Msg("seen")
		for _, text := range []string{
			fmt.Sprint(shown), fmt.Sprintf("%+v", shown), fmt.Sprintf("%#v", shown), fmt.Sprintf("%s", shown), fmt.Sprintf("%q", shown),
			fmt.Errorf("bad: %v", shown).Error(), log.String(),
		} {
			if strings.Contains(text, "canary") || strings.Contains(text, "7.25") {
				t.Errorf("a %T is shown as %s", shown, text)
			}
		}
	}
	if got := fmt.Sprint(sample, item, row); got != "sample of 1 items item at 1.5 of text/plain row of 1 values" {
		t.Errorf("got %s", got)
	}
}
