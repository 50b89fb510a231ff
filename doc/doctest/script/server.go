package script

import (
	"errors"
	"slices"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// server drives a doc.State as doc.Document does, one command at a time.
type server struct {
	store    *store
	cfg      doc.StateConfig
	piece    int        // bytes of a piece of a snapshot
	state    *doc.State // nil: down
	inbox    doc.Inbox
	calls    map[*doc.OpenRequest]*conn
	sessions map[doc.SessionNumber]*session
}

type session struct {
	conn   *conn
	cursor doc.Cursor
}

// load begins anew from the store.
func (s *server) load() error {
	state, err := doc.NewState(s.store.load(), s.cfg)
	if err != nil {
		return err
	}
	s.state, s.inbox = state, doc.Inbox{}
	s.calls, s.sessions = map[*doc.OpenRequest]*conn{}, map[doc.SessionNumber]*session{}
	return nil
}

// drop ends what there is with an error.
func (s *server) drop(err error) {
	for _, call := range s.calls {
		call.tell(message{err: err})
	}
	for _, session := range s.sessions {
		session.conn.tell(message{err: err})
	}
	s.state, s.inbox, s.calls, s.sessions = nil, doc.Inbox{}, nil, nil
}

// receive takes a message from a connection.
func (s *server) receive(c *conn, m message) {
	switch {
	case s.state == nil:
		c.tell(message{err: doc.ErrUnavailable})
	case m.open != nil:
		s.open(c, m.open)
	default:
		s.submit(c, m.submit)
	}
}

func (s *server) open(c *conn, m *open) {
	o := &doc.OpenRequest{Client: m.client, Held: m.held, ReadOnly: c.readOnly}
	if out := m.outstanding; out != nil {
		o.Outstanding = &doc.Outstanding{Base: out.Base, Submission: submission(out)}
	}
	s.lookUp(o)
	s.calls[o] = c
	s.inbox.Opens = append(s.inbox.Opens, o)
}

func submission(s *client.Submission) doc.Submission {
	return doc.Submission{Name: s.Name, Base: s.Base.Rev, Op: s.Op, Bytes: s.Bytes, Caret: s.Caret}
}

// lookUp completes an open from the store.
func (s *server) lookUp(o *doc.OpenRequest) {
	v := s.state.View()
	old := func(p *doc.Place) bool {
		return p.ID == v.Place.ID && p.Epoch == v.Place.Epoch && p.Rev < v.Base && p.Rev >= s.store.floor
	}
	lineage := func(rev doc.Revision) *doc.Lineage {
		var l doc.Lineage
		if rev > 0 {
			l = s.store.commits[rev-1].Lineage
		}
		return &l
	}
	if o.Held != nil && old(o.Held) {
		o.HeldLineage = lineage(o.Held.Rev)
	}
	if out := o.Outstanding; out != nil && old(&out.Base) {
		o.BaseLineage = lineage(out.Base.Rev)
		out.Moved = s.bringUp(out.Op, out.Base.Rev, out.Caret)
	}
}

func (s *server) bringUp(op ot.Op, base doc.Revision, caret int) *doc.Moved {
	moved := &doc.Moved{Op: op, Caret: caret, To: base}
	if err := moved.Over(s.read(base)); err != nil {
		panic(err)
	}
	return moved
}

// read is what the store has between a revision and history in memory.
func (s *server) read(after doc.Revision) (out []*doc.Committed) {
	for _, c := range s.store.commits[after:s.state.View().Base] {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		if err != nil {
			panic(err)
		}
		out = append(out, &doc.Committed{Commit: c, Op: op, Caret: -1})
	}
	return out
}

func (s *server) submit(c *conn, m *client.Submission) {
	for n, session := range s.sessions {
		if session.conn != c {
			continue
		}
		sub := submission(m)
		sub.Session = n
		if sub.Base < s.state.View().Base {
			sub.Moved = s.bringUp(sub.Op, sub.Base, sub.Caret)
		}
		session.cursor.Own = sub.Name
		s.inbox.Submissions = append(s.inbox.Submissions, &sub)
	}
}

// turn takes what waits, and hands what is to be committed to the store.
func (s *server) turn() error {
	switch {
	case s.state == nil:
		return errors.New("the server is down")
	case s.store.atStore != nil:
		return errors.New("a batch is at the store")
	}
	in := s.inbox
	s.inbox = doc.Inbox{}
	batch, effects := s.state.Turn(&in)
	s.store.atStore = batch
	s.carryOut(effects)
	return s.publish()
}

// committed is told what became of the batch.
func (s *server) committed() error {
	s.carryOut(s.state.Committed())
	return s.publish()
}

func (s *server) carryOut(effects []doc.Effect) {
	for _, e := range effects {
		switch {
		case e.Open != nil && errors.Is(e.Open.Err, doc.ErrBehind):
			s.lookUp(e.Open)
			s.inbox.Opens = append(s.inbox.Opens, e.Open)
		case e.Open != nil:
			c := s.calls[e.Open]
			delete(s.calls, e.Open)
			if e.Open.Err != nil {
				c.tell(message{err: e.Open.Err})
				continue
			}
			s.sessions[e.Session] = &session{c, e.Open.Opened.Cursor}
			s.tellOpened(c, &e.Open.Opened)
		case e.Ended:
			s.end(e)
		default:
			if session := s.sessions[e.Session]; session != nil {
				session.conn.tell(message{err: e.Err, seq: e.Seq})
			}
		}
	}
}

// end ends a session, or the open that waited for it.
func (s *server) end(e doc.Effect) {
	for o, c := range s.calls {
		if o.Session == e.Session {
			delete(s.calls, o)
			c.tell(message{err: e.Err})
		}
	}
	if session := s.sessions[e.Session]; session != nil {
		delete(s.sessions, e.Session)
		session.conn.tell(message{err: e.Err})
	}
}

func (s *server) tellOpened(c *conn, o *doc.Opened) {
	c.tell(message{opened: &client.Opened{Place: o.Place, Outcome: o.Outcome, LastSeq: o.LastSeq, Resume: o.Resume}, err: o.Refusal})
	if o.Resume {
		return
	}
	pieces := slices.Collect(o.Content.Pieces(s.piece))
	if len(pieces) == 0 {
		pieces = []ot.Op{{}}
	}
	for i, piece := range pieces {
		c.tell(message{piece: piece, last: i == len(pieces)-1})
	}
}

// publish has every session read what is durable.
func (s *server) publish() error {
	v := s.state.View()
	for n := range s.sessions {
		if !s.state.Attached(n) {
			delete(s.sessions, n)
		}
	}
	for _, session := range s.sessions {
		for {
			var items []doc.Item
			var err error
			if session.cursor.Rev < v.Base {
				items, err = session.cursor.Feed(s.read(session.cursor.Rev), v, nil)
			} else {
				items, err = session.cursor.Pull(v, nil)
			}
			if err != nil {
				return err
			}
			if len(items) == 0 {
				break
			}
			for _, item := range doc.Singles(items) {
				session.conn.tell(message{item: &item})
			}
		}
	}
	return nil
}
