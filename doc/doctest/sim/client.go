package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// simClient drives a client.Pending as client.Doc does: one page that is open from the beginning to the end.
type simClient struct {
	w       *World
	number  int
	pending *client.Pending
	conn    *conn
	opening bool // an open was sent on conn, and is not answered
	live    bool // the open is answered on conn, and the content is there
	conns   int
	made    int // edits
	tries   int
}

func newClient(w *World, n int) *simClient {
	c := &simClient{w: w, number: n, pending: client.NewPending(doc.ClientID{byte(n + 1)}, doc.Text)}
	switch w.cfg.Fault {
	case TieReversed:
		if n == 0 {
			c.pending.Plant(client.TieReversed)
		}
	case GapIgnored:
		c.pending.Plant(client.IgnoreGap)
	case BufferNotMoved:
		c.pending.Plant(client.BufferNotMoved)
	case SnapshotUndecided:
		c.pending.Plant(client.TakeUndecided)
	}
	w.after(w.between(0, time.Second), "connect", func() { c.reconnect("start") })
	w.after(w.between(0, 2*time.Second), "edit", c.edits)
	w.after(w.between(time.Second, 30*time.Second), "trouble", c.trouble)
	return c
}

// limits are small, so that buffers are sent in parts; but no token is cut in two.
var limits = client.Limits{Text: 1 << 20, Components: 6, Message: 1 << 20}

// reconnect leaves the connection there is, and begins another.
func (c *simClient) reconnect(why string) {
	if c.conn != nil {
		c.conn.cut()
	}
	c.conns++
	c.tries++
	c.conn = &conn{w: c.w, id: c.number*10000 + c.conns, client: c, up: true}
	c.live, c.opening = false, true
	c.w.tracef("client %d: connects (%s)", c.number, why)
	if c.pending.Ready() {
		c.pending.Freeze(limits)
	}
	c.conn.toServer(message{open: &openMessage{
		client: c.pending.Client(), held: c.pending.Held(), outstanding: c.pending.Outstanding(),
	}})
	conn := c.conn
	c.w.after(10*time.Second, "no answer", func() {
		if c.conn == conn && conn.up && !c.live {
			c.disconnected("no answer")
		}
	})
}

// disconnected waits a while, and comes back.
func (c *simClient) disconnected(why string) {
	c.conn.cut()
	c.live = false
	wait := c.w.between(0, 2*time.Second)
	if c.w.chance(0.05) {
		wait = c.w.between(time.Minute, 3*time.Hour) // the lid was closed
	}
	conn := c.conn
	c.w.after(wait, "reconnect", func() {
		if c.conn == conn {
			c.reconnect(why)
		}
	})
}

// trouble happens to the connection, now and then.
func (c *simClient) trouble() {
	if c.w.calm {
		return
	}
	if c.conn != nil && c.conn.up {
		switch {
		case c.w.chance(0.5):
			c.disconnected("cut")
		case c.w.chance(0.3):
			c.conn.silent = true
			c.w.tracef("client %d: half open", c.number)
			conn := c.conn
			c.w.after(40*time.Second, "silence", func() {
				if c.conn == conn && conn.up {
					c.disconnected("silence")
				}
			})
		case c.w.chance(0.3):
			c.reconnect("at once")
		}
	}
	c.w.after(c.w.between(time.Second, 40*time.Second), "trouble", c.trouble)
}

// send submits the buffer, if it may.
func (c *simClient) send() {
	if !c.live {
		return
	}
	s := c.pending.Freeze(limits)
	if s == nil {
		return
	}
	sent := *s
	c.conn.toServer(message{submit: &sent})
	conn := c.conn
	c.w.after(10*time.Second, "no ack", func() {
		if out := c.pending.Outstanding(); c.conn == conn && conn.up && out != nil && out.Seq == sent.Seq {
			c.reconnect("no ack")
		}
	})
}

// receive takes a message from the server.
func (c *simClient) receive(m message) {
	var err error
	switch {
	case m.again:
		c.live = false
		c.reconnect("open again")
	case m.opened != nil:
		c.tries = 0
		err = c.pending.Opened(*m.opened)
		c.live = err == nil && m.opened.Resume
	case m.item != nil:
		err = c.item(m.item)
	default:
		var change *client.Change
		change, err = c.pending.Snapshot(m.snapshot, !m.last)
		c.live = err == nil && m.last
		if err == nil && change != nil {
			c.w.tracef("client %d: reloaded at %d, %q", c.number, c.pending.Held().Rev, c.pending.Content().String())
		}
		if err == nil && change != nil && (change.Lost != nil || change.Before != nil) {
			err = fmt.Errorf("text was offered back, without a reason")
		}
	}
	if err != nil {
		c.broken(err)
		return
	}
	c.send()
}

