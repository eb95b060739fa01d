// Package bench measures how close this machine comes to its own peak on the work of
// training: matrix products, the expert pass, attention over irregular times and a
// whole step.
package bench
