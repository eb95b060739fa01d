package synth

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/fusemoe/fusemoe/core/data"
)

// windowHours is the length of what is observed, as in the paper.
const windowHours = 48

// patient is one sample with what is hidden of it.
type patient struct {
	seed  uint64
	index int
	split data.Split

	age  int
	male bool
	// Severities, standard normal.
	shock, lung, heart, frailty float64
	fibrillates                 bool // atrial fibrillation
	has                         [modalities]bool

	risk float64 // of death
	died bool
}

// modality is one kind of raw files.
type modality int

const (
	measurements modality = iota
	notes
	ecg
	cxr
	modalities
)

var modalityNames = [modalities]string{"measurements", "notes", "ecg", "cxr"}

// presence is how likely a patient has a modality: σ(offset + slope · severity). The
// offsets give the rates of the package comment.
var presence = [modalities]struct {
	offset, slope float64
	of            func(*patient) float64
}{
	measurements: {offset: 4.18},
	notes:        {offset: 2.31},
	ecg:          {offset: 0.08, slope: 0.4, of: func(p *patient) float64 { return p.heart }},
	cxr:          {offset: -1.14, slope: 0.4, of: func(p *patient) float64 { return p.lung }},
}

// The outcome's coefficients. Their sum spreads the risk so widely that its AUROC is
// about 0.92, and the offset makes a quarter of the patients die.
const (
	riskOffset      = -2.7
	riskSlope       = 1.35
	riskInteraction = 0.35
	// sharedIllness is the part of a severity's deviation that all four share.
	sharedIllness = 0.35
)

// stream is what random numbers are for. Each part of each patient has numbers of its
// own, so that a change to one leaves the others as they were.
type stream uint64

const (
	stateStream stream = iota
	splitStream
	measurementStream
	noteStream
	ecgStream
	cxrStream
)

func (p *patient) random(s stream) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[0:], p.seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(p.index))
	binary.LittleEndian.PutUint64(key[16:], uint64(s))
	return rand.New(rand.NewChaCha8(key))
}

// newPatient draws what is hidden.
func newPatient(seed uint64, index int, split data.Split) *patient {
	p := &patient{seed: seed, index: index, split: split}
	r := p.random(stateStream)
	shared := r.NormFloat64()
	own := math.Sqrt(1 - sharedIllness*sharedIllness)
	for _, severity := range []*float64{&p.shock, &p.lung, &p.heart, &p.frailty} {
		*severity = sharedIllness*shared + own*r.NormFloat64()
	}
	p.age = int(math.Round(min(96, max(22, 66+6*p.frailty+13*r.NormFloat64()))))
	p.male = r.Float64() < 0.55
	p.fibrillates = chance(r, -2+1.1*p.heart)
	for !p.covered() {
		for m, has := range presence {
			score := has.offset
			if has.of != nil {
				score += has.slope * has.of(p)
			}
			p.has[m] = chance(r, score)
		}
	}
	p.risk = sigmoid(riskOffset + riskSlope*(p.shock+p.lung+p.heart+p.frailty) + riskInteraction*p.shock*p.heart)
	p.died = r.Float64() < p.risk
	return p
}

func (p *patient) covered() bool {
	for _, has := range p.has {
		if has {
			return true
		}
	}
	return false
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// chance is true with probability σ(score).
func chance(r *rand.Rand, score float64) bool { return r.Float64() < sigmoid(score) }

// normal draws from a normal distribution.
func normal(r *rand.Rand, mean, deviation float64) float64 { return mean + deviation*r.NormFloat64() }
