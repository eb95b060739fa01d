package eval

import (
	"math"
	"slices"
)

// bins is the number of equal-count bins of the calibration error.
const bins = 10

// The places of the binary metrics among those that are resampled. The calibration error is not: bins of
// repeated samples look worse calibrated than they are, so its percentiles lie above the value itself.
const (
	auroc = iota
	auprc
	f1
	f1Tuned
	minSePPV
	brier
	logLoss
	binaryMetrics
)

var binaryNames = []string{"auroc", "auprc", "f1", "f1_tuned", "min_se_ppv", "brier", "log_loss"}

// curve is one label's samples from the highest score to the lowest.
type curve struct {
	row      []int32
	score    []float64
	positive []bool
	// squared error and log loss of each sample.
	squared, loss []float64
	// ends of the runs of equal scores, exclusive: no threshold can part a run.
	ends []int32
	// half and tuned are how many samples score at least 0.5 and at least the threshold.
	half, tuned int
	threshold   float64
	positives   int
}

// newCurve sorts the samples of which row, label and score are given.
func newCurve(row []int32, label []float32, score []float64) *curve {
	order := make([]int, len(row))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case score[a] > score[b]:
			return -1
		case score[a] < score[b]:
			return 1
		}
		return 0
	})
	c := &curve{threshold: math.NaN()}
	for at, i := range order {
		y, p := float64(label[i]), score[i]
		c.row = append(c.row, row[i])
		c.score = append(c.score, p)
		c.positive = append(c.positive, y == 1)
		c.squared = append(c.squared, (p-y)*(p-y))
		c.loss = append(c.loss, negativeLog(y*p+(1-y)*(1-p)))
		c.positives += int(y)
		if at+1 == len(order) || score[order[at+1]] != p {
			c.ends = append(c.ends, int32(at+1))
		}
	}
	c.half = c.atLeast(0.5)
	return c
}

// negativeLog keeps the loss of a certain mistake finite: the smallest probability that it knows is the
// spacing of float64 numbers at 1, as in scikit-learn.
func negativeLog(p float64) float64 {
	const epsilon = 0x1p-52
	return -math.Log(min(max(p, epsilon), 1-epsilon))
}

func (c *curve) atLeast(threshold float64) int {
	n := 0
	for n < len(c.score) && c.score[n] >= threshold {
		n++
	}
	return n
}

func (c *curve) setThreshold(t float64) { c.threshold, c.tuned = t, c.atLeast(t) }

// bestThreshold is the score at which F1 is largest, the highest one of several, and NaN for one class only.
func (c *curve) bestThreshold() float64 {
	best, threshold := 0.0, math.NaN()
	if !c.bothClasses() {
		return threshold
	}
	hits, from := 0, int32(0)
	for _, end := range c.ends {
		for i := from; i < end; i++ {
			if c.positive[i] {
				hits++
			}
		}
		if f := 2 * float64(hits) / float64(int(end)+c.positives); f > best {
			best, threshold = f, c.score[end-1]
		}
		from = end
	}
	return threshold
}

func (c *curve) bothClasses() bool { return c.positives > 0 && c.positives < len(c.row) }

// measure computes the binary metrics of the rows with their weights, and tells whether both classes are
// among them.
//
// AUROC is the share of pairs of a positive and a negative in the right order, ties counting half (Fawcett,
// 2006); AUPRC is the sum of (R_n - R_{n-1}) P_n over the thresholds, without interpolation.
func (c *curve) measure(weight []int32, out []float64) bool {
	c.losses(weight, out)
	total, positives := c.count(weight, len(c.row))
	if positives == 0 || positives == total {
		for _, m := range []int{auroc, auprc, f1, f1Tuned, minSePPV} {
			out[m] = math.NaN()
		}
		return false
	}
	out[f1] = c.fScore(weight, c.half, positives)
	out[f1Tuned] = math.NaN()
	if !math.IsNaN(c.threshold) {
		out[f1Tuned] = c.fScore(weight, c.tuned, positives)
	}

	// pairs counts every pair in the right order twice and every tie once.
	var hits, called, pairs int64
	var precision, best float64
	from := int32(0)
	for _, end := range c.ends {
		var newHits, newCalled int64
		for i := from; i < end; i++ {
			w := int64(weight[c.row[i]])
			newCalled += w
			if c.positive[i] {
				newHits += w
			}
		}
		from = end
		if newCalled == 0 {
			continue
		}
		pairs += (newCalled - newHits) * (2*hits + newHits)
		hits += newHits
		called += newCalled
		if newHits > 0 {
			precision += float64(newHits) * float64(hits) / float64(called)
			best = max(best, float64(hits)/float64(max(called, positives)))
		}
	}
	out[auroc] = float64(pairs) / (2 * float64(positives) * float64(total-positives))
	out[auprc] = precision / float64(positives)
	out[minSePPV] = best
	return true
}

func (c *curve) losses(weight []int32, out []float64) {
	var total, squared, loss float64
	for i, r := range c.row {
		w := float64(weight[r])
		total += w
		squared += w * c.squared[i]
		loss += w * c.loss[i]
	}
	out[brier], out[logLoss] = squared/total, loss/total
}

// count is the number of samples and of positives among the first n.
func (c *curve) count(weight []int32, n int) (total, positives int64) {
	for i, r := range c.row[:n] {
		w := int64(weight[r])
		total += w
		if c.positive[i] {
			positives += w
		}
	}
	return total, positives
}

// fScore is F1 where the first n samples are called positive.
func (c *curve) fScore(weight []int32, n int, positives int64) float64 {
	called, hits := c.count(weight, n)
	return 2 * float64(hits) / float64(called+positives)
}

// calibrationError is the mean over ten bins, of equal count along the sorted scores, of the distance between
// mean score and share of positives (Nguyen and O'Connor, 2015). A run of equal scores that crosses the edge
// of a bin is divided with its positives spread evenly, so that the order of the samples does not matter.
func (c *curve) calibrationError() float64 {
	n := len(c.row)
	// gap is the sum of score minus label up to each sample.
	gap := make([]float64, n+1)
	from := int32(0)
	for _, end := range c.ends {
		hits := 0
		for _, positive := range c.positive[from:end] {
			if positive {
				hits++
			}
		}
		each := c.score[from] - float64(hits)/float64(end-from)
		for i := from; i < end; i++ {
			gap[i+1] = gap[i] + each
		}
		from = end
	}
	sum := 0.0
	for b := range bins {
		sum += math.Abs(gap[(b+1)*n/bins] - gap[b*n/bins])
	}
	return sum / float64(n)
}
