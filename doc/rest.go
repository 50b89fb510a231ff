package doc

import (
	"sync/atomic"
	"time"
)

// restAfter is how long nothing must have come for a document's goroutine to be replaced by a fresh one: one that has taken turns has a stack
// of 8 KiB, and one that waits needs 2.
const restAfter = 2 * time.Second

// A rest is when a document's loop rests. It is the loop's, but for over.
type rest struct {
	over  atomic.Bool // the timer has fired, and the loop has not seen it
	timer *time.Timer // nil until it is needed
	armed bool
	since time.Time // when the loop was woken last for anything else
}

// woken notes why the loop was woken.
func (r *rest) woken(now time.Time) {
	if r.over.Swap(false) {
		r.armed = false
		return
	}
	r.since = now
}

// begins reports whether the loop is to rest now; otherwise it is woken, by knock, to ask again.
func (r *rest) begins(knock func()) bool {
	if r.armed {
		return false
	}
	wait := restAfter - time.Since(r.since)
	switch {
	case wait <= 0:
		return true
	case r.timer == nil:
		r.timer = time.AfterFunc(wait, func() {
			r.over.Store(true)
			knock()
		})
	default:
		r.timer.Reset(wait)
	}
	r.armed = true
	return false
}
