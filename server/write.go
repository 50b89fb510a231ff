package server

import (
	"tandem/server/wire"
)

// Everything that is written waits in one of two places: encoded, in control, for what is said once; or in a document's history,
// which the writer pulls from when it comes to the channel. So what a slow reader costs is its cursor (I6).

// push has a message written.
func (c *conn) push(m wire.Message) {
	c.mu.Lock()
	c.control = m.Append(c.control)
	c.startWriter()
	c.mu.Unlock()
}

// wake has the writer come to a channel. Documents call it: it does not block.
func (c *conn) wake(ch *channel) {
	c.mu.Lock()
	if !ch.dirty {
		ch.dirty = true
		c.dirty = append(c.dirty, ch)
	}
	c.startWriter()
	c.mu.Unlock()
}

// startWriter has a writer running. mu is held.
func (c *conn) startWriter() {
	if !c.writing && !c.ended {
		c.writing = true
		go c.write() // ends when nothing waits; every write has a deadline
	}
}

// next is what waits: control messages, or else a channel. False: nothing, and the writer has ended.
func (c *conn) next(buf []byte) (frame []byte, ch *channel, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
	case len(c.control) > 0:
		frame = append(buf, c.control...)
		c.control = c.control[:0]
		return frame, nil, true
	case len(c.dirty) > 0:
		ch = c.dirty[0]
		c.dirty = c.dirty[1:]
		ch.dirty = false
		return buf, ch, true
	case c.last != nil:
		last := *c.last
		c.ended = true
		go c.sendClose(last) // ends with its one write, which has a deadline
	}
	c.writing, c.control, c.dirty = false, nil, nil
	return buf, nil, false
}

// write writes until nothing waits. What waits of several channels, and for several documents, goes into one frame of up to
// 64 KiB.
func (c *conn) write() {
	var frame []byte
	for {
		var ch *channel
		var more bool
		frame, ch, more = c.next(frame)
		if ch != nil {
			var again bool
			if frame, again = ch.fill(c.ctx, frame, c.send); again {
				c.wake(ch)
			}
		}
		if !more {
			return // a frame that is left belongs to a connection that has ended
		}
		if len(frame) > 0 && (len(frame) >= frameBytes || c.nothingWaits()) {
			c.send(frame)
			frame = frame[:0]
		}
	}
}

func (c *conn) nothingWaits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.control) == 0 && len(c.dirty) == 0
}

// closeWith closes the connection once everything that waits is written.
func (c *conn) closeWith(last closing) {
	c.mu.Lock()
	if c.last == nil {
		c.last = &last
	}
	c.startWriter()
	c.mu.Unlock()
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
func (c *conn) finish() { c.closeWith(closing{wire.CloseGoaway, errDraining.Error()}) }
