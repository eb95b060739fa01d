//go:build gpu

// Package cudatest runs tests of GPU code on a device or, where there is none, on an
// emulator of its own making.
package cudatest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel/cuda"
)

// Emulated says that the test runs on the emulator, which shows nothing of speed.
func Emulated() bool { return os.Getenv(emulated) != "" }

// emulated is set in the environment of a test that runs on the emulator.
const emulated = "FUSEMOE_TEST_EMULATED"

// Main is a TestMain. Where there is no device and no C++ compiler the tests skip.
func Main(m *testing.M) {
	if Emulated() || cuda.Available() == nil {
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
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(here))
	sources, err := filepath.Glob(filepath.Join(root, "kernels", "*.cu"))
	if err != nil {
		return err
	}
	var include, names strings.Builder
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&include, "#include %q\n", path)
		for _, match := range kernelName.FindAllSubmatch(text, -1) {
			fmt.Fprintf(&names, " ROW(%s)", match[1])
		}
	}
	fmt.Fprintf(&include, "#define KERNELS(ROW)%s\n", &names)
	if err := os.WriteFile(filepath.Join(dir, "kernels.inc"), []byte(include.String()), 0o600); err != nil {
		return err
	}
	library := filepath.Join(dir, cuda.DriverLibrary)
	build := exec.Command("g++", "-std=c++17", "-O2", "-fno-strict-aliasing", "-shared", "-fPIC", "-I", dir,
		"-o", library, filepath.Join(root, "emulator", "driver.cpp"))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("g++: %w\n%s", err, out)
	}
	return os.Symlink(library, filepath.Join(dir, cuda.BLASLibraries[0]))
}
