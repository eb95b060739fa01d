package model

import (
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// Missing is what stands for a modality that a sample lacks. The paper learns an
// indicator; the others are the usual fillings, to compare with.
type Missing uint8

const (
	// Indicator puts a learned sequence in the place of the modality's grid.
	Indicator Missing = iota
	// Zeros has the encoder read one row of zeros, as if it had been recorded.
	Zeros
	// Means has it read one row of Modality.Mean.
	Means
)

// indicators are the learned ones or, where nothing is left missing, zeros that are
// never read.
func (m *Model[F]) indicators(g *op.Graph[F]) op.Node {
	if m.missing != nil {
		return g.Parameter(m.missing)
	}
	n, _ := g.Input("missing", len(m.modalities), m.config.Steps, m.config.Width)
	return n
}

// fillMissing fills in what is missing, or was dropped, unless there are indicators
// for it. Nothing is missing afterwards.
func (m *Model[F]) fillMissing(p *program[F]) {
	if m.config.Missing == Indicator {
		return
	}
	for i, e := range m.encoders {
		row := make([]F, e.modality.Width)
		if m.config.Missing == Means {
			copy(row, e.mean)
		}
		present := p.present[i*p.samples:][:p.samples]
		fillSeries(&p.filled[i], p.series[i], present, row)
		p.series[i] = p.filled[i]
	}
}

// fillSeries copies a series and gives the samples that are not present this row
// alone, all of it observed. Its time is 0, so that the imputation branch carries it
// over the whole grid; the attention, over one row, is the same everywhere at any
// time.
func fillSeries[F kernel.Float](to *kernel.Series[F], from kernel.Series[F], present []bool, row []F) {
	w := from.Width
	to.Width = w
	to.Start, to.Times, to.Values = append(to.Start[:0], 0), to.Times[:0], to.Values[:0]
	observed := to.Observed[:0]
	for s, has := range present {
		if has {
			lo, hi := from.Start[s], from.Start[s+1]
			to.Times = append(to.Times, from.Times[lo:hi]...)
			to.Values = append(to.Values, from.Values[lo*w:hi*w]...)
			if from.Observed != nil {
				observed = append(observed, from.Observed[lo*w:hi*w]...)
			}
		} else {
			to.Times = append(to.Times, 0)
			to.Values = append(to.Values, row...)
			if from.Observed != nil {
				for range row {
					observed = append(observed, 1)
				}
			}
		}
		to.Start = append(to.Start, len(to.Times))
		present[s] = true
	}
	if to.Observed = nil; from.Observed != nil {
		to.Observed = observed
	}
}
