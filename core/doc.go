// Package core is fusemoe as a library: from a dataset and plugins to a trained
// model, its metrics and its predictions.
//
//	rt, err := core.Open(ctx, cfg, core.WithLogger(log))
//	defer rt.Close()
//	err = rt.Prepare(ctx)                   // plugins: fit, encode, cache, stop
//	result, err := rt.Train(ctx)            // no plugin is running
//	metrics, err := rt.Evaluate(ctx, data.Test)
//	predictions, err := rt.Predict(ctx, d)  // plugins on demand
//
// Run does all of it, for every seed of the config, and keeps the results in a run
// folder, from which OpenRun predicts later.
package core
