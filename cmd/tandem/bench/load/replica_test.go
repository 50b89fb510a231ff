package load_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tandem/cmd/tandem/bench/baseline"
	"tandem/cmd/tandem/bench/load"
	"tandem/doc"
	"tandem/doc/disk"
	"tandem/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves a real server within the test.
func serve(t *testing.T) *load.Site {
	quiet := slog.New(slog.DiscardHandler)
	store, err := disk.Open(t.TempDir(), disk.Config{Logger: quiet})
	require.NoError(t, err)
	s, err := server.New(server.Config{Store: store, Documents: doc.Config{Logger: quiet}, Logger: quiet})
	require.NoError(t, err)
	site, _ := listen(t, s)
	t.Cleanup(func() {
		require.NoError(t, s.Shutdown(context.Background()))
		require.NoError(t, store.Close())
	})
	return site
}

// listen serves a handler on a port, whose connections can be made to stall.
func listen(t *testing.T, h http.Handler) (*load.Site, *gate) {
	g := &gate{}
	l := httptest.NewUnstartedServer(h)
	l.Listener = &stalling{l.Listener, g}
	l.Start()
	t.Cleanup(l.Close)
	return &load.Site{URL: "ws" + strings.TrimPrefix(l.URL, "http") + "/ws"}, g
}

// A gate is locked while nothing is to be read.
type gate struct{ sync.RWMutex }

type stalling struct {
	net.Listener
	gate *gate
}

func (s *stalling) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &stalled{c, s.gate}, nil
}

type stalled struct {
	net.Conn
	gate *gate
}

func (s *stalled) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.gate.RLock()
	defer s.gate.RUnlock()
	return n, err
}

// typing types so many edits: letters, pieces and replacements, at the caret and elsewhere.
func typing(seed uint64, n int) load.Source {
	random := rand.New(rand.NewPCG(seed, 0))
	return func(length int) (load.Edit, bool) {
		n--
		e := load.Edit{At: -1, Text: "x"}
		switch random.IntN(4) {
		case 0:
			e.Text = "äöü😀"
		case 1:
			e.At = length
		case 2:
			e.At = 0
			e.Delete = min(length, 1)
			e.Text = "yz"
		}
		return e, n >= 0
	}
}

// TestReplicas: what people type at once in any way ends identical, at the server too (L4, L5).
func TestReplicas(t *testing.T) {
	const seed, people, each = 5, 5, 30
	crew, err := load.Gather(t.Context(), serve(t), []string{"a", "b"}, people, 1)
	require.NoError(t, err)
	defer crew.Close()
	for i, r := range crew.All() {
		r.Take(0, func() load.Source {
			if i < people {
				return letters(each)
			}
			return typing(seed+uint64(i), each)
		}())
	}
	require.NoError(t, crew.Each((*load.Replica).Start))
	require.NoError(t, crew.Settle(t.Context()))
	require.NoError(t, crew.Compare(t.Context()), "seed %d", seed)
	require.Equal(t, 2*people*each, crew.Acked())
	l := crew.Latencies(0, crew.Clock.Now(), load.Anybody, load.Anybody)
	require.Equal(t, 2*people*each, l.Edits)
	require.NotNil(t, l.Visible.Spread())
	require.Positive(t, crew.BytesRead())
}

// letters types so many letters at the caret.
func letters(n int) load.Source {
	return func(int) (load.Edit, bool) {
		n--
		return load.Edit{At: -1, Text: "x"}, n >= 0
	}
}

// TestReturn: who comes back gets what was missed, and no more.
func TestReturn(t *testing.T) {
	crew, err := load.Gather(t.Context(), serve(t), []string{"a"}, 2, 1)
	require.NoError(t, err)
	defer crew.Close()
	author, other := crew.Docs[0][0], crew.Docs[0][1]
	author.Take(0, func(length int) (load.Edit, bool) {
		return load.Edit{Text: strings.Repeat("long ", 10_000)}, length == 0
	})
	require.NoError(t, author.Start())
	require.NoError(t, crew.Settle(t.Context()))
	other.Close()
	author.Take(5, letters(10))
	require.NoError(t, author.Start())
	require.NoError(t, load.Settle(t.Context(), crew.Docs[0][:1]))
	require.ErrorContains(t, crew.Settle(t.Context()), "connection lost")
	require.NoError(t, other.Return(t.Context()))
	require.NoError(t, crew.Settle(t.Context()))
	require.NoError(t, crew.Compare(t.Context()))
	took, bytes := other.Arrival()
	require.Positive(t, took)
	require.Less(t, bytes, int64(1000), "the content has 50,000")
}

