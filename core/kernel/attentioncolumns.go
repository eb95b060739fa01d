package kernel

// The inner loops of irregular-time attention, for one head of one sample. The steps
// of the grid lie side by side, filled up to whole vectors, one line for each row of
// the series or each feature; so every step is a lane of its own, and a step's bits
// depend on nothing beside it.

// stepLanes is what the number of steps is rounded up to.
const stepLanes = 16

// attendColumns fills the lines of x, one a row, with exp(s - m), s being the inner product
// of the row's key and the lane's query and m the largest of the lane, and sums with the
// lanes' sums. Keys begin keyRow entries apart; queries has a line for each entry of a key.
func attendColumns[F Float](x, sums, keys []F, keyRow int, queries []F) {
	attendColumnsOn(activePath(), x, sums, keys, keyRow, queries)
}

func attendColumnsOn[F Float](s path, x, sums, keys []F, keyRow int, queries []F) {
	n := len(sums)
	keys = keys[:(len(x)/n-1)*keyRow+len(queries)/n]
	if isFloat32[F]() && s != generic {
		s.attendColumns(single(x), single(sums), single(keys), keyRow, single(queries))
		return
	}
	plainAttendColumns(x, sums, keys, keyRow, queries)
}

func plainAttendColumns[F Float](x, sums, keys []F, keyRow int, queries []F) {
	n, depth := len(sums), len(queries)/len(sums)
	for r := range len(x) / n {
		line := x[r*n:][:n]
		clear(line)
		for j, k := range keys[r*keyRow:][:depth] {
			for t, q := range queries[j*n:][:n] {
				line[t] += k * q
			}
		}
	}
	for j := range sums {
		m := x[j]
		for i := j; i < len(x); i += n {
			m = max(m, x[i])
		}
		sums[j] = 0
		for i := j; i < len(x); i += n {
			x[i] = exp(x[i] - m)
			sums[j] += x[i]
		}
	}
}

// sumObserved fills sums, two lines of n entries for each feature, with
//
//	o = Σ w[row]·value / d  and  d = Σ w[row]
//
// over the feature's observations; o is 0 and d 1 where there are none. It returns
// the smallest d.
func sumObserved[F Float](sums, w []F, o *observations[F], n int) (least F) {
	return sumObservedOn(activePath(), sums, w, o, n)
}

func sumObservedOn[F Float](s path, sums, w []F, o *observations[F], n int) (least F) {
	if isFloat32[F]() && s != generic {
		return F(s.sumObserved(single(sums), single(w), singles(o), n))
	}
	return plainSumObserved(sums, w, o, n)
}

func plainSumObserved[F Float](sums, w []F, o *observations[F], n int) (least F) {
	least = F(1)
	for c := range len(o.feature) - 1 {
		quotients, totals := sums[2*c*n:][:n], sums[(2*c+1)*n:][:n]
		clear(quotients)
		if !o.seen(c) {
			for j := range totals {
				totals[j] = 1
			}
			continue
		}
		clear(totals)
		for _, v := range o.of(c) {
			for j, weight := range w[int(v.at)*n:][:n] {
				quotients[j] += weight * v.value
				totals[j] += weight
			}
		}
		for j, d := range totals {
			quotients[j] /= d
			least = min(least, d)
		}
	}
	return least
}

// quotientGradients replaces the first of the two lines of each feature in grads, the
// gradient g of o, by that of the numerator and fills the second with that of the
// denominator, from the sums that sumObserved left:
//
//	g/d  and  -g/d·o
//
// both 0 where d is below tiny. It returns the smallest d.
func quotientGradients[F Float](grads, sums []F, n int, tiny F) (least F) {
	return quotientGradientsOn(activePath(), grads, sums, n, tiny)
}

func quotientGradientsOn[F Float](s path, grads, sums []F, n int, tiny F) (least F) {
	if isFloat32[F]() && s != generic {
		return F(s.quotientGradients(single(grads), single(sums), n, float32(tiny)))
	}
	return plainQuotientGradients(grads, sums, n, tiny)
}

func plainQuotientGradients[F Float](grads, sums []F, n int, tiny F) (least F) {
	least = F(1)
	for at := 0; at < len(sums); at += 2 * n {
		for j := at; j < at+n; j++ {
			d := sums[j+n]
			least = min(least, d)
			if d < tiny {
				grads[j], grads[j+n] = 0, 0
				continue
			}
			g := grads[j] / d
			grads[j], grads[j+n] = g, -g*sums[j]
		}
	}
	return least
}

// spreadObserved multiplies each row's line of w by
//
//	Σ (numerator·value + denominator)
//
// over the row's observations, with their features' two lines of grads.
func spreadObserved[F Float](w, grads []F, o *observations[F], n int) {
	spreadObservedOn(activePath(), w, grads, o, n)
}

func spreadObservedOn[F Float](s path, w, grads []F, o *observations[F], n int) {
	if isFloat32[F]() && s != generic {
		s.spreadObserved(single(w), single(grads), singles(o), n)
		return
	}
	plainSpreadObserved(w, grads, o, n)
}

func plainSpreadObserved[F Float](w, grads []F, o *observations[F], n int) {
	for r := range len(o.row) - 1 {
		for j := range n {
			var along, across F
			for _, v := range o.byRow[o.row[r]:o.row[r+1]] {
				along += grads[2*int(v.at)*n+j] * v.value
				across += grads[(2*int(v.at)+1)*n+j]
			}
			w[r*n+j] *= along + across
		}
	}
}

// softmaxColumns replaces each entry g of grads by w·(g - m), m being the sum of w·g
// over its column times the column's factor: for exponentials w, factors of 1 by
// their sum, and g divided by the sum already, it is the gradient before the softmax.
func softmaxColumns[F Float](grads, w, factors []F) {
	softmaxColumnsOn(activePath(), grads, w, factors)
}

func softmaxColumnsOn[F Float](s path, grads, w, factors []F) {
	if isFloat32[F]() && s != generic {
		s.softmaxColumns(single(grads), single(w), single(factors))
		return
	}
	plainSoftmaxColumns(grads, w, factors)
}

func plainSoftmaxColumns[F Float](grads, w, factors []F) {
	n := len(factors)
	for j, factor := range factors {
		var mean F
		for i := j; i < len(w); i += n {
			mean += w[i] * grads[i]
		}
		mean *= factor
		for i := j; i < len(w); i += n {
			grads[i] = w[i] * (grads[i] - mean)
		}
	}
}

// transposeTo sets dst[q·dstRow+r] = src[r·srcRow+q] for r < rows and q < depth. What
// lies in dst between rows and the next multiple of 8 may be overwritten.
func transposeTo[F Float](dst []F, dstRow int, src []F, srcRow, rows, depth int) {
	if s := activePath(); isFloat32[F]() && s != generic {
		s.transpose(single(dst), dstRow, single(src), srcRow, rows, depth)
		return
	}
	for r := range rows {
		for q, v := range src[r*srcRow:][:depth] {
			dst[q*dstRow+r] = v
		}
	}
}
