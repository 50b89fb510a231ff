package doc

import (
	"fmt"
	"sync/atomic"

	"tandem/ot"
)

// A since is what was committed since a revision, as one operation. The submissions of one turn were made on a few revisions: what was
// committed since each of those is composed once for all of them, commit by commit, so that a submission costs one step, and not as many
// as there are before it.
type since struct {
	from, to Revision // the same: nothing yet
	op       ot.Op    // somebody else's where it is the only one that was added, or else in the room that is not next
	rooms    [2]ot.Op
	next     int // the room for the next op
}

// begin begins anew from a revision.
func (c *since) begin(from Revision) { c.from, c.to, c.op = from, from, nil }

// add has the operation reach further.
func (c *since) add(op ot.Op, to Revision) error {
	if c.to == c.from {
		c.op, c.to = op, to
		return nil
	}
	whole, err := ot.ComposeTo(c.rooms[c.next], c.op, op)
	if err != nil {
		return fmt.Errorf("%w: operations that follow one another do not fit: %w", ErrDamaged, err)
	}
	c.op, c.rooms[c.next], c.to = whole, whole, to
	c.next = 1 - c.next
	return nil
}

// sincesKept is of how many revisions there is a since at a time.
const sincesKept = 4

// sinces are those that the submissions of a turn need.
type sinces struct {
	all  [sincesKept]since
	next int // to be given to another revision
}

// from is the since of a revision: one that reaches on from there already, or a new one.
func (k *sinces) from(rev Revision) *since {
	for i := range k.all {
		if c := &k.all[i]; c.from == rev && c.to > rev {
			return c
		}
	}
	c := &k.all[k.next]
	k.next = (k.next + 1) % sincesKept
	c.begin(rev)
	return c
}

// bringUp moves an operation to the head.
func (s *State) bringUp(m *Moved) error {
	commits := s.history[m.To-s.view.Base:]
	if len(commits) < 2 || len(commits) > overAtOnce {
		return m.Over(commits)
	}
	c := s.sinces.from(m.To)
	for fresh := s.history[c.to-s.view.Base:]; len(fresh) > 0; {
		op, n, err := firstPart(fresh)
		if err == nil {
			err = c.add(op, fresh[n-1].Rev)
		}
		if err != nil {
			return err
		}
		fresh = fresh[n:]
	}
	m.over(c.op, c.to)
	return nil
}

// recents are sinces up to published revisions, which many goroutines use: submissions that are moved before their turn come from where
// the last frame had left their authors.
type recents [sincesKept]atomic.Pointer[since]

// between is what leads from one revision to another, in memory, over commits.
func (r *recents) between(from, to Revision, commits []*Committed) (ot.Op, error) {
	for i := range r {
		if c := r[i].Load(); c != nil && c.from == from && c.to == to {
			return c.op, nil
		}
	}
	op, err := composeAll(commits, plain)
	if err != nil {
		return nil, err
	}
	if opBytes(op) <= recentBytes {
		r[from%sincesKept].Store(&since{from: from, to: to, op: op})
	}
	return op, nil
}

// recentBytes is up to how large they are kept.
const recentBytes = 64 << 10

// drop forgets them: nobody comes from there any more.
func (r *recents) drop() {
	for i := range r {
		if r[i].Load() != nil {
			r[i].Store(nil)
		}
	}
}

// opBytes is about what an operation takes in memory.
func opBytes(op ot.Op) int {
	n := 64 * len(op)
	for i := range op {
		n += len(op[i].Text)
	}
	return n
}
