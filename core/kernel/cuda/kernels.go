//go:build gpu

package cuda

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"unsafe"

	"gorgonia.org/cu"
)

// The kernels as PTX, which kernels/compile.py makes of the sources beside it.
//
//go:embed kernels/*.ptx
var compiled embed.FS

// block is the number of threads of a block, in every kernel, as in kernels/block.cuh.
const block = 256

// kernels are the functions on the device, by name.
type kernels struct {
	modules   []cu.Module
	functions map[string]cu.Function
}

// kernelNames has the functions of each module.
var kernelNames = map[string][]string{
	"assemble": {"assemble", "slope_grid", "sum_samples", "add_samples", "slope_position", "slope_modality"},
	"balance": {
		"sum_gates", "variation", "variation_slopes", "repeat_row", "load_thresholds", "sum_loads", "slope_loads",
		"route_softly", "sum_routes", "entropy", "slope_entropy",
	},
	"experts": {
		"gather_float", "gather_half", "activate_float", "activate_half", "slope_chunks_float", "slope_chunks_half",
		"combine_float", "combine_half", "weigh_float", "weigh_half", "scatter_float", "scatter_half",
		"sum_chunks_float", "sum_chunks_half", "sum_experts", "narrow_weights",
	},
	"gate": {
		"square_rows", "distances", "add_bias", "distance_slopes", "pull_rows", "sum_columns", "choose", "unchoose",
	},
	"losses": {
		"binary_loss", "slope_binary", "softmax_loss", "slope_softmax", "squared_loss", "slope_squared",
	},
	"noise":     {"add_noise", "slope_noise"},
	"optimizer": {"sum_squares", "clip_norm", "adamw", "mix", "swap", "add", "scale"},
	"elementwise": {
		"drop", "columns", "columns_back", "add_columns", "drop_columns", "activate_entries", "activation_slopes",
		"blend", "blend_slopes", "blend_gate_slopes",
	},
	"steps": {
		"unfold", "unfold_slopes", "max_steps", "max_steps_slopes", "weigh_steps", "pool_steps", "spread_steps",
		"attend_slopes",
	},
	"attention": {"attend_heads", "head_slopes"},
	"rows":      {"add_rows", "part_rows", "sum_parts", "normalise", "normal_slopes", "normal_parts"},
	"product":   {"product"},
	"scalars":   {"spread_scalars", "weigh_scalars"},
	"routes":    {"count_pairs", "start_pairs", "place_pairs"},
	"time": {
		"embed_times", "turn_queries", "attend", "attend_values", "divide_gradients", "slope_scores", "slope_alone",
		"slope_keys", "slope_queries", "add_queries", "slope_times", "add_times",
	},
}

func (k *kernels) load() error {
	k.functions = make(map[string]cu.Function)
	for name, functions := range kernelNames {
		text, err := fs.ReadFile(compiled, "kernels/"+name+".ptx")
		if err != nil {
			return err
		}
		module, err := cu.LoadData(string(text))
		if err != nil {
			return fmt.Errorf("load the kernels %s: %w", name, err)
		}
		k.modules = append(k.modules, module)
		for _, f := range functions {
			if k.functions[f], err = module.Function(f); err != nil {
				return fmt.Errorf("load the kernel %s: %w", f, err)
			}
		}
	}
	return nil
}

func (k *kernels) unload() error {
	var errs []error
	for _, m := range k.modules {
		errs = append(errs, m.Unload())
	}
	return errors.Join(errs...)
}

// launch starts a kernel on a grid of blocks. Arguments are an Array, whose address is
// passed, an address, an int, as 32 bits, a uint32, a uint64 or a float32. The first failure is kept: whatever comes
// after it does nothing, and Wait returns it.
func (d *Device) launch(kernel string, columns, rows int, arguments ...any) {
	if d.failure != nil || columns == 0 || rows == 0 {
		return
	}
	words := make([]uint64, len(arguments))
	pointers := make([]unsafe.Pointer, len(arguments))
	for i, a := range arguments {
		switch a := a.(type) {
		case Array:
			words[i] = uint64(a.address)
		case cu.DevicePtr:
			words[i] = uint64(a)
		case uint64:
			words[i] = a
		case int:
			words[i] = uint64(uint32(a))
		case uint32:
			words[i] = uint64(a)
		case float32:
			words[i] = uint64(math.Float32bits(a))
		default:
			panic(errArgument)
		}
		pointers[i] = unsafe.Pointer(&words[i])
	}
	d.try("run the kernel "+kernel, func() error {
		return d.kernels.functions[kernel].Launch(columns, rows, 1, block, 1, 1, 0, d.stream, pointers)
	})
}

const errArgument = "cuda: a kernel takes arrays, integers and float32"

// try runs f on the device's thread, unless something failed before.
func (d *Device) try(what string, f func() error) {
	if d.failure != nil {
		return
	}
	if err := d.do(f); err != nil {
		d.failure = fmt.Errorf("%s: %s: %w", d, what, err)
	}
}

// blocks is how many blocks have a thread for each of n entries.
func blocks(n int) int { return (n + block - 1) / block }
