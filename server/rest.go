package server

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"
)

// A connection at rest is what most connections are, most of the time: nothing has come for a moment. Its reader then waits on a goroutine
// that has done nothing else, whose stack has 2 KiB; one that has read a message has 4 or 8, and keeps them while it waits below gorilla.
// So the reader waits where a frame begins, above gorilla, and hands over to a fresh goroutine when it has waited for long enough. Between
// frames a client that is silent sends pongs only, which are read here.

const (
	// restAfter is how long the reader of a connection waits for a frame before it rests.
	restAfter = 2 * time.Second
	// readBuffer is how much a connection that waits has to read into: the messages of somebody who types. gorilla takes a reader that
	// it is given where its buffer is larger than 256 bytes.
	readBuffer = 320
)

// What is read here of a frame (RFC 6455, section 5.2): its first byte; its second, which has the mask's bit and a length; the mask.
const (
	masked    = 0x80
	maxShort  = 125 // of a length that the second byte holds
	frameHead = 2 + 4
)

// errResting is no error: nothing came for a while.
var errResting = errors.New("resting")

// hijacker has gorilla read from a reader that the conn knows as well.
type hijacker struct {
	http.ResponseWriter
	in *bufio.Reader
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, brw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil || brw.Reader.Buffered() > 0 { // who sends before it is answered is refused
		return nc, brw, err
	}
	h.in = bufio.NewReaderSize(nc, readBuffer)
	return nc, bufio.NewReadWriter(h.in, brw.Writer), nil
}

// quiet waits until a frame begins. True: none does for a while. Of an error the next read finds out.
func (c *conn) quiet() bool {
	if c.awake || c.in.Buffered() > 0 {
		c.awake = false
		return false
	}
	since, limits := time.Now(), c.server.cfg.Limits
	if limits.Idle <= restAfter {
		_ = c.ws.SetReadDeadline(since.Add(limits.Idle))
		return false
	}
	_ = c.ws.SetReadDeadline(since.Add(restAfter))
	_, err := c.in.Peek(1)
	if err == nil || !isTimeout(err) {
		return false
	}
	_ = c.ws.SetReadDeadline(since.Add(limits.Idle))
	return true
}

// hasFrame reports whether a frame lies in the buffer as a whole, as those do of somebody who types: nothing more is waited for, and no
// deadline needed.
func (c *conn) hasFrame() bool {
	const finalBinary = 0x82
	n := c.in.Buffered()
	if n < frameHead {
		return false
	}
	p, err := c.in.Peek(2)
	return err == nil && p[0] == finalBinary && p[1] >= masked && p[1] <= masked+maxShort && n >= frameHead+int(p[1]-masked)
}

// rest waits until a frame begins that has something to say, and reads on.
func (c *conn) rest() {
	for c.pong() {
		_ = c.ws.SetReadDeadline(time.Now().Add(c.server.cfg.Limits.Idle))
	}
	c.awake = true
	c.read()
}

// pong waits for a frame, and passes over it if it is a pong. False: it is another, or an error; the next read finds it.
func (c *conn) pong() bool {
	const finalPong = 0x8A
	p, err := c.in.Peek(2)
	if err != nil || p[0] != finalPong || p[1] < masked || p[1] > masked+maxShort {
		return false
	}
	n := frameHead + int(p[1]-masked)
	if _, err = c.in.Peek(n); err != nil {
		return false
	}
	_, err = c.in.Discard(n)
	return err == nil
}
