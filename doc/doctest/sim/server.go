package sim

import (
	"errors"
	"slices"
	"time"

	client "tandem/client-go"

	"tandem/doc"
	"tandem/ot"
)

// server drives a doc.State as doc.Document does, without its goroutine.
type server struct {
	w     *World
	life  int // grows with every restart and reload: what was started before does not happen
	state *doc.State
	inbox inbox
	batch *doc.Batch // at the disk

	asked    bool // a turn is coming
	sessions map[doc.SessionNumber]*session
}

// session is one client's session, and its writer.
type session struct {
	number doc.SessionNumber
	conn   *conn
	cursor doc.Cursor
	asked  bool
}

// inbox is what waits for a turn.
type inbox struct {
	leaves      []doc.SessionNumber
	opens       []*openCall
	submissions []*doc.Submission
}

func (i *inbox) empty() bool { return len(i.leaves)+len(i.opens)+len(i.submissions) == 0 }

type openCall struct {
	conn    *conn
	request *doc.OpenRequest
}

func newServer(w *World) *server {
	s := &server{w: w, sessions: map[doc.SessionNumber]*session{}}
	s.load()
	return s
}

// load begins anew from the disk.
func (s *server) load() {
	s.life++
	state, err := doc.NewState(s.w.disk.load(), doc.StateConfig{HistoryBytes: 16 << 10, SnapshotCommits: 60, CheckEvery: 20})
	if err != nil {
		s.w.fail("S2: %w", err)
		return
	}
	switch s.w.cfg.Fault {
	case ComposeAcrossOwn:
		state.Plant(doc.ComposeAcrossOwn)
	case SnapshotUndecided:
		state.Plant(doc.SnapshotUndecided)
	}
	s.state, s.batch, s.asked = state, nil, false
	s.inbox, s.sessions = inbox{}, map[doc.SessionNumber]*session{}
}

// crashSometimes kills the server now and then, between any two events.
func (s *server) crashSometimes() {
	if s.w.calm {
		return
	}
	if s.w.chance(0.7) {
		s.crash()
	}
	s.w.after(s.w.between(time.Second, 60*time.Second), "crash", s.crashSometimes)
}

func (s *server) crash() {
	s.w.stats.Crashes++
	s.w.tracef("server crashes")
	s.life++
	s.state = nil
	s.w.disk.crash()
	for _, c := range s.w.clients {
		if c.conn != nil {
			c.conn.serverGone()
		}
	}
	life := s.life
	s.w.after(s.w.between(50*time.Millisecond, 5*time.Second), "restart", func() {
		if s.life == life {
			s.load()
		}
	})
}

// restart has the server up, whatever it was.
func (s *server) restart() {
	if s.state == nil {
		s.load()
	}
}

// drop gives up what is in memory after a failed commit: sessions end with "open again".
func (s *server) drop() {
	s.w.tracef("server reloads the document")
	for _, n := range s.ordered() {
		s.sessions[n].conn.toClient(message{again: true})
	}
	for _, o := range s.inbox.opens {
		o.conn.toClient(message{again: true})
	}
	s.load()
}

