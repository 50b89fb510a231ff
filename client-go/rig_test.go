package client

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

// rig is a server that says what a test tells it to. It lives in a synctest bubble: its network is in memory.
type rig struct {
	t      *testing.T
	peers  chan *peer
	conns  chan net.Conn
	closed chan struct{}

	mu    sync.Mutex
	down  bool
	dials []time.Time
}

// peer is the server's end of one connection.
type peer struct {
	t       *testing.T
	ws      *websocket.Conn
	in      chan wire.Message
	err     error // why in was closed
	request *http.Request
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, peers: make(chan *peer, 16), conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: r}
	served := make(chan struct{})
	go func() { // ends with the cleanup
		defer close(served)
		_ = server.Serve(r)
	}()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		<-served
	})
	return r
}

// A net.Listener.

func (r *rig) Accept() (net.Conn, error) {
	select {
	case c := <-r.conns:
		return c, nil
	case <-r.closed:
		return nil, net.ErrClosed
	}
}

func (r *rig) Close() error {
	close(r.closed)
	return nil
}

func (r *rig) Addr() net.Addr { return &net.TCPAddr{} }

func (r *rig) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	r.mu.Lock()
	r.dials = append(r.dials, time.Now())
	down := r.down
	r.mu.Unlock()
	if down {
		return nil, errors.New("connection refused")
	}
	near, far := net.Pipe()
	select {
	case r.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *rig) setDown(down bool) {
	r.mu.Lock()
	r.down = down
	r.mu.Unlock()
}

func (r *rig) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	up := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
	ws, err := up.Upgrade(w, req, nil)
	if err != nil {
		r.t.Errorf("upgrade: %v", err)
		return
	}
	p := &peer{t: r.t, ws: ws, in: make(chan wire.Message, 100), request: req}
	r.peers <- p
	defer ws.Close()
	defer close(p.in)
	for {
		_, frame, err := ws.ReadMessage()
		if err == nil {
			err = wire.DecodeClient(frame, wire.ClientLimits(), func(m wire.Message) error {
				p.in <- m
				return nil
			})
		}
		if err != nil {
			p.err = err
			return
		}
	}
}

// connect connects a client, with jitter 1 and a log of events.
func (r *rig) connect(o Options) (*Conn, *eventLog) {
	log := &eventLog{}
	o.Dial, o.OnEvent = r.dial, log.add
	o.Logger = slog.New(slog.DiscardHandler)
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 1 }
	}
	c, err := Connect("http://server", o)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { require.NoError(r.t, c.Close()) })
	return c, log
}

// accept is the next connection, welcomed.
func (r *rig) accept() *peer {
	p := r.acceptSilently()
	receive[wire.Hello](p)
	p.send(wire.Welcome{Software: "rig", MaxOpText: 128 << 10, MaxMessage: 256 << 10, MaxDocument: ot.MaxDocument, PingInterval: 25_000})
	return p
}

func (r *rig) acceptSilently() *peer {
	select {
	case p := <-r.peers:
		return p
	case <-time.After(time.Hour):
		require.FailNow(r.t, "nobody connects")
		return nil
	}
}

// receive is the client's next message, which has to be an M.
func receive[M wire.Message](p *peer) M {
	p.t.Helper()
	select {
	case m, ok := <-p.in:
		if !ok {
			require.FailNow(p.t, "the connection ended", "%v", p.err)
		}
		got, ok := m.(M)
		require.True(p.t, ok, "%#v came", m)
		return got
	case <-time.After(time.Hour):
		require.FailNow(p.t, "nothing comes")
		panic("unreachable")
	}
}

// gone waits for the end of the connection; what comes until then is ignored.
func (p *peer) gone() error {
	for range p.in {
	}
	return p.err
}

// quiet requires that nothing came, once all that is under way has come to rest.
func (p *peer) quiet() {
	p.t.Helper()
	time.Sleep(time.Millisecond) // virtual: writers and readers have run
	select {
	case m, ok := <-p.in:
		if !ok {
			require.FailNow(p.t, "the connection ended", "%v", p.err)
		}
		require.FailNow(p.t, "not quiet", "%#v came", m)
	default:
	}
}

// send writes messages in one frame.
func (p *peer) send(messages ...wire.Message) {
	p.t.Helper()
	var frame []byte
	for _, m := range messages {
		frame = m.Append(frame)
	}
	require.NoError(p.t, p.ws.WriteMessage(websocket.BinaryMessage, frame))
	time.Sleep(time.Millisecond) // virtual: the client has taken it in
}

// load answers an open with a snapshot.
func (p *peer) load(rev doc.Revision, text string) wire.Open {
	p.t.Helper()
	m := receive[wire.Open](p)
	p.send(wire.Opened{Channel: m.Channel, Place: at(rev), Access: wire.Write, Session: 1}, wire.Snapshot{Channel: m.Channel, Op: insert(0, text)})
	return m
}

// at is the place of a revision.
func at(rev doc.Revision) doc.Place {
	return doc.Place{ID: doc.ID{1}, Epoch: doc.Epoch{2}, Rev: rev, Lineage: doc.Lineage{3, byte(rev)}}
}

func insert(offset int, text string) ot.Op {
	var b ot.Builder
	b.Retain(offset, nil)
	b.InsertText(text, nil)
	return b.Op()
}

func remove(offset, n int) ot.Op {
	var b ot.Builder
	b.Retain(offset, nil)
	b.Delete(n)
	return b.Op()
}

func commit(channel wire.Channel, rev doc.Revision, op ot.Op) wire.Commits {
	return wire.Commits{Channel: channel, First: rev, Count: 1, Op: op, Lineage: wire.Some(at(rev).Lineage)}
}

// eventLog gathers events.
type eventLog struct {
	mu     sync.Mutex
	events []Event
}

func (l *eventLog) add(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func (l *eventLog) kinds() (kinds []EventKind) {
	for _, e := range l.all() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (l *eventLog) all() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Event(nil), l.events...)
}

func (l *eventLog) count(k EventKind) (n int) {
	for _, e := range l.all() {
		if e.Kind == k {
			n++
		}
	}
	return n
}
