package baseline

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData is fdatasync: over bytes that were written before, it is one write of the disk.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err != unix.EINTR {
			return err
		}
	}
}
