package server_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/server"
	"tandem/server/wire"
)

// slowStore is a store that takes its time.
type slowStore struct {
	doc.Store
	delay atomic.Int64 // in nanoseconds
}

func (s *slowStore) Append(batch *doc.Batch, done func(error)) {
	s.Store.Append(batch, func(err error) { time.AfterFunc(time.Duration(s.delay.Load()), func() { done(err) }) })
}

// meeting is two who type and move in one document, and one who watches, in virtual time.
type meeting struct {
	rig                   *rig
	store                 *slowStore
	typist, mover, reader *peer
	seq                   doc.Seq
}

func inMeeting(t *testing.T, test func(t *testing.T, c *meeting)) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowStore{Store: openStore(t)}
		r := newPipeRig(t, server.Config{Store: store, Metrics: true})
		c := &meeting{rig: r, store: store, typist: r.join(), mover: r.join(), reader: r.join()}
		for i, p := range []*peer{c.typist, c.mover, c.reader} {
			p.open(1, "thinned", clientID(byte(i+1)))
		}
		test(t, c)
		require.Equal(t, c.typist.text(1), c.reader.text(1), "no edit was held")
	})
}

// goOn has one edit five times a second, and another move his caret a hundred times, for so long; updates is how often the reader heard
// of that.
func (c *meeting) goOn(seconds int) (updates int) {
	for range 5 * seconds {
		c.seq++
		c.typist.submit(1, c.seq, insert(0, "x"))
		for i := range 20 {
			c.mover.send(wire.Presence{Channel: 1, Selection: caretAt(i)})
			time.Sleep(10 * time.Millisecond)
		}
		next[wire.Ack](c.typist)
		c.mover.textBecomes(1, c.typist.text(1))
	}
	synctest.Wait()
	for len(c.reader.got) > 0 {
		if u, ok := c.reader.receive().(wire.PresenceUpdate); ok && len(u.Peers) > 0 {
			updates++
		}
	}
	return updates
}

func (c *meeting) shed() float64 { return c.rig.scrape()["tandem_presence_shed_total"] }

// TestPresenceIsThinned: while the store makes edits late, carets that only move are sent less often, and what is shed is counted; then
// it is as before.
func TestPresenceIsThinned(t *testing.T) {
	inMeeting(t, func(t *testing.T, c *meeting) {
		usual := c.goOn(2)
		require.InDelta(t, 40, usual, 5)
		require.Zero(t, c.shed())

		c.store.delay.Store(int64(80 * time.Millisecond))
		c.goOn(4)
		require.LessOrEqual(t, c.goOn(4), 3, "every 2 s")
		shed := c.shed()
		require.Greater(t, shed, 500.0)

		c.store.delay.Store(int64(30 * time.Millisecond)) // within the budget, and not much below
		require.LessOrEqual(t, c.goOn(4), 3, "it stays thinned")
		shed = c.shed()

		c.store.delay.Store(0)
		c.goOn(8)
		require.Greater(t, c.shed(), shed)
		shed = c.shed()
		require.InDelta(t, usual, c.goOn(2), 5)
		require.Equal(t, shed, c.shed())
	})
}

// TestSlowReaderThinsNobody: what is late because its reader did not read is no load.
func TestSlowReaderThinsNobody(t *testing.T) {
	inMeeting(t, func(t *testing.T, c *meeting) {
		slow := c.rig.connectSilently()
		slow.send(hello)
		slow.ask(wire.Open{Channel: 1, Document: "thinned", DocKind: doc.Text, Client: clientID(9)})
		for opened := false; !opened; { // then it stops
			_, frame, err := slow.ws.ReadMessage()
			require.NoError(t, err)
			require.NoError(t, wire.DecodeServer(frame, wire.ServerLimits(), func(m wire.Message) error {
				_, is := m.(wire.Opened)
				opened = opened || is
				return nil
			}))
		}
		usual := c.goOn(3)
		c.rig.peers.Go(slow.read)
		require.InDelta(t, usual, c.goOn(3), 5)
		require.Zero(t, c.shed())
	})
}
