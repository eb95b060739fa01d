package wfdb_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"

	"github.com/fusemoe/fusemoe/plugins/ecg/wfdb"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestWhatIsWrongWithARecordIsSaidOfItsFile(t *testing.T) {
	flac, err := os.ReadFile("testdata/flacformats.d1")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		files fstest.MapFS
		kind  error
		want  string
	}{
		{"no header", fstest.MapFS{}, fs.ErrNotExist, "r.hea: file does not exist"},
		{"no samples", fstest.MapFS{"r.hea": file("r 1 250 4\nr.dat 16")}, fs.ErrNotExist, "r.dat: file does not exist"},
		{
			"an empty header",
			fstest.MapFS{"r.hea": file("")},
			wfdb.ErrHeader,
			"r.hea: malformed header: it is empty",
		},
		{
			"a line of the header",
			fstest.MapFS{"r.hea": file("r 1\nr.dat 16 x")},
			wfdb.ErrHeader,
			"r.hea: line 2: malformed header: the gain is no number",
		},
		{
			"a short file", record("16", 4, make([]byte, 7)), wfdb.ErrTruncated,
			"r.dat: truncated: 7 bytes of samples, 8 needed",
		},
		{"an empty file", record("212", 1, nil), wfdb.ErrTruncated, "r.dat: truncated: 0 bytes of samples, 2 needed"},
		{
			"an offset behind the end", record("16+99", 1, make([]byte, 8)), wfdb.ErrTruncated,
			"r.dat: truncated: 0 bytes of samples, 2 needed",
		},
		{
			"another checksum", record("16 200 16 0 0 5", 2, []byte{1, 0, 2, 0}), wfdb.ErrChecksum,
			"r.dat: wrong checksum: signal 0",
		},
		{
			"an unknown format", record("99", 1, make([]byte, 8)), wfdb.ErrUnsupported,
			"r.hea: unsupported format: format 99 of signal 0",
		},
		{
			"two formats in one file",
			fstest.MapFS{"r.hea": file("r 2 250 1\nr.dat 16\nr.dat 80"), "r.dat": file("abcd")},
			wfdb.ErrHeader,
			"r.hea: malformed header: signal 1 is in the same file as 0 in another format",
		},
		{
			"a folder above",
			fstest.MapFS{"r.hea": file("r 1 250 1\n../r.dat 16")},
			wfdb.ErrOutside,
			"r.hea: file outside the folder of the record",
		},
		{
			"the root",
			fstest.MapFS{"r.hea": file("r 1 250 1\n/etc/passwd 80")},
			wfdb.ErrOutside,
			"r.hea: file outside the folder of the record",
		},
		{
			"a segment above",
			fstest.MapFS{"r.hea": file("r/1 1 250\n../s 5")},
			wfdb.ErrOutside,
			"r.hea: file outside the folder of the record",
		},
		{
			"a record that is its own segment",
			fstest.MapFS{"r.hea": file("r/1 1 250 5\nr 5")},
			wfdb.ErrHeader,
			"r.hea: malformed header: a segment that has segments",
		},
		{
			"a segment of another length",
			fstest.MapFS{"r.hea": file("r/1 1 250\ns 5"), "s.hea": file("s 1 250 4\ns.dat 80")},
			wfdb.ErrHeader,
			"s.hea: malformed header: 4 frames; the record says 5",
		},
		{
			"a segment of another rate",
			fstest.MapFS{
				"r.hea": file("r/1 1 500\ns 4"), "s.hea": file("s 1 250 4\ns.dat 80"), "s.dat": file("abcd"),
			},
			wfdb.ErrHeader,
			"r.hea: malformed header: segment s: 250 Hz in a record of 500 Hz",
		},
		{
			"a signal that is not in the layout",
			fstest.MapFS{
				"r.hea": file("r/2 1 250\nl 0\ns 4"), "l.hea": file("l 1 250 0\n~ 0 200 0 0 0 0 0 I"),
				"s.hea": file("s 1 250 4\ns.dat 80"), "s.dat": file("abcd"),
			},
			wfdb.ErrHeader,
			"r.hea: malformed header: segment s: signal 0 is not in the layout",
		},
		{
			"no FLAC", record("516", 499, []byte("RIFF....")), wfdb.ErrFLAC,
			`r.dat: malformed FLAC: flac.parseStreamInfo: invalid FLAC signature; expected "fLaC", got "RIFF"`,
		},
		{"half a FLAC", record("516", 499, flac[:len(flac)/2]), wfdb.ErrFLAC, "r.dat: malformed FLAC: unexpected EOF"},
		{"a short FLAC", record("516", 500, flac), wfdb.ErrTruncated, "r.dat: truncated: 499 samples, 500 needed"},
		{
			"a FLAC of more bits", record("508", 499, flac), wfdb.ErrFLAC,
			"r.dat: malformed FLAC: 16 bits a sample in a format of 8",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := wfdb.ReadFS(test.files, "r")
			if err == nil || err.Error() != test.want || !errors.Is(err, test.kind) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if _, ok := errors.AsType[*wfdb.Error](err); !ok {
				t.Errorf("%T", err)
			}
		})
	}
}

