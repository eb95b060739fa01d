//go:build linux

package sandbox

import "golang.org/x/sys/unix"

// auditArch is how a filter of system calls tells the architecture.
const auditArch = unix.AUDIT_ARCH_AARCH64
