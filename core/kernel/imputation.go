package kernel

// Imputation is the regular view of a series (UTDE, Zhang et al. 2023): a grid of
// Steps cells a sample, where cell j holds the times in [j/Steps, (j+1)/Steps), the
// last one all later times too. grid is [Samples·Steps, 2·Width]: the values, then
// flags. The value is the last one observed in the cell or, failing that, in an
// earlier one, else Mean. The flag is 1 where the cell itself observed the feature.
type Imputation[F Float] struct {
	Samples, Steps, Width int
	// Mean has the mean of each feature in the training data; nil for zeros.
	Mean []F
}

// Fill computes the grid of the series.
func (m *Imputation[F]) Fill(p *Pool, grid []F, s *Series[F]) {
	mustHold(s.Samples() == m.Samples && s.Width == m.Width && m.Steps > 0)
	mustHold(len(grid) == m.Samples*m.Steps*2*m.Width)
	fitOrNil(m.Width, m.Mean)
	block := m.Steps * 2 * m.Width
	p.For(m.Samples, blockGrain(block), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			m.fillSample(grid[i*block:(i+1)*block], s, i)
		}
	})
}

// fillSample goes through the cells, each of which begins with the values of the one before.
func (m *Imputation[F]) fillSample(grid []F, s *Series[F], i int) {
	width, r, end := m.Width, s.Start[i], s.Start[i+1]
	last := grid[:width]
	clear(last)
	copy(last, m.Mean)
	for t := range m.Steps {
		row := grid[t*2*width:][:2*width]
		values, flags := row[:width], row[width:]
		copy(values, last)
		clear(flags)
		for ; r < end && m.cell(s.Times[r]) <= t; r++ {
			from := s.Values[r*width:][:width]
			if s.Observed == nil {
				copy(values, from)
				fill(flags, 1)
				continue
			}
			for c, o := range s.Observed[r*width:][:width] {
				if o != 0 {
					values[c], flags[c] = from[c], 1
				}
			}
		}
		last = values
	}
}

// cell is the one that a time lies in.
func (m *Imputation[F]) cell(time F) int {
	return max(0, min(int(time*F(m.Steps)), m.Steps-1))
}

// fill sets all of x to v.
func fill[F Float](x []F, v F) {
	for i := range x {
		x[i] = v
	}
}