func (c *simClient) item(i *doc.Item) error {
	switch {
	case i.Check != nil:
		return c.pending.Check(i.Check.Rev, i.Check.Hash)
	case i.Ack > 0:
		c.w.saw(c, i.Place)
		return c.pending.Ack(i.Ack, i.Place)
	}
	op, err := ot.DecodeOp(i.Bytes, ot.StoredLimits)
	if err != nil {
		return err
	}
	if _, err = c.pending.Commits(i.First, i.Count, op, i.Place.Lineage); err == nil {
		c.w.saw(c, i.Place)
	}
	return err
}

// broken is what a client does with a message that does not fit: it keeps what is pending, and opens again. That may happen
// only where a frame was dropped.
func (c *simClient) broken(err error) {
	if !c.conn.dropped || !errors.Is(err, client.ErrGap) {
		c.w.fail("S3: client %d: %w", c.number, err)
		return
	}
	c.reconnect(err.Error())
}

// edits edits, now and then, in bursts, connected or not.
func (c *simClient) edits() {
	if c.w.calm {
		return
	}
	if c.pending.Ready() {
		c.edit()
	}
	wait := c.w.between(5*time.Millisecond, 300*time.Millisecond)
	if c.w.chance(0.1) {
		wait = c.w.between(time.Second, 20*time.Second)
	}
	c.w.after(wait, "edit", c.edits)
}

// edit inserts a token of its own, with some letters, and deletes letters, but never a token.
func (c *simClient) edit() {
	text := utf16.Encode([]rune(c.pending.Content().String()))
	var b ot.Builder
	at := c.place(text)
	to := at
	if c.w.rng.IntN(3) == 0 {
		for to < len(text) && text[to] != '[' && to-at < 8 {
			to++
		}
		if to < len(text) && text[to] >= 0xDC00 && text[to] <= 0xDFFF {
			to--
		}
	}
	token := c.token(c.made)
	filler := []string{"", "a", "bc", "é", "😀", "line\n"}[c.w.rng.IntN(6)]
	b.Retain(at, nil)
	if c.w.rng.IntN(2) == 0 {
		b.InsertText(token+filler, nil)
		b.Delete(max(0, to-at))
	} else {
		b.Delete(max(0, to-at))
		b.InsertText(filler+token, nil)
	}
	if err := c.pending.Edit(b.Op(), -1); err != nil {
		c.w.fail("client %d: %w", c.number, err)
		return
	}
	c.w.tracef("client %d: edit %d", c.number, c.made)
	c.made++
	c.w.edits++
	c.send()
}

// token is what the nth edit inserts.
func (c *simClient) token(n int) string { return fmt.Sprintf("[%d.%d]", c.number, n) }

// place is an offset that is not inside a token or a surrogate pair; often one where others type as well.
func (c *simClient) place(text []uint16) int {
	at := 0
	if c.w.rng.IntN(3) > 0 && len(text) > 0 {
		at = c.w.rng.IntN(len(text) + 1)
	}
	if open := lastIndex(text[:at], '['); open > lastIndex(text[:at], ']') {
		at += slices.Index(text[at:], ']') + 1
	}
	if at < len(text) && text[at] >= 0xDC00 && text[at] <= 0xDFFF {
		at++
	}
	return at
}

func lastIndex(text []uint16, unit uint16) int {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == unit {
			return i
		}
	}
	return -1
}

// saw notes what a client was shown.
func (w *World) saw(c *simClient, p doc.Place) {
	if l, known := w.seen[p.Rev]; known && l != p.Lineage {
		w.fail("S2: client %d was shown another revision %d than somebody before", c.number, p.Rev)
	}
	w.seen[p.Rev] = p.Lineage
}

// check holds the end of a world against S1 and S2.
func (w *World) check() {
	if w.failure != nil {
		return
	}
	for rev, lineage := range w.seen {
		if rev > doc.Revision(len(w.disk.commits)) || w.disk.commits[rev-1].Lineage != lineage {
			w.fail("S2: revision %d was shown and is not in the history", rev)
			return
		}
	}
	state, err := doc.NewState(w.disk.load(), doc.StateConfig{})
	if err != nil {
		w.fail("S2: %w", err)
		return
	}
	end := state.Content().String()
	for _, c := range w.clients {
		if have := c.pending.Content().String(); have != end {
			w.fail("S1: client %d has other content than the server:\n%q\n%q", c.number, have, end)
			return
		}
		for n := range c.made {
			if count := strings.Count(end, c.token(n)); count != 1 {
				w.fail("S1: token %s is there %d times in\n%q", c.token(n), count, end)
				return
			}
		}
	}
}
