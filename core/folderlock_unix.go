//go:build linux || darwin

package core

import (
	"errors"
	"os"
	"syscall"
)

// lockFile keeps other processes from locking the file until it is closed, or this process
// has ended, in whatever way. Where the disk knows no locks it does nothing.
func lockFile(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return errAtWork
	}
	return nil
}
