package sim

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"tandem/doc"
)

// Config is one simulation.
type Config struct {
	Seed    uint64
	Clients int // 4 by default
	Edits   int // of all clients together: 400 by default
	Fault   Fault
	// Trace gets a line for every event.
	Trace func(string)
}

// A Fault is a bug that is planted.
type Fault string

// The planted bugs. None is the production code.
const (
	None              Fault = ""
	AckBeforeCommit   Fault = "acknowledge before the commit"
	RepeatFromMemory  Fault = "acknowledge a repeat from memory"
	TieReversed       Fault = "tie reversed on one side"
	DedupBySocket     Fault = "duplicates recognised by socket"
	GapIgnored        Fault = "gap in revisions ignored"
	BufferNotMoved    Fault = "buffer not transformed"
	ComposeAcrossOwn  Fault = "catch-up composed across the own commit"
	SnapshotUndecided Fault = "snapshot to an undecided client"
)

// Faults are all of them.
var Faults = []Fault{
	AckBeforeCommit, RepeatFromMemory, TieReversed, DedupBySocket, GapIgnored, BufferNotMoved,
	ComposeAcrossOwn, SnapshotUndecided,
}

// Stats says what a run consisted of.
type Stats struct {
	Commits, Crashes, FailedCommits, Cuts, Opens, Resubmissions, Snapshots int
	Virtual                                                                time.Duration
}

// A World has the clock, the dice and everybody in it. One goroutine runs it.
type World struct {
	cfg     Config
	rng     *rand.Rand
	now     time.Duration
	events  eventQueue
	order   int
	disk    *disk
	server  *server
	clients []*simClient
	edits   int  // made so far
	calm    bool // no more faults
	failure error
	stats   Stats
	// seen is what was shown of each revision: S2.
	seen map[doc.Revision]doc.Lineage
}

// event is something that happens at a time; those at one time happen in the order they were made.
type event struct {
	at    time.Duration
	order int
	what  string
	do    func()
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return e
}

// after has something happen later.
func (w *World) after(d time.Duration, what string, do func()) {
	w.order++
	heap.Push(&w.events, event{w.now + d, w.order, what, do})
}

// between is a random duration.
func (w *World) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(w.rng.Int64N(int64(hi-lo)+1))
}

// chance is true with a probability; never when the world is calm, for everything that goes wrong asks it.
func (w *World) chance(p float64) bool { return w.rng.Float64() < p && !w.calm }

func (w *World) fail(format string, args ...any) {
	if w.failure == nil {
		w.failure = fmt.Errorf(format, args...)
		w.tracef("FAILED: %v", w.failure)
	}
}

func (w *World) tracef(format string, args ...any) {
	if w.cfg.Trace != nil {
		w.cfg.Trace(fmt.Sprintf("%12s  ", w.now) + fmt.Sprintf(format, args...))
	}
}

// limits of a run in virtual time: faults stop when all edits are made, and then everybody has to come to rest.
const (
	restWithin = 10 * time.Minute
	atMost     = 24 * time.Hour
)

// Run plays one world to its end. The error says which of S1–S4 does not hold.
func Run(cfg Config) (Stats, error) {
	if cfg.Clients == 0 {
		cfg.Clients = 4
	}
	if cfg.Edits == 0 {
		cfg.Edits = 400
	}
	w := &World{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 0x7a6d)), seen: map[doc.Revision]doc.Lineage{}}
	w.disk = newDisk(w)
	w.server = newServer(w)
	for i := range cfg.Clients {
		w.clients = append(w.clients, newClient(w, i))
	}
	w.after(w.between(0, 5*time.Second), "crash", w.server.crashSometimes)
	rest := time.Duration(0)
	for w.failure == nil && len(w.events) > 0 {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.do()
		switch {
		case w.now > atMost:
			w.fail("S4: not at rest after %s", w.now)
		case w.edits >= cfg.Edits && !w.calm:
			rest = w.now
			w.calmDown()
		case w.calm && w.atRest():
			w.events = nil
		case w.calm && w.now > rest+restWithin:
			w.fail("S4: %s after the last fault not everything is acknowledged", restWithin)
		}
	}
	w.stats.Virtual = w.now
	w.check()
	if w.failure != nil {
		return w.stats, fmt.Errorf("seed %d: %w", cfg.Seed, w.failure)
	}
	return w.stats, nil
}

// calmDown stops the faults. Everybody connects once more, so that what a dropped frame hid is found.
func (w *World) calmDown() {
	w.calm = true
	w.tracef("calm: no more faults")
	w.server.restart()
	for _, c := range w.clients {
		c.reconnect("calm")
	}
}

// atRest reports whether nothing is under way.
func (w *World) atRest() bool {
	s := w.server
	if s.state == nil || s.batch != nil || !s.inbox.empty() {
		return false
	}
	for _, c := range w.clients {
		if !c.live || !c.pending.Saved() || c.pending.Held().Rev != s.state.View().Place.Rev {
			return false
		}
	}
	return true
}
