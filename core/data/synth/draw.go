package synth

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// draw makes the raw files of one patient.
func (c *cohort) draw(dir string, i int) (err error) {
	p, t := c.patients[i], &c.tables[i]
	if p.has[measurements] {
		t.measurements = p.measure()
	}
	if p.has[notes] {
		t.notes = p.writeNotes()
	}
	if p.has[ecg] {
		if t.ecgs, err = p.writeECGs(dir); err != nil {
			return err
		}
	}
	if p.has[cxr] {
		t.images, err = p.writeImages(dir)
	}
	return err
}

// writeECGs writes one recording of the first day, and sometimes a second one.
func (p *patient) writeECGs(dir string) ([]file, error) {
	r := p.random(ecgStream)
	var all []file
	for i, hours := range examinations(r, 0.25) {
		name := fmt.Sprintf("%s-%d", p.id(), i+1)
		header, err := writeWFDB(filepath.Join(dir, modalityNames[ecg]), name, twelve(p.electrocardiogram(r)),
			"synthetic: drawn by a program, of nobody")
		if err != nil {
			return nil, err
		}
		all = append(all, file{hours, modalityNames[ecg] + "/" + header})
	}
	return all, nil
}

// writeImages writes one image of the first day, and often a second one.
func (p *patient) writeImages(dir string) ([]file, error) {
	r := p.random(cxrStream)
	var all []file
	for i, hours := range examinations(r, 0.4) {
		path := fmt.Sprintf("%s/%s-%d.jpg", modalityNames[cxr], p.id(), i+1)
		image, err := p.chestImage(r)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, path), image, 0o666); err != nil {
			return nil, err
		}
		all = append(all, file{hours, path})
	}
	return all, nil
}

// examinations are the times of one, or with that chance of two.
func examinations(r *rand.Rand, second float64) []float64 {
	times := []float64{20 * r.Float64()}
	if r.Float64() < second {
		times = append(times, 24+20*r.Float64())
	}
	return times
}

// id is the sample's name and the stem of its files.
func (p *patient) id() string { return fmt.Sprintf("s%06d", p.index+1) }
