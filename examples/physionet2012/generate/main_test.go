package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/fusemoe/fusemoe/core/data"
)

func TestTheExampleIsWhatIsGenerated(t *testing.T) {
	const setA = "../../../../shared/data/physionet2012/set-a.tar.gz"
	if _, err := os.Stat(setA); err != nil {
		t.Skip("set a of the challenge is not there")
	}
	to := filepath.Join(t.TempDir(), "sample")
	if err := generate(context.Background(), setA, to); err != nil {
		t.Fatal(err)
	}
	again, committed := open(t, to), open(t, "../sample")
	for _, s := range again.Sources {
		a, err := again.Fingerprint(s.Name)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := committed.Fingerprint(s.Name); err != nil || a != b {
			t.Errorf("%s: the committed sample differs from what is generated (%v)", s.Name, err)
		}
	}
}

func open(t *testing.T, dir string) *data.Dataset {
	t.Helper()
	d, err := data.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
