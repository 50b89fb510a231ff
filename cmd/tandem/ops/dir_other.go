//go:build !linux

package ops

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// maxSocketPath is what a socket's address holds on every system, in bytes.
const maxSocketPath = 103

// openDir is a directory whose entries are named by their paths.
type openDir struct{ dir string }

func openDirectory(dir string) (*openDir, error) { return &openDir{dir}, nil }

func (d *openDir) path(name string) (string, error) {
	path := filepath.Join(d.dir, name)
	if len(path) > maxSocketPath {
		return "", fmt.Errorf("the path has %d bytes, a socket's may have %d", len(path), maxSocketPath)
	}
	return path, nil
}

func (d *openDir) Close() error { return nil }

func restrict(_, _ string, _ syscall.RawConn) error { return nil }
