//go:build linux

package liefs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Available says why disks cannot be mounted here, or nil: it tries.
func Available() error {
	if _, err := os.Stat("/dev/fuse"); errors.Is(err, fs.ErrNotExist) {
		return errors.New("no FUSE: /dev/fuse is absent")
	}
	if os.Geteuid() != 0 {
		return errors.New("no FUSE: mounting /dev/fuse without help needs root")
	}
	dir, err := os.MkdirTemp("", "liefs")
	if err != nil {
		return err
	}
	m, err := NewMount(NewDisk(), dir)
	if err == nil {
		err = m.Unmount()
	}
	if err := errors.Join(err, os.Remove(dir)); err != nil {
		return fmt.Errorf("no FUSE, although /dev/fuse is there: %w", err)
	}
	return nil
}

// A Mount is a disk in a directory, until Unmount.
type Mount struct {
	server *fuse.Server
}

// NewMount mounts a disk in a directory, which is there.
func NewMount(disk *Disk, dir string) (*Mount, error) {
	server, err := fuse.NewServer(kernelView{fuse.NewDefaultRawFileSystem(), disk}, dir, &fuse.MountOptions{
		FsName: "liefs", Name: "liefs", DirectMountStrict: true, AllowOther: true,
		DisableXAttrs: true, DisableReadDirPlus: true, ExplicitDataCacheControl: true,
		MaxWrite: 128 << 10, Logger: log.New(io.Discard, "", 0),
	})
	if err != nil {
		return nil, fmt.Errorf("mount liefs at %s: %w", dir, err)
	}
	if err := keepFromChildren(); err != nil {
		return nil, errors.Join(err, server.Unmount())
	}
	go server.Serve() // ends with Unmount, which waits for it
	if err := server.WaitMount(); err != nil {
		return nil, errors.Join(fmt.Errorf("mount liefs at %s: %w", dir, err), server.Unmount())
	}
	return &Mount{server}, nil
}

// keepFromChildren has a process that is started later not inherit the connections to the kernel, as the library leaves it (v2.12.1). With one
// in the hands of a child the kernel would wait for answers after this process has gone, and so would whoever looks at the directory.
func keepFromChildren() error {
	const open = "/proc/self/fd"
	entries, err := os.ReadDir(open)
	if err != nil {
		return err
	}
	for _, e := range entries {
		// The one of the directory itself is closed by now.
		if to, err := os.Readlink(filepath.Join(open, e.Name())); err != nil || to != "/dev/fuse" {
			continue
		}
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			return err
		}
		syscall.CloseOnExec(fd)
	}
	return nil
}

// Unmount takes the disk out of its directory, which nobody may use any more.
func (m *Mount) Unmount() error {
	if err := m.server.Unmount(); err != nil {
		return fmt.Errorf("unmount liefs: %w", err)
	}
	return nil
}