// ordered are the sessions in a repeatable order.
func (s *server) ordered() []doc.SessionNumber {
	var out []doc.SessionNumber
	for n := range s.sessions {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// receive takes a message from a connection.
func (s *server) receive(c *conn, m message) {
	switch {
	case s.state == nil:
		return // lost: there is no process
	case m.open != nil:
		s.open(c, m.open)
	case m.submit != nil:
		s.submit(c, m.submit)
	case m.leave:
		for n, session := range s.sessions {
			if session.conn == c {
				s.inbox.leaves = append(s.inbox.leaves, n)
			}
		}
	}
	s.ask()
}

func (s *server) open(c *conn, m *openMessage) {
	s.w.stats.Opens++
	o := &doc.OpenRequest{Client: s.identity(c, m.client), Held: m.held}
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
	s.lookUp(o)
	s.inbox.opens = append(s.inbox.opens, &openCall{c, o})
}

// identity is the client, but for the bug that takes the socket for it.
func (s *server) identity(c *conn, id doc.ClientID) doc.ClientID {
	if s.w.cfg.Fault == DedupBySocket {
		id[8], id[9] = byte(c.id), byte(c.id>>8)
	}
	return id
}

// lookUp completes an open from the disk, as doc.Document does.
func (s *server) lookUp(o *doc.OpenRequest) {
	v := s.state.View()
	old := func(p *doc.Place) bool {
		return p.ID == v.Place.ID && p.Epoch == v.Place.Epoch && p.Rev < v.Base
	}
	if o.Held != nil && old(o.Held) {
		o.HeldLineage = s.w.disk.lineage(o.Held.Rev)
	}
	if out := o.Outstanding; out != nil && old(&out.Base) {
		o.BaseLineage = s.w.disk.lineage(out.Base.Rev)
		out.Moved = s.bringUp(doc.Moved{Op: out.Op, Caret: out.Caret, To: out.Base.Rev}, v.Base)
	}
}

func (s *server) bringUp(m doc.Moved, to doc.Revision) *doc.Moved {
	if err := m.Over(s.read(m.To, to)); err != nil {
		s.w.fail("S2: %w", err)
	}
	return &m
}

func (s *server) read(after, to doc.Revision) []*doc.Committed {
	var out []*doc.Committed
	for _, c := range s.w.disk.commits[after:to] {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		if err != nil {
			s.w.fail("S2: %w", err)
		}
		out = append(out, &doc.Committed{Commit: c, Op: op, Caret: -1})
	}
	return out
}

func (s *server) submit(c *conn, m *submitMessage) {
	for _, session := range s.sessions {
		if session.conn != c {
			continue
		}
		sub := &doc.Submission{
			Session: session.number, Name: doc.Name{Client: s.identity(c, m.Client), Seq: m.Seq},
			Base: m.Base.Rev, Op: m.Op, Bytes: m.Bytes, Caret: m.Caret,
		}
		// doc.Session moves what is far behind before the turn; here chance decides as well.
		if v := s.state.View(); sub.Base < v.Base || s.w.rng.IntN(2) == 0 {
			to := max(sub.Base, min(v.Place.Rev, doc.Revision(len(s.w.disk.commits))))
			sub.Moved = s.bringUp(doc.Moved{Op: m.Op, Caret: m.Caret, To: sub.Base}, to)
		}
		session.cursor.Own = sub.Name
		s.inbox.submissions = append(s.inbox.submissions, sub)
	}
}

// ask has a turn come soon.
func (s *server) ask() {
	if s.asked || s.state == nil {
		return
	}
	s.asked = true
	life := s.life
	s.w.after(s.w.between(0, 2*time.Millisecond), "turn", func() {
		if s.life == life {
			s.asked = false
			s.turn()
		}
	})
}

func (s *server) turn() {
	if s.batch != nil || s.inbox.empty() {
		return
	}
	in := s.inbox
	s.inbox = inbox{}
	calls := map[*doc.OpenRequest]*conn{}
	turn := doc.Inbox{Leaves: in.leaves, Submissions: in.submissions, Now: int64(s.w.now / time.Millisecond)}
	for _, o := range in.opens {
		calls[o.request] = o.conn
		turn.Opens = append(turn.Opens, o.request)
	}
	batch, effects := s.state.Turn(&turn)
	s.carryOut(effects, calls)
	if batch == nil {
		if snapshot := s.state.SnapshotDue(s.w.chance(0.05)); snapshot != nil {
			s.w.disk.save(snapshot)
		}
		s.publish()
		return
	}
	s.batch = batch
	if s.w.cfg.Fault == AckBeforeCommit {
		s.carryOut(s.state.Committed(), calls)
		s.publish()
	}
	life := s.life
	s.w.disk.append(batch, func(err error) {
		if s.life != life {
			return
		}
		s.batch = nil
		if err != nil {
			if errors.Is(err, doc.ErrConflict) {
				s.w.fail("S3: the only server lost a race")
			}
			for _, c := range calls {
				c.toClient(message{again: true})
			}
			s.drop()
			return
		}
		if s.w.cfg.Fault != AckBeforeCommit {
			s.carryOut(s.state.Committed(), calls)
		}
		s.publish()
		s.ask()
	})
}

func (s *server) carryOut(effects []doc.Effect, calls map[*doc.OpenRequest]*conn) {
	for _, e := range effects {
		switch {
		case e.Open != nil && errors.Is(e.Open.Err, doc.ErrBehind):
			s.lookUp(e.Open)
			s.inbox.opens = append(s.inbox.opens, &openCall{calls[e.Open], e.Open})
			s.ask()
		case e.Open != nil && e.Open.Err != nil:
			s.w.fail("S3: an honest open was refused: %w", e.Open.Err)
		case e.Open != nil:
			conn := calls[e.Open]
			delete(calls, e.Open)
			s.sessions[e.Open.Session] = &session{number: e.Open.Session, conn: conn, cursor: e.Open.Opened.Cursor}
			opened := e.Open.Opened
			if !opened.Resume {
				s.w.stats.Snapshots++
			}
			conn.sendOpened(opened)
		case e.Ended:
			if session := s.sessions[e.Session]; session != nil {
				delete(s.sessions, e.Session)
				session.conn.toClient(message{again: true})
			}
			if !errors.Is(e.Err, doc.ErrReplaced) && !errors.Is(e.Err, doc.ErrBehind) {
				s.w.fail("S3: an honest session was ended: %w", e.Err)
			}
		default:
			s.w.fail("S3: an honest submission was refused: %w", e.Err)
		}
	}
}

// publish wakes the sessions' writers, each in its own time.
func (s *server) publish() {
	for _, n := range s.ordered() {
		s.pump(s.sessions[n])
	}
}

// pump has a session read what is published.
func (s *server) pump(session *session) {
	if session.asked {
		return
	}
	session.asked = true
	wait := s.w.between(0, 3*time.Millisecond)
	if s.w.chance(0.01) {
		wait = s.w.between(time.Second, 30*time.Second) // a slow reader
	}
	life := s.life
	s.w.after(wait, "pump", func() {
		if s.life != life || s.sessions[session.number] != session {
			return
		}
		session.asked = false
		if s.pull(session, s.state.View()) {
			s.pump(session)
		}
	})
}

// pull reads once; true: there is more.
func (s *server) pull(session *session, v *doc.View) bool {
	var items []doc.Item
	var err error
	if session.cursor.Rev >= v.Base {
		items, err = session.cursor.Pull(v)
	} else {
		items, err = session.cursor.Feed(s.read(session.cursor.Rev, min(v.Base, session.cursor.Rev+100)), v)
	}
	if err != nil {
		s.w.fail("S2: %w", err)
	}
	for _, item := range items {
		session.conn.toClient(message{item: &item})
	}
	return session.cursor.Rev < v.Place.Rev
}

// repeatFromMemory is a planted bug: an open whose submission is in the batch at the store is told "committed".
func (s *server) repeatFromMemory(c *conn, o *doc.OpenRequest) bool {
	if s.w.cfg.Fault != RepeatFromMemory || s.batch == nil || o.Outstanding == nil || o.Held == nil {
		return false
	}
	v := *s.state.View()
	if o.Held.Rev < v.Base {
		return false
	}
	in := false
	commits := slices.Clone(v.Commits)
	for _, b := range s.batch.Commits {
		in = in || b.Client == o.Outstanding.Client && b.Seq == o.Outstanding.Seq
		op, err := ot.DecodeOp(b.Bytes, ot.StoredLimits)
		if err != nil {
			s.w.fail("%w", err)
		}
		commits = append(commits, &doc.Committed{Commit: b, Op: op, Caret: -1})
		v.Place.Rev, v.Place.Lineage = b.Rev, b.Lineage
	}
	if !in {
		return false
	}
	v.Commits = commits
	c.toClient(message{opened: &client.Opened{Place: v.Place, Outcome: doc.OutcomeCommitted, Resume: true}})
	session := &session{conn: c, cursor: doc.Cursor{Rev: o.Held.Rev, Own: o.Outstanding.Name}}
	s.pull(session, &v)
	return true
}
