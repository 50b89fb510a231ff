package bench

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is what this runs on.
func machine() string {
	cpu, memory := runtime.GOARCH, ""
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for l := range bytes.Lines(text) {
			if name, value, ok := strings.Cut(string(l), ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if kib := line(text, "MemTotal:", 1); kib != nil {
			memory = fmt.Sprintf(", %.0f GiB", *kib/(1<<20))
		}
	}
	kernel := ""
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		kernel = " " + unix.ByteSliceToString(u.Release[:])
	}
	return fmt.Sprintf("%d × %s%s, linux%s, %s", runtime.NumCPU(), cpu, memory, kernel, runtime.Version())
}

// filesystems are those that say who they are by a number.
var filesystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.F2FS_SUPER_MAGIC: "f2fs",
	unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.NFS_SUPER_MAGIC: "nfs", unix.FUSE_SUPER_MAGIC: "fuse", 0x2fc12fc1: "zfs",
	unix.TMPFS_MAGIC: "tmpfs", unix.RAMFS_MAGIC: "ramfs",
}

// filesystem is what a directory is on, and whether that is memory.
func filesystem(dir string) (name string, volatile bool, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", false, fmt.Errorf("look at the file system of %s: %w", dir, err)
	}
	number := int64(uint32(s.Type))
	name, known := filesystems[number]
	if !known {
		name = fmt.Sprintf("%#x", number)
	}
	return name, name == "tmpfs" || name == "ramfs", nil
}

// sameDisk reports whether two directories are on one file system.
func sameDisk(a, b string) bool {
	var at, bt unix.Stat_t
	return unix.Stat(a, &at) == nil && unix.Stat(b, &bt) == nil && at.Dev == bt.Dev
}

// syncData is fdatasync.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err != unix.EINTR {
			return err
		}
	}
}

// generatorCPU is what this process has used, in seconds.
func generatorCPU() *float64 {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return nil
	}
	return some(float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9)
}
