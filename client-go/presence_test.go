package client

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

func selection(anchor, head int) wire.Opt[wire.Selection] {
	return wire.Some(wire.Selection{Anchor: anchor, Head: head})
}

func TestOwnPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		c, _ := r.connect(Options{User: User{"Ada", "#36c"}})
		d, err := c.Open("notes", doc.Text)
		require.NoError(t, err)
		p := r.accept()
		open := p.load(5, "hello")
		user := wire.Some(wire.User{Name: "Ada", Color: "#36c"})
		require.Equal(t, user, open.User)
		p.quiet()

		begin := time.Now()
		for n := range 4 { // at most 10 times a second: the last one counts
			d.SetPresence(&ot.Range{Anchor: n, Head: n + 1})
		}
		require.Equal(t, wire.Presence{Channel: open.Channel, Rev: 5, Selection: selection(0, 1)}, receive[wire.Presence](p))
		require.Equal(t, selection(3, 4), receive[wire.Presence](p).Selection)
		require.InDelta(t, 0.1, time.Since(begin).Seconds(), 0.01)

		// While something is pending it waits, and moves; typing takes it along without a message of its own.
		require.NoError(t, d.Edit(insert(0, "x"), -1))
		submit := receive[wire.Submit](p)
		d.SetPresence(&ot.Range{Anchor: 6, Head: 99})
		p.send(commit(open.Channel, 6, insert(0, "__")))
		p.quiet()
		p.send(wire.Ack{Channel: open.Channel, Seq: submit.Seq, Place: at(7)})
		m := receive[wire.Presence](p)
		require.Equal(t, selection(8, 8), m.Selection)
		require.Equal(t, doc.Revision(7), m.Rev)
		require.NoError(t, d.Edit(insert(0, "y"), 1))
		submit = receive[wire.Submit](p)
		p.send(wire.Ack{Channel: open.Channel, Seq: submit.Seq, Place: at(8)})
		time.Sleep(time.Second)
		p.quiet()
		require.Equal(t, &ot.Range{Anchor: 1, Head: 1}, d.selection)

		// A new session knows of no caret: it comes as soon as nothing is pending. Who it is comes with the open.
		c.Cut()
		require.NoError(t, d.Edit(insert(0, "z"), 1))
		p = r.accept()
		open = receive[wire.Open](p)
		p.send(wire.Opened{Channel: open.Channel, Place: at(9), Access: wire.Write, Outcome: wire.OutcomeCommitted, Resume: true})
		require.Equal(t, user, open.User)
		p.quiet()
		p.send(wire.Ack{Channel: open.Channel, Seq: 3, Place: at(9)})
		require.Equal(t, selection(1, 1), receive[wire.Presence](p).Selection)
		d.SetPresence(nil)
		require.False(t, receive[wire.Presence](p).Selection.OK)
	})
}

func TestPeers(t *testing.T) {
	bubble(t, func(t *testing.T, s *setting) {
		require.NoError(t, s.doc.Edit(insert(0, "mine "), -1))
		receive[wire.Submit](s.peer)
		require.NoError(t, s.doc.Edit(insert(10, "!"), -1))
		channel := s.opened.Channel
		ada := wire.User{Name: "Ada", Color: "red"}
		s.peer.send(wire.PresenceUpdate{Channel: channel, Rev: 5, Peers: []wire.Peer{{Session: 7, Selection: selection(1, 5), User: ada}, {Session: 3}}})
		require.Equal(t, []Peer{{Session: 3}, {Session: 7, User: User(ada), Selection: &ot.Range{Anchor: 6, Head: 10}}}, s.doc.Peers())
		s.peer.send(commit(channel, 6, remove(0, 2)))
		require.Equal(t, &ot.Range{Anchor: 5, Head: 8}, s.doc.Peers()[1].Selection)
		// Typing brings its caret along.
		typed := commit(channel, 7, insert(3, "xy"))
		typed.Session, typed.Caret = wire.Some(doc.SessionNumber(7)), wire.Some(5)
		s.peer.send(typed)
		require.Equal(t, "mine llo!xy", s.doc.Text())
		require.Equal(t, &ot.Range{Anchor: 11, Head: 11}, s.doc.Peers()[1].Selection) // behind the "!" that it does not know
		s.peer.send(wire.PresenceUpdate{Channel: channel, Rev: 7, Left: []doc.SessionNumber{7}})
		require.Equal(t, []Peer{{Session: 3}}, s.doc.Peers())
		s.conn.Cut()
		s.rig.accept()
		require.Empty(t, s.doc.Peers())
	})
}
