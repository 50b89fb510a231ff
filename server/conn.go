package server

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
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
	errPanic    = errors.New("internal error")
	errClosing  = errors.New("the connection is being closed")
)

const (
	// frameBytes is how much is gathered in one frame. A single message may be larger.
	frameBytes = 64 << 10
	// largeBytes is from how many bytes on what many readers get is sent without being gathered, in frames of its own.
	largeBytes = 16 << 10
	// sendBuffer bounds what the kernel holds for a reader that does not read.
	sendBuffer = 256 << 10
	// controlBytes is how much may wait of what is said once. A client that makes the server say more than it reads is cut off.
	controlBytes = 64 << 10
	// closeWait is how long the peer's close frame is waited for, once ours is written.
	closeWait = 2 * time.Second
	// pingWindow is over what time pings are counted.
	pingWindow = 10 * time.Second
)

// upgrader's write buffers are shared by all connections: one that waits has none.
var upgrader = websocket.Upgrader{
	HandshakeTimeout: 10 * time.Second,
	Subprotocols:     []string{wire.Subprotocol},
	ReadBufferSize:   0, // it reads from the conn's own
	WriteBufferSize:  4096,
	WriteBufferPool:  &sync.Pool{},
	CheckOrigin:      func(*http.Request) bool { return true }, // originRule has
}

// conn is one WebSocket. Its reader is a goroutine that lives as long as it does; its writer is one that lives while there is
// something to write.
type conn struct {
	// Immutable after start.
	server *Server
	ws     *websocket.Conn // set by start
	in     *bufio.Reader   // what ws reads from
	life   life            // ends when the connection does

	// Owned by the reader.
	welcomed bool
	awake    bool // a frame has begun, or there is an error to find, that the reader rested for
	inFrame  bool // between a frame's first byte and its last, or behind the last frame: signs of life do not count
	pings    int  // since pingsAt
	pingsAt  time.Time
	opens    sync.WaitGroup // opens under way
	frameAt  doc.Instant    // when the last frame had been read

	// Owned by the writer.
	free doc.Instant // when the last frame had been written

	// Guarded by mu of the server's pings.
	pingAt             time.Time
	pingNext, pingPrev *conn
	pinged             bool // it is among them

	// Guarded by mu, which is held for moments only: documents take it to wake the writer.
	mu       sync.Mutex
	channels []*channel  // few: a map takes more memory
	left     bool        // the reader has ended, and there are no channels any more
	opening  int         // opens under way, those of channels that were closed meanwhile too
	cut      *time.Timer // runs from our close frame on
	control  []byte      // encoded messages that wait
	dirty    *channel    // with something to write: the first of them, and the last
	dirtyEnd *channel
	writing  bool          // there is a writer
	idle     chan struct{} // not nil while the reader waits for the writer to end; closed by it
	last     *closeFrame   // what to close with when nothing waits any more
	ended    bool          // nothing is written any more
}

// log has the peer in it. It is made when needed: a connection that waits does without.
func (c *conn) log() *slog.Logger { return c.server.log.With("remote", c.ws.RemoteAddr().String()) }

// closeFrame is what a connection is closed with.
type closeFrame struct {
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
	if !slices.Contains(websocket.Subprotocols(r), wire.Subprotocol) {
		http.Error(w, "this socket speaks the subprotocol "+wire.Subprotocol, http.StatusBadRequest)
		return
	}
	c := &conn{
		server: s, writing: true, // until start
	}
	if err := s.add(c); err != nil {
		if errors.Is(err, errBusy) {
			s.connectionsFull.ring(s.log, err)
		}
		w.Header().Set("Retry-After", "5")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	h := hijacker{ResponseWriter: w}
	ws, err := upgrader.Upgrade(&h, r, nil)
	if err != nil { // Upgrade has answered
		s.remove(c)
		return
	}
	c.start(ws, h.in)
}

func (c *conn) start(ws *websocket.Conn, in *bufio.Reader) {
	if tcp, ok := socket(ws).(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer)
	}
	limits := c.server.cfg.Limits
	ws.SetReadLimit(wire.MaxFirstFrame)
	ws.SetPongHandler(func(string) error { return c.alive() })
	ws.SetPingHandler(func(data string) error {
		if err := c.countPing(); err != nil {
			return err
		}
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(limits.Write))
		if err != nil && !isTimeout(err) { // of a timeout the writer finds out
			return err
		}
		return c.alive()
	})
	c.mu.Lock()
	c.ws, c.in, c.writing = ws, in, false // what came before, such as a goaway, may be written now
	if len(c.control) > 0 || c.last != nil {
		c.startWriter()
	}
	ended := c.ended
	c.mu.Unlock()
	_ = ws.SetReadDeadline(time.Now().Add(limits.Hello)) // should it fail, reading does as well
	if ended {                                           // aborted before there was anything to cut
		c.abort()
	}
	c.server.pings.add(c)
	go c.read() // ends with the connection; Shutdown waits for it
}

