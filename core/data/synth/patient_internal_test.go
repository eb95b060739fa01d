package synth

import (
	"bytes"
	"image/jpeg"
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
)

// many are hidden states alone: they cost nothing.
func many(n int) []*patient {
	all := make([]*patient, n)
	for i := range all {
		all[i] = newPatient(1, i, data.Train)
	}
	return all
}

// TestModalitiesAreAsOftenPresentAsInThePaper holds the rates that the package comment
// names: text 91 %, ECG 52 %, chest X-ray 25 %.
func TestModalitiesAreAsOftenPresentAsInThePaper(t *testing.T) {
	patients := many(20_000)
	for m, want := range [modalities]float64{measurements: 0.985, notes: 0.91, ecg: 0.52, cxr: 0.25} {
		n := 0
		for _, p := range patients {
			if p.has[m] {
				n++
			}
			if !p.covered() {
				t.Fatal("a patient has nothing")
			}
		}
		if got := float64(n) / float64(len(patients)); math.Abs(got-want) > 0.012 {
			t.Errorf("%s: %.3f of the patients, want %.3f", modalityNames[m], got, want)
		}
	}
}

// TestNoSeverityTellsTheOutcomeAlone holds the outcome to what makes fusion worth while:
// all four severities tell it well, each and each pair clearly less.
func TestNoSeverityTellsTheOutcomeAlone(t *testing.T) {
	patients := many(8000)
	severities := map[string]func(*patient) float64{
		"shock": func(p *patient) float64 { return p.shock }, "lung": func(p *patient) float64 { return p.lung },
		"heart": func(p *patient) float64 { return p.heart }, "frailty": func(p *patient) float64 { return p.frailty },
	}
	all := auroc(patients, func(p *patient) float64 { return p.risk })
	if all < 0.91 || all > 0.94 {
		t.Errorf("the true risk has AUROC %.3f, want 0.91 to 0.94", all)
	}
	for first, f := range severities {
		for second, g := range severities {
			got, most := auroc(patients, func(p *patient) float64 { return f(p) + g(p) }), 0.86
			if first == second {
				most = 0.78
			}
			if got < 0.68 || got > most {
				t.Errorf("%s and %s have AUROC %.3f, want 0.68 to %g", first, second, got, most)
			}
		}
	}
}

func auroc(patients []*patient, score func(*patient) float64) float64 {
	e := eval.Predictions{Task: eval.Task{Name: outcome, Kind: eval.Binary, Columns: []string{outcome}}}
	for _, p := range patients {
		e.Patients = append(e.Patients, p.id())
		e.Scores, e.Labels = append(e.Scores, score(p)), append(e.Labels, float32(p.label()))
	}
	return eval.Evaluate(e, eval.Options{}).Value("auroc")
}

// TestTheTwelveLeadsAgree checks the leads' laws, which electrodes on one body obey.
func TestTheTwelveLeadsAgree(t *testing.T) {
	p := newPatient(1, 0, data.Train)
	leads := twelve(p.electrocardiogram(p.random(ecgStream)))
	for s := range ecgSamples {
		var v [6]float64
		for i := range v {
			v[i] = float64(leads[i][s])
		}
		i, ii, iii, avr, avl, avf := v[0], v[1], v[2], v[3], v[4], v[5]
		if iii != ii-i {
			t.Fatalf("sample %d: III is %g, want II - I = %g", s, iii, ii-i)
		}
		for name, off := range map[string]float64{"aVR": avr + (i+ii)/2, "aVL": avl - (i - ii/2), "aVF": avf - (ii - i/2)} {
			if math.Abs(off) > 0.5 {
				t.Fatalf("sample %d: %s is off by %g steps", s, name, off)
			}
		}
	}
}

// TestRhythm compares how irregular beats are with and without atrial fibrillation, and
// how fast they are in shock.
func TestRhythm(t *testing.T) {
	rhythm := func(p *patient) (rate, variation float64) {
		var gaps []float64
		for n := range 20 {
			r := (&patient{seed: uint64(n)}).random(ecgStream)
			h := newHeart(r, p)
			h.ectopic = 0
			for _, b := range h.beats(r) {
				gaps = append(gaps, b.after)
			}
		}
		mean, square := 0.0, 0.0
		for _, g := range gaps {
			mean += g / float64(len(gaps))
			square += g * g / float64(len(gaps))
		}
		return 60 / mean, math.Sqrt(square-mean*mean) / mean
	}
	calm, _ := rhythm(&patient{})
	fast, _ := rhythm(&patient{shock: 2})
	if fast < calm+12 {
		t.Errorf("%.0f beats a minute in shock, %.0f without", fast, calm)
	}
	_, sinus := rhythm(&patient{})
	_, fibrillation := rhythm(&patient{fibrillates: true})
	if fibrillation < 1.5*sinus {
		t.Errorf("gaps vary by %.2f in fibrillation and %.2f in sinus rhythm", fibrillation, sinus)
	}
}

// TestASickLungIsBrighter compares the middle of the images of sick and healthy lungs.
func TestASickLungIsBrighter(t *testing.T) {
	brightness := func(lung float64) float64 {
		sum, n := 0.0, 0
		for i := range 6 {
			p := &patient{seed: 3, index: i, lung: lung}
			content, err := p.chestImage(p.random(cxrStream))
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			for y := cxrSide / 4; y < cxrSide/2; y++ {
				for _, from := range []int{cxrSide / 4, cxrSide * 5 / 8} {
					for x := from; x < from+cxrSide/8; x++ {
						grey, _, _, _ := img.At(x, y).RGBA()
						sum, n = sum+float64(grey)/0xffff, n+1
					}
				}
			}
		}
		return sum / float64(n)
	}
	if sick, healthy := brightness(2), brightness(-1); sick < healthy+0.05 {
		t.Errorf("lungs are %.2f bright where they are sick, %.2f where they are not", sick, healthy)
	}
}
