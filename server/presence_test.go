package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/server"
	"tandem/server/wire"
)

func caretAt(offset int) wire.Opt[wire.Selection] {
	return wire.Some(wire.Selection{Anchor: offset, Head: offset})
}

// peopleBecome reads presence until a channel's picture of the others is as wanted.
func (p *peer) peopleBecome(people map[doc.SessionNumber]wire.Peer, want ...wire.Peer) {
	p.rig.t.Helper()
	same := func() bool {
		if len(people) != len(want) {
			return false
		}
		for _, w := range want {
			if people[w.Session] != w {
				return false
			}
		}
		return true
	}
	for !same() {
		m := p.receive()
		require.NotNil(p.rig.t, m, "the connection ended: %v", p.err())
		u, ok := m.(wire.PresenceUpdate)
		if !ok {
			continue
		}
		require.LessOrEqual(p.rig.t, u.Rev, p.copies[u.Channel].place.Rev, "it stands where its revision has been reached")
		for _, other := range u.Peers {
			people[other.Session] = other
		}
		for _, left := range u.Left {
			delete(people, left)
		}
	}
}

func TestPresence(t *testing.T) {
	r := newRig(t, server.Config{})
	a, b := r.join(), r.join()
	ada := a.open(1, "presence", clientID(1)).Session
	a.edit(1, 1, insert(0, "0123456789"))
	b.open(1, "presence", clientID(2))
	others := map[doc.SessionNumber]wire.Peer{}
	b.peopleBecome(others, wire.Peer{Session: ada})

	user := wire.User{Name: "Ada", Color: "#3366cc"}
	a.send(wire.Presence{Channel: 1, Rev: 1, Selection: caretAt(4), User: wire.Some(user)})
	b.peopleBecome(others, wire.Peer{Session: ada, Selection: caretAt(4), User: user})
	a.send(wire.Presence{Channel: 1, Rev: 1, Selection: wire.Some(wire.Selection{Anchor: 9, Head: 2})})
	b.peopleBecome(others, wire.Peer{Session: ada, Selection: wire.Some(wire.Selection{Anchor: 9, Head: 2}), User: user})

	// Of a revision that has been edited since: it is moved there.
	b.edit(1, 1, insert(0, ">> "))
	a.send(wire.Presence{Channel: 1, Rev: 1, Selection: caretAt(4)})
	b.peopleBecome(others, wire.Peer{Session: ada, Selection: caretAt(7), User: user})
	a.textBecomes(1, ">> 0123456789")

	// What lies outside of the document is cut.
	a.send(wire.Presence{Channel: 1, Rev: 2, Selection: caretAt(1 << 40)})
	b.peopleBecome(others, wire.Peer{Session: ada, Selection: caretAt(13), User: user})
	// Of a revision that is not there yet: only the name counts.
	user.Name = "Lovelace"
	a.send(wire.Presence{Channel: 1, Rev: 1 << 50, Selection: caretAt(0), User: wire.Some(user)})
	b.peopleBecome(others, wire.Peer{Session: ada, Selection: caretAt(13), User: user})
	a.send(wire.Presence{Channel: 1, Rev: 2})
	b.peopleBecome(others, wire.Peer{Session: ada, User: user})

	// It ends with the session, and with the connection.
	a.send(wire.Close{Channel: 1})
	b.peopleBecome(others)
	c := r.join()
	number := c.open(1, "presence", clientID(3)).Session
	b.peopleBecome(others, wire.Peer{Session: number})
	require.NoError(t, c.conn.Close())
	b.peopleBecome(others)

	b.send(wire.Presence{Channel: 1, Rev: 2, Selection: caretAt(1)}, wire.Ping{N: 1})
	for m := b.receive(); m != (wire.Pong{N: 1}); m = b.receive() {
		u, ok := m.(wire.PresenceUpdate)
		require.False(t, ok && len(u.Peers) > 0, "nobody hears of himself: %v", u)
	}
}

// TestPresenceIsCoalesced: of a thousand moves the others hear a few, and the last one.
func TestPresenceIsCoalesced(t *testing.T) {
	r := newRig(t, server.Config{})
	a, b := r.join(), r.join()
	ada := a.open(1, "moves", clientID(1)).Session
	a.edit(1, 1, insert(0, strings.Repeat("x", 2000)))
	b.open(1, "moves", clientID(2))
	for i := range 1000 {
		a.send(wire.Presence{Channel: 1, Rev: 1, Selection: caretAt(i)})
	}
	updates := 0
	for {
		u := next[wire.PresenceUpdate](b)
		updates++
		if len(u.Peers) == 1 && u.Peers[0] == (wire.Peer{Session: ada, Selection: caretAt(999)}) {
			break
		}
	}
	require.Less(t, updates, 200)
}

// TestManyPeople: no message has more of them than a client takes at once.
func TestManyPeople(t *testing.T) {
	r := newRig(t, server.Config{Limits: server.Limits{Channels: 1000}})
	crowd := r.join()
	name := strings.Repeat("n", wire.MaxUserName)
	var all []wire.Message
	for i := range 1000 {
		id := doc.ClientID{1, byte(i >> 8), byte(i)}
		all = append(all, wire.Open{Channel: wire.Channel(i + 1), Document: "crowd", DocKind: doc.Text, Client: id})
	}
	crowd.send(all...)
	for opened := 0; opened < 1000; {
		if _, ok := crowd.receiveRaw().(wire.Opened); ok {
			opened++
		}
	}
	all = nil
	for i := range 1000 {
		all = append(all, wire.Presence{Channel: wire.Channel(i + 1), User: wire.Some(wire.User{Name: name, Color: fmt.Sprint(i)})})
	}
	crowd.send(all...)
	p := r.join()
	p.open(1, "crowd", clientID(2))
	colors := map[string]bool{}
	for len(colors) < 1000 {
		u := next[wire.PresenceUpdate](p)
		require.LessOrEqual(t, len(u.Append(nil)), 64<<10)
		for _, other := range u.Peers {
			if other.User.Name == name {
				colors[other.User.Color] = true
			}
		}
	}
}
