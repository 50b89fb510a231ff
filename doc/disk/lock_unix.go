//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock on an open file, or returns errLocked. The system lets go of it when the process ends, however.
func tryLock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}
