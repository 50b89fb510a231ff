package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const copySuffix = ".new"

// heal makes the store safe again after a commit whose outcome is unknown (D5): what the page cache shows of the file may
// not be on disk, and never will be, because a kernel that has reported a failed write takes the pages for clean. So what can
// be read, which is the store from now on, is written to another file and synced; only then it is opened and read from.
// An error leaves everything as it was: it may be called again.
func (e *engine) heal() error {
	if e.broken != nil {
		if err := guard(e.broken.Close); err != nil {
			return fmt.Errorf("close store %s: %w", e.path, err)
		}
		e.broken = nil
	}
	if err := e.rewrite(); err != nil {
		return fmt.Errorf("make store %s safe: %w", e.path, err)
	}
	if err := e.start(); err != nil {
		return fmt.Errorf("make store %s safe: %w", e.path, err)
	}
	e.lock.mark(true)
	return nil
}

// rewrite puts a synced copy of the database file in its place.
func (e *engine) rewrite() (err error) {
	if e.hooks.BeforeCopy != nil {
		if err := e.hooks.BeforeCopy(); err != nil {
			return err
		}
	}
	fresh := e.path + copySuffix
	defer func() {
		if err != nil {
			_ = os.Remove(fresh) // it may be what fills the disk
		}
	}()
	if err := copyFile(fresh, e.path); err != nil {
		return err
	}
	if err := checkStructure(fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, e.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(e.path))
}

// copyFile writes a synced copy. It reads and writes by itself, because the kernel's ways to copy may make the new file share
// what is on disk of the old one. Holes stay holes.
func copyFile(to, from string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := dst.Close(); err == nil {
			err = e
		}
	}()
	buf := make([]byte, 64<<10)
	zero := make([]byte, len(buf))
	var size int64
	for {
		n, err := io.ReadFull(src, buf)
		if !bytes.Equal(buf[:n], zero[:n]) {
			if _, err := dst.WriteAt(buf[:n], size); err != nil {
				return err
			}
		}
		size += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := dst.Truncate(size); err != nil {
		return err
	}
	return dst.Sync()
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// syncFile makes what is in a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
