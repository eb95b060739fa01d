// Package train fits a model to the training split: the loop over epochs and batches,
// the optimizer and its schedule, and the choice of the best epoch.
//
//	result, err := train.Run(ctx, train.Task{
//		Model: m, Pool: pool, Rows: rows, Batch: batches, Score: score,
//	}, options)
//
// Everything random is a function of the seed and of the step's number, so that the
// same seed gives the same weights to the last bit. No plugin is needed here: batches
// come from the cache.
package train
