package kernel

import "fmt"

// Gate is how a router scores an expert for a row.
type Gate uint8

// The gates.
const (
	Softmax  Gate = iota // x·W_e + bias_e
	Laplace              // -|x - W_e| (Han et al. 2024, eq. 2)
	Gaussian             // -|x - W_e|² (Han et al. 2024, first version, eq. 2)
)

var gateNames = [...]string{Softmax: "softmax", Laplace: "laplace", Gaussian: "gaussian"}

// String is the name of the gate, as ParseGate reads it.
func (g Gate) String() string {
	if int(g) < len(gateNames) {
		return gateNames[g]
	}
	return fmt.Sprintf("gate %d", uint8(g))
}

// ParseGate is the gate of the given name.
func ParseGate(name string) (Gate, error) {
	for g, known := range gateNames {
		if name == known {
			return Gate(g), nil
		}
	}
	return 0, fmt.Errorf("unknown gate %q: choose softmax, laplace or gaussian", name)
}
