package sim

import (
	"errors"
	"slices"
	"time"

	"tandem/doc"
)

// server drives a doc.State as doc.Document does, without its goroutine.
type server struct {
	w     *World
	life  int // grows with every restart and reload: what was started before does not happen
	state *doc.State
	inbox inbox
	batch *doc.Batch // at the disk
	// Of the document.
	floor, recordsFloor doc.Revision
	records             map[doc.ClientID]doc.Record // the state's own: as they are when a turn begins

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

func newServer(w *World) *server {
	s := &server{w: w, sessions: map[doc.SessionNumber]*session{}}
	s.load()
	return s
}

// load begins anew from the disk.
func (s *server) load() {
	s.life++
	stored := s.w.disk.load()
	if stored == nil {
		return
	}
	if s.w.cfg.Fault == ForgetSilently {
		stored.RecordsFloor = 0
	}
	s.floor, s.recordsFloor, s.records = stored.Floor, stored.RecordsFloor, stored.Clients
	state, err := doc.NewState(stored, doc.StateConfig{HistoryBytes: 16 << 10, SnapshotCommits: 20, CheckEvery: 20})
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
	switch {
	case s.w.chance(0.6):
		s.crash()
	case s.w.chance(0.2):
		s.w.tracef("the disk is full")
		s.w.disk.full = true
		s.w.after(s.w.between(time.Second, 20*time.Second), func() { s.w.disk.full = false })
	}
	s.w.after(s.w.between(time.Second, 60*time.Second), s.crashSometimes)
}

func (s *server) crash() {
	s.w.stats.Crashes++
	s.w.tracef("server crashes")
	s.kill()
	life := s.life
	s.w.after(s.w.between(50*time.Millisecond, 5*time.Second), func() {
		if s.life == life {
			s.load()
		}
	})
}

// kill takes the process away, and its connections.
func (s *server) kill() {
	s.life++
	s.state = nil
	s.w.disk.crash()
	for _, u := range s.w.users {
		for _, p := range u.pages {
			if p.conn != nil {
				p.conn.serverGone()
			}
		}
	}
}

// offline does something to the store while the document is not in memory: the process ends, or the sessions do.
func (s *server) offline(do func()) {
	if s.state == nil || s.batch != nil || s.w.rng.IntN(2) == 0 {
		s.kill()
	} else {
		s.endAll()
	}
	do()
	s.load()
}

// trim moves the floor while the document is live, as doc.History does: in memory first, some time later in the store, and then
// the document hears of it.
func (s *server) trim(plan *doc.Trimming) {
	if s.state == nil || s.batch != nil {
		return // not between turns
	}
	plan.Forget, plan.RecordsFloor = s.state.RaiseFloor(plan.Floor.Rev, s.w.rng.IntN(4))
	s.floor, s.recordsFloor = s.state.View().Floor, plan.RecordsFloor
	s.publish()
	life := s.life
	s.w.after(s.w.between(time.Millisecond, 2*time.Second), func() {
		s.floorRaised(plan, s.w.operator.trim(plan), life)
	})
}

// floorRaised tells the document, between turns, what became of the floor in the store.
func (s *server) floorRaised(plan *doc.Trimming, stored bool, life int) {
	switch {
	case s.state == nil:
		return
	case s.batch != nil:
		s.w.after(time.Millisecond, func() { s.floorRaised(plan, stored, life) })
		return
	case s.life != life && stored: // it was loaded before the store had the new floor
		if here := s.state.View().Place; here.ID != plan.Floor.ID || here.Epoch != plan.Floor.Epoch {
			return
		}
		s.state.RaiseFloor(plan.Floor.Rev, -1)
	case s.life != life:
		return
	}
	s.state.FloorRaised(stored)
	s.floor = s.state.View().Floor
	s.publish()
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
	s.endAll()
	s.load()
}

// endAll ends all sessions, and what waits to be one.
func (s *server) endAll() {
	for _, n := range s.ordered() {
		s.sessions[n].conn.toClient(message{again: true})
	}
	for _, o := range s.inbox.opens {
		o.conn.toClient(message{again: true})
	}
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

// ask has a turn come soon.
func (s *server) ask() {
	if s.asked || s.state == nil {
		return
	}
	s.asked = true
	life := s.life
	s.w.after(s.w.between(0, 2*time.Millisecond), func() {
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
	calls := map[*doc.OpenRequest]*openCall{}
	turn := doc.Inbox{Leaves: in.leaves, Submissions: in.submissions, Now: int64(s.w.now / time.Millisecond), Refuse: s.w.disk.ready()}
	for _, o := range in.opens {
		calls[o.request] = o
		if out := o.request.Outstanding; out != nil {
			if r, known := s.records[out.Client]; known {
				o.record = &r
			}
		}
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
			for _, o := range turn.Opens {
				if call := calls[o]; call != nil {
					call.conn.toClient(message{again: true})
				}
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

func (s *server) carryOut(effects []doc.Effect, calls map[*doc.OpenRequest]*openCall) {
	for _, e := range effects {
		switch {
		case e.Open != nil:
			call := calls[e.Open]
			delete(calls, e.Open)
			s.answer(call)
		case e.Ended:
			if session := s.sessions[e.Session]; session != nil {
				delete(s.sessions, e.Session)
				session.conn.toClient(message{again: true})
			}
			if !errors.Is(e.Err, doc.ErrReplaced) && !errors.Is(e.Err, doc.ErrOpenAgain) {
				s.w.fail("S3: an honest session was ended: %w", e.Err)
			}
		case refuses(e.Err):
			if session := s.sessions[e.Session]; session != nil {
				session.conn.toClient(message{refused: true})
			}
		default:
			s.w.fail("S3: an honest submission was refused: %w", e.Err)
		}
	}
}
