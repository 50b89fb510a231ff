package load

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// slack is how late the kernel may wake a thread: the default, in nanoseconds.
const slack = 50_000

// preciseThread keeps the goroutine on a thread that is woken on time; what it returns undoes that. The thread must not end with the
// goroutine: a child may have been started on it, which would end too.
func preciseThread() (undo func()) {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it 50 µs later
	return func() {
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, slack, 0, 0, 0)
		runtime.UnlockOSThread()
	}
}

func sleepPrecisely(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &t, nil) // a signal ends it early, and the caller looks at the clock
}
