package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

// maxDocument is told to clients.
const maxDocument = ot.MaxDocument

// pieceUnits is the length of a piece of a snapshot, in UTF-16 code units: 16 to 48 KiB of text.
const pieceUnits = 16 << 10

const (
	// pieceBytes is how much of a rich text, which has more to it than its characters, a piece has.
	pieceBytes = frameBytes
	// pieceComponents is how many components a piece has: a client need not take longer operations than it may send.
	pieceComponents = 4000
)

// channel is one session on a connection.
type channel struct {
	// Immutable after start.
	conn *conn
	id   wire.Channel

	// Guarded by conn.mu.
	session *doc.Session       // nil: not opened yet
	cancel  context.CancelFunc // of the open; nil: it is not under way any more
	dirty   bool
	next    *channel // the next dirty one
	closed  bool     // the client closed it, or it has ended

	// Owned by the writer.
	told    bool     // opened was written
	content *ot.Text // to be written; nil: it was, or the client resumes
	offset  int      // up to which it was written
}

// channel is a session of this connection; nil: it has ended, of which the client hears, or heard.
func (c *conn) channel(id wire.Channel) *channel {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(id)
}

// find is channel. mu is held.
func (c *conn) find(id wire.Channel) *channel {
	for _, ch := range c.channels {
		if ch.id == id {
			return ch
		}
	}
	return nil
}

// forget takes a channel out, if it is there. mu is held.
func (c *conn) forget(ch *channel) {
	if i := slices.Index(c.channels, ch); i >= 0 {
		c.channels = slices.Delete(c.channels, i, i+1)
	}
}

// open begins a session, on a goroutine of its own: a document that takes long to load holds up no other. read waits for it.
func (c *conn) open(m wire.Open) error {
	ctx, cancel := context.WithCancel(context.Background())
	ch := &channel{conn: c, id: m.Channel, cancel: cancel}
	c.mu.Lock()
	taken := c.find(m.Channel) != nil
	n := max(len(c.channels), c.opening) // a channel that is closed while it opens costs as much as one that is open
	fits := n < c.server.cfg.Limits.Channels
	if !taken && fits {
		c.channels = append(c.channels, ch)
		c.opening++
	}
	c.mu.Unlock()
	if taken || !fits {
		cancel()
	}
	switch {
	case taken:
		return fmt.Errorf("%w: channel %d is open", wire.ErrMessage, m.Channel)
	case !fits:
		c.push(errorMessage(m.Channel, fmt.Errorf("%w: %d documents on one connection", errBusy, n)))
		return nil
	}
	c.opens.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				ch.end(c.panicked(r))
			}
			cancel()
			c.mu.Lock()
			c.opening--
			ch.cancel = nil
			c.mu.Unlock()
		}()
		ch.open(ctx, m)
	})
	return nil
}

// drop ends a session, also one whose open is under way.
func (c *conn) drop(id wire.Channel) {
	c.mu.Lock()
	ch := c.find(id)
	if ch != nil {
		c.forget(ch)
		ch.abandon()
	}
	c.mu.Unlock()
	if ch != nil && ch.session != nil { // it is not set any more where closed is
		ch.session.Close()
	}
}

// leave ends every session, also those whose open is under way.
func (c *conn) leave() {
	c.mu.Lock()
	channels := c.channels
	c.channels, c.left = nil, true
	for _, ch := range channels {
		ch.abandon()
	}
	c.mu.Unlock()
	for _, ch := range channels {
		if ch.session != nil { // it is not set any more where closed is
			ch.session.Close()
		}
	}
}

// abandon notes that the client does not want the channel any more. conn.mu is held.
func (ch *channel) abandon() {
	ch.closed = true
	if ch.cancel != nil {
		ch.cancel()
	}
}

// open opens the document. The answer is the writer's to give: it pulls.
func (ch *channel) open(ctx context.Context, m wire.Open) {
	o := &doc.OpenRequest{Client: m.Client}
	if m.Held.OK {
		o.Held = &m.Held.Value
	}
	if m.Outstanding.OK {
		out := &m.Outstanding.Value
		o.Outstanding = &doc.Outstanding{Base: out.Base, Submission: doc.Submission{
			Name: doc.Name{Client: out.Client, Seq: out.Seq}, Base: out.Base.Rev, Op: out.Op, Bytes: out.OpBytes, Caret: -1,
		}}
	}
	if m.User.OK {
		o.User = shownUser(m.User.Value)
	}
	c := ch.conn
	session, err := c.server.registry.Open(ctx, m.Document, m.DocKind, o, func() { c.wake(ch) })
	if err != nil {
		c.mu.Lock()
		gone := ch.closed
		ch.closed = true
		c.forget(ch)
		c.mu.Unlock()
		if !gone && ctx.Err() == nil {
			c.report(m.Document, err)
			c.push(errorMessage(ch.id, err))
		}
		return
	}
	c.mu.Lock()
	gone := ch.closed
	if !gone {
		ch.session = session
	}
	c.mu.Unlock()
	if gone {
		session.Close()
		return
	}
	c.wake(ch)
}

// report logs what is not the client's fault.
func (c *conn) report(document string, err error) {
	switch code := wire.CodeOf(err); code {
	case wire.CodeInternal, wire.CodeDamaged, wire.CodeUnavailable:
		c.log().Error("open failed", "doc", document, "err", err)
	case wire.CodeBusy:
		c.server.documentsFull.ring(c.log(), err)
	default:
		c.log().Debug("open refused", "doc", document, "err", err)
	}
}

