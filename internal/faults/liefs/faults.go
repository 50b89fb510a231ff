//go:build linux

package liefs

import (
	"syscall"
	"time"
)

// faults are what is wrong with a disk. The zero value is a good one without a bound.
type faults struct {
	capacity  int64 // blocks; 0: no bound
	readOnly  bool
	lies      func(path string) bool
	slow      func() time.Duration
	failAfter int // syncs until one fails; 0: none does
	fails     Outcome
	failed    chan struct{} // closed when it has
}

// Outcome is what became of the changes whose sync failed.
type Outcome uint8

// What can become of them.
const (
	Lost Outcome = iota + 1 // they never become durable, and no later sync says so
	Kept                    // they are durable all the same
)

func (o Outcome) String() string { return [...]string{"none", "lost", "kept"}[o] }

// Limit makes a disk that holds so many bytes, rounded up to blocks of 4 KiB: what does not fit is ENOSPC. 0: no bound. It may be
// less than what is there.
func (d *Disk) Limit(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults.capacity = (bytes + blockSize - 1) / blockSize
}

// Used is how many bytes the files take.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used() * blockSize
}

// ReadOnly makes every change EROFS, as a kernel does it with a file system in which it found an error.
func (d *Disk) ReadOnly(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults.readOnly = on
}

// Lie has syncs of the files and directories whose path matches succeed and do nothing. nil: none. Paths begin with "/".
func (d *Disk) Lie(matches func(path string) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults.lies = matches
}

// SlowSyncs has each sync take as long as after says, which is called by one goroutine at a time. nil: no time.
func (d *Disk) SlowSyncs(after func() time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults.slow = after
}

// FailSync makes the n-th sync from now on, counted from 1, fail with EIO, and closes the channel then.
func (d *Disk) FailSync(n int, how Outcome) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults.failAfter, d.faults.fails, d.faults.failed = n, how, make(chan struct{})
	return d.faults.failed
}

// verdict is how a sync that begins now ends.
func (f *faults) verdict() (how Outcome, err error) {
	if f.failAfter > 0 {
		if f.failAfter--; f.failAfter == 0 {
			close(f.failed)
			return f.fails, syscall.EIO
		}
	}
	return Kept, nil
}

// space refuses a change that would make the files take so many blocks more.
func (d *Disk) space(blocks int64) error {
	if c := d.faults.capacity; c > 0 && blocks > 0 && d.used()+blocks > c {
		return syscall.ENOSPC
	}
	return nil
}
