package server

import (
	"cmp"

	"tandem/server/wire"
)

// Everything that is written waits in one of two places: encoded, in control, for what is said once; or in a document's history,
// which the writer pulls from when it comes to the channel. So what a slow reader costs is its cursor (I6).

// push has a message written.
func (c *conn) push(m wire.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.say(m)
}

// say is push. mu is held.
func (c *conn) say(m wire.Message) {
	c.server.metrics.said(m)
	if len(c.control) > controlBytes { // one that asks and asks, and does not read the answers
		c.last = cmp.Or(c.last, &closeFrame{wire.CloseTooSlow, "too much waits to be read"})
	}
	if !c.ended && (c.last == nil || len(c.control) <= controlBytes) {
		c.control = m.Append(c.control)
	}
	c.startWriter()
}

// wake has the writer come to a channel. Documents call it: it does not block.
func (c *conn) wake(ch *channel) {
	c.mu.Lock()
	switch {
	case ch.dirty:
	case c.dirty == nil:
		c.dirty, c.dirtyEnd, ch.dirty = ch, ch, true
	default:
		c.dirtyEnd.next, c.dirtyEnd, ch.dirty = ch, ch, true
	}
	c.startWriter()
	c.mu.Unlock()
}

// startWriter has a writer running. mu is held.
func (c *conn) startWriter() {
	if !c.writing && !c.ended {
		c.writing = true
		c.server.writers.write(c)
	}
}

// A turn is what the writer does next.
type turn struct {
	ch   *channel    // to come to
	last *closeFrame // to close with
	done bool        // nothing: the writer has ended
}

// next is what waits: control messages, which it appends, or else a channel, or else the end.
func (c *conn) next(frame []byte) ([]byte, turn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
	case len(c.control) > 0:
		frame = append(frame, c.control...)
		c.control = c.control[:0]
		return frame, turn{}
	case c.dirty != nil:
		ch := c.dirty
		c.dirty = ch.next
		ch.dirty, ch.next = false, nil
		return frame, turn{ch: ch}
	case c.last != nil:
		c.ended = true
		return frame, turn{last: c.last}
	}
	c.writing, c.control = false, nil
	if c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
	return frame, turn{done: true}
}

// write writes until nothing waits; every write has a deadline. What waits of several channels, and for several documents, goes into one
// frame of up to 64 KiB.
func (c *conn) write(f *framer) {
	f.conn = c
	defer func() {
		if r := recover(); r != nil {
			_ = c.panicked(r)
			c.abort()
			c.next(nil) // has the writer end
		}
	}()
	for {
		var t turn
		f.frame, t = c.next(f.frame)
		switch {
		case t.done:
			return // a frame that is left belongs to a connection that has ended
		case t.last != nil:
			c.sendClose(*t.last)
			continue
		case t.ch != nil && t.ch.fill(&c.life, f):
			c.wake(t.ch)
		}
		if len(f.frame) > 0 && (len(f.frame) >= frameBytes || c.nothingWaits()) {
			f.flush()
		}
	}
}

func (c *conn) nothingWaits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.control) == 0 && c.dirty == nil
}

// closeWith closes the connection once everything that waits is written.
func (c *conn) closeWith(last closeFrame) {
	c.mu.Lock()
	c.last = cmp.Or(c.last, &last)
	c.startWriter()
	c.mu.Unlock()
}

// closing reports whether the connection is on its way to its close frame.
func (c *conn) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last != nil
}

// abandon has nothing written any more.
func (c *conn) abandon() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
}

// goaway asks the client to come back to whoever is there then.
func (c *conn) goaway() {
	c.push(wire.Goaway{Spread: wire.Millis(c.server.cfg.Limits.GoawaySpread.Milliseconds())})
}

// finish ends the connection of a server that has drained.
func (c *conn) finish() { c.closeWith(closeFrame{wire.CloseGoaway, errDraining.Error()}) }
