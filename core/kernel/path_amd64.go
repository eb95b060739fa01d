package kernel

import "golang.org/x/sys/cpu"

// paths lists what this machine can run, slowest first.
func paths() []path {
	s := []path{generic}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasBMI2 {
		s = append(s, avx2)
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ {
			s = append(s, avx512)
		}
	}
	return s
}
