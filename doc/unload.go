package doc

import (
	"cmp"
	"time"
)

// snapshot hands a snapshot to the store where one is due.
func (d *Document) snapshot(always bool) {
	if snapshot := d.state.SnapshotDue(always); snapshot != nil {
		done := make(chan error, 1)
		d.snapshotting, d.snapshotted = done, time.Now()
		d.store.Save(snapshot, func(err error) {
			done <- err
			d.knock()
		})
	}
}

func (d *Document) snapshotDone(err error) {
	d.snapshotting = nil
	if err != nil {
		// Nothing is lost: the log reaches further back.
		d.log.Warn("snapshot failed", "err", err)
	}
}

// unload ends a document that nobody needs, or that was stopped; it reports whether it did.
func (d *Document) unload() bool {
	d.mu.Lock()
	busy := len(d.sessions)+len(d.calls)+len(d.opens)+len(d.leaves)+len(d.queued)+len(d.moved)+len(d.tasks) > 0 || d.state.forgetting != nil
	now := time.Now()
	switch {
	case busy && d.stopped == nil:
		d.idleSince = time.Time{}
		d.mu.Unlock()
		return false
	case d.idleSince.IsZero():
		d.idleSince = now
	}
	if left := d.cfg.UnloadAfter - now.Sub(d.idleSince); left > 0 && d.stopped == nil {
		d.mu.Unlock()
		d.knockAfter(&d.idleTimer, left)
		return false
	}
	stopped := d.stopped
	if stopped == nil { // whoever comes while a snapshot is written finds the document
		if d.snapshotting == nil {
			d.snapshot(true)
		}
		if d.snapshotting != nil {
			d.mu.Unlock()
			return false
		}
	}
	d.closed = true
	d.mu.Unlock()
	// A stop is not the time to write a snapshot of every document that was touched: the log has it all.
	if d.snapshotting != nil {
		d.snapshotDone(<-d.snapshotting)
	}
	d.grow()
	d.end(cmp.Or(stopped, ErrOpenAgain))
	return true
}

// end closes the inbox, and ends everything that waits or is attached.
func (d *Document) end(err error) {
	d.mu.Lock()
	d.closed = true
	opens := d.opens
	d.opens, d.leaves, d.queued, d.moved, d.tasks = nil, nil, nil, nil, nil // whoever waits for a task sees gone
	for _, timer := range []*time.Timer{d.tick, d.idleTimer, d.spaceTimer, d.rest.timer} {
		if timer != nil {
			timer.Stop()
		}
	}
	d.mu.Unlock()
	for _, call := range opens {
		call.done <- errUnloaded
	}
	for _, call := range d.calls {
		call.done <- err
	}
	for _, s := range d.sessions {
		s.finish(err)
	}
	clear(d.calls)
	clear(d.sessions)
}
