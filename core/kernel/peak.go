package kernel

import "sync/atomic"

// MultiplyAdds runs rounds of independent multiply-adds on registers, in the
// instructions that Path names, and returns how many floating-point operations these
// were. Nothing is read or written, so the time that it takes is the machine's peak,
// which no kernel can pass.
func MultiplyAdds(rounds int) (operations int) {
	return multiplyAddsOn(activePath(), rounds)
}

func multiplyAddsOn(s path, rounds int) (operations int) {
	if s != generic && rounds > 0 {
		return s.multiplyAdds(rounds)
	}
	const sums = 8
	var a, b, c, d, e, f, g, h float32
	for range rounds {
		a, b, c, d = a*0.5+1, b*0.5+1, c*0.5+1, d*0.5+1
		e, f, g, h = e*0.5+1, f*0.5+1, g*0.5+1, h*0.5+1
	}
	probed.Store(a+b+c+d+e+f+g+h != 0)
	return rounds * sums * 2
}

// probed keeps the compiler from leaving the sums out.
var probed atomic.Bool
