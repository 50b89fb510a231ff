//go:build !linux

package load

import "time"

func preciseThread() (undo func()) { return func() {} }

func sleepPrecisely(d time.Duration) { time.Sleep(d) }
