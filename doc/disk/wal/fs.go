package wal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FS is what a log needs of a file system. Only what a Sync has returned nil for is durable: the bytes of a file after its own
// Sync, names after SyncDir of the directory that they stand in. Errors are as package os gives them.
type FS interface {
	// Names returns the names in a directory.
	Names(dir string) ([]string, error)
	// Mkdir makes a directory in one that is there.
	Mkdir(dir string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
	// Create makes an empty file, to read and write. What had the name is gone.
	Create(path string) (File, error)
	// Open opens a file that is there, to read, and to write if so said.
	Open(path string, write bool) (File, error)
	Rename(from, to string) error
	Remove(path string) error
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Size returns its length in bytes.
	Size() (int64, error)
	// Sync makes its bytes, and its length, durable.
	Sync() error
	io.Closer
}

// osFS is the operating system's.
type osFS struct{}

func (osFS) Names(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

func (osFS) Mkdir(dir string) error { return os.Mkdir(dir, 0o700) }

func (osFS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (osFS) Create(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Open(path string, write bool) (File, error) {
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Rename(from, to string) error { return os.Rename(from, to) }

func (osFS) Remove(path string) error { return os.Remove(path) }

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Sync() error { return syncData(f.File) }

// makeDir makes a directory, whose parent is there, and its name durable; also one that was there already, because a process
// that was killed may have made it and not come to that.
func makeDir(files FS, dir string) error {
	if err := files.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return files.SyncDir(filepath.Dir(dir))
}
