package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
)

// Identity has hashes of what a training takes from a dataset beside its items: two
// datasets of one Identity have the same samples in the same order, of the same patients,
// in the same splits and with the same labels.
type Identity struct {
	Samples string `json:"samples"`
	Splits  string `json:"splits"`
	// Labels has one hash a task, by its name.
	Labels map[string]string `json:"labels"`
}

// Identity is the dataset's own, with the labels of these tasks.
func (d *Dataset) Identity(tasks []string) (Identity, error) {
	id := Identity{Labels: make(map[string]string, len(tasks))}
	id.Samples = hashed(func(h *digest) {
		h.texts(d.IDs)
		h.texts(d.Patients)
	})
	id.Splits = hashed(func(h *digest) {
		for _, s := range d.Splits {
			h.number(uint64(s))
		}
	})
	for _, name := range tasks {
		task, err := d.Task(name)
		if err != nil {
			return Identity{}, err
		}
		labels, err := d.Labels(name)
		if err != nil {
			return Identity{}, err
		}
		id.Labels[name] = hashed(func(h *digest) {
			h.text(task.Kind.String())
			h.texts(task.Columns)
			h.texts(task.Classes)
			h.floats(labels)
		})
	}
	return id, nil
}

// Fingerprint is a hash of the sequences and of what their numbers are.
func (e Encoded) Fingerprint() string {
	return hashed(func(h *digest) {
		h.number(uint64(e.Dim))
		h.texts(e.Features)
		h.flags([]bool{e.Measurements})
		for _, s := range e.Sequences {
			h.number(uint64(len(s.Times)))
			for _, t := range s.Times {
				h.number(math.Float64bits(t))
			}
			h.floats(s.Values)
			h.flags(s.Observed)
		}
	})
}

func hashed(content func(*digest)) string {
	h := digest{Hash: sha256.New()}
	content(&h)
	h.flush()
	return hex.EncodeToString(h.Sum(nil))
}

func (h *digest) floats(values []float32) {
	h.number(uint64(len(values)))
	for _, v := range values {
		h.buffer = binary.LittleEndian.AppendUint32(h.buffer, math.Float32bits(v))
	}
}

func (h *digest) flags(on []bool) {
	h.number(uint64(len(on)))
	for _, v := range on {
		one := byte(0)
		if v {
			one = 1
		}
		h.buffer = append(h.buffer, one)
	}
}
