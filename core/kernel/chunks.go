package kernel

import "unsafe"

// chunkLimit bounds the scratch of a reduction: what is summed over samples or rows
// is summed within at most this many chunks, in parallel, and then over the chunks
// in order. More would feed more workers and cost more memory.
const chunkLimit = 32

// chunkGrain is the length of the chunks of n items: at least the given one, and
// large enough to make no more than chunkLimit chunks.
func chunkGrain(n, least int) int {
	return max(least, (n+chunkLimit-1)/chunkLimit)
}

// blockGrain is how many rows of the given width make a chunk of entryChunk.
func blockGrain(width int) int { return max(1, entryChunk/max(width, 1)) }

// sumChunks adds up what part returns for the chunks of [0,n), in order.
func sumChunks(p *Pool, n, least int, part func(lo, hi int) float64) float64 {
	var parts [chunkLimit]float64
	grain := chunkGrain(n, least)
	p.For(n, grain, func(lo, hi int) { parts[lo/grain] = part(lo, hi) })
	var sum float64
	for _, v := range parts {
		sum += v
	}
	return sum
}

// addTo computes y += x.
func addTo[F Float](y, x []F) {
	accumulate(y, 1, x)
}

// scaleBy computes x *= a.
func scaleBy[F Float](x []F, a F) {
	if s := activePath(); isFloat32[F]() && s != generic {
		x = x[s.scale(single(x), float32(a)):]
	}
	for i := range x {
		x[i] *= a
	}
}

// weighOn multiplies grads by weight·slopes and adds them to sums.
func weighOn[F Float](s path, grads, sums, slopes []F, weight F) {
	done := 0
	if isFloat32[F]() && s != generic {
		done = s.weigh(single(grads), single(sums), single(slopes), float32(weight))
	}
	for i := done; i < len(grads); i++ {
		grads[i] *= weight * slopes[i]
		sums[i] += grads[i]
	}
}

// isFloat32 says which of the two element types F is; the compiler knows the answer.
func isFloat32[F Float]() bool {
	var zero F
	return unsafe.Sizeof(zero) == 4
}

// single is x as float32, for an F that isFloat32 affirms.
func single[F Float](x []F) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// mustHold panics unless the shapes fit.
func mustHold(ok bool) {
	if !ok {
		panic(ErrShape)
	}
}
