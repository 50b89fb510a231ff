package doc

import (
	"errors"
	"fmt"
	"strings"

	"tandem/ot"
)

// A Submission asks to commit an operation.
type Submission struct {
	Session SessionNumber
	Name             // the sequence; the client is the session's own unless an open names another
	Base    Revision // what Op was made on
	Op      ot.Op
	Bytes   []byte // Op as it came
	Caret   int    // in Op's target; negative: none; beyond the end: taken for it
	// Moved is Op, and its caret, brought up to a later revision by whoever submits, so that the turn has little left to do.
	// Nil: there was little to do anyway.
	Moved *Moved
	// When the frame that it came in had been read, and when it was put into the inbox.
	Read, Posted Instant
}

// Moved is an operation moved to a later revision.
type Moved struct {
	Op    ot.Op
	Caret int
	To    Revision
}

const (
	// overInTurn is how many commits an operation is moved over in the turn; over more it is moved before, by the goroutine of its
	// sender, whom it then costs (I9).
	overInTurn = 16
	// overAtOnce is how many commits are composed, to move an operation over them in one step. Composing is exact (L7 of package
	// ot), and costs the commits; moving one by one costs the commits times the operation.
	overAtOnce = 1024
)

// Over moves the operation over the commits that follow the revision To.
func (m *Moved) Over(commits []*Committed) error {
	for len(commits) > 0 {
		n := 1
		if len(commits) > overInTurn {
			n = min(len(commits), overAtOnce)
		}
		op, err := composeAll(commits[:n], plain)
		if err != nil {
			return err
		}
		m.over(op, commits[n-1].Rev)
		commits = commits[n:]
	}
	return nil
}

// over moves the operation over what leads from To to a later revision.
func (m *Moved) over(op ot.Op, to Revision) {
	if m.Caret >= 0 {
		m.Caret = ot.TransformCaret(m.Op, op, m.Caret)
	}
	m.Op, m.To = ot.Transform(m.Op, op, ot.Left), to
}

// ErrBehind: a place is older than history in memory. Whoever asked looks it up in the store, and asks again.
var ErrBehind = errors.New("base is older than history in memory")

// submit takes a submission into the batch. With an error it is refused, and ended says whether the session goes too.
func (s *State) submit(sub *Submission, now int64) (err error, ended bool) {
	a := s.sessions[sub.Session]
	if a == nil {
		return nil, false // it ended earlier in this turn, and was told
	}
	rec, known := s.records[sub.Client]
	switch {
	case sub.Seq < 1 || sub.Seq > ot.MaxInt || known && sub.Seq < rec.Seq:
		return fmt.Errorf("%w: sequence %d after %d", ErrRepeat, sub.Seq, rec.Seq), true
	case known && sub.Seq == rec.Seq:
		if !rec.Digest.matches(sub.Base, sub.Bytes) {
			return fmt.Errorf("%w: sequence %d", ErrRepeat, sub.Seq), true
		}
		return nil, false // it came twice: the ack is on its way
	case sub.Base < 0 || sub.Base > s.view.Place.Rev || sub.Base < rec.Rev:
		return fmt.Errorf("%w: %d is not within %d and %d", ErrBase, sub.Base, max(0, rec.Rev), s.view.Place.Rev), true
	case sub.Base < s.floor: // it may have risen since
		return fmt.Errorf("%w: the base %d is below the floor %d", ErrOpenAgain, sub.Base, s.floor), true
	case s.beingForgotten(sub.Client):
		return fmt.Errorf("%w: records are being forgotten", ErrOpenAgain), true
	case a.readOnly:
		return ErrReadOnly, false
	case s.refuse != nil:
		return s.refuse, false
	case len(sub.Op) == 0:
		return fmt.Errorf("%w: it is empty", ErrOp), true
	}
	if s.kind == Text {
		if err := sub.Op.CheckPlain(); err != nil {
			return fmt.Errorf("%w: %w", ErrOp, err), true
		}
	}
	if err := CheckKeys(sub.Op); err != nil {
		return err, true
	}
	return s.commit(sub, now)
}

// commit moves a submission to the head and applies it.
func (s *State) commit(sub *Submission, now int64) (err error, ended bool) {
	moved := Moved{Op: sub.Op, Caret: sub.Caret, To: sub.Base}
	if sub.Moved != nil {
		moved = *sub.Moved
	}
	if moved.To < s.view.Base {
		return ErrBehind, false
	}
	if err := s.bringUp(&moved); err != nil {
		return fmt.Errorf("%w: %w", ErrOpenAgain, err), true
	}
	if size := s.text.Len() + moved.Op.TargetLen() - moved.Op.BaseLen(); size > ot.MaxDocument {
		return fmt.Errorf("%w: it would have %d code units, at most %d are allowed", ErrTooLarge, size, ot.MaxDocument), true
	}
	if err := s.text.Apply(moved.Op); err != nil {
		return fmt.Errorf("%w: %w", ErrOp, err), true
	}
	c := &Committed{Op: moved.Op, Stamps: Stamps{Read: sub.Read}, Session: sub.Session, Caret: min(moved.Caret, s.text.Len())}
	c.Commit = Commit{
		Rev: s.head.Rev + 1, Client: sub.Client, Seq: sub.Seq,
		Digest: DigestOf(sub.Base, sub.Bytes), Time: now,
		Author: author(s.peer(sub.Session).User.Name), Bytes: ot.AppendOp(nil, moved.Op),
	}
	c.Lineage = s.head.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
	s.push(c)
	s.batch = append(s.batch, c)
	s.records[sub.Client] = Record{Seq: sub.Seq, Rev: c.Rev, Digest: c.Digest}
	return nil, false
}

// author is the name under which a commit is kept.
func author(name string) string {
	if len(name) <= MaxAuthor {
		return name
	}
	return strings.ToValidUTF8(name[:MaxAuthor], "")
}
