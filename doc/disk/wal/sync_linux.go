package wal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData is fdatasync, which leaves out the times of a file: over bytes that were written before, it is one write of the disk.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
