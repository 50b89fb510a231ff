package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/disk"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

// rig is a server with a listener. On TCP the kernel has buffers; in memory there are none, and time may be virtual.
type rig struct {
	t        *testing.T
	server   *server.Server
	http     *http.Server
	listener net.Listener
	dial     func() (net.Conn, error)
	patience time.Duration  // how long a test waits for what should come
	stop     func() error   // Shutdown, and Close of what is below: once
	peers    sync.WaitGroup // goroutines of peers, which end with their connections
}

func newRig(t *testing.T, cfg server.Config) *rig {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dial := func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
	return start(t, cfg, l, dial, 20*time.Second)
}

// newPipeRig is for synctest.
func newPipeRig(t *testing.T, cfg server.Config) *rig {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	return start(t, cfg, l, l.dial, time.Hour)
}

func openStore(t *testing.T) doc.Store {
	store, err := disk.Open(t.TempDir(), disk.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func start(t *testing.T, cfg server.Config, l net.Listener, dial func() (net.Conn, error), patience time.Duration) *rig {
	if cfg.Store == nil {
		cfg.Store = openStore(t)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := server.New(cfg)
	require.NoError(t, err)
	r := &rig{t: t, server: s, http: &http.Server{Handler: s}, listener: l, dial: dial, patience: patience}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = r.http.Serve(l)
	}()
	r.stop = sync.OnceValue(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err := s.Shutdown(ctx)
		return errors.Join(err, r.http.Close(), func() error { <-served; return nil }())
	})
	t.Cleanup(func() {
		require.NoError(t, r.stop())
		r.peers.Wait()
	})
	return r
}

// pipeListener is a network without buffers.
type pipeListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (l *pipeListener) dial() (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// peer is a client that knows the messages and no more.
type peer struct {
	rig  *rig
	conn net.Conn // below the WebSocket
	ws   *websocket.Conn
	got  chan wire.Message     // closed when the connection has ended
	end  atomic.Pointer[error] // why

	// What it has read of its channels.
	copies map[wire.Channel]*replica
	left   int // how many others have left
}

// replica is a document as one channel told it.
type replica struct {
	place doc.Place
	goal  doc.Revision // the place of opened
	text  *ot.Text
	whole bool // no piece of a snapshot is missing
	own   map[doc.Seq]ot.Op
}

// connect dials, and says nothing.
func (r *rig) connect() *peer {
	p := r.connectSilently()
	r.peers.Go(p.read)
	return p
}

// connectSilently dials, and reads nothing.
func (r *rig) connectSilently() *peer {
	dialer := websocket.Dialer{
		NetDial:      func(string, string) (net.Conn, error) { return r.dial() },
		Subprotocols: []string{wire.Subprotocol},
	}
	ws, _, err := dialer.Dial("ws://localhost/ws", nil)
	require.NoError(r.t, err)
	require.Equal(r.t, wire.Subprotocol, ws.Subprotocol())
	p := &peer{
		rig: r, conn: ws.NetConn(), ws: ws, got: make(chan wire.Message, 1<<16), copies: map[wire.Channel]*replica{},
	}
	r.t.Cleanup(func() { _ = ws.Close() })
	return p
}

// join says hello, too.
func (r *rig) join() *peer {
	p := r.connect()
	p.send(wire.Hello{Software: "test"})
	next[wire.Welcome](p)
	return p
}

func (p *peer) read() {
	defer close(p.got)
	for {
		_, frame, err := p.ws.ReadMessage()
		if err == nil {
			err = wire.DecodeServer(frame, wire.ServerLimits(), func(m wire.Message) error {
				p.got <- m
				return nil
			})
		}
		if err != nil {
			p.end.Store(&err)
			_ = p.ws.Close()
			return
		}
	}
}

// err is why the connection has ended; nil: it has not.
func (p *peer) err() error {
	if err := p.end.Load(); err != nil {
		return *err
	}
	return nil
}

// send sends messages in one frame.
func (p *peer) send(messages ...wire.Message) {
	var frame []byte
	for _, m := range messages {
		frame = m.Append(frame)
	}
	p.sendFrame(frame)
}

func (p *peer) sendFrame(frame []byte) {
	require.NoError(p.rig.t, p.ws.WriteMessage(websocket.BinaryMessage, frame))
}

// receive is the next message; nil: the connection has ended.
func (p *peer) receive() wire.Message {
	select {
	case m := <-p.got:
		p.follow(m)
		return m
	case <-time.After(p.rig.patience):
		require.FailNow(p.rig.t, "nothing came")
		return nil
	}
}

// next is the next message, which must be a T. Presence and checks are passed over where they are not asked for.
func next[T wire.Message](p *peer) T {
	p.rig.t.Helper()
	for {
		m := p.receive()
		if wanted, ok := m.(T); ok {
			return wanted
		}
		switch m.(type) {
		case wire.PresenceUpdate, wire.Check:
			continue
		}
		var want T
		require.FailNow(p.rig.t, "unexpected message", "%#v, expected %T; the connection's error: %v", m, want, p.err())
	}
}

// closeCode reads until the connection has ended, and is what it was closed with. last is its last message, if any.
func (p *peer) closeCode() (code wire.CloseCode, last wire.Message) {
	p.rig.t.Helper()
	for m := p.receive(); m != nil; m = p.receive() {
		last = m
	}
	var closed *websocket.CloseError
	require.ErrorAs(p.rig.t, p.err(), &closed)
	return wire.CloseCode(closed.Code), last
}

// follow keeps the replicas.
func (p *peer) follow(m wire.Message) {
	t := p.rig.t
	apply := func(c *replica, first doc.Revision, count int64, op ot.Op) {
		require.Equal(t, c.place.Rev+1, first, "the next revision")
		require.NoError(t, c.text.Apply(op))
		c.place.Rev += doc.Revision(count)
	}
	switch m := m.(type) {
	case wire.Opened:
		c := p.copies[m.Channel]
		require.NotNil(t, c, "opened was not asked for")
		c.goal = m.Place.Rev
		if m.Resume {
			c.whole = true
			return
		}
		c.place, c.text, c.whole, c.own = m.Place, ot.NewText(), false, map[doc.Seq]ot.Op{}
	case wire.Snapshot:
		c := p.copies[m.Channel]
		require.False(t, c.whole)
		if n := c.text.Len(); n > 0 && len(m.Op) > 0 {
			m.Op = append(ot.Op{{Kind: ot.Retain, N: n}}, m.Op...)
		}
		require.NoError(t, c.text.Apply(m.Op))
		c.whole = !m.More
	case wire.Commits:
		c := p.copies[m.Channel]
		require.True(t, c.whole)
		apply(c, m.First, m.Count, m.Op)
		for seq, own := range c.own {
			c.own[seq] = ot.Transform(own, m.Op, ot.Left)
		}
		c.place.Lineage = m.Lineage.Value
	case wire.Ack:
		c := p.copies[m.Channel]
		require.Contains(t, c.own, m.Seq, "an ack of what was not submitted")
		apply(c, m.Place.Rev, 1, c.own[m.Seq])
		delete(c.own, m.Seq)
		c.place = m.Place
	case wire.PresenceUpdate:
		p.left += len(m.Left)
	case wire.Check:
		if c := p.copies[m.Channel]; c.place.Rev == m.Rev {
			require.Equal(t, c.text.Hash(), m.Hash, "the content's hash at revision %d", m.Rev)
		}
	}
}

// open opens a text, and reads until the replica is whole and has caught up.
func (p *peer) open(channel wire.Channel, name string, id doc.ClientID) wire.Opened {
	p.rig.t.Helper()
	return p.openWith(wire.Open{Channel: channel, Document: name, DocKind: doc.Text, Client: id})
}

func (p *peer) openWith(m wire.Open) wire.Opened {
	p.rig.t.Helper()
	p.ask(m)
	opened := next[wire.Opened](p)
	require.Equal(p.rig.t, m.Channel, opened.Channel)
	p.catchUp(m.Channel)
	return opened
}

// ask sends an open. A replica that the peer has is kept.
func (p *peer) ask(m wire.Open) {
	c := p.copies[m.Channel]
	if c == nil {
		c = &replica{text: ot.NewText(), own: map[doc.Seq]ot.Op{}}
		p.copies[m.Channel] = c
	}
	if m.Outstanding.OK {
		c.own[m.Outstanding.Value.Seq] = m.Outstanding.Value.Op
	}
	p.send(m)
}

// catchUp reads until the channel is where its opened said.
func (p *peer) catchUp(channel wire.Channel) {
	p.rig.t.Helper()
	for c := p.copies[channel]; !c.whole || c.place.Rev < c.goal; {
		if p.receive() == nil {
			require.FailNow(p.rig.t, "the connection ended", "%v", p.err())
		}
	}
}

// submit sends an operation on the peer's revision, and does not wait.
func (p *peer) submit(channel wire.Channel, seq doc.Seq, op ot.Op) {
	c := p.copies[channel]
	c.own[seq] = op
	p.send(wire.Submit{Channel: channel, Seq: seq, Base: c.place.Rev, Op: op})
}

// edit submits, and reads until the ack.
func (p *peer) edit(channel wire.Channel, seq doc.Seq, op ot.Op) {
	p.rig.t.Helper()
	p.submit(channel, seq, op)
	for {
		switch m := p.receive().(type) {
		case wire.Ack:
			require.Equal(p.rig.t, seq, m.Seq)
			return
		case wire.Error, nil:
			require.FailNow(p.rig.t, "no ack", "%v, %v", m, p.err())
		}
	}
}

// text is what the replica has.
func (p *peer) text(channel wire.Channel) string { return p.copies[channel].text.String() }

// textBecomes reads until the replica has a text.
func (p *peer) textBecomes(channel wire.Channel, want string) {
	p.rig.t.Helper()
	for p.text(channel) != want {
		if p.receive() == nil {
			require.FailNow(p.rig.t, "the connection ended", "%q, expected %q; %v", p.text(channel), want, p.err())
		}
	}
}

// insert is an operation that inserts.
func insert(offset int, text string) ot.Op {
	var b ot.Builder
	if offset > 0 {
		b.Retain(offset, nil)
	}
	b.InsertText(text, nil)
	return b.Op()
}

func clientID(n byte) doc.ClientID { return doc.ClientID{15: n} }

func (p *peer) dialer() func(string, string) (net.Conn, error) {
	return func(string, string) (net.Conn, error) { return p.rig.dial() }
}

func (p *peer) soon() time.Time { return time.Now().Add(p.rig.patience) }

// receiveRaw is receive without the replicas.
func (p *peer) receiveRaw() wire.Message {
	select {
	case m := <-p.got:
		return m
	case <-time.After(p.rig.patience):
		require.FailNow(p.rig.t, "nothing came")
		return nil
	}
}
