package load_test

import (
	"net/http"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/cmd/tandem/bench/load"
	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

// scripted serves each connection with what it is to be told after its open, and then cuts it. The opens come out.
func scripted(t *testing.T, script ...[]wire.Message) (*load.Site, <-chan wire.Open) {
	opens, n := make(chan wire.Open, len(script)), 0
	upgrader := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
	site, _ := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		messages := script[n] // connections come one after the other
		n++
		say := func(all ...wire.Message) error {
			var frame []byte
			for _, m := range all {
				frame = m.Append(frame)
			}
			return ws.WriteMessage(websocket.BinaryMessage, frame)
		}
		for {
			_, frame, err := ws.ReadMessage()
			if err != nil {
				return
			}
			err = wire.DecodeClient(frame, wire.Limits{}, func(m wire.Message) error {
				if open, ok := m.(wire.Open); ok {
					opens <- open
					return say(messages...)
				}
				return say(wire.Welcome{})
			})
			if err != nil || len(opens) > 0 {
				return
			}
		}
	}))
	return site, opens
}

func opened(rev doc.Revision, resume bool) wire.Opened {
	return wire.Opened{Channel: 1, Place: doc.Place{ID: doc.ID{1}, Rev: rev}, Access: wire.Write, Session: 1, Resume: resume}
}

func content(text string, more bool) wire.Snapshot {
	return wire.Snapshot{Channel: 1, Op: ot.Op{{Kind: ot.Insert, N: len(text), Text: text}}, More: more}
}

// TestHalfSnapshot: what is held counts when it is whole; who comes back names it only then.
func TestHalfSnapshot(t *testing.T) {
	site, opens := scripted(t,
		[]wire.Message{opened(5, false), content("half of", true)},
		[]wire.Message{opened(5, false), content("all of ", true), content("it", false)},
		[]wire.Message{opened(9, false), content("again a half", true)},
		[]wire.Message{opened(6, true), wire.Commits{Channel: 1, First: 6, Count: 1, Op: ot.Op{{Kind: ot.Delete, N: 9}}}},
	)
	r, err := load.Join(t.Context(), site, load.NewClock(), "a", 1)
	require.Error(t, err)
	require.False(t, (<-opens).Held.OK)
	require.NoError(t, r.Return(t.Context()))
	require.False(t, (<-opens).Held.OK, "it has nothing whole")
	require.Equal(t, len("all of it"), r.Len())
	<-r.Lost()
	require.Error(t, r.Return(t.Context()))
	require.EqualValues(t, 5, (<-opens).Held.Value.Rev)
	require.NoError(t, r.Return(t.Context()))
	require.EqualValues(t, 5, (<-opens).Held.Value.Rev, "what it has is not half of another")
	require.Zero(t, r.Len())
	<-r.Lost()
}

// TestNonsense: what a server says that cannot be ends the connection, with a reason.
func TestNonsense(t *testing.T) {
	letter := func(rev doc.Revision) wire.Commits {
		return wire.Commits{Channel: 1, First: rev, Count: 1, Op: ot.Op{{Kind: ot.Insert, N: 1, Text: "x"}}}
	}
	for name, row := range map[string]struct {
		says []wire.Message
		want string
	}{
		"a gap":            {[]wire.Message{opened(4, false), content("text", false), letter(6)}, "revision 6 came after 4"},
		"a commit twice":   {[]wire.Message{opened(4, false), content("text", false), letter(5), letter(5)}, "revision 5 came after 5"},
		"before the open":  {[]wire.Message{letter(1)}, "revision 1 came after 0"},
		"a stray ack":      {[]wire.Message{opened(0, false), content("t", false), wire.Ack{Channel: 1, Seq: 3, Place: doc.Place{Rev: 1}}}, "an ack of submission 3"},
		"a stray snapshot": {[]wire.Message{content("text", false)}, "a snapshot that nobody asked for"},
		"a wrong hash":     {[]wire.Message{opened(4, false), content("text", false), wire.Check{Channel: 1, Rev: 4, Hash: 12}}, "the content differs from the server's at revision 4"},
		"beyond the end": {
			[]wire.Message{opened(0, false), content("t", false), wire.Commits{Channel: 1, First: 1, Count: 1, Op: ot.Op{{Kind: ot.Delete, N: 2}}}},
			"revision 1: length",
		},
	} {
		t.Run(name, func(t *testing.T) {
			site, _ := scripted(t, row.says)
			_, err := load.Join(t.Context(), site, load.NewClock(), "a", 1)
			require.ErrorContains(t, err, row.want)
		})
	}
}

// TestChecks: the first replica at a place holds its content against a check; every other one's check is held against that (L4).
func TestChecks(t *testing.T) {
	right, err := ot.TextOf(content("text", false).Op)
	require.NoError(t, err)
	says := func(text string, rev doc.Revision, hash uint64) []wire.Message {
		return []wire.Message{opened(rev, false), content(text, false), wire.Check{Channel: 1, Rev: rev, Hash: hash}}
	}
	site, opens := scripted(t, says("tent", 3, right.Hash()), says("text", 4, right.Hash()), says("text", 4, right.Hash()), says("text", 4, right.Hash()+1))
	join := func() error {
		r, err := load.Join(t.Context(), site, load.NewClock(), "a", 1)
		<-opens
		if err == nil { // the check came with the content
			r.Close()
		}
		return err
	}
	require.ErrorContains(t, join(), "the content differs from the server's at revision 3")
	require.NoError(t, join())
	require.NoError(t, join())
	require.ErrorContains(t, join(), "the content differs from the server's at revision 4")
}
