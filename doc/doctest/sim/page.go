package sim

import (
	"errors"
	"fmt"
	"time"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// page drives a client.Pending as client.Doc does, and keeps a copy of it in the browser's storage, where there is one.
type page struct {
	w       *World
	user    *user
	number  int // of the user's pages
	pending *client.Pending
	conn    *conn
	live    bool        // the open is answered on conn, and the content is there
	outcome doc.Outcome // of the last open that was answered
	conns   int
	tries   int // opens that were answered with "open again", in a row
	closed  bool

	// Of storage.
	stored   bool            // it has a record there
	dirty    bool            // a write comes
	freezing bool            // a frozen submission is not stored yet, and not sent
	robbed   *client.Pending // what another page took over, which this one does not know yet

	asleep bool
	wakes  time.Duration // when so many nights have passed
}

func (p *page) String() string { return fmt.Sprintf("%d.%d", p.user.number, p.number) }

func (p *page) plant() {
	switch p.w.cfg.Fault {
	case TieReversed:
		if p.user.number == 0 {
			p.pending.Plant(client.TieReversed)
		}
	case GapIgnored:
		p.pending.Plant(client.IgnoreGap)
	case BufferNotMoved:
		p.pending.Plant(client.BufferNotMoved)
	case SnapshotUndecided:
		p.pending.Plant(client.TakeUndecided)
	case SequenceReused:
		p.pending.Plant(client.ReuseSequence)
	}
}

// limits are small, so that buffers are sent in parts; but no token is cut in two.
var limits = client.Limits{Text: 1 << 20, Components: 6, Message: 1 << 20}

// reconnect leaves the connection there is, and begins another. What is outstanding is stored for good before it is named there.
func (p *page) reconnect(why string) {
	if p.conn != nil {
		p.conn.cut()
	}
	p.conns++
	p.conn = &conn{w: p.w, id: p.user.number<<24 + p.number<<12 + p.conns, page: p, up: true}
	p.live = false
	p.w.tracef("page %s: connects (%s)", p, why)
	if p.pending.Ready() {
		p.freeze()
	}
	conn := p.conn
	p.persist(func() {
		if p.conn == conn && conn.up {
			conn.toServer(message{open: &openMessage{
				client: p.pending.Client(), held: p.pending.Held(), outstanding: p.pending.Outstanding(),
			}})
		}
	})
	p.w.after(10*time.Second, func() {
		if p.conn == conn && conn.up && !p.live {
			p.disconnected("no answer")
		}
	})
}

// freeze makes the buffer, or a part of it, the outstanding submission.
func (p *page) freeze() *client.Submission {
	s := p.pending.Freeze(limits)
	if s == nil {
		return nil
	}
	digest := doc.DigestOf(s.Base.Rev, s.Bytes)
	if given, known := p.w.names[s.Name]; known && given != digest {
		p.w.fail("S3: page %s gives sequence %d to other bytes", p, s.Seq)
	}
	p.w.names[s.Name] = digest
	sent := *s
	return &sent
}

// disconnected waits a while, and comes back.
func (p *page) disconnected(why string) {
	p.conn.cut()
	p.live = false
	p.later(why, p.w.between(0, 2*time.Second))
}

// later connects again after a while, unless something else happened meanwhile.
func (p *page) later(why string, wait time.Duration) {
	if p.w.chance(0.05) {
		wait = p.w.between(time.Minute, 3*time.Hour) // the lid was closed
	}
	conn := p.conn
	p.w.after(wait, func() {
		if p.conn == conn && !p.closed && !p.asleep {
			p.reconnect(why)
		}
	})
}

// again opens again on the other side's word: at once, but if that is said again and again, after pauses.
func (p *page) again(why string) {
	wait := time.Duration(0)
	if p.tries++; p.tries > 1 {
		wait = p.w.between(0, min(time.Second<<min(p.tries, 5), 20*time.Second))
	}
	p.later(why, wait)
}

// trouble happens to the connection, now and then.
func (p *page) trouble() {
	if p.w.calm || p.closed {
		return
	}
	p.w.after(p.w.between(time.Second, p.w.mood.trouble), p.trouble)
	switch {
	case !p.conn.up:
	case p.w.chance(0.5):
		p.disconnected("cut")
	case p.w.chance(0.3):
		p.conn.silent = true
		p.w.tracef("page %s: half open", p)
		conn := p.conn
		p.w.after(40*time.Second, func() {
			if p.conn == conn && conn.up {
				p.disconnected("silence")
			}
		})
	case p.w.chance(0.3):
		p.reconnect("at once")
	case p.w.chance(0.15) && p.pending.Ready():
		p.sleep()
	}
}

// sleep is a laptop that is closed for weeks, often in the middle of something: what was sent, and what was typed since.
func (p *page) sleep() {
	for range p.w.rng.IntN(4) {
		p.edit()
	}
	p.w.stats.Asleep++
	p.w.tracef("page %s: sleeps", p)
	p.conn.cut()
	p.live, p.asleep, p.wakes = false, true, p.w.nights+awayFor
}

// morning is after a night.
func (p *page) morning() {
	if p.asleep && p.w.nights >= p.wakes {
		p.asleep = false
		p.reconnect("woke up")
	}
}

// send submits the buffer, if it may, once it is stored.
func (p *page) send() {
	if !p.live || p.freezing {
		return
	}
	s := p.freeze()
	if s == nil {
		return
	}
	conn := p.conn
	p.persist(func() {
		if p.conn != conn || !conn.up {
			return
		}
		conn.toServer(message{submit: s})
		p.w.after(10*time.Second, func() {
			if out := p.pending.Outstanding(); p.conn == conn && conn.up && out != nil && out.Name == s.Name {
				p.reconnect("no ack")
			}
		})
	})
}

// receive takes a message from the server.
func (p *page) receive(m message) {
	var err error
	switch {
	case m.again:
		p.live = false
		p.again("open again")
		return
	case m.refused:
		p.later("refused", p.w.between(100*time.Millisecond, 10*time.Second))
		return
	case m.opened != nil:
		err = p.opened(m.opened)
	case m.item != nil:
		err = p.item(m.item)
	default:
		err = p.snapshot(m)
	}
	switch {
	case errors.Is(err, client.ErrForeign):
		p.w.stats.Ways[WayAnotherDoc]++
		p.w.tracef("page %s: another document", p)
		p.stop(p.own(p.pending.Content().String()))
	case err != nil:
		p.broken(err)
	default:
		p.touch()
		p.send()
	}
}

func (p *page) opened(o *client.Opened) error {
	if err := p.pending.Opened(*o); err != nil {
		return err
	}
	if o.Resume && o.Outcome == doc.OutcomeVoid {
		p.w.stats.Ways[WayVoidRebased]++
	}
	p.live, p.tries = o.Resume, 0
	if o.Outcome == doc.OutcomeRefused {
		p.later("refused", p.w.between(100*time.Millisecond, 10*time.Second))
	}
	p.outcome = o.Outcome
	return nil
}

// snapshot takes in a piece; with the last one the outcome is taken as well.
func (p *page) snapshot(m message) error {
	var undecided []*token
	if out := p.pending.Outstanding(); out != nil {
		undecided = p.w.tokensOf(out.Op)
	}
	change, err := p.pending.Snapshot(m.snapshot, !m.last)
	if err != nil || change == nil {
		return err
	}
	p.live = true
	p.w.tracef("page %s: reloaded at %d, %q", p, p.pending.Held().Rev, p.pending.Content().String())
	switch p.outcome {
	case doc.OutcomeCommitted:
		acknowledged(undecided)
	case doc.OutcomeVoid:
		p.w.stats.Ways[WayVoidRebased]++
	}
	if change.Lost != nil {
		p.w.stats.Ways[WayLost]++
		for _, t := range undecided {
			t.offered = true
		}
	}
	if change.Before != nil {
		p.w.stats.Ways[WayBefore]++
		for _, t := range p.own(change.Before.String()) {
			t.before = true
		}
	}
	return nil
}

func acknowledged(tokens []*token) {
	for _, t := range tokens {
		t.acked = true
	}
}

func (p *page) item(i *doc.Item) error {
	switch {
	case i.Check != nil:
		return p.pending.Check(i.Check.Rev, i.Check.Hash)
	case i.Ack > 0:
		p.w.saw(p, i.Place)
		var tokens []*token
		if out := p.pending.Outstanding(); out != nil {
			tokens = p.w.tokensOf(out.Op)
		}
		err := p.pending.Ack(i.Ack, i.Place)
		if err == nil {
			acknowledged(tokens)
		}
		return err
	}
	op, err := ot.DecodeOp(i.Bytes, ot.StoredLimits)
	if err != nil {
		return err
	}
	if _, err = p.pending.Commits(i.First, i.Count, op, i.Place.Lineage); err == nil {
		p.w.saw(p, i.Place)
	}
	return err
}

// broken is what a client does with a message that does not fit: it keeps what is pending, and opens again. That may happen
// only where a frame was dropped.
func (p *page) broken(err error) {
	if !p.conn.dropped || !errors.Is(err, client.ErrGap) {
		p.w.fail("S3: page %s: %w", p, err)
		return
	}
	p.reconnect(err.Error())
}

// edits edits, now and then, in bursts, connected or not.
func (p *page) edits() {
	if p.w.calm || p.closed {
		return
	}
	if p.pending.Ready() && !p.asleep {
		p.edit()
		p.send()
	}
	wait := p.w.between(5*time.Millisecond, 300*time.Millisecond)
	if p.w.chance(0.1) {
		wait = p.w.between(time.Second, 20*time.Second)
	}
	p.w.after(wait, p.edits)
}

func (p *page) edit() {
	if err := p.pending.Edit(p.user.edit(p.pending.Content()), -1); err != nil {
		p.w.fail("page %s: %w", p, err)
		return
	}
	p.w.tracef("page %s: edit %d", p, len(p.w.tokens)-1)
	p.touch()
}
