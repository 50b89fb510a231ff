package doc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tandem/ot"
)

// A Session is one attachment of a client to a document: a cursor into published history, and two slots in the document's
// inbox. Submit, Move and Close are for the goroutine that reads from the client, Next for the one that writes to it.
type Session struct {
	// Immutable after open.
	doc    *Document
	wake   func()
	number SessionNumber
	client ClientID
	began  Instant
	opened *Opened // nil: it was taken

	// Guarded by doc.mu: the slots.
	submission *Submission
	move       *Move

	// Guarded by mu, which is held for moments only: what the document's goroutine and the client's reader tell the writer.
	mu      sync.Mutex
	own     Name
	ownRev  Revision // of the commit of own, told before it can be read; 0: not committed
	refused []Refusal
	again   bool // what was refused may be taken now
	ended   error
	rev     Revision // how far the writer has read, which presence and which check: to wake it only for something
	version int64
	check   Check

	// Owned by the client's reader.
	arrived Instant // of the frame that Submit is called for

	// Owned by the writer.
	cursor   Cursor
	ahead    catchUp
	presence int64
	recount  bool // hear of everybody again
}

// A Refusal says that a submission was not taken, and stays undecided.
type Refusal struct {
	Seq Seq
	Err error
}

// begin is called by the document before anybody else has the session.
func (s *Session) begin(o *OpenRequest) {
	opened := o.Opened
	s.number, s.client, s.opened, s.began = o.Session, o.Client, &opened, Now()
	s.cursor, s.own, s.ownRev = o.Opened.Cursor, o.Opened.Cursor.Own, o.Opened.OutcomeRev
	s.rev, s.check = s.cursor.Rev, s.cursor.checked
	if o.Opened.Resume && o.ahead != nil {
		s.ahead.left = []stretch{*o.ahead}
	}
}

// Number names the session towards others.
func (s *Session) Number() SessionNumber { return s.number }

// Opened is how the session began. It must not be called after TakeOpened.
func (s *Session) Opened() Opened { return *s.opened }

// TakeOpened is Opened for the last time: a session that lives on does without.
func (s *Session) TakeOpened() Opened {
	opened := *s.opened
	s.opened = nil
	return opened
}

// TakeContent is the content that the session begins with; nil where it resumes, and from the second call on.
func (s *Session) TakeContent() *ot.Text {
	content := s.opened.Content
	s.opened.Content = nil
	return content
}

// Kind is the document's kind.
func (s *Session) Kind() Kind { return s.doc.kind }

// Submit asks to commit op, made on the revision base. op is valid, and bytes are its encoding as it came (ot.DecodeOp); both are
// kept. It does not wait: what becomes of it is read with Next. ErrBase and ErrOp are the client's fault, ErrOpenAgain is nobody's.
func (s *Session) Submit(ctx context.Context, seq Seq, base Revision, op ot.Op, bytes []byte, caret int) error {
	sub := &Submission{
		Session: s.number, Name: Name{s.client, seq}, Base: base, Op: op, Bytes: bytes, Caret: caret,
	}
	if view := s.doc.View(); base < view.Base || base < view.Place.Rev-overInTurn {
		if base < 0 {
			return fmt.Errorf("%w: %d", ErrBase, base)
		}
		if base < view.Floor {
			return fmt.Errorf("%w: the base %d is below the floor %d", ErrOpenAgain, base, view.Floor)
		}
		moved, err := s.doc.bringUp(ctx, view, Moved{Op: op, Caret: caret, To: base})
		if err != nil {
			return err
		}
		sub.Moved = moved
	}
	var waits *Submission
	open := s.doc.post(func() {
		if waits = s.submission; waits == nil {
			s.mu.Lock()
			s.own, s.ownRev = sub.Name, 0 // before its commit can be read
			s.mu.Unlock()
			sub.Read, sub.Posted = s.arrived, Now()
			s.submission = sub
			s.doc.queued = append(s.doc.queued, s)
		}
	})
	switch {
	case !open:
		return ErrOpenAgain
	case waits != nil:
		return fmt.Errorf("%w: sequence %d was submitted while %d waits", ErrRepeat, seq, waits.Seq)
	}
	return nil
}

