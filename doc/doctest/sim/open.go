package sim

import (
	"errors"

	"tandem/doc"
)

type openCall struct {
	conn    *conn
	request *doc.OpenRequest
	record  *doc.Record // of the outstanding's client, when the turn began; nil: none
}

func (s *server) open(c *conn, m *openMessage) {
	s.w.stats.Opens++
	o := &doc.OpenRequest{Client: s.identity(c, m.client), Held: m.held, ReadOnly: !c.page.user.mayWrite}
	if m.outstanding != nil {
		out := *m.outstanding
		s.w.stats.Resubmissions++
		o.Outstanding = &doc.Outstanding{Base: out.Base, Submission: doc.Submission{
			Name: doc.Name{Client: s.identity(c, out.Client), Seq: out.Seq}, Base: out.Base.Rev,
			Op: out.Op, Bytes: out.Bytes, Caret: out.Caret,
		}}
	}
	if s.repeatFromMemory(c, o) {
		return
	}
	s.lookUp(&openCall{conn: c, request: o})
}

// identity is the client, but for the bug that takes the socket for it.
func (s *server) identity(c *conn, id doc.ClientID) doc.ClientID {
	if s.w.cfg.Fault == DedupBySocket {
		id[8], id[9] = byte(c.id), byte(c.id>>8)
	}
	return id
}

// lookUp completes an open from the disk, as doc.Document does, and has it wait for a turn.
func (s *server) lookUp(call *openCall) {
	o, v := call.request, s.state.View()
	old := func(p *doc.Place) bool {
		return p.ID == v.Place.ID && p.Epoch == v.Place.Epoch && p.Rev >= s.floor && p.Rev < v.Base
	}
	out := o.Outstanding
	if o.Held != nil && old(o.Held) && s.trimmed(o.Held.Rev) || out != nil && old(&out.Base) && s.trimmed(out.Base.Rev) {
		call.conn.toClient(message{again: true})
		return
	}
	if o.Held != nil && old(o.Held) {
		o.HeldLineage = s.w.disk.lineage(o.Held, s.floor)
	}
	if out != nil && old(&out.Base) {
		if o.BaseLineage = s.w.disk.lineage(&out.Base, s.floor); *o.BaseLineage == out.Base.Lineage {
			out.Moved = s.bringUp(doc.Moved{Op: out.Op, Caret: out.Caret, To: out.Base.Rev}, v.Base)
		}
	}
	s.inbox.opens = append(s.inbox.opens, call)
}

// trimmed reports whether history at a revision can be read no more: the floor of the store is above that of the document, which was
// loaded while the floor rose and has not heard of it.
func (s *server) trimmed(rev doc.Revision) bool {
	floor := s.w.disk.info().Floor
	return floor > s.floor && rev <= floor
}

func (s *server) bringUp(m doc.Moved, to doc.Revision) *doc.Moved {
	if err := m.Over(s.w.disk.read(s.state.View().Place.ID, m.To, to)); err != nil {
		s.w.fail("S2: %w", err)
	}
	return &m
}

func (s *server) submit(c *conn, m *submitMessage) {
	for _, session := range s.sessions {
		if session.conn != c {
			continue
		}
		if v := s.state.View(); m.Base.Rev < s.floor || m.Base.Rev < v.Base && s.trimmed(m.Base.Rev) { // it has passed it
			c.toClient(message{again: true})
			return
		}
		sub := &doc.Submission{
			Session: session.number, Name: doc.Name{Client: s.identity(c, m.Client), Seq: m.Seq},
			Base: m.Base.Rev, Op: m.Op, Bytes: m.Bytes, Caret: m.Caret,
		}
		// doc.Session moves what is far behind before the turn; here chance decides as well.
		if v := s.state.View(); sub.Base < v.Base || s.w.rng.IntN(2) == 0 && !s.trimmed(sub.Base) {
			to := max(sub.Base, v.Place.Rev)
			sub.Moved = s.bringUp(doc.Moved{Op: m.Op, Caret: m.Caret, To: sub.Base}, to)
		}
		session.cursor.Own = sub.Name
		s.inbox.submissions = append(s.inbox.submissions, sub)
	}
}

// answer tells a client what the turn made of its open.
func (s *server) answer(call *openCall) {
	o := call.request
	opened := o.Opened
	switch {
	case errors.Is(o.Err, doc.ErrBehind):
		s.lookUp(call)
		s.ask()
		return
	case refuses(o.Err):
		call.conn.toClient(message{refused: true})
		return
	case errors.Is(o.Err, doc.ErrOpenAgain):
		call.conn.toClient(message{again: true})
		return
	case o.Err != nil:
		s.w.fail("S3: an honest open was refused: %w", o.Err)
		return
	case s.w.cfg.Fault == VoidForRefused && opened.Outcome == doc.OutcomeRefused:
		opened.Outcome = doc.OutcomeVoid
	}
	s.count(call)
	s.sessions[o.Session] = &session{number: o.Session, conn: call.conn, cursor: opened.Cursor}
	if !opened.Resume {
		s.w.stats.Snapshots++
	}
	call.conn.sendOpened(opened)
}

// refuses reports whether an error says that a submission is not taken now.
func refuses(err error) bool {
	return errors.Is(err, doc.ErrReadOnly) || errors.Is(err, doc.ErrNoSpace)
}

// count counts which way out of an open was taken.
func (s *server) count(call *openCall) {
	o, here := call.request, s.state.View().Place
	if o.Outstanding == nil {
		return
	}
	base, seq := o.Outstanding.Base, o.Outstanding.Seq
	took := func(w Way) { s.w.stats.Ways[w]++ }
	switch o.Opened.Outcome {
	case doc.OutcomeCommitted:
		switch {
		case call.record != nil && call.record.Seq >= seq:
			took(WayCommitted)
			return
		case call.record == nil && s.w.operator.forgot[o.Outstanding.Client]:
			took(WayForgotten)
		case call.record == nil && s.recordsFloor > 0:
			took(WayAboveRecords)
		}
		took(WayCommittedNow)
	case doc.OutcomeVoid:
		if call.record == nil {
			took(WayVoidNoRecord)
		}
		switch {
		case base.ID != here.ID:
			took(WayVoidDocument)
		case base.Epoch != here.Epoch:
			took(WayVoidEpoch)
		case base.Rev < s.floor:
			took(WayVoidBelow)
		default:
			s.w.fail("S3: void was said of sequence %d on revision %d, which is ours", seq, base.Rev)
		}
	case doc.OutcomeUnknown:
		took(WayUnknown)
	case doc.OutcomeRefused:
		took(WayRefused)
		if errors.Is(o.Opened.Refusal, doc.ErrNoSpace) {
			took(WayNoSpace)
		}
	}
}
