package sandbox

import (
	"runtime"
	"unsafe"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Places in what a filter looks at, struct seccomp_data: the number of the call, the
// architecture it is made for, and the low halves of its first arguments.
const (
	dataCall = 0
	dataArch = 4
	dataArg0 = 16
	dataArg1 = 24
)

// x32 begins the numbers of a second set of system calls of the same architecture.
const x32 = 1 << 30

const (
	load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	atmost = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	and    = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	give   = unix.BPF_RET | unix.BPF_K

	allow = unix.SECCOMP_RET_ALLOW
	kill  = unix.SECCOMP_RET_KILL_PROCESS
)

// refuse is the verdict that makes a call fail.
func refuse(errno unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(errno) }

// filter leaves a program streams of Unix sockets, on which a plugin serves, and no other
// socket. Landlock alone bans TCP, but not its multipath kind, and most kernels' not UDP.
// Nor does it keep a program, before version 9, from the Unix sockets of others, such as
// a database's: there the program may not connect at all.
func filter(mayConnect bool) []unix.SockFilter {
	connect := refuse(unix.EACCES)
	if mayConnect {
		connect = allow
	}
	return []unix.SockFilter{
		{Code: load, K: dataArch},
		{Code: equal, Jt: 1, K: auditArch},
		{Code: give, K: kill}, // another set of calls, to which the numbers below mean others
		{Code: load, K: dataCall},
		{Code: atmost, Jf: 1, K: x32},
		{Code: give, K: kill},
		{Code: equal, Jf: 1, K: unix.SYS_IO_URING_SETUP}, // does what other calls do, unseen by filters
		{Code: give, K: refuse(unix.ENOSYS)},
		{Code: equal, Jf: 1, K: unix.SYS_CONNECT},
		{Code: give, K: connect},
		{Code: equal, Jt: 1, K: unix.SYS_SOCKET},
		{Code: give, K: allow},
		{Code: load, K: dataArg0},
		{Code: equal, Jt: 1, K: unix.AF_UNIX},
		{Code: give, K: refuse(unix.EAFNOSUPPORT)},
		{Code: load, K: dataArg1},
		{Code: and, K: 0xf}, // the type, without its flags
		{Code: equal, Jt: 1, K: unix.SOCK_STREAM},
		{Code: give, K: refuse(unix.EPROTONOSUPPORT)},
		{Code: give, K: allow},
	}
}

// filteredExec becomes the program with the filter on. Landlock has already seen to it
// that no program which it runs gets more rights.
func filteredExec(argv, env []string) error {
	abi, err := ll.LandlockGetABIVersion()
	if err != nil {
		return err
	}
	code := filter(abi >= unixABI)
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	runtime.LockOSThread() // the filter is this thread's, and the only thread that exec leaves
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return err
	}
	return unix.Exec(argv[0], argv, env)
}
