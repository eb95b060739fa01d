package autoencoder

import (
	"math"
	"math/rand/v2"
)

// Window is what the network sees of a recording: leads of samples in mV. A lead may be nil, or shorter than
// others: what is not there was not recorded.
type Window [][]float64

// Set is windows to learn from, kept as microvolts in 16 bits.
type Set struct {
	shape   Shape
	most    int
	seen    int
	random  *rand.Rand
	windows [][]int16 // leads x length
}

// missing is a sample that was not recorded.
const missing = math.MinInt16

// NewSet returns a set of at most so many windows of that shape. Of more, every one has the same chance to be
// in it.
func NewSet(shape Shape, most int, seed uint64) *Set {
	return &Set{shape: shape, most: most, random: rand.New(rand.NewPCG(seed, 1))}
}

// Seen is the number of windows that were added, Len of those that are kept.
func (s *Set) Seen() int { return s.seen }

// Len is the number of windows that are kept.
func (s *Set) Len() int { return len(s.windows) }

// Add puts a window into the set (J. S. Vitter, "Random sampling with a reservoir", 1985).
func (s *Set) Add(w Window) {
	s.seen++
	if len(s.windows) < s.most {
		s.windows = append(s.windows, make([]int16, s.shape.Leads*s.shape.Length))
		s.put(len(s.windows)-1, w)
	} else if i := s.random.IntN(s.seen); i < s.most {
		s.put(i, w)
	}
}

func (s *Set) put(i int, w Window) {
	const microvolts = 1000
	for lead := range s.shape.Leads {
		to := s.windows[i][lead*s.shape.Length:][:s.shape.Length]
		for j := range to {
			to[j] = missing
		}
		for j, v := range w[lead] {
			if j == len(to) {
				break
			}
			to[j] = int16(math.Round(max(-math.MaxInt16, min(math.MaxInt16, microvolts*v))))
		}
	}
}

// deviations are those of the leads from 0 mV; 1 mV where nothing was recorded.
func (s *Set) deviations() []float64 {
	out := make([]float64, s.shape.Leads)
	for lead := range out {
		squares, n := 0.0, 0.0
		for _, w := range s.windows {
			for _, v := range w[lead*s.shape.Length:][:s.shape.Length] {
				if v != missing {
					squares += float64(v) * float64(v)
					n++
				}
			}
		}
		out[lead] = 1
		if squares > 0 {
			out[lead] = math.Sqrt(squares/n) / 1000
		}
	}
	return out
}

// fill sets x to the windows of those numbers, scaled, and mask to 1 where something was recorded. If there is
// a turn, each window begins at a random sample, and what was before it comes behind its end.
func (s *Set) fill(x, mask *tensor[float32], which []int, deviation []float64, turn *rand.Rand) {
	for i, w := range which {
		begin := 0
		if turn != nil {
			begin = turn.IntN(s.shape.Length)
		}
		for lead := range s.shape.Leads {
			to, known := x.signal(lead, i), mask.signal(lead, i)
			factor := 1 / (1000 * deviation[lead])
			from := s.windows[w][lead*s.shape.Length:][:s.shape.Length]
			for j := range to {
				to[j], known[j] = 0, 0
				if v := from[(begin+j)%len(from)]; v != missing {
					to[j], known[j] = clipped(float64(v)*factor), 1
				}
			}
		}
	}
}

// farthest is how many deviations a value may be from the mean. What is beyond is mostly an artefact, and
// would otherwise drown the rest.
const farthest = 10

func clipped(x float64) float32 { return float32(max(-farthest, min(farthest, x))) }
