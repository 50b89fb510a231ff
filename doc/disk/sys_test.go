//go:build unix

package disk

import (
	"io/fs"
	"syscall"
)

var errFull error = &fs.PathError{Op: "write", Path: "tandem.db", Err: syscall.ENOSPC}

func sysOf(info fs.FileInfo) any { return info.Sys().(*syscall.Stat_t).Ino }
