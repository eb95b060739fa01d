package autoencoder

import "math"

// adam is the optimizer of D. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2015, with its
// usual settings.
type adam[F number] struct {
	parameters []*parameter[F]
	first      [][]F // moments of the gradients
	second     [][]F
	steps      int
}

func newAdam[F number](parameters []*parameter[F]) *adam[F] {
	a := &adam[F]{parameters: parameters}
	for _, p := range parameters {
		a.first = append(a.first, make([]F, len(p.value)))
		a.second = append(a.second, make([]F, len(p.value)))
	}
	return a
}

// step moves every parameter along its gradient.
func (a *adam[F]) step(t threads, rate float64) {
	const beta1, beta2, tiny = 0.9, 0.999, 1e-7
	a.steps++
	size := F(rate * math.Sqrt(1-math.Pow(beta2, float64(a.steps))) / (1 - math.Pow(beta1, float64(a.steps))))
	t.each(len(a.parameters), func(i int) {
		p, first, second := a.parameters[i], a.first[i], a.second[i]
		for j, g := range p.gradient {
			first[j] = beta1*first[j] + (1-beta1)*g
			second[j] = beta2*second[j] + (1-beta2)*g*g
			p.value[j] -= size * first[j] / (F(math.Sqrt(float64(second[j]))) + tiny)
		}
	})
}