// TestHeadersDoNotMakeMemory gives headers of absurd dimensions to files of a few bytes.
func TestHeadersDoNotMakeMemory(t *testing.T) {
	const limit = 1 << 20 // bytes
	for name, files := range map[string]fstest.MapFS{
		"frames":             record("16", 1<<31-1, make([]byte, 64)),
		"frames below limit": record("16", wfdb.MaxSamples, make([]byte, 64)),
		"samples a frame":    record("16x1048576", 4096, make([]byte, 64)),
		"signals":            {"r.hea": file("r 1048576 250 1048576\n")},
		"null signals":       record("0", 1<<31-1, nil),
		"a gap":              {"r.hea": file("r/2 1 250\nl 0\n~ 2147483647"), "l.hea": file("l 1 250 0\n~ 0")},
		"FLAC":               record("516", 1<<31-1, []byte("fLaC")),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := wfdb.ReadFS(files, "r")
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("no error")
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > limit {
				t.Errorf("%d bytes allocated", n)
			}
		})
	}
}

// TestAFewBytesDoNotUnpackToGigabytes has a FLAC of blocks in which all samples are the same.
func TestAFewBytesDoNotUnpackToGigabytes(t *testing.T) {
	const block = 65535
	var data bytes.Buffer
	e, err := flac.NewEncoder(&data, &meta.StreamInfo{
		BlockSizeMin: 16, BlockSizeMax: block, SampleRate: 250, NChannels: 1, BitsPerSample: 16,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		err := e.WriteFrame(&frame.Frame{
			Header: frame.Header{BlockSize: block, SampleRate: 250, Channels: frame.ChannelsMono, BitsPerSample: 16},
			Subframes: []*frame.Subframe{{
				SubHeader: frame.SubHeader{Pred: frame.PredConstant}, Samples: make([]int32, block), NSamples: block,
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = wfdb.ReadFS(record("516", 100*block, data.Bytes()), "r")
	if !errors.Is(err, wfdb.ErrTooLarge) {
		t.Errorf("%d bytes: %v", data.Len(), err)
	}
}

func TestANullSignalHasNoValidSample(t *testing.T) {
	r, err := wfdb.ReadFS(fstest.MapFS{"r.hea": file("r 1 250 2\n~ 0 200 0 0 0 7 0 I")}, "r")
	if err != nil {
		t.Fatal(err)
	}
	digital, err := r.Digital(0)
	if want := wfdb.Format(0).Invalid(); err != nil || !slices.Equal(digital, []int32{want, want}) {
		t.Errorf("%v, %v", digital, err)
	}
	if physical := r.Physical(0); len(physical) != 2 || !math.IsNaN(physical[0]) || !math.IsNaN(physical[1]) {
		t.Errorf("%v", physical)
	}
}

// TestAPathOnDiskDoesNotLeaveItsFolder has a file where a header would like to find it.
func TestAPathOnDiskDoesNotLeaveItsFolder(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "record"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"secret": "12345678", "record/r.hea": "r 1 250 4\n../secret 16"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := wfdb.Read(filepath.Join(folder, "record", "r.hea")); !errors.Is(err, wfdb.ErrOutside) {
		t.Errorf("got %v", err)
	}
}
