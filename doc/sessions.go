package doc

import (
	"cmp"
	"slices"

	"tandem/ot"
)

// leave ends a session, and its presence with it.
func (s *State) leave(n SessionNumber) {
	if s.sessions[n] == nil {
		return
	}
	delete(s.sessions, n)
	i, _ := slices.BinarySearchFunc(s.order, n, func(a *attached, n SessionNumber) int { return cmp.Compare(a.number, n) })
	s.order = slices.Delete(s.order, i, i+1)
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
	a := s.sessions[m.Session]
	if a == nil {
		return
	}
	s.version++
	a.presence.version = s.version
	if m.User != nil {
		a.presence.User = *m.User
	}
	if m.Rev < s.view.Base || m.Rev > s.head.Rev || m.Rev < s.head.Rev-moveWithin {
		return
	}
	r := m.Range
	for _, c := range s.view.after(m.Rev) {
		r = ot.TransformRange(c.Op, r, ot.Left)
	}
	a.presence.Range, a.presence.Shown = s.clamp(r), m.Shown
}

// movePresence moves everybody's carets over a commit, which puts its author's where it says. Readers do the same with the
// commit itself, so that the version stays. A batch is gone through commit by commit: a caret must not be clamped to what the
// last one leaves.
func (s *State) movePresence(c *Committed) {
	for _, a := range s.order {
		p := &a.presence
		switch {
		case !p.Shown && (a.number != c.Session || c.Caret < 0): // there is nothing to move
		case a.number == c.Session && c.Caret >= 0:
			p.Range, p.Shown = ot.Range{Anchor: c.Caret, Head: c.Caret}, true
		case a.number == c.Session:
			// Readers move it like everybody else's: they are told.
			p.Range = ot.TransformRange(c.Op, p.Range, ot.Right)
			s.version++
			p.version = s.version
		default:
			p.Range = ot.TransformRange(c.Op, p.Range, ot.Left)
		}
	}
}

// clamp keeps a hostile range within the document.
func (s *State) clamp(r ot.Range) ot.Range {
	n := s.text.Len()
	return ot.Range{Anchor: min(max(r.Anchor, 0), n), Head: min(max(r.Head, 0), n)}
}

// presences is everybody's presence at the head.
func (s *State) presences() *Presences {
	p := &Presences{Rev: s.head.Rev, Version: s.version, left: s.left}
	if old := s.view.Presence; old != nil && old.Version == s.version && !old.shown && !s.anyShown() {
		p.Peers = old.Peers // there is no caret that commits could have moved
		return p
	}
	p.Peers = make([]Presence, len(s.order))
	for i, a := range s.order {
		p.Peers[i] = a.presence
		p.shown = p.shown || a.presence.Shown
	}
	return p
}

func (s *State) anyShown() bool {
	return slices.ContainsFunc(s.order, func(a *attached) bool { return a.presence.Shown })
}

// Attached reports whether a session is.
func (s *State) Attached(n SessionNumber) bool { return s.sessions[n] != nil }
