package sim

import (
	"slices"
	"time"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

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
	s.w.after(wait, func() {
		if s.life != life || s.sessions[session.number] != session {
			return
		}
		session.asked = false
		if v := s.state.View(); session.cursor.Rev < s.floor || session.cursor.Rev < v.Base && s.trimmed(session.cursor.Rev) { // it has passed it
			delete(s.sessions, session.number)
			s.inbox.leaves = append(s.inbox.leaves, session.number)
			session.conn.toClient(message{again: true})
			s.ask()
			return
		}
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
		items, err = session.cursor.Pull(v, nil)
	} else {
		items, err = session.cursor.Feed(s.w.disk.read(v.Place.ID, session.cursor.Rev, min(v.Base, session.cursor.Rev+100)), v, nil)
	}
	if err != nil {
		s.w.fail("S2: %w", err)
	}
	for _, item := range doc.Singles(items) {
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
