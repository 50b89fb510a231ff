package server_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/disk"
	"tandem/doc/doctest"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

// gate holds commits up.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // nil: open
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut = nil
}

func (g *gate) pass() error {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		<-shut
	}
	return nil
}

// TestShutdown: what was submitted is acknowledged and stored, everybody is sent away to come back, nobody else comes in.
func TestShutdown(t *testing.T) {
	dir := t.TempDir()
	var g gate
	store, err := disk.Open(dir, disk.Config{Hooks: disk.Hooks{BeforeLog: g.pass}})
	require.NoError(t, err)
	r := newRig(t, server.Config{Store: store})
	var peers []*peer
	for i := range 3 {
		p := r.join()
		p.open(1, "last words", clientID(byte(i)))
		peers = append(peers, p)
	}
	g.close()
	for _, p := range peers {
		p.submit(1, 1, insert(0, "x"))
		p.send(wire.Ping{N: 1})
		next[wire.Pong](p) // the server has what was submitted
	}
	done := make(chan error, 2)
	for range 2 { // twice is no harm
		go func() { done <- r.server.Shutdown(context.Background()) }()
	}
	for _, p := range peers {
		next[wire.Goaway](p)
	}
	dialer := websocket.Dialer{NetDial: peers[0].dialer(), Subprotocols: []string{wire.Subprotocol}}
	_, answer, err := dialer.Dial("ws://localhost/ws", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.NotEmpty(t, answer.Header.Get("Retry-After"))
	g.open()
	acks := 0
	for _, p := range peers {
		for m := p.receive(); ; m = p.receive() {
			require.NotNil(t, m, "%v", p.err())
			if _, ok := m.(wire.Ack); ok {
				acks++
			}
			if e, ok := m.(wire.Error); ok {
				require.Equal(t, wire.CodeOpenAgain, e.Code)
				break
			}
		}
		code, _ := p.closeCode()
		require.Equal(t, wire.CloseGoaway, code)
	}
	require.Equal(t, 3, acks)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.NoError(t, store.Close())

	store, err = disk.Open(dir, disk.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	stored, err := store.Load(t.Context(), "last words", doc.Text)
	require.NoError(t, err)
	state, err := doc.NewState(stored, doc.StateConfig{})
	require.NoError(t, err)
	require.EqualValues(t, 3, state.View().Place.Rev)
	require.Equal(t, "xxx", state.Content().String())
}

// TestStoreFails: sessions end, what was acknowledged stays, what was not is decided when it is named again.
func TestStoreFails(t *testing.T) {
	for name, how := range map[string]doctest.Outcome{"lost": doctest.Lost, "written all the same": doctest.WrittenLate} {
		t.Run(name, func(t *testing.T) {
			store := doctest.NewFaulty(openStore(t))
			r := newRig(t, server.Config{Store: store})
			a, b := r.join(), r.join()
			a.open(1, "faulty", clientID(1))
			b.open(1, "faulty", clientID(2))
			a.edit(1, 1, insert(0, "kept"))
			b.textBecomes(1, "kept")
			held := a.copies[1].place
			store.Fail(1, how)
			a.submit(1, 2, insert(4, "!"))
			for _, p := range []*peer{a, b} {
				e := next[wire.Error](p)
				require.Equal(t, wire.CodeOpenAgain, e.Code)
				require.Equal(t, wire.Channel(1), e.Channel)
				require.True(t, e.Code.MayRetry())
			}
			require.Equal(t, "kept", b.text(1), "what is not known to be durable is not told")

			a.openWith(a.reopen("faulty", clientID(1), held, 2, insert(4, "!")))
			require.Equal(t, "kept!", a.text(1))
			b.openWith(b.reopen("faulty", clientID(2), b.copies[1].place, 0, nil))
			b.textBecomes(1, "kept!")
			a.edit(1, 3, insert(5, "!"))
			b.textBecomes(1, "kept!!")
			require.EqualValues(t, 3, b.copies[1].place.Rev)
		})
	}
}

// TestLoadFails: the connection lives, and another open works.
func TestLoadFails(t *testing.T) {
	store := doctest.NewFaulty(openStore(t))
	r := newRig(t, server.Config{Store: store})
	p := r.join()
	store.Fail(1, doctest.Lost)
	p.send(wire.Open{Channel: 1, Document: "unavailable", DocKind: doc.Text, Client: clientID(1)})
	e := next[wire.Error](p)
	require.Equal(t, wire.CodeUnavailable, e.Code)
	require.True(t, e.RetryAfter.OK)
	p.copies[1] = &replica{text: ot.NewText(), own: map[doc.Seq]ot.Op{}}
	p.open(1, "unavailable", clientID(1))
	p.edit(1, 1, insert(0, "x"))
}

// TestCutWhileOpening: the connection ends while the store is still loading.
func TestCutWhileOpening(t *testing.T) {
	var g gate
	store, err := disk.Open(t.TempDir(), disk.Config{Hooks: disk.Hooks{BeforeLog: g.pass}})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	r := newRig(t, server.Config{Store: store})
	defer func() { require.NoError(t, r.stop()) }()
	p := r.join()
	g.close()
	p.send(wire.Open{Channel: 1, Document: "slow", DocKind: doc.Text, Client: clientID(1)}, wire.Ping{N: 1})
	next[wire.Pong](p)
	require.NoError(t, p.conn.Close())
	q := r.join()
	q.ask(wire.Open{Channel: 1, Document: "slow", DocKind: doc.Text, Client: clientID(2)})
	time.AfterFunc(10*time.Millisecond, g.open)
	next[wire.Opened](q)
	q.catchUp(1)
	q.edit(1, 1, insert(0, "x"))
}
