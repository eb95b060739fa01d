package kernel

// The probes run rounds rounds, at least 1, of as many multiply-adds as there are
// sums, each in a register of its own: more than the unit takes to finish one.
const (
	avx512Sums = 24
	avx2Sums   = 12
)

//go:noescape
func multiplyAddsAVX512(rounds int)

//go:noescape
func multiplyAddsAVX2(rounds int)

func (s path) multiplyAdds(rounds int) (operations int) {
	if s == avx512 {
		multiplyAddsAVX512(rounds)
		return rounds * avx512Sums * 16 * 2
	}
	multiplyAddsAVX2(rounds)
	return rounds * avx2Sums * 8 * 2
}
