package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"tandem/ot"
	"tandem/server/wire"
)

// link is one WebSocket. Its reader is the Conn's run; its writer is a goroutine that lives while there is something to write.
type link struct {
	// Immutable after dial.
	conn *Conn
	ws   *websocket.Conn
	cut  context.CancelFunc // ends the connection below, without a word

	// Written by the reader, read by anyone: when bytes came last, in nanoseconds since made.
	heard atomic.Int64
	made  time.Time

	// Guarded by conn.mu.
	welcomed bool
	began    time.Time // welcomed at
	limits   Limits    // of submissions
	channels map[wire.Channel]*Doc
	channel  wire.Channel // the last one given away
	frames   [][]byte     // that wait to be written
	writing  bool         // there is a writer
	leaving  bool         // nothing is written any more; what comes is still read
	ended    bool         // nothing is read any more either
	reason   error        // why this side ended it
	watch    alarm        // for silence
	pings    int64
	pingedAt time.Duration // what heard was
	move     alarm         // when to go, after a goaway
}

// keepBuffer is how large a read buffer is kept for the next frame.
const keepBuffer = 64 << 10

// dial makes a link.
func (c *Conn) dial() (*link, error) {
	l := &link{conn: c, made: time.Now(), channels: map[wire.Channel]*Doc{}, pingedAt: -1}
	ctx, cut := context.WithCancel(c.ctx)
	l.cut = cut
	l.watch.ring, l.move.ring = l.look, l.goNow
	c.mu.Lock()
	c.undial = cut
	closed := c.closed
	c.mu.Unlock()
	if closed {
		cut()
		return nil, ErrClosed
	}
	ws, err := l.handshake(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.undial = nil
	switch {
	case err == nil && ctx.Err() != nil:
		err = errCut
	case err == nil && ws.Subprotocol() != wire.Subprotocol:
		err = errSubprot
	}
	if err != nil {
		cut()
		return nil, err
	}
	ws.SetReadLimit(int64(wire.ServerLimits().Message))
	l.ws, c.link = ws, l
	hello := wire.Hello{Software: software}
	if c.token != "" {
		hello.Token = wire.Some(c.token)
	}
	l.push(hello)
	l.watch.set(c.opt.AckTimeout)
	return l, nil
}

func (l *link) handshake(ctx context.Context) (*websocket.Conn, error) {
	opt := &l.conn.opt
	dialer := websocket.Dialer{HandshakeTimeout: opt.AckTimeout, Subprotocols: []string{wire.Subprotocol}}
	dial := opt.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
		dialer.Proxy = http.ProxyFromEnvironment
	}
	dialer.NetDialContext = func(within context.Context, network, addr string) (net.Conn, error) {
		socket, err := dial(within, network, addr)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = socket.Close() })
		return &heardConn{socket, l}, nil
	}
	ws, resp, err := dialer.DialContext(ctx, l.conn.url, nil)
	if err != nil && resp != nil {
		refused := &handshakeError{status: resp.Status}
		if n, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 16); err == nil {
			refused.retryAfter = min(time.Duration(n)*time.Second, opt.BackoffMax)
		}
		return nil, refused
	}
	return ws, err
}

// heardConn notes when bytes come: every part of a message is a sign of life, and so is a WebSocket's ping.
type heardConn struct {
	net.Conn
	link *link
}

func (h *heardConn) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	if n > 0 {
		h.link.heard.Store(int64(time.Since(h.link.made)))
	}
	return n, err
}

// read takes in frames until the connection ends.
func (l *link) read() error {
	var buf bytes.Buffer
	for {
		kind, r, err := l.ws.NextReader()
		if err == nil {
			buf.Reset()
			_, err = buf.ReadFrom(r)
		}
		switch {
		case err != nil:
			return err
		case kind != websocket.BinaryMessage:
			return fmt.Errorf("%w: a text frame", ErrProtocol)
		}
		if err := l.take(buf.Bytes()); err != nil {
			return err
		}
		if buf.Cap() > keepBuffer {
			buf = bytes.Buffer{}
		}
	}
}

// take takes in a frame, as a whole (C4): it is only then that anything is sent.
func (l *link) take(frame []byte) error {
	c := l.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.ended {
		return net.ErrClosed
	}
	err := l.messages(frame)
	touched := c.touched
	c.touched = c.touched[:0]
	for _, d := range touched {
		d.touched = false
		if err == nil {
			d.settle()
		}
	}
	return err
}

// messages takes in the messages of a frame. Nearly all are commits, of which no wire.Message is made.
func (l *link) messages(frame []byte) error {
	f := wire.ReadServer(frame, wire.ServerLimits())
	for f.Next() {
		if m := f.Commits(); m != nil {
			l.commits(m)
		} else if err := l.receive(f.Message()); err != nil {
			return err
		}
	}
	return f.Err()
}

// receive takes in a message other than commits. An error ends the link.
func (l *link) receive(m wire.Message) error {
	switch m := m.(type) {
	case wire.Welcome:
		return l.welcome(m)
	case wire.Ping:
		l.push(wire.Pong(m))
	case wire.Pong:
	case wire.Goaway:
		if !l.move.isSet() {
			spread := min(m.Spread.Duration(), time.Hour)
			l.move.set(time.Duration(l.conn.opt.Jitter() * float64(spread)))
		}
	case wire.Error:
		if m.Channel == 0 {
			return newServerError(m)
		}
		l.tell(m.Channel, m)
	case wire.Opened:
		l.tell(m.Channel, m)
	case wire.Snapshot:
		l.tell(m.Channel, m)
	case wire.Ack:
		l.tell(m.Channel, m)
	case wire.PresenceUpdate:
		l.tell(m.Channel, m)
	case wire.AccessChange:
		l.tell(m.Channel, m)
	case wire.Check:
		l.tell(m.Channel, m)
	}
	return nil
}

