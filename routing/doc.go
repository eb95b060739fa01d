// Package routing is the mixture of experts over modalities: which experts each
// token is sent to, and what they make of it.
//
// A Router mixes the modalities of a batch. Its kinds differ in who decides:
//
//   - joint: one gate sees all modalities side by side;
//   - per modality: every modality has its own gate into one pool of experts;
//   - disjoint: every modality has its own gate and its own part of the pool.
//
// Where a modality is missing from a sample, its learned indicator is routed in its
// place, and counts in the balance of the experts; a disjoint router, whose experts know
// one modality only, sends it nowhere. The entropy loss is about present modalities.
//
// Every expert writes to all modalities, so that what one modality shows can inform
// the others; the experts are the only place in the model where modalities meet. The
// gates are those of the paper (Han et al. 2024): softmax, Laplace and Gaussian.
//
//	r, err := routing.New[float32](config, "layer.0.router", routing.Shape{…}, seed)
//	out := r.Apply(g, x, batch)
//	x = g.AddColumns(…, x, out.Mixture)
package routing
