package server_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

// A crowd is a document with so many people in it, without connections.
type crowd struct {
	state *doc.State
	moves []doc.Move
	known int64 // the presence that everybody has heard of
}

func newCrowd(t testing.TB, people int) *crowd {
	text, err := ot.TextOf(ot.Op{{Kind: ot.Insert, N: 4, Text: "text"}})
	require.NoError(t, err)
	c := &crowd{}
	c.state, err = doc.NewState(&doc.Stored{Kind: doc.Text, Snapshot: doc.Snapshot{Content: text, Hash: text.Hash()}}, doc.StateConfig{})
	require.NoError(t, err)
	for n := range people {
		o := &doc.OpenRequest{User: doc.User{Name: "Ada Lovelace", Color: "#3366cc"}}
		binary.BigEndian.PutUint32(o.Client[:], uint32(n))
		c.state.Turn(&doc.Inbox{Opens: []*doc.OpenRequest{o}})
		require.NoError(t, o.Err)
		c.moves = append(c.moves, doc.Move{Session: o.Session, Shown: true})
	}
	c.known = c.state.View().Presence.Version
	return c
}

// tick has everybody move, and tells everybody: at the end of frame, which is used again and again.
func (c *crowd) tick(frame []byte) {
	c.state.Turn(&doc.Inbox{Moves: c.moves})
	presence := c.state.View().Presence
	for _, reader := range c.moves {
		server.TellPresence(frame[:0], 1, reader.Session, presence.Since(c.known, false))
	}
	c.known = presence.Version
}

// BenchmarkPresence is a tick of 200 people who all move and all hear of it: from the moves to the bytes, without the sockets.
func BenchmarkPresence(b *testing.B) {
	c, frame := newCrowd(b, 200), make([]byte, 0, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		c.tick(frame)
	}
}

// TestPresenceIsEncodedOnce for all who hear of it, each of whom hears of everybody else.
func TestPresenceIsEncodedOnce(t *testing.T) {
	const people = 200
	c := newCrowd(t, people)
	c.state.Turn(&doc.Inbox{Moves: c.moves})
	presence := c.state.View().Presence
	encoded := presence.Since(c.known, false).Memo
	for n, reader := range c.moves {
		frame := server.TellPresence(nil, 7, reader.Session, presence.Since(c.known, false))
		encoded(func() any { require.Fail(t, "it was encoded again", "for reader %d", n); return nil })
		require.NoError(t, wire.DecodeServer(frame, wire.Limits{}, func(m wire.Message) error {
			heard := m.(wire.PresenceUpdate)
			require.EqualValues(t, 7, heard.Channel)
			require.Len(t, heard.Peers, people-1)
			for _, p := range heard.Peers {
				require.NotEqual(t, reader.Session, p.Session)
			}
			return nil
		}))
	}
}
