// Package model is the FuseMoE network (Han et al., NeurIPS 2024) as a graph: from the
// ragged series of every modality to the logits of every task.
//
//	series ─ irregular-time attention ─┐
//	                                   blend ─ assemble ─ fusion layers ─ pooling ─ head
//	series ─ imputation, convolution ──┘        with the learned
//	                                            missing indicators
//
// A Model owns the parameters. It builds one graph for each batch size and mode that
// it meets, all over the same parameters, so that batches need no padding:
//
//	m, err := model.New[float32](config, modalities, tasks, seed)
//	loss, err := m.Train(pool, batch, step)    // gradients are in m.Parameters()
//	out, err := m.Predict(pool, batch)
//
// The logits of a sample are the same bits alone and in any batch.
package model