// submit hands a submission to the document.
func (ch *channel) submit(ctx context.Context, m *wire.Submit) error {
	session := ch.opened()
	if session == nil {
		return fmt.Errorf("%w: submit: channel %d is not open yet", wire.ErrMessage, m.Channel)
	}
	caret := -1
	if m.Caret.OK {
		caret = m.Caret.Value
	}
	session.Arrived(ch.conn.frameAt)
	if err := session.Submit(ctx, m.Seq, m.Base, m.Op, m.OpBytes, caret); err != nil {
		ch.end(err)
	}
	return nil
}

func (ch *channel) opened() *doc.Session {
	ch.conn.mu.Lock()
	defer ch.conn.mu.Unlock()
	return ch.session
}

// end ends the session, and tells the client why.
func (ch *channel) end(err error) {
	c := ch.conn
	c.mu.Lock()
	if ch.closed {
		c.mu.Unlock()
		return
	}
	ch.closed = true
	c.forget(ch)
	session := ch.session
	c.say(errorMessage(ch.id, err))
	c.mu.Unlock()
	if session != nil {
		session.Close()
	}
}

// errorMessage tells a client of an error. Its text is for people, and never has text of a document in it.
func errorMessage(id wire.Channel, err error) wire.Error {
	code := wire.CodeOf(err)
	if errors.Is(err, errBusy) {
		code = wire.CodeBusy
	}
	m := wire.Error{Channel: id, Code: code, Text: code.Meaning()}
	if code == wire.CodeBusy || code == wire.CodeUnavailable || code == wire.CodeNoSpace {
		m.RetryAfter = wire.Some(wire.Millis(1000))
	}
	switch code {
	case wire.CodeBadName, wire.CodeOtherKind, wire.CodeTooLarge, wire.CodeConflict, wire.CodeBadMessage:
		m.Text = err.Error()
	}
	return m
}

// fill appends what the channel has to say to a frame; a frame that is full is sent. again: there is more.
func (ch *channel) fill(ctx context.Context, f *framer) (again bool) {
	ch.conn.mu.Lock()
	session, closed := ch.session, ch.closed
	ch.conn.mu.Unlock()
	if session == nil || closed {
		return false
	}
	if !ch.told {
		ch.told = true
		opened := session.TakeOpened()
		ch.content = opened.Content
		f.add(ch.openedMessage(session.Number(), &opened))
		return true
	}
	if ch.content != nil {
		f.add(ch.piece())
		return true
	}
	update, err := session.Next(ctx, f.items)
	if err != nil {
		clear(update.Items)
		if ctx.Err() == nil {
			ch.conn.log().Error("reading history failed", "err", err)
			ch.end(err)
		}
		return false
	}
	f.items = update.Items
	f.tells(session, update.Oldest)
	ch.tell(&update, f)
	f.presence(ch.id, session.Number(), update.Presence)
	clear(f.items)
	return update.More
}

// tell turns an update into messages.
func (ch *channel) tell(u *doc.Update, f *framer) {
	for k := range u.Items {
		i := &u.Items[k]
		switch {
		case i.Check != nil:
			f.add(wire.Check{Channel: ch.id, Rev: i.Check.Rev, Hash: i.Check.Hash})
		case i.Ack > 0:
			f.add(wire.Ack{Channel: ch.id, Seq: i.Ack, Place: i.Place})
		case len(i.Commits) > 0:
			f.commits(ch.id, i.Commits)
		default:
			f.add(wire.Commits{
				Channel: ch.id, First: i.First, Count: int64(i.Count), OpBytes: i.Bytes, Lineage: wire.Some(i.Place.Lineage),
			})
		}
	}
	for _, r := range u.Refused {
		m := errorMessage(ch.id, r.Err)
		m.Seq = r.Seq
		if m.Code == wire.CodeNoSpace { // it hears when there is
			m.RetryAfter = wire.Opt[wire.Millis]{}
		}
		ch.conn.server.metrics.said(m)
		f.add(m)
	}
	if u.Again {
		f.add(wire.AccessChange{Channel: ch.id, Access: wire.Write})
	}
	if u.Ended != nil {
		ch.end(u.Ended)
	}
}

func (ch *channel) openedMessage(number doc.SessionNumber, o *doc.Opened) wire.Opened {
	m := wire.Opened{
		Channel: ch.id, Place: o.Place, Access: wire.Write, Session: number,
		Outcome: wire.Outcome(o.Outcome), LastSeq: o.LastSeq, Resume: o.Resume,
	}
	if o.Outcome == doc.OutcomeCommitted && o.OutcomeRev > 0 {
		m.OutcomeRev = wire.Some(o.OutcomeRev)
	}
	if o.Refusal != nil {
		m.Refusal = wire.CodeOf(o.Refusal)
	}
	return m
}

// piece is the next piece of the content.
func (ch *channel) piece() wire.Snapshot {
	from, to := ch.offset, min(ch.offset+pieceUnits, ch.content.Len())
	if ch.content.Splits(to) {
		to++
	}
	op := head(ch.content.Slice(from, to))
	ch.offset += op.TargetLen()
	m := wire.Snapshot{Channel: ch.id, Op: op, More: ch.offset < ch.content.Len()}
	if !m.More {
		ch.content = nil
	}
	return m
}

// head is as much of a piece of content as one message has room for, and at least a component: each may have embeds or
// attributes of some KiB.
func head(op ot.Op) ot.Op {
	if len(op) == 1 {
		return op
	}
	var buf []byte
	for size, i := 0, 0; i < len(op); i++ {
		buf = ot.AppendOp(buf[:0], op[i:i+1])
		if size += len(buf); i > 0 && (size > pieceBytes || i >= pieceComponents) {
			return op[:i]
		}
	}
	return op
}
