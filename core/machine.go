package core

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/gpu"
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// machine is what networks compute with. It serves one caller at a time.
type machine struct {
	pool *kernel.Pool
	// device is nil where the processor does all.
	device op.Device[float32]
	info   gpu.Info
}

// newMachine takes the device that the config asks for, and says which.
func newMachine(c *config.Config, threads int, log zerolog.Logger) (*machine, error) {
	m := &machine{pool: kernel.NewPool(threads)}
	if c.Device == "cpu" {
		return m, nil
	}
	ordinal := 0
	if number, named := strings.CutPrefix(c.Device, "cuda:"); named {
		ordinal, _ = strconv.Atoi(number) // the config was checked
	}
	var err error
	m.device, m.info, err = gpu.Open(gpu.Options{Ordinal: ordinal, Precision: string(c.Precision)})
	if errors.Is(err, gpu.ErrNone) && c.Device == "auto" {
		return m, nil
	}
	if err != nil {
		m.pool.Close()
		return nil, fmt.Errorf("device: %s: %w", c.Device, err)
	}
	log.Info().Str("device", m.info.Name).Str("precision", string(c.Precision)).Msg("compute on a GPU")
	return m, nil
}

func (m *machine) close() error {
	defer m.pool.Close()
	if m.device == nil {
		return nil
	}
	return m.device.Close()
}

// tell says how much of the device's memory training will take before it begins: weights,
// gradients and two moments, and the average where there is one. Batches come on top.
func (m *machine) tell(log zerolog.Logger, parameters []*op.Parameter[float32], average bool) {
	if m.device == nil {
		return
	}
	copies, weights := 4, 0
	if average {
		copies++
	}
	for _, p := range parameters {
		weights += len(p.Value)
	}
	const gigabyte = 1e9
	log.Info().Int("weights", weights).
		Str("memory", fmt.Sprintf("%.2f GB and that of a batch, of %.1f GB", float64(4*copies*weights)/gigabyte, float64(m.info.Memory)/gigabyte)).
		Msg("train on " + m.info.Name)
}
