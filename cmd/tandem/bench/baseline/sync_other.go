//go:build !linux

package baseline

import "os"

func syncData(f *os.File) error { return f.Sync() }
