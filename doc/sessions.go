package doc

import (
	"cmp"
	"slices"

	"tandem/ot"
)

// peer is the presence of a session; nil: it is not attached. The caret is at the revision s.settled.
func (s *State) peer(n SessionNumber) *Presence {
	i, ok := s.peerIndex(n)
	if !ok {
		return nil
	}
	return &s.peers[i]
}

func (s *State) peerIndex(n SessionNumber) (int, bool) {
	return slices.BinarySearchFunc(s.peers, n, func(p Presence, n SessionNumber) int { return cmp.Compare(p.Session, n) })
}

// leave ends a session, and its presence with it.
func (s *State) leave(n SessionNumber) {
	if s.sessions[n] == nil {
		return
	}
	delete(s.sessions, n)
	i, _ := s.peerIndex(n)
	s.peers = slices.Delete(s.peers, i, i+1)
	s.version++
	s.left = append(s.left, leaving{n, s.version})
	if len(s.left) > leftKept {
		s.left = slices.Clone(s.left[1:])
	}
}

// moveWithin is how many commits a caret that comes may be behind.
const moveWithin = 256

// move takes new presence of a session, brought up to the head. One that speaks of a revision that is not in memory any more
// is dropped: its client sends another when it has caught up.
func (s *State) move(m Move) {
	p := s.peer(m.Session)
	if p == nil {
		return
	}
	s.settle() // first: the version is of what was settled
	s.version++
	p.version = s.version
	if m.User != nil {
		p.User = *m.User
	}
	if m.Rev < s.view.Base || m.Rev > s.head.Rev || m.Rev < s.head.Rev-moveWithin {
		return
	}
	r := m.Range
	for _, c := range s.view.after(m.Rev) {
		r = ot.TransformRange(c.Op, r, ot.Left)
	}
	p.Range, p.Shown = s.clamp(r), m.Shown
}

// settle moves everybody's carets to the head. Commits do not: it happens once for all that were made since.
func (s *State) settle() {
	movePresence(s.peers, s.history[s.settled-s.view.Base:])
	s.settled = s.head.Rev
}

// noteCaret takes from a commit what settle would be late for: that its author has a caret, and that readers are to hear of one
// who did not say where it is. They move it like everybody else's, and it goes to the right of what was typed.
func (s *State) noteCaret(c *Committed) {
	p := s.peer(c.Session)
	switch {
	case p == nil: // the author has left
	case c.Caret >= 0:
		p.Shown = true
	case p.Shown:
		s.version++
		p.version = s.version
	}
}

// clamp keeps a hostile range within the document.
func (s *State) clamp(r ot.Range) ot.Range {
	n := s.text.Len()
	return ot.Range{Anchor: min(max(r.Anchor, 0), n), Head: min(max(r.Head, 0), n)}
}

// presences is everybody's presence at the head. What commits alone have moved is left to readers, until it is much, or history in
// memory is about to be trimmed.
func (s *State) presences() *Presences {
	p := &Presences{Rev: s.head.Rev, Version: s.version, left: s.left}
	old := s.view.Presence
	if old == nil || old.Version != s.version || s.head.Rev-s.settled > moveAtOnce || s.historyBytes > s.cfg.HistoryBytes {
		s.settle()
		p.settled = slices.Clone(s.peers)
		return p
	}
	p.settled = old.settled
	p.commits = s.history[s.settled-s.view.Base : len(s.history) : len(s.history)]
	return p
}

// Attached reports whether a session is.
func (s *State) Attached(n SessionNumber) bool { return s.sessions[n] != nil }
