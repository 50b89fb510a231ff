package sim

import (
	"slices"
	"time"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// A message goes one way or the other; one of its fields is set.
type message struct {
	// To the server.
	open   *openMessage
	submit *submitMessage
	leave  bool
	// To the client.
	opened   *client.Opened
	snapshot ot.Op // with opened or a piece of it
	last     bool
	item     *doc.Item
	again    bool // the session has ended: open again
	refused  bool // what is outstanding is not taken now
}

type openMessage struct {
	client      doc.ClientID
	held        *doc.Place
	outstanding *client.Submission
}

type submitMessage = client.Submission

// conn is one connection: two ordered streams, each of which may be cut at another point, or arrive late.
type conn struct {
	w      *World
	id     int
	page   *page
	up     bool // as the client sees it
	silent bool // half open: nothing arrives any more, and nobody is told
	// When the last message of each stream arrives; the streams keep their order.
	serverAt, clientAt time.Duration
	// dropped: a frame to the client was lost on purpose.
	dropped bool
	late    time.Duration // how much later arrives what is on its way
	lost    bool          // what is on its way to the server is lost
}

// toServer sends a message.
func (c *conn) toServer(m message) {
	c.serverAt = max(c.serverAt, c.w.now+c.w.between(time.Millisecond, c.w.mood.latency))
	c.w.after(c.serverAt-c.w.now, func() { c.arrive(m) })
}

func (c *conn) arrive(m message) {
	switch {
	case c.silent || c.lost:
	case c.late > 0:
		// The connection is gone for the client; what it had sent reaches the server all the same, later than what the next
		// connection sends.
		late := c.late
		c.w.after(late, func() {
			if !c.lost {
				c.w.server.receive(c, m)
			}
		})
	default:
		c.w.server.receive(c, m)
	}
}

// toClient sends a message.
func (c *conn) toClient(m message) {
	c.clientAt = max(c.clientAt, c.w.now+c.w.between(time.Millisecond, 60*time.Millisecond))
	if m.item != nil && c.w.chance(0.0005) {
		c.dropped = true
		c.w.tracef("page %s: a frame is dropped", c.page)
		return
	}
	c.w.after(c.clientAt-c.w.now, func() {
		if c.up && !c.silent && c.page.conn == c {
			c.page.receive(m)
		}
	})
}

// sendOpened sends the answer to an open, and the content in pieces where it goes with it.
func (c *conn) sendOpened(o doc.Opened) {
	c.toClient(message{opened: &client.Opened{Place: o.Place, Outcome: o.Outcome, LastSeq: o.LastSeq, Resume: o.Resume}})
	if o.Resume {
		return
	}
	pieces := slices.Collect(o.Content.Pieces(512))
	for i, piece := range pieces {
		c.toClient(message{snapshot: piece, last: i == len(pieces)-1})
	}
	if len(pieces) == 0 {
		c.toClient(message{snapshot: ot.Op{}, last: true})
	}
}

// cut ends the connection for the client. What was on its way to the server is lost, or arrives, or arrives much later; the server
// notices at some time.
func (c *conn) cut() {
	if !c.up {
		return
	}
	c.up = false
	c.w.stats.Cuts++
	switch {
	case c.w.chance(c.w.mood.lost):
		c.lost = true
	case c.w.chance(c.w.mood.late):
		c.late = c.w.between(100*time.Millisecond, 30*time.Second)
	}
	notices := c.w.between(0, 60*time.Second)
	if c.w.calm {
		notices = 0
	}
	c.w.after(notices, func() {
		if c.w.server.state != nil {
			c.w.server.receive(c, message{leave: true})
		}
		c.lost = true
	})
}

// serverGone ends the connection because the process did: the client hears of it soon, or by its silence.
func (c *conn) serverGone() {
	c.lost = true
	if c.w.chance(0.3) {
		c.silent = true
		return
	}
	c.w.after(c.w.between(0, 200*time.Millisecond), func() {
		if c.up && c.page.conn == c {
			c.page.disconnected("the server is gone")
		}
	})
}
