package ops

import (
	"fmt"
	"os"
	"syscall"
)

// openDir is an open directory, through which its entries are named: a socket's address holds 108 bytes, and a directory may be
// deeper, be moved, or be reached over a link (P2).
type openDir struct{ file *os.File }

func openDirectory(dir string) (*openDir, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	return &openDir{f}, nil
}

// path names an entry for as long as the directory is open.
func (d *openDir) path(name string) (string, error) {
	return fmt.Sprintf("/proc/self/fd/%d/%s", d.file.Fd(), name), nil
}

func (d *openDir) Close() error { return d.file.Close() }

// restrict gives a socket its mode before it is bound.
func restrict(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), socketMode) }) // chmod follows anyway
}
