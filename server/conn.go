package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"tandem/doc"
	"tandem/server/wire"
)

var (
	errBusy     = errors.New("the server is busy")
	errDraining = errors.New("the server is stopping")
	errHello    = errors.New("the first message must be one hello, and no other")
	errPings    = errors.New("too many pings")
	errText     = errors.New("a text frame, messages are binary")
)

const (
	// frameBytes is how much is gathered in one frame. A single message may be larger.
	frameBytes = 64 << 10
	// sendBuffer bounds what the kernel holds for a reader that does not read.
	sendBuffer = 256 << 10
	// closeWait is how long a close frame is waited for.
	closeWait = 2 * time.Second
)

// writeBuffers are shared by all connections: one that waits has none.
var upgrader = websocket.Upgrader{
	Subprotocols:    []string{wire.Subprotocol},
	ReadBufferSize:  1024,
	WriteBufferSize: 4096,
	WriteBufferPool: &sync.Pool{},
	CheckOrigin:     func(*http.Request) bool { return true }, // originRule has
}

// conn is one WebSocket. Its reader is a goroutine that lives as long as it does; its writer is one that lives while there is
// something to write.
type conn struct {
	// Immutable after start.
	server *Server
	ws     *websocket.Conn // set by start
	log    *slog.Logger
	ctx    context.Context // done when the connection ends
	cancel context.CancelFunc
	ping   *time.Timer

	// Owned by the reader.
	welcomed bool
	pings    int // since pingsAt
	pingsAt  time.Time

	// Guarded by mu, which is held for moments only: documents take it to wake the writer.
	mu       sync.Mutex
	channels map[wire.Channel]*channel
	opens    sync.WaitGroup // opens under way
	control  []byte         // encoded messages that wait
	dirty    []*channel     // with something to write, in turn
	writing  bool           // there is a writer
	last     *closing       // what to close with when nothing waits any more
	ended    bool           // nothing is written any more
}

// closing is a close frame.
type closing struct {
	code wire.CloseCode
	text string
}

// serveSocket upgrades a request, and returns: the connection lives on by itself.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.checkOrigin(r); err != nil {
		s.log.Warn("connection refused", "err", err, "remote", r.RemoteAddr)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &conn{
		server: s, log: s.log.With("remote", r.RemoteAddr), ctx: ctx, cancel: cancel,
		channels: map[wire.Channel]*channel{}, writing: true, // until start
	}
	if err := s.add(c); err != nil {
		cancel()
		w.Header().Set("Retry-After", "5")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil { // Upgrade has answered
		cancel()
		s.remove(c)
		return
	}
	c.start(ws)
}

func (c *conn) start(ws *websocket.Conn) {
	if tcp, ok := ws.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer)
	}
	limits := c.server.cfg.Limits
	ws.SetReadLimit(wire.MaxFirstFrame)
	ws.SetPongHandler(func(string) error { return nil }) // it is a sign of life, and read as one
	ws.SetPingHandler(func(data string) error {
		if err := c.countPing(); err != nil {
			return err
		}
		return ignoreTimeout(ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(limits.Write)))
	})
	c.mu.Lock()
	c.ws, c.writing = ws, false // what came before, such as a goaway, may be written now
	c.ping = time.AfterFunc(limits.PingEvery, c.sendPing)
	if len(c.control) > 0 || c.last != nil {
		c.startWriter()
	}
	c.mu.Unlock()
	go c.read() // ends with the connection; Shutdown waits for it
}

func ignoreTimeout(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return nil // the writer will find out
	}
	return err
}

func (c *conn) sendPing() {
	limits := c.server.cfg.Limits
	if c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(limits.Write)) == nil {
		c.ping.Reset(limits.PingEvery)
	}
}

// countPing refuses floods.
func (c *conn) countPing() error {
	if now := time.Now(); now.Sub(c.pingsAt) > 10*time.Second {
		c.pingsAt, c.pings = now, 0
	}
	if c.pings++; time.Duration(c.pings)*c.server.cfg.Limits.PingGap > 10*time.Second {
		return errPings
	}
	return nil
}

// read reads until the connection ends, and then takes it apart.
func (c *conn) read() {
	err := c.readMessages()
	c.fail(err)
	// The peer's close frame, or its end, is waited for a moment, so that it reads ours.
	_ = c.ws.SetReadDeadline(time.Now().Add(closeWait))
	for range 100 {
		if _, _, err := c.ws.NextReader(); err != nil {
			break
		}
	}
	c.ping.Stop()
	c.cancel()
	_ = c.ws.Close()
	c.opens.Wait()
	c.mu.Lock()
	c.ended = true
	channels := c.channels
	c.channels = nil
	c.mu.Unlock()
	for _, ch := range channels {
		if ch.session != nil {
			ch.session.Close()
		}
	}
	c.server.remove(c)
}

func (c *conn) readMessages() error {
	limits := c.server.cfg.Limits
	deadline := limits.Hello
	for {
		if err := c.ws.SetReadDeadline(time.Now().Add(deadline)); err != nil {
			return err
		}
		kind, frame, err := c.readFrame()
		switch {
		case err != nil:
			return err
		case kind != websocket.BinaryMessage:
			return errText
		}
		if err := wire.DecodeClient(frame, limits.Wire, c.receive); err != nil {
			return err
		}
		if c.welcomed {
			deadline = limits.Idle
		}
	}
}

