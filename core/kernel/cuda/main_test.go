//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// emulated is set in the environment of a test that runs on the emulator.
const emulated = "FUSEMOE_TEST_EMULATED"

// TestMain runs the tests on the device that is there or, where there is none, on an
// emulator of its own making; without a C++ compiler they skip.
func TestMain(m *testing.M) {
	if os.Getenv(emulated) != "" || openDriver() == nil {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "fusemoe-emulator")
	if err == nil {
		err = buildEmulator(dir)
	}
	if err != nil {
		fmt.Println("SKIP: no CUDA device, and no emulator:", err)
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), emulated+"=1", "LD_LIBRARY_PATH="+dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	_ = os.RemoveAll(dir)
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(failed.Sys().(syscall.WaitStatus).ExitStatus())
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

var kernelName = regexp.MustCompile(`(?m)^KERNEL (\w+)\(`)

// buildEmulator makes a library that is both the driver and cuBLAS of the kernels' sources.
func buildEmulator(dir string) error {
	sources, err := filepath.Glob("kernels/*.cu")
	if err != nil {
		return err
	}
	var include, names strings.Builder
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		full, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&include, "#include %q\n", full)
		for _, match := range kernelName.FindAllSubmatch(text, -1) {
			fmt.Fprintf(&names, " ROW(%s)", match[1])
		}
	}
	fmt.Fprintf(&include, "#define KERNELS(ROW)%s\n", &names)
	if err := os.WriteFile(filepath.Join(dir, "kernels.inc"), []byte(include.String()), 0o600); err != nil {
		return err
	}
	library := filepath.Join(dir, driverLibrary)
	build := exec.Command("g++", "-std=c++17", "-O2", "-fno-strict-aliasing", "-shared", "-fPIC", "-I", dir,
		"-o", library, "emulator/driver.cpp")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("g++: %w\n%s", err, out)
	}
	return os.Symlink(library, filepath.Join(dir, blasLibraries[0]))
}

// device opens the first device, or the emulator.
func device(t testing.TB) *Device {
	t.Helper()
	d, err := Open(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.Wait(), d.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// onBoth runs a test with cuBLAS, where it is, and with the product of our own.
func onBoth(t *testing.T, test func(t *testing.T, d *Device)) {
	t.Run("cuBLAS", func(t *testing.T) {
		d := device(t)
		if d.blas == nil {
			t.Skip("there is no cuBLAS")
		}
		test(t, d)
	})
	t.Run("own product", func(t *testing.T) {
		d := device(t)
		if err := d.blas.close(); err != nil {
			t.Error(err)
		}
		d.blas = nil
		test(t, d)
	})
}