// socket is the connection below TLS, if there is any: its Close does not wait for a writer.
func socket(ws *websocket.Conn) net.Conn {
	nc := ws.NetConn()
	if below, ok := nc.(interface{ NetConn() net.Conn }); ok {
		return below.NetConn()
	}
	return nc
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// alive notes a sign of life between frames. One within a frame does not prolong it.
func (c *conn) alive() error {
	if !c.welcomed || c.inFrame {
		return nil
	}
	return c.ws.SetReadDeadline(time.Now().Add(c.server.cfg.Limits.Idle))
}

func (c *conn) sendPing() {
	err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.server.cfg.Limits.Write))
	if err != nil && !isTimeout(err) {
		c.server.pings.remove(c)
	}
}

// countPing refuses floods.
func (c *conn) countPing() error {
	if now := time.Now(); now.Sub(c.pingsAt) > pingWindow {
		c.pingsAt, c.pings = now, 0
	}
	if c.pings++; time.Duration(c.pings)*c.server.cfg.Limits.PingGap > pingWindow {
		return errPings
	}
	return nil
}

// read reads until the connection rests, or ends. Then it takes it apart: its sessions leave at once, what it still has to say is said.
func (c *conn) read() {
	err := c.readMessages()
	if errors.Is(err, errResting) {
		go c.rest() // ends with the connection; Shutdown waits for it
		return
	}
	c.inFrame = true
	c.life.end()
	c.leave()
	c.fail(err)
	c.linger()
	_ = c.ws.Close()
	c.opens.Wait()
	c.server.remove(c)
}

// linger waits until the writer has ended, and then for the peer's close frame, or its end: a socket that is closed over bytes
// that nobody has read is reset, and takes our close frame with it.
func (c *conn) linger() {
	c.server.pings.remove(c)
	c.mu.Lock()
	var idle chan struct{}
	if c.writing {
		idle = make(chan struct{})
		c.idle = idle
	}
	c.mu.Unlock()
	if idle != nil {
		<-idle
	}
	c.mu.Lock()
	said := c.cut != nil
	c.mu.Unlock()
	if !said {
		return
	}
	_ = c.ws.SetReadDeadline(time.Now().Add(closeWait))
	var err error
	for err == nil {
		_, _, err = c.ws.NextReader()
	}
	if _, closed := errors.AsType[*websocket.CloseError](err); !closed {
		_, _ = io.Copy(io.Discard, c.ws.NetConn()) // the error is an old one: gorilla reads no further behind it
	}
	c.cut.Stop()
}

// readMessages reads until something ends the connection. A panic, which is a bug, ends this connection and no other.
func (c *conn) readMessages() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = c.panicked(r)
		}
	}()
	for {
		if c.welcomed && c.quiet() {
			return errResting
		}
		kind, frame, err := c.readFrame()
		switch {
		case err != nil:
			return err
		case kind != websocket.BinaryMessage:
			return errText
		}
		c.frameAt = doc.Now()
		c.server.metrics.received(len(frame))
		if err := c.receiveAll(frame); err != nil {
			return err
		}
		c.server.metrics.decoded(c.frameAt)
		if c.closing() {
			return errClosing // who goes on talking is not heard
		}
	}
}

func (c *conn) panicked(r any) error {
	c.log().Error("broken invariant", "err", r, "stack", string(debug.Stack()))
	return errPanic
}

// readFrame reads a frame. Once it has begun, it has its own time to end: pongs between its fragments do not prolong it. The first
// has to end in the time for hello.
func (c *conn) readFrame() (int, []byte, error) {
	whole := c.hasFrame()
	if c.welcomed && !whole && c.in.Buffered() > 0 { // it has begun
		_ = c.ws.SetReadDeadline(time.Now().Add(c.server.cfg.Limits.Message))
	}
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return 0, nil, err
	}
	if c.welcomed && !whole {
		if err := c.ws.SetReadDeadline(time.Now().Add(c.server.cfg.Limits.Message)); err != nil {
			return 0, nil, err
		}
	}
	c.inFrame = true
	frame, err := readAll(r)
	c.inFrame = false
	return kind, frame, err
}

