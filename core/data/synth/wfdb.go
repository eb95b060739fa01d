package synth

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// wfdbGain is the number of digital steps per mV, as in PTB-XL.
const wfdbGain = 1000

var leadNames = []string{"I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"}

// twelve are the digital samples of the twelve leads. The limb leads are computed from
// I and II, so that they obey Einthoven (III = II - I) exactly and Goldberger (aVR =
// -(I + II) / 2 and so on) to half a step.
func twelve(leads [len(leadField)][]float64) [12][]int16 {
	var out [12][]int16
	for i := range out {
		out[i] = make([]int16, ecgSamples)
	}
	steps := func(lead, t int) int {
		return int(math.Round(min(math.MaxInt16, max(-math.MaxInt16, leads[lead][t]*wfdbGain))))
	}
	for t := range ecgSamples {
		one, two := steps(0, t), steps(1, t)
		limbs := [...]int{one, two, two - one, -(one + two) / 2, (2*one - two) / 2, (2*two - one) / 2}
		for i, v := range limbs {
			out[i][t] = int16(min(math.MaxInt16, max(-math.MaxInt16, v)))
		}
		for i := 2; i < len(leadField); i++ {
			out[len(limbs)+i-2][t] = int16(steps(i, t))
		}
	}
	return out
}

// writeWFDB writes a record as a header and a signal file of format 16: samples of two
// bytes, the low one first, all leads of a moment together (the formats are described
// in header(5) and signal(5) of the WFDB Applications Guide). It returns the header's
// name.
func writeWFDB(folder, name string, leads [12][]int16, comments ...string) (string, error) {
	var header strings.Builder
	fmt.Fprintf(&header, "%s %d %d %d\n", name, len(leads), ecgRate, ecgSamples)
	data := make([]byte, 0, 2*len(leads)*ecgSamples)
	for t := range ecgSamples {
		for _, lead := range leads {
			data = binary.LittleEndian.AppendUint16(data, uint16(lead[t]))
		}
	}
	for i, lead := range leads {
		var checksum int16
		for _, v := range lead {
			checksum += v
		}
		fmt.Fprintf(&header, "%s.dat 16 %d(0)/mV 16 0 %d %d 0 %s\n", name, wfdbGain, lead[0], checksum, leadNames[i])
	}
	for _, c := range comments {
		fmt.Fprintf(&header, "# %s\n", c)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".dat"), data, 0o666); err != nil {
		return "", err
	}
	return name + ".hea", os.WriteFile(filepath.Join(folder, name+".hea"), []byte(header.String()), 0o666)
}
