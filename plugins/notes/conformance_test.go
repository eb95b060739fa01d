package notes_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/plugins/notes"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

func TestConform(t *testing.T) {
	sdktest.Conform(t, sdktest.Case{
		New: func() sdk.Modality { return notes.New() }, Config: `{"hash": {"width": 64}}`, Samples: corpus,
	})
}
