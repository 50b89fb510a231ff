package server

import (
	"strings"
	"unicode"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

// peersAtOnce is how many people one presence has.
const peersAtOnce = 512

// move hands presence to the document.
func (ch *channel) move(m wire.Presence) {
	session := ch.opened()
	if session == nil {
		return
	}
	move := doc.Move{Rev: m.Rev, Shown: m.Selection.OK, Range: ot.Range{Anchor: m.Selection.Value.Anchor, Head: m.Selection.Value.Head}}
	if m.User.OK {
		user := shownUser(m.User.Value)
		move.User = &user
	}
	session.Move(move)
}

// shownUser is a user as the document shows and keeps them.
func shownUser(u wire.User) doc.User {
	return doc.User{Name: showable(u.Name), Color: showable(u.Color)}
}

// showable is a text without what would act on a line that shows it: control characters, and those that turn its direction.
func showable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

// presence adds changes, encoded once for all readers, as the session own hears them.
func (f *framer) presence(channel wire.Channel, own doc.SessionNumber, c *doc.Changes) {
	if c == nil {
		return
	}
	for _, shared := range c.Memo(func() any { return sharePresence(c) }).([]*wire.SharedPresence) {
		before := len(f.frame)
		f.frame = shared.Append(f.frame, channel, own)
		f.cut(before)
	}
}

// sharePresence encodes changes, a message for so many people.
func sharePresence(c *doc.Changes) (all []*wire.SharedPresence) {
	for peers, left := c.Peers, c.Left; len(peers)+len(left) > 0; {
		n, l := min(len(peers), peersAtOnce), min(len(left), peersAtOnce)
		all = append(all, presenceMessage(c.Rev, peers[:n], left[:l]).Share())
		peers, left = peers[n:], left[l:]
	}
	return all
}

func presenceMessage(rev doc.Revision, peers []doc.Presence, left []doc.SessionNumber) wire.PresenceUpdate {
	m := wire.PresenceUpdate{Rev: rev, Left: left, Peers: make([]wire.Peer, len(peers))}
	for i, p := range peers {
		m.Peers[i] = wire.Peer{Session: p.Session, User: wire.User{Name: p.User.Name, Color: p.User.Color}}
		if p.Shown {
			m.Peers[i].Selection = wire.Some(wire.Selection{Anchor: p.Range.Anchor, Head: p.Range.Head})
		}
	}
	return m
}
