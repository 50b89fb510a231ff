//go:build linux

package liefs

import (
	"syscall"
	"time"
)

// power says whether a disk still works (L4).
type power struct {
	frozen chan struct{} // closed by Freeze
	thawed chan struct{} // closed by Thaw, after which everything fails
	left   int           // changes until it freezes by itself; negative: it does not
}

func newPower() power {
	return power{frozen: make(chan struct{}), thawed: make(chan struct{}), left: -1}
}

func (p *power) off() bool {
	select {
	case <-p.frozen:
		return true
	default:
		return false
	}
}

// Freeze is the moment of a power cut: nothing is carried out any more, and nobody answered. Kill who uses the disk, and Thaw.
func (d *Disk) Freeze() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.power.off() {
		close(d.power.frozen)
	}
}

// FreezeAt freezes the disk in place of the n-th change from now on, counted from 1: a write, another size, a name, a sync. The channel is
// closed when the disk is frozen, however that came.
func (d *Disk) FreezeAt(n int) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.power.left = n - 1
	return d.power.frozen
}

// Thaw lets everything that waited fail, and whatever comes.
func (d *Disk) Thaw() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.power.off() {
		close(d.power.frozen)
	}
	select {
	case <-d.power.thawed:
	default:
		close(d.power.thawed)
	}
}

// begin takes the mutex for an operation. An error: the power is off, and the mutex is not held.
func (d *Disk) begin(changes bool) error {
	d.mu.Lock()
	p := &d.power
	if changes && p.left >= 0 && !p.off() {
		if p.left == 0 {
			close(p.frozen)
		}
		p.left--
	}
	if !p.off() {
		return nil
	}
	d.mu.Unlock()
	<-p.thawed
	return syscall.EIO
}

// beginChange is begin for an operation that a read-only disk refuses.
func (d *Disk) beginChange() error {
	if err := d.begin(true); err != nil {
		return err
	}
	if d.faults.readOnly {
		d.mu.Unlock()
		return syscall.EROFS
	}
	return nil
}

// sync makes a file or directory durable, as it is now (L1).
func (d *Disk) sync(id uint64) error {
	if err := d.beginChange(); err != nil {
		return err
	}
	n := d.inodes[id]
	if n == nil {
		d.mu.Unlock()
		return syscall.ENOENT
	}
	upTo, lies, wait := d.seq, d.faults.lies != nil && d.faults.lies(n.path), time.Duration(0)
	if d.faults.slow != nil {
		wait = d.faults.slow()
	}
	how, failure := d.faults.verdict()
	if wait > 0 {
		d.mu.Unlock()
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-d.power.frozen:
		}
		if err := d.begin(false); err != nil {
			return err
		}
	}
	defer d.mu.Unlock()
	if !lies {
		d.settle(n, upTo, how == Kept)
	}
	return failure
}
