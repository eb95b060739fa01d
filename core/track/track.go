// Package track writes the figures of a training in the formats that experiment
// trackers read. Neither needs its tracker.
//
//	w, err := track.TensorBoard("runs/first")
//	err = w.Write(1, map[string]float64{"loss/total": 0.4})
//	err = w.Close(true)
package track

import (
	"maps"
	"math"
	"slices"
)

// Writer takes the figures of one training.
type Writer interface {
	// Write adds figures by their names, which slashes may divide into groups. Figures that
	// are no finite numbers are left out.
	Write(step int, figures map[string]float64) error
	// Close ends the training, whether or not it came to its end.
	Close(finished bool) error
}

// finite are the names of the figures to write, in order.
func finite(figures map[string]float64) []string {
	names := slices.Sorted(maps.Keys(figures))
	return slices.DeleteFunc(names, func(name string) bool {
		return math.IsNaN(figures[name]) || math.IsInf(figures[name], 0)
	})
}