// TestStopReading: who stops does not hold up the others, and gets everything in the end.
func TestStopReading(t *testing.T) {
	crew, err := load.Gather(t.Context(), serve(t), []string{"a"}, 3, 1)
	require.NoError(t, err)
	defer crew.Close()
	reading, slow := crew.Docs[0][:2], crew.Docs[0][2]
	slow.StopReading()
	for _, r := range reading {
		r.Take(0, letters(50))
		require.NoError(t, r.Start())
	}
	require.NoError(t, load.Settle(t.Context(), reading))
	require.Less(t, slow.Place().Rev, doc.Revision(100), "a frame was under way at most")
	slow.ReadOn()
	require.NoError(t, crew.Settle(t.Context()))
	require.NoError(t, crew.Compare(t.Context()))
}

// TestCompareNotices: replicas that are not at one revision are not identical.
func TestCompareNotices(t *testing.T) {
	crew, err := load.Gather(t.Context(), serve(t), []string{"a"}, 2, 1)
	require.NoError(t, err)
	defer crew.Close()
	author, other := crew.Docs[0][0], crew.Docs[0][1]
	other.Close()
	author.Take(0, letters(1))
	require.NoError(t, author.Start())
	require.NoError(t, author.Reach(t.Context(), 1))
	require.ErrorIs(t, crew.Compare(t.Context()), load.ErrDifferent)
}

// TestOpenLoop: a server that stalls shows in the latencies of all that was due meanwhile, and every edit is there (L1, L2).
func TestOpenLoop(t *testing.T) {
	const people, rate = 4, 25
	hub, err := baseline.New(baseline.Hub, "")
	require.NoError(t, err)
	site, gate := listen(t, hub)
	site.Bare = true
	t.Cleanup(func() { require.NoError(t, hub.Close()) })
	crew, err := load.Gather(t.Context(), site, []string{"a"}, people, 1)
	require.NoError(t, err)
	defer crew.Close()
	all := crew.All()
	for _, r := range all {
		r.Take(0, func(int) (load.Edit, bool) { return load.Edit{At: -1, Text: "x"}, true })
	}
	from := crew.Clock.Now()
	beats := load.Schedule(1, people, rate, from, time.Second)
	first, last := len(beats)/4, len(beats)/2
	n := 0
	load.Pace(t.Context(), crew.Clock, beats, func(b load.Beat) {
		switch n {
		case first:
			gate.Lock()
		case last:
			gate.Unlock()
		}
		n++
		require.NoError(t, all[b.Who].Due(b.At))
	})
	require.NoError(t, crew.Settle(t.Context()))
	require.NoError(t, crew.Compare(t.Context()))
	l := crew.Latencies(from, crew.Clock.Now(), load.Anybody, load.Anybody)
	require.Equal(t, people*rate, l.Edits, "none is left out")
	// A quarter of the edits was due during the stall and waited for its end, evenly from all of it to none. Were only those counted
	// that could be sent, it would be one of each person, 4 of 100.
	stall := float64(beats[last].At-beats[first].At) / 1e6
	for name, s := range map[string]*load.Spread{"ack": l.Ack.Spread(), "visible": l.Visible.Spread()} {
		require.GreaterOrEqual(t, s.Max, 0.9*stall, name)
		require.GreaterOrEqual(t, s.P95, 0.5*stall, name)
	}
}

// TestWrongServer: what a server says that cannot be is an error.
func TestWrongServer(t *testing.T) {
	_, err := load.Join(t.Context(), &load.Site{URL: "ws://127.0.0.1:1/ws"}, load.NewClock(), "a", 1)
	require.ErrorContains(t, err, "connect to ws://127.0.0.1:1/ws")
	_, err = load.Join(t.Context(), serve(t), load.NewClock(), "a/../b", 1)
	require.ErrorContains(t, err, "the server says bad-name")
}
