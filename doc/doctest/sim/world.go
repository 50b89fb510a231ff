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
	Seed  uint64
	Users int // 4 by default
	Edits int // of all users together: 400 by default
	Fault Fault
	// Trace gets a line for every event.
	Trace func(string)
}

// A World has the clock, the dice and everybody in it. One goroutine runs it.
type World struct {
	cfg      Config
	rng      *rand.Rand
	now      time.Duration
	nights   time.Duration // that were slept through, on top of now
	evening  int           // after so many edits the next night comes
	events   eventQueue
	order    int
	disk     *disk
	server   *server
	operator *operator
	users    []*user
	edits    int  // made so far
	calm     bool // no more faults
	mood     mood
	failure  error
	stats    Stats
	tokens   []*token
	seen     seen
	names    map[doc.Name]doc.Digest // of submissions, for ever
}

// mood is what one world is like: what goes wrong together now and then is found where it goes wrong often.
type mood struct {
	rights     time.Duration // at most between changes of a user's rights
	lost, late float64       // of what was sent before a cut
	latency    time.Duration // at most, to the server
	trouble    time.Duration // at most between two troubles of a connection
}

func pick[T any](w *World, of ...T) T { return of[w.rng.IntN(len(of))] }

// event is something that happens at a time; those at one time happen in the order they were made.
type event struct {
	at    time.Duration
	order int
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
func (w *World) after(d time.Duration, do func()) {
	w.order++
	heap.Push(&w.events, event{w.now + d, w.order, do})
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
		w.cfg.Trace(fmt.Sprintf("%12s  ", w.nights+w.now) + fmt.Sprintf(format, args...))
	}
}

const (
	// restWithin is how long it may take to come to rest when all faults have stopped, atMost how long everything may, nights apart.
	restWithin = 10 * time.Minute
	atMost     = 24 * time.Hour
	// day is about how many edits lie between two nights.
	day = 40
	// awayFor is how long somebody is away who is away for long.
	awayFor = 21 * 24 * time.Hour
)

// Run plays one world to its end. The error says which of S1 to S7 does not hold.
func Run(cfg Config) (Stats, error) {
	if cfg.Users == 0 {
		cfg.Users = 4
	}
	if cfg.Edits == 0 {
		cfg.Edits = 400
	}
	w := &World{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 0x7a6d)), evening: day, seen: seen{}, names: map[doc.Name]doc.Digest{}}
	w.mood = mood{
		rights: pick(w, 2*time.Second, 20*time.Second, time.Minute),
		lost:   pick(w, 0.1, 0.4), late: pick(w, 0.3, 0.9),
		latency: pick(w, 60*time.Millisecond, 60*time.Millisecond, 2*time.Second),
		trouble: pick(w, 4*time.Second, 40*time.Second),
	}
	w.disk = newDisk(w)
	w.operator = &operator{w: w, forgot: map[doc.ClientID]bool{}}
	w.server = newServer(w)
	for i := range cfg.Users {
		w.users = append(w.users, newUser(w, i))
	}
	w.after(w.between(0, 5*time.Second), w.server.crashSometimes)
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
		case w.edits >= w.evening && !w.calm:
			w.night()
		case w.calm && w.atRest():
			w.events = nil
		case w.calm && w.now > rest+restWithin:
			w.fail("S4: %s after the last fault not everything is acknowledged", restWithin)
		}
	}
	w.stats.Virtual = w.nights + w.now
	w.check()
	if w.failure != nil {
		return w.stats, fmt.Errorf("seed %d: %w", cfg.Seed, w.failure)
	}
	return w.stats, nil
}

// night is a time in which nobody works but the operator. It falls between any two events: what was under way goes on after it.
func (w *World) night() {
	w.evening = w.edits + day/2 + w.rng.IntN(day)
	w.nights += w.between(8*time.Hour, 5*24*time.Hour)
	w.stats.Nights++
	w.tracef("a night has passed")
	w.operator.work()
	for _, u := range w.users {
		for _, p := range u.pages {
			p.morning()
		}
	}
}

// calmDown stops the faults. Everybody connects once more, so that what a dropped frame hid is found, and what lies in a browser's
// storage is taken up by somebody.
func (w *World) calmDown() {
	w.calm = true
	w.tracef("calm: no more faults")
	w.disk.full = false
	w.server.restart()
	for _, u := range w.users {
		u.calmDown()
	}
}

// atRest reports whether nothing is under way.
func (w *World) atRest() bool {
	s := w.server
	if s.state == nil || s.batch != nil || !s.inbox.empty() {
		return false
	}
	for _, u := range w.users {
		if len(u.pages) == 0 || len(u.orphans()) > 0 {
			return false
		}
		for _, p := range u.pages {
			if !p.live || !p.pending.Saved() || p.pending.Held().Rev != s.state.View().Place.Rev {
				return false
			}
		}
	}
	return true
}
