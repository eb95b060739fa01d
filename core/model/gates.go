package model

import (
	"slices"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Gates is what the routers did with the first sample of a batch: for each layer, a row
// for each modality, or one of a joint router, with the mean weight of each expert.
func (m *Model[F]) Gates(out Output[F], samples int) (layers [][][]float64) {
	for _, layer := range out.Decisions {
		layers = append(layers, m.gates(layer, samples))
	}
	return layers
}

func (m *Model[F]) gates(layer []Decision[F], samples int) [][]float64 {
	mean := m.perExpert(layer)
	eachGate(layer, samples, func(decision, at, row, expert int, share float64) {
		mean[row][expert] += float64(layer[decision].Gates[at]) * share
	})
	return mean
}

// perExpert has a zero for each row and expert of a layer.
func (m *Model[F]) perExpert(layer []Decision[F]) [][]float64 {
	rows := len(m.modalities)
	if len(layer[0].Modalities) == 0 {
		rows = 1
	}
	all := make([][]float64, rows)
	for i := range all {
		all[i] = make([]float64, m.config.Router.Experts)
	}
	return all
}

// eachGate goes through the gates of the first sample of a batch: where each is in the
// gates of which decision, whose it is, and the share of one step in the sample's.
func eachGate[F kernel.Float](layer []Decision[F], samples int, visit func(decision, at, row, expert int, share float64)) {
	for i, d := range layer {
		groups := max(1, len(d.Modalities))
		group := len(d.Gates) / groups
		sample := group / samples // of one group: steps·experts, or experts
		for g := range groups {
			row := 0
			if len(d.Modalities) > 0 {
				row = d.Modalities[g]
			}
			for j := range sample {
				visit(i, g*group+j, row, d.FirstExpert+j%d.Experts, float64(d.Experts)/float64(sample))
			}
		}
	}
}

// Averaged is a batch in which every value that was observed of one modality, or of all
// if it is -1, is the training mean: only what was recorded when is left of it. It is
// what Attribute compares a sample with.
func (m *Model[F]) Averaged(b Batch[F], modality int) Batch[F] {
	b.Series = slices.Clone(b.Series)
	for i := range b.Series {
		if modality != -1 && modality != i {
			continue
		}
		s := &b.Series[i]
		s.Values = slices.Clone(s.Values)
		for j := range s.Values {
			if s.Observed == nil || s.Observed[j] != 0 {
				s.Values[j] = m.baseline(i, j)
			}
		}
	}
	return b
}
