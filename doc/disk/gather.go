package disk

import (
	"sync"
	"time"

	"tandem/doc"
)

// gatherer has slices that nobody waits for written together: each transaction takes two syncs, beside those of the log. It hands them to
// the committer when they fill one, or the first has waited for long enough.
type gatherer struct {
	// Immutable.
	slice func(*work)

	// Guarded by mu.
	mu     sync.Mutex
	works  []*work
	size   int // of works, in bytes
	timer  *time.Timer
	closed bool
}

// gatherFor is how long the first slice waits.
const gatherFor = 20 * time.Millisecond

func (g *gatherer) add(w *work) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		go w.done(doc.ErrClosed) // never from the caller's own goroutine
		return
	}
	g.works = append(g.works, w)
	if g.size += w.size; g.size >= sliceBytes {
		g.handOver()
		return
	}
	switch {
	case len(g.works) > 1:
	case g.timer == nil:
		g.timer = time.AfterFunc(gatherFor, g.flush)
	default:
		g.timer.Reset(gatherFor)
	}
}

func (g *gatherer) flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.handOver()
}

// handOver is flush. mu is held.
func (g *gatherer) handOver() {
	for _, w := range g.works {
		g.slice(w)
	}
	g.works, g.size = nil, 0
}

// close refuses what comes from now on, and hands over what waits.
func (g *gatherer) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.handOver()
	if g.timer != nil {
		g.timer.Stop()
	}
}
