package eval

import (
	"math"
)

// ExpertUse gathers what routers did: how often each expert was chosen, and for which modality. It is not
// safe for concurrent use.
//
//	use := eval.NewExpertUse([]string{"vitals", "notes"}, layers, experts)
//	use.Add(layer, modality, gates)
//	json.Marshal(use.Result())
type ExpertUse struct {
	modalities []string
	experts    int
	layers     [][]routed
}

// routed is what one layer's router did with one modality.
type routed struct {
	rows     int
	entropy  float64
	mass     []float64
	selected []int
}

// NewExpertUse starts with nothing counted. A joint router sees all modalities at once: give it one name.
func NewExpertUse(modalities []string, layers, experts int) *ExpertUse {
	u := &ExpertUse{modalities: modalities, experts: experts, layers: make([][]routed, layers)}
	for l := range u.layers {
		u.layers[l] = make([]routed, len(modalities))
		for m := range u.layers[l] {
			u.layers[l][m] = routed{mass: make([]float64, experts), selected: make([]int, experts)}
		}
	}
	return u
}

const errGates = "eval: len(gates) is not a multiple of the number of experts"

// Add counts gates, rows x experts: the weights with which a router sent rows of a modality to the experts, 0
// where an expert was not chosen. Experts count over all pools where pools are disjoint.
func (u *ExpertUse) Add(layer, modality int, gates []float32) {
	require(len(gates)%u.experts == 0, errGates)
	r := &u.layers[layer][modality]
	r.rows += len(gates) / u.experts
	for i, gate := range gates {
		if gate > 0 {
			g := float64(gate)
			r.mass[i%u.experts] += g
			r.selected[i%u.experts]++
			r.entropy -= g * math.Log(g)
		}
	}
}

// ExpertUseResult is an ExpertUse in figures.
type ExpertUseResult struct {
	Modalities []string         `json:"modalities"`
	Layers     []LayerExpertUse `json:"layers"`
}

// LayerExpertUse is what one layer's router did.
type LayerExpertUse struct {
	// Use is, by expert, the share of the whole gate weight that it got. It sums to 1; an expert at 0 is dead.
	Use []float64 `json:"use"`
	// Selected is, by expert, the share of routed rows that chose it.
	Selected []float64 `json:"selected"`
	// Share is, by expert, the share of each modality in the expert's gate weight (Han et al., 2024, Figure
	// 3c). Each row sums to 1; an expert that nothing chose has none.
	Share [][]float64 `json:"share"`
	// Entropy is, by modality, the mean entropy of a row's gates in nats: 0 where one expert takes all, log k
	// where the k chosen ones share alike. 0 also for a modality without rows.
	Entropy []float64 `json:"entropy"`
}

// Result is what was added so far.
func (u *ExpertUse) Result() ExpertUseResult {
	result := ExpertUseResult{Modalities: u.modalities, Layers: make([]LayerExpertUse, len(u.layers))}
	for l, modalities := range u.layers {
		result.Layers[l] = u.layer(modalities)
	}
	return result
}

func (u *ExpertUse) layer(modalities []routed) LayerExpertUse {
	layer := LayerExpertUse{
		Use: make([]float64, u.experts), Selected: make([]float64, u.experts),
		Share: make([][]float64, u.experts), Entropy: make([]float64, len(modalities)),
	}
	rows, whole := 0, 0.0
	for m, r := range modalities {
		rows += r.rows
		layer.Entropy[m] = ratio(r.entropy, float64(r.rows))
		for e := range u.experts {
			whole += r.mass[e]
			layer.Use[e] += r.mass[e]
			layer.Selected[e] += float64(r.selected[e])
		}
	}
	for e, mass := range layer.Use {
		if mass > 0 {
			layer.Share[e] = make([]float64, len(modalities))
			for m, r := range modalities {
				layer.Share[e][m] = r.mass[e] / mass
			}
		}
		layer.Use[e] = ratio(mass, whole)
		layer.Selected[e] = ratio(layer.Selected[e], float64(rows))
	}
	return layer
}

// ratio is 0 for nothing of nothing.
func ratio(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}