// frameRooms are what frames are read into: their size is not known before their end, and what has been read of most is some 30 bytes.
var frameRooms = sync.Pool{New: func() any { return new([4 << 10]byte) }}

// readAll is all that is read, in memory of its own.
func readAll(r io.Reader) ([]byte, error) {
	room := frameRooms.Get().(*[4 << 10]byte)
	defer frameRooms.Put(room)
	for n := 0; n < len(room); {
		more, err := r.Read(room[n:])
		if n += more; err == io.EOF {
			return bytes.Clone(room[:n]), nil
		}
		if err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.MultiReader(bytes.NewReader(bytes.Clone(room[:])), r))
}

// fail closes the connection because of what its reader met.
func (c *conn) fail(err error) {
	code := wire.CodeOf(err)
	last := closeFrame{code.Close(), code.String()}
	if _, ok := errors.AsType[*websocket.CloseError](err); ok { // it was answered
		c.abandon()
		_ = c.ws.Close()
		return
	}
	switch {
	case errors.Is(err, errClosing):
		return
	case errors.Is(err, errText):
		last = closeFrame{wire.CloseTextFrame, errText.Error()}
	case errors.Is(err, websocket.ErrReadLimit):
		last = closeFrame{wire.CloseTooLarge, "frame too large"}
	case errors.Is(err, errHello), errors.Is(err, errPings):
		last = closeFrame{wire.CloseBadMessage, err.Error()}
	case errors.Is(err, errPanic):
		last = closeFrame{wire.CloseInternal, err.Error()}
	case isTimeout(err) && !c.welcomed:
		last = closeFrame{wire.CloseHelloTimeout, "no hello"}
	case isTimeout(err):
		last = closeFrame{wire.CloseIdle, "nothing came for too long"}
	case errors.Is(err, wire.ErrMessage):
		c.log().Info("connection closed: bad message", "err", err)
		c.push(wire.Error{Code: code, Text: err.Error()})
	default: // the network's
		c.abandon()
		_ = c.ws.Close()
		return
	}
	c.closeWith(last)
}

// transmit writes a frame.
func (c *conn) transmit(now time.Time, frame []byte) error {
	_ = c.ws.SetWriteDeadline(now.Add(c.server.cfg.Limits.Write))
	return c.ws.WriteMessage(websocket.BinaryMessage, frame)
}

// transmitParts writes a message of two parts, of which the second is not copied: gorilla sends what is larger than its buffer as it is,
// and ends the message with an empty fragment.
func (c *conn) transmitParts(now time.Time, head, body []byte) error {
	_ = c.ws.SetWriteDeadline(now.Add(c.server.cfg.Limits.Write))
	w, err := c.ws.NextWriter(websocket.BinaryMessage)
	if err != nil {
		return err
	}
	if _, err = w.Write(head); err == nil {
		_, err = w.Write(body)
	}
	return cmp.Or(err, w.Close()) // it gives gorilla's buffer back
}

// undelivered is what becomes of a connection on which a frame could not be written: it is dead, which its reader finds.
func (c *conn) undelivered(err error) {
	switch {
	case errors.Is(err, websocket.ErrCloseSent): // gorilla's own, in answer to the peer's or to a frame that is too large
		c.abandon()
	case isTimeout(err):
		c.log().Info("connection cut: its peer does not read")
		c.abort()
	default:
		c.abort()
	}
}

// sendClose writes the close frame. Its answer has to come soon: a peer that goes on talking is cut off.
func (c *conn) sendClose(last closeFrame) {
	message := websocket.FormatCloseMessage(int(last.code), last.text)
	err := c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(c.server.cfg.Limits.Write))
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		c.abort()
		return
	}
	c.mu.Lock()
	c.cut = time.AfterFunc(closeWait, c.abort)
	c.mu.Unlock()
}

// abort cuts the connection.
func (c *conn) abort() {
	c.abandon()
	c.mu.Lock()
	ws := c.ws
	c.mu.Unlock()
	if ws != nil {
		_ = socket(ws).Close()
	}
}