// readFrame reads a frame. Once it has begun, it has its own time to end: pongs between its fragments do not prolong it.
func (c *conn) readFrame() (int, []byte, error) {
	limits := c.server.cfg.Limits
	if c.welcomed {
		c.ws.SetPongHandler(func(string) error { return c.ws.SetReadDeadline(time.Now().Add(limits.Idle)) })
	}
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return 0, nil, err
	}
	c.ws.SetPongHandler(func(string) error { return nil })
	if err := c.ws.SetReadDeadline(time.Now().Add(limits.Message)); err != nil {
		return 0, nil, err
	}
	frame, err := io.ReadAll(r)
	return kind, frame, err
}

// fail closes the connection because of what its reader met.
func (c *conn) fail(err error) {
	code := wire.CodeOf(err)
	closing := closing{code.Close(), code.String()}
	var netErr net.Error
	switch {
	case websocket.IsUnexpectedCloseError(err), websocket.IsCloseError(err, websocket.CloseNormalClosure), errors.Is(err, net.ErrClosed):
		c.abandon()
		return
	case errors.Is(err, errText):
		closing.code, closing.text = wire.CloseTextFrame, errText.Error()
	case errors.Is(err, websocket.ErrReadLimit):
		closing.code, closing.text = wire.CloseTooLarge, "frame too large"
	case errors.Is(err, errHello), errors.Is(err, errPings):
		closing.code, closing.text = wire.CloseBadMessage, err.Error()
	case errors.As(err, &netErr) && netErr.Timeout() && !c.welcomed:
		closing.code, closing.text = wire.CloseHelloTimeout, "no hello"
	case errors.As(err, &netErr) && netErr.Timeout():
		closing.code, closing.text = wire.CloseIdle, "nothing came for too long"
	case errors.Is(err, wire.ErrMessage):
		c.log.Warn("connection closed: bad message", "err", err)
		c.push(wire.Error{Code: code, Text: err.Error()})
	default: // the network's
		c.abandon()
		return
	}
	c.closeWith(closing)
}

// receive takes a message.
func (c *conn) receive(m wire.Message) error {
	if _, hello := m.(wire.Hello); hello == c.welcomed {
		return errHello
	}
	switch m := m.(type) {
	case wire.Hello:
		c.welcome()
	case wire.Open:
		return c.open(m)
	case wire.Submit:
		if ch := c.channel(m.Channel); ch != nil {
			return ch.submit(c.ctx, m)
		}
	case wire.Presence:
		if ch := c.channel(m.Channel); ch != nil {
			ch.move(m)
		}
	case wire.Close:
		c.drop(m.Channel)
	case wire.Ping:
		if err := c.countPing(); err != nil {
			return err
		}
		c.push(wire.Pong(m))
	case wire.Refresh, wire.Pong: // nobody asks for a token yet; a sign of life
	}
	return nil
}

func (c *conn) welcome() {
	limits := c.server.cfg.Limits
	c.welcomed = true
	c.ws.SetReadLimit(int64(limits.Wire.Message))
	c.push(wire.Welcome{
		Software: c.server.cfg.Software, MaxOpText: limits.Wire.Op.Text, MaxMessage: limits.Wire.Message,
		MaxDocument: maxDocument, PingInterval: wire.Millis(limits.PingEvery.Milliseconds()),
	})
}

// channel is a session of this connection; nil: it has ended, of which the client hears, or heard.
func (c *conn) channel(id wire.Channel) *channel {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.channels[id]
}

// open begins a session, on a goroutine of its own: a document that takes long to load holds up no other. read waits for it.
func (c *conn) open(m wire.Open) error {
	ch := &channel{conn: c, id: m.Channel}
	c.mu.Lock()
	_, taken := c.channels[m.Channel]
	n := len(c.channels)
	if !taken && n < c.server.cfg.Limits.Channels {
		c.channels[m.Channel] = ch
	}
	c.mu.Unlock()
	switch {
	case taken:
		return fmt.Errorf("%w: channel %d is open", wire.ErrMessage, m.Channel)
	case n >= c.server.cfg.Limits.Channels:
		c.push(errorMessage(m.Channel, fmt.Errorf("%w: %d documents on one connection", errBusy, n)))
		return nil
	}
	c.opens.Go(func() { ch.open(c.ctx, m) })
	return nil
}

// drop ends a session.
func (c *conn) drop(id wire.Channel) {
	c.mu.Lock()
	ch := c.channels[id]
	delete(c.channels, id)
	var session *doc.Session
	if ch != nil {
		ch.closed = true
		session = ch.session
	}
	c.mu.Unlock()
	if session != nil {
		session.Close()
	}
}

// send writes a frame. After a failure the connection is dead, which its reader finds.
func (c *conn) send(frame []byte) {
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.server.cfg.Limits.Write))
	if err := c.ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
		c.abort()
	}
}

// sendClose writes the close frame; the reader waits for the peer's.
func (c *conn) sendClose(last closing) {
	deadline := time.Now().Add(closeWait)
	message := websocket.FormatCloseMessage(int(last.code), last.text)
	if err := c.ws.WriteControl(websocket.CloseMessage, message, deadline); err != nil {
		c.abort()
		return
	}
	_ = c.ws.SetReadDeadline(deadline)
}

// abort cuts the connection.
func (c *conn) abort() {
	c.abandon()
	c.mu.Lock()
	ws := c.ws
	c.mu.Unlock()
	if ws != nil {
		_ = ws.NetConn().Close()
	}
}
