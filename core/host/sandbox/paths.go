package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-plugin"
	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"

	"github.com/fusemoe/fusemoe/sdk"
)

// socketDirEnv names the folder for a plugin's socket.
const socketDirEnv = plugin.EnvUnixSocketDir

// system is what programs need to run: programs and libraries, the loader's tables, time
// zones, names of users, certificates and fonts, and what the processor can do. What is
// not there is left out.
var system = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime", "/etc/timezone",
	"/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/ssl", "/etc/pki/tls", "/etc/fonts", "/etc/mime.types",
	"/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/sys/kernel", "/proc/sys/vm",
	"/sys/devices/system", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage",
	"/dev/zero", "/dev/random", "/dev/urandom",
}

// landlock are the rules in Landlock's terms, for a program.
func (r Rules) landlock(program string) ([]landlock.Rule, error) {
	own, err := interpreter(program)
	if err != nil {
		return nil, err
	}
	pythons, _ := filepath.Glob("/etc/python3*") // sitecustomize; the pattern is well-formed
	rules := readable(system, pythons, own, r.Read)
	rules = append(rules, landlock.RWDirs(r.Write...), landlock.RWFiles("/dev/null", "/dev/full"))
	if dir := os.Getenv(socketDirEnv); dir != "" {
		// When the host is gone it removes its folder and, once empty, the one around that.
		around := filepath.Dir(dir)
		rules = append(rules, landlock.RWDirs(dir))
		if strings.HasPrefix(filepath.Base(around), sdk.SocketDirPrefix) {
			rules = append(rules,
				landlock.PathAccess(ll.AccessFSRemoveDir|ll.AccessFSReadDir, around),
				landlock.PathAccess(ll.AccessFSRemoveDir, filepath.Dir(around)))
		}
	}
	if r.GPU {
		devices, _ := filepath.Glob("/dev/nvidia*") // the pattern is well-formed
		devices = slices.DeleteFunc(devices, func(path string) bool { return exists(filepath.Join(path, ".")) })
		rules = append(rules, landlock.RWFiles(devices...).WithIoctlDev())
		rules = append(rules, readable([]string{"/proc/driver/nvidia", "/sys/bus/pci", "/sys/module"})...)
	}
	return rules, nil
}

// readable is the right to read and run files, and what is in folders. What is not there
// is left out.
func readable(paths ...[]string) (rules []landlock.Rule) {
	for _, p := range slices.Concat(paths...) {
		switch info, err := os.Stat(p); {
		case err != nil:
		case info.IsDir():
			rules = append(rules, landlock.RODirs(p).IgnoreIfMissing())
		default:
			rules = append(rules, landlock.ROFiles(p).IgnoreIfMissing())
		}
	}
	return rules
}

// interpreter are the files of a program outside of the system's folders: itself and, if
// it is a Python, its libraries and those of its virtual environment.
func interpreter(program string) ([]string, error) {
	file, err := filepath.EvalSymlinks(program)
	if err != nil {
		return nil, err
	}
	paths := []string{file}
	if venv := filepath.Dir(filepath.Dir(program)); exists(filepath.Join(venv, "pyvenv.cfg")) {
		paths = append(paths, venv)
	}
	// Prefixes of Pythons that are not the system's: of pyenv, conda, uv.
	lib := filepath.Join(filepath.Dir(filepath.Dir(file)), "lib")
	if found, _ := filepath.Glob(filepath.Join(lib, "python3*")); len(found) > 0 {
		paths = append(paths, lib)
	}
	return paths, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
