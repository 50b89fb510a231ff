//go:build !linux

package bench

import (
	"fmt"
	"os"
	"runtime"
)

// machine is what this runs on.
func machine() string {
	return fmt.Sprintf("%d × %s, %s, %s", runtime.NumCPU(), runtime.GOARCH, runtime.GOOS, runtime.Version())
}

// filesystem is not known here.
func filesystem(string) (name string, volatile bool, err error) { return "unknown", false, nil }

// sameDisk is not known here.
func sameDisk(string, string) bool { return true }

func syncData(f *os.File) error { return f.Sync() }

// generatorCPU is not known here.
func generatorCPU() *float64 { return nil }
