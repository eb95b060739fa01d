package wfdb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/plugins/ecg/wfdb"
)

func parse(t *testing.T, text string) *wfdb.Header {
	t.Helper()
	h, err := wfdb.ParseHeader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAHeaderHasAllFieldsOfTheSpecification(t *testing.T) {
	got := parse(t, `# a comment before the record line
rec 2 360.5/24000(-7.5) 1000 9:05:07.25 3/12/1994

rec.dat 212x4:3+512 200.5(-12)/mmHg 12 1024 995 -22131 4 ABP, arterial
rec.dat 212 0 11 1024 1011 43172 0 V5
#  69 M
`)
	want := &wfdb.Header{
		Name: "rec", Frequency: 360.5, CounterFrequency: 24000, BaseCounter: -7.5, Frames: 1000,
		BaseTime: 9*time.Hour + 5*time.Minute + 7250*time.Millisecond,
		BaseDate: time.Date(1994, time.December, 3, 0, 0, 0, 0, time.UTC),
		Comments: []string{"a comment before the record line", "69 M"},
		Signals: []wfdb.Signal{
			{
				Name: "ABP, arterial", Units: "mmHg", Gain: 200.5, Baseline: -12, File: "rec.dat", Format: 212,
				PerFrame: 4, Skew: 3, Offset: 512, Resolution: 12, Zero: 1024, Initial: 995,
				Checksum: 65536 - 22131, HasChecksum: true, BlockSize: 4,
			},
			{
				Name: "V5", Units: "mV", Gain: 200, Baseline: 1024, File: "rec.dat", Format: 212,
				PerFrame: 1, Resolution: 11, Zero: 1024, Initial: 1011, Checksum: 43172, HasChecksum: true,
			},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(wfdb.Header{})); diff != "" {
		t.Error(diff)
	}
	if start, ok := got.Start(); !ok || start.String() != "1994-12-03 09:05:07.25 +0000 UTC" {
		t.Errorf("it starts at %v", start)
	}
	if rate := got.Rate(0); rate != 4*360.5 {
		t.Errorf("the rate is %g", rate)
	}
}

func TestWhatAHeaderLeavesOutHasDefaults(t *testing.T) {
	got := parse(t, "rec 1\nrec.dat 16")
	want := &wfdb.Header{
		Name: "rec", Frequency: 250, CounterFrequency: 250,
		Signals: []wfdb.Signal{{Units: "mV", Gain: 200, File: "rec.dat", Format: 16, PerFrame: 1}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(wfdb.Header{})); diff != "" {
		t.Error(diff)
	}
	if _, ok := got.Start(); ok {
		t.Error("it has a start")
	}
}

func TestTheLengthOfARecordOfSegmentsIsTheirs(t *testing.T) {
	got := parse(t, "rec/3 2 125\nlayout 0\na 1000\n~ 250\n")
	want := []wfdb.Segment{{"layout", 0}, {"a", 1000}, {"~", 250}}
	if diff := cmp.Diff(want, got.Segments); diff != "" || got.Frames != 1250 {
		t.Errorf("%d frames, %s", got.Frames, diff)
	}
}

func TestAHeaderThatIsNoneIsAnErrorOfItsLine(t *testing.T) {
	for _, test := range []struct{ name, header, want string }{
		{"nothing", "", "malformed header: it is empty"},
		{"comments only", "# 100 2 360", "malformed header: it is empty"},
		{"binary", "\x00\xff\xfe", "line 1: malformed header: the number of signals is no whole number"},
		{"a long line", strings.Repeat("x", 1<<17), "line 1: malformed header: this is no line of text"},
		{"no number of signals", "100", "line 1: malformed header: the number of signals is no whole number"},
		{"negative signals", "100 -1", "line 1: malformed header: the number of signals is not from 0 to 1048576"},
		{"absurd signals", "100 99999999", "line 1: malformed header: the number of signals is not from 0 to 1048576"},
		{"no frequency", "100 1 fast", "line 1: malformed header: the sampling frequency is no number"},
		{"frequency 0", "100 1 0", "line 1: malformed header: the sampling frequency is not positive"},
		{"endless frequency", "100 1 Inf", "line 1: malformed header: the sampling frequency is no number"},
		{"a time that is none", "100 1 360 9 25:61:00", "line 1: malformed header: the time of day is not HH:MM:SS"},
		{"a date that is none", "100 1 360 9 9:00 30/2/1999", "line 1: malformed header: the date is not DD/MM/YYYY"},
		{"no format", "100 1\nf", "line 2: malformed header: the format is no whole number"},
		{"a mark of no meaning", "100 1\nf 16y4", "line 2: malformed header: the format is not FORMATxSAMPLES:SKEW+OFFSET"},
		{"no samples", "100 1\nf 16x0", "line 2: malformed header: the number of samples in a frame is not from 1 to 1048576"},
		{"no gain", "100 1\nf 16 high", "line 2: malformed header: the gain is no number"},
		{"no baseline", "100 1\nf 16 200(low)", "line 2: malformed header: the baseline is no whole number"},
		{"a number of letters", "100 1\n#\nf 16 200 twelve", "line 3: malformed header: the resolution is no whole number"},
		{"too few signals", "100 2\nf 16", "malformed header: 1 signals of 2"},
		{"too many signals", "100 1\nf 16\nf 16", "line 3: malformed header: a line more than the 1 signals or 0 segments"},
		{"too few segments", "100/2 1\na 5", "malformed header: 1 segments of 2"},
		{"no segments", "100/0 1", "line 1: malformed header: the number of segments is not from 1 to 1048576"},
		{"an empty segment", "100/2 1\na 5\nb 0", "line 3: malformed header: a segment of no frames that is not the first"},
		{"segments of another length", "100/1 1 250 9\na 5", "malformed header: 9 frames, but the segments have 5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := wfdb.ParseHeader(strings.NewReader(test.header))
			if err == nil || err.Error() != test.want || !errors.Is(err, wfdb.ErrHeader) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func ExampleParseHeader() {
	h, err := wfdb.ParseHeader(strings.NewReader("100 2 360 650000\n" +
		"100.dat 212 200 11 1024 995 -22131 0 MLII\n" +
		"100.dat 212 200 11 1024 1011 20052 0 V5\n" +
		"# 69 M 1085 1629 x1\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h.Frames, "frames of", h.Signals[0].Name, "and", h.Signals[1].Name, "at", h.Frequency, "Hz")
	// Output: 650000 frames of MLII and V5 at 360 Hz
}

// FuzzParseHeader checks that no text makes the parser panic, and that what it accepts is in range.
func FuzzParseHeader(f *testing.F) {
	f.Add("100 2 360/24000(5) 650000 12:00:00.5 1/2/2003\n100.dat 212x2:3+4 200(-5)/mV 11 1024 995 -22131 0 MLII\n\n#c\nf 8")
	f.Add("rec/3 2 125\nlayout 0\na 1000\n~ 250\n")
	f.Add("r 1\n~ 0 0 -1 x")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := wfdb.ParseHeader(strings.NewReader(text))
		if err != nil {
			return
		}
		if h.Frames < 0 || h.Frequency <= 0 {
			t.Errorf("%d frames at %g Hz", h.Frames, h.Frequency)
		}
		for _, s := range h.Signals {
			if s.PerFrame < 1 || s.Skew < 0 || s.Offset < 0 || s.Gain == 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}
