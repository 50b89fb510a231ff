package doc

import (
	"sync/atomic"
	"time"
)

// An Instant is a point in monotonic time, in nanoseconds; only the difference of two within a process means something. Zero: not
// known. It takes a third of the memory of a time.Time, and is carried in memory only: it is not stored, and the State does not read it.
type Instant int64

var processBegan = time.Now()

// beforeAll keeps Instants above zero where time is virtual (testing/synctest), and began in the year 2000.
const beforeAll = 1 << 60

// Now is the present; never zero.
func Now() Instant { return beforeAll + Instant(time.Since(processBegan)) }

// At is the Instant of a time that was read from the clock, for who needs that anyway.
func At(t time.Time) Instant { return beforeAll + Instant(t.Sub(processBegan)) }

// Since is the time from an earlier instant to i.
func (i Instant) Since(earlier Instant) time.Duration { return time.Duration(i - earlier) }

// Stamps are the instants in the life of a commit.
type Stamps struct {
	Read      Instant // the frame with its submission had been read
	Published Instant // it was durable, and about to be shown to readers
}

// An Observer hears what documents do, and how long it takes. Documents call it from their goroutines and from those of connections,
// also with locks held: it must not block, nor call back.
type Observer interface {
	// Turned: a turn took so many submissions, or committed those of opens. waited is how long the oldest of them was in the inbox,
	// took how long the turn was, until its batch was handed to the store.
	Turned(submissions int, waited, took time.Duration)
	// Committed: a batch of so many commits is durable; took is how long the store had it.
	Committed(commits int, took time.Duration)
	// Presence: so many moves went out; shed is how many were replaced before they went out, while presence was thinned.
	Presence(sent, shed int)
}

// turned tells the observer of a turn.
func (d *Document) turned(begun Instant, in *Inbox) {
	if d.cfg.Observer == nil || !d.atStore && len(in.Submissions) == 0 {
		return
	}
	oldest := begun
	for _, s := range in.Submissions {
		oldest = min(oldest, s.Posted)
	}
	d.handed = Now()
	d.cfg.Observer.Turned(len(in.Submissions), begun.Since(oldest), d.handed.Since(begun))
}

// stamp notes of a batch that it is durable, before anybody reads it.
func (d *Document) stamp(batch []*Committed) {
	now := Now()
	for _, c := range batch {
		c.Published = now
	}
	if d.cfg.Observer != nil {
		d.cfg.Observer.Committed(len(batch), now.Since(d.handed))
	}
}

// Arrived notes when the frame had been read whose submissions come next.
func (s *Session) Arrived(at Instant) { s.arrived = at }

// Delivered tells the document how long after its submission was read a commit went to this session. What the peer caused by not
// reading is not in it: a slow reader is no load, and thins nobody's presence.
func (s *Session) Delivered(latency time.Duration) {
	if latency > s.doc.thinning.calmBelow() {
		s.doc.slowest.raise(latency)
	}
}

// oldest are the stamps of the first of the commits between a revision and the cursor, which were just read from a view. They are
// zero where it was missed rather than late: published before the session began, or not in memory any more.
func (s *Session) oldest(v *View, from Revision) Stamps {
	if s.cursor.Rev == from || from < v.Base {
		return Stamps{}
	}
	stamps := v.Commits[from-v.Base].Stamps
	if stamps.Published < s.began {
		return Stamps{}
	}
	return stamps
}

// peak is the longest duration since it was taken. The zero peak is ready.
type peak struct{ longest atomic.Int64 }

func (p *peak) raise(d time.Duration) {
	for {
		old := p.longest.Load()
		if int64(d) <= old || p.longest.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

func (p *peak) take() time.Duration {
	if p.longest.Load() == 0 {
		return 0
	}
	return time.Duration(p.longest.Swap(0))
}
