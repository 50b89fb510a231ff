//go:build linux

package liefs

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// mounted is a disk in a directory until the test ends.
func mounted(t *testing.T, d *Disk) (dir string, unmount func()) {
	t.Helper()
	if err := Available(); err != nil {
		t.Skip(err)
	}
	dir = t.TempDir()
	m, err := NewMount(d, dir)
	require.NoError(t, err)
	done := false
	unmount = func() {
		if !done {
			done = true
			require.NoError(t, m.Unmount())
		}
	}
	t.Cleanup(unmount)
	return dir, unmount
}

// TestMapping: a shared mapping shows what is written beside it, which databases rest on. It is a process of its own that maps: a thread of
// this one that waits for a page would be stopped for good when the collector runs, and the goroutine that brings the page with it.
func TestMapping(t *testing.T) {
	if path := os.Getenv(mappedFile); path != "" {
		writeBesideMapping(t, path)
		return
	}
	d := NewDisk()
	dir, _ := mounted(t, d)
	child := exec.Command(os.Args[0], "-test.run=^TestMapping$", "-test.timeout=20s")
	child.Env = append(os.Environ(), mappedFile+"="+filepath.Join(dir, "db"))
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, map[string]int64{"/db": 2 << 20}, d.Files(), "%s", out)
}

// mappedFile tells the child of TestMapping where to write.
const mappedFile = "LIEFS_MAPPED_FILE"

func writeBesideMapping(t *testing.T, path string) {
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Truncate(1<<20))
	m, err := syscall.Mmap(int(f.Fd()), 0, 1<<20, syscall.PROT_READ, syscall.MAP_SHARED)
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Munmap(m)) }()
	require.Zero(t, m[70_000])
	_, err = f.WriteAt([]byte("here"), 70_000)
	require.NoError(t, err)
	require.Equal(t, "here", string(m[70_000:70_004]))
	require.NoError(t, syscall.Fallocate(int(f.Fd()), 0, 0, 2<<20))
	info, err := f.Stat()
	require.NoError(t, err)
	require.EqualValues(t, 2<<20, info.Size())
}

// TestPrograms: what a program does with files reaches the disk, and comes back after a cut as far as it was synced.
func TestPrograms(t *testing.T) {
	d := NewDisk()
	dir, unmount := mounted(t, d)
	big := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "log"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "log", "new"), big, 0o600))
	require.NoError(t, os.Rename(filepath.Join(dir, "log", "new"), filepath.Join(dir, "log", "1")))
	for _, path := range []string{"log/1", "log", "."} {
		syncPath(t, filepath.Join(dir, path))
	}
	files, names := d.Pending()
	require.Zero(t, files+names)
	l, err := net.Listen("unix", filepath.Join(dir, "control"))
	require.NoError(t, err, "a socket can be there")
	require.NoError(t, l.Close())
	require.NoError(t, os.Truncate(filepath.Join(dir, "log", "1"), 10))
	d.Limit(d.Used())
	require.ErrorIs(t, os.WriteFile(filepath.Join(dir, "more"), big, 0o600), syscall.ENOSPC)
	d.ReadOnly(true)
	require.ErrorIs(t, os.Remove(filepath.Join(dir, "log", "1")), syscall.EROFS)
	d.ReadOnly(false)
	d.Freeze()
	d.Thaw()
	_, err = os.ReadDir(dir)
	require.ErrorIs(t, err, syscall.EIO)
	unmount()

	seed := uint64(0) // the first after which the file still has its length
	next := d.Cut(seed)
	for ; next.Files()["/log/1"] == 10; next = d.Cut(seed) {
		seed++
	}
	dir, _ = mounted(t, next)
	got, err := os.ReadFile(filepath.Join(dir, "log", "1"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(big, got), "seed %d", seed)
}

func syncPath(t *testing.T, path string) {
	f, err := os.Open(path)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
}

// TestConnectionIsKept: a process that was started while a disk is mounted does not keep it alive.
func TestConnectionIsKept(t *testing.T) {
	mounted(t, NewDisk())
	out, err := exec.Command("ls", "-l", "/proc/self/fd").CombinedOutput()
	require.NoError(t, err)
	require.NotContains(t, string(out), "fuse")
}