// Move shows presence. What was not sent on yet is replaced. It takes no turn of the document, but the next tick's: moves come by
// the thousand.
func (s *Session) Move(m Move) {
	m.Session = s.number
	d := s.doc
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return
	case s.move == nil:
		d.moved = append(d.moved, s)
		d.awaitTick(time.Now())
	default:
		d.replaced()
		m.User = cmp.Or(m.User, s.move.User)
	}
	s.move = &m
}

// Close ends the session, and its presence with it.
func (s *Session) Close() {
	s.doc.post(func() { s.doc.leaves = append(s.doc.leaves, s.number) })
}

// behind reports whether the writer has not read all of a view; of its presence, only with presence.
func (s *Session) behind(v *View, presence bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rev < v.Place.Rev || presence && s.version != v.Presence.Version || s.check != v.Check && v.Check.Rev >= s.rev
}

// learn tells the writer the revision of the commit of what the session named last, if that is among these.
func (s *Session) learn(commits []*Committed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range commits {
		if c.Seq == s.own.Seq && c.Client == s.own.Client {
			s.ownRev = c.Rev
		}
	}
}

// finish tells the writer that the session has ended.
func (s *Session) finish(err error) {
	s.mu.Lock()
	s.ended = err
	s.mu.Unlock()
	s.wake()
}

func (s *Session) refuse(r Refusal) {
	s.mu.Lock()
	s.refused = append(s.refused, r)
	s.mu.Unlock()
	s.wake()
}

// tryAgain tells the client that what was refused may be taken now.
func (s *Session) tryAgain() {
	s.mu.Lock()
	s.again = true
	s.mu.Unlock()
	s.wake()
}

// An Update is what a session reads next.
type Update struct {
	Items   []Item
	Refused []Refusal
	// Again: what was refused may be taken now.
	Again bool
	// Presence, at a revision that the items reach: of who changed it, the session itself too, and who left. Nil: nothing.
	Presence *Changes
	// Oldest are the stamps of the first commit in it, where there is one that is new.
	Oldest Stamps
	// Ended is the last thing of a session.
	Ended error
	// More: there was more than one read takes.
	More bool
}

// Next reads on: about 64 KiB of what lies behind. Where that is not in memory any more, it reads the store. items is room for what
// it reads, which a writer that reads often keeps; nil will do.
func (s *Session) Next(ctx context.Context, items []Item) (Update, error) {
	view := s.doc.View() // before own: a commit of ours in it was named before it
	var u Update
	s.mu.Lock()
	u.Refused, u.Again, u.Ended = s.refused, s.again, s.ended
	s.refused, s.again = nil, false
	s.cursor.Own = s.own
	ownRev := s.ownRev
	s.mu.Unlock()
	from := s.cursor.Rev
	var err error
	if u.Items, err = s.pull(ctx, view, ownRev, items[:0]); err != nil && u.Ended == nil {
		if err = s.doc.trimmed(s.cursor.Rev, err); !errors.Is(err, ErrOpenAgain) {
			return u, err
		}
		u.Ended = err
	}
	u.Oldest = s.oldest(view, from)
	if u.More = err == nil && s.cursor.Rev < view.Place.Rev; u.Ended != nil {
		// What is durable is told before the end: an ack in it spares the client a question.
		if u.More {
			u.Ended = nil
		}
		return u, nil
	}
	if !u.More {
		s.readPresence(view.Presence, &u)
	}
	s.mu.Lock()
	s.rev, s.version, s.check = s.cursor.Rev, s.presence, s.cursor.checked
	s.mu.Unlock()
	return u, nil
}

func (s *Session) pull(ctx context.Context, view *View, ownRev Revision, items []Item) ([]Item, error) {
	var err error
	if s.cursor.Rev >= view.Base && len(s.ahead.left) == 0 {
		items, err = s.cursor.Pull(view, items)
	} else {
		items, err = s.readPast(ctx, view, ownRev, items)
	}
	for i := range items {
		if item := &items[i]; item.tellsNoCarets() {
			s.recount = true // carets came without their authors' word
		}
	}
	return items, err
}

func (s *Session) readPresence(p *Presences, u *Update) {
	if p.Version == s.presence && !s.recount {
		return
	}
	if u.Presence = p.Since(s.presence, s.recount); u.Presence == nil {
		u.Ended = ErrOpenAgain
		return
	}
	s.presence, s.recount = p.Version, false
}