// tell hands a message to the document of a channel.
func (l *link) tell(channel wire.Channel, m wire.Message) {
	d := l.touch(channel)
	if d == nil {
		return
	}
	if err := d.receive(m); err != nil {
		d.broken(err)
	}
}

func (l *link) commits(m *wire.Commits) {
	d := l.touch(m.Channel)
	if d == nil {
		return
	}
	if err := d.commits(m); err != nil {
		d.broken(err)
	}
}

// touch is the document of a channel, which has more to do when the frame has been taken in. One that is closed may still be
// spoken to: nil.
func (l *link) touch(channel wire.Channel) *Doc {
	d := l.channels[channel]
	if d != nil && !d.touched {
		d.touched = true
		l.conn.touched = append(l.conn.touched, d)
	}
	return d
}

func (l *link) welcome(m wire.Welcome) error {
	if l.welcomed {
		return fmt.Errorf("%w: welcomed twice", ErrProtocol)
	}
	c := l.conn
	l.welcomed, l.began = true, time.Now()
	// Text and the message are both bounded, and an embed counts as text; what is encoded in so many bytes has no more text.
	size := max(min(m.MaxMessage-overhead, m.MaxOpText), 1<<10)
	l.limits = Limits{Text: size, Components: ot.DefaultLimits.Components, Message: size}
	l.watch.set(c.opt.PingAfter)
	c.emit(Event{Kind: EventConnected})
	c.opt.Logger.Debug("connected", "server", m.Software)
	for _, d := range c.docs {
		d.open()
	}
	return nil
}

// usable reports whether anything may be sent but hello.
func (l *link) usable() bool { return l.welcomed && !l.leaving && !l.ended }

// push has a message written.
func (l *link) push(m wire.Message) {
	if l.leaving || l.ended {
		return
	}
	n := len(l.frames) - 1
	if n < 0 || len(l.frames[n]) >= frameBytes {
		l.frames = append(l.frames, nil)
		n++
	}
	before := len(l.frames[n])
	frame := m.Append(l.frames[n])
	l.frames[n] = frame
	if before > 0 && len(frame) > frameBytes { // a large message goes alone
		l.frames[n] = frame[:before:before]
		l.frames = append(l.frames, bytes.Clone(frame[before:]))
	}
	if !l.writing {
		l.writing = true
		l.conn.writers.Go(l.write)
	}
}

// write writes what waits.
func (l *link) write() {
	for {
		l.conn.mu.Lock()
		if len(l.frames) == 0 || l.ended {
			l.writing, l.frames = false, nil
			l.conn.mu.Unlock()
			return
		}
		frame := l.frames[0]
		l.frames[0] = nil
		l.frames = l.frames[1:]
		l.conn.mu.Unlock()
		_ = l.ws.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err := l.ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
			l.conn.mu.Lock()
			l.fail(fmt.Errorf("write: %w", err))
			l.conn.mu.Unlock()
		}
	}
}

// look looks whether anything was heard.
func (l *link) look() {
	c := l.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !l.watch.rung() || l.ended {
		return
	}
	if !l.welcomed {
		l.fail(fmt.Errorf("%w: no welcome", errAnswer))
		return
	}
	heard := time.Duration(l.heard.Load())
	quiet := time.Since(l.made) - heard
	switch {
	case quiet >= c.opt.Silence:
		l.fail(errSilence)
		return
	case quiet < c.opt.PingAfter:
		l.watch.set(c.opt.PingAfter - quiet)
		return
	case l.pingedAt != heard:
		l.pings++
		l.pingedAt = heard
		l.push(wire.Ping{N: l.pings})
	}
	l.watch.set(c.opt.Silence - quiet)
}

// goNow is the moment picked after a goaway.
func (l *link) goNow() {
	l.conn.mu.Lock()
	now := l.move.rung()
	l.conn.mu.Unlock()
	if now {
		l.leave(errGoaway)
	}
}

// leave says goodbye, and has the reader end soon. It does I/O: the mutex is not held.
func (l *link) leave(reason error) {
	l.conn.mu.Lock()
	late := l.ended || l.leaving
	if !l.ended && (l.reason == nil || errors.Is(reason, ErrClosed)) {
		l.reason = reason
	}
	l.leaving = true
	l.conn.mu.Unlock()
	if late {
		return
	}
	deadline := time.Now().Add(closeTimeout)
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := l.ws.WriteControl(websocket.CloseMessage, goodbye, deadline); err != nil {
		l.cut()
		return
	}
	_ = l.ws.SetReadDeadline(deadline)
}

// fail ends the link at once, without a word.
func (l *link) fail(reason error) {
	if l.ended {
		return
	}
	l.ended = true
	if l.reason == nil {
		l.reason = reason
	}
	l.cut()
}

// end is the link's end, after which nobody uses it. It returns why it ended.
func (l *link) end(err error) error {
	l.fail(err)
	at := l.move.at
	l.watch.stop()
	l.move.stop()
	l.move.at = at // comeBack asks
	l.channels = nil
	return l.reason
}
