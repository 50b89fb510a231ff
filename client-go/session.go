package client

import (
	"errors"
	"fmt"
	"time"

	"tandem/doc"
	"tandem/server/wire"
)

// session is a Doc's attachment to a link. Guarded by conn.mu.
type session struct {
	phase   phase
	link    *link        // nil in phase absent
	channel wire.Channel // on link
	access  wire.Access
	target  doc.Revision  // where the catch-up ends
	since   time.Time     // live since; zero: never
	lasted  time.Duration // how long the last session was live
	sent    doc.Seq       // the last submission that was written to any link
	answer  alarm         // how long the server may take

	retry    alarm   // when to open again
	again    backoff // between sessions
	patience backoff // between refusals
}

// phase is how far a session has come.
type phase uint8

const (
	absent  phase = iota // there is none
	asked                // the open is not answered
	loading              // it was; pieces of a snapshot come
	live                 // edits are submitted
)

// open begins a session, if there is a link, and nothing to wait for.
func (d *Doc) open() {
	if !d.conn.usable() || d.phase != absent || d.retry.isSet() || d.closed || d.stopped != nil {
		return
	}
	l := d.conn.link
	l.channel++
	d.phase, d.link, d.channel = asked, l, l.channel
	l.channels[d.channel] = d
	d.pending.Freeze(l.limits) // C2
	m := wire.Open{Channel: d.channel, Document: d.name, DocKind: d.kind, Client: d.pending.Client()}
	if user := d.conn.opt.User; user != (User{}) {
		m.User = wire.Some(wire.User(user))
	}
	if held := d.pending.Held(); held != nil {
		m.Held = wire.Some(*held)
	}
	if s := d.pending.Outstanding(); s != nil {
		m.Outstanding = wire.Some(wire.Outstanding{Client: s.Client, Seq: s.Seq, Base: s.Base, Op: s.Op, OpBytes: s.Bytes})
		d.submitted(s)
	}
	l.push(m)
	d.answer.set(d.conn.opt.AckTimeout)
}

// submitted notes that a submission was written to a link.
func (d *Doc) submitted(s *Submission) {
	kind := EventSubmitted
	if s.Seq <= d.sent {
		kind = EventResubmitted
	}
	d.sent = s.Seq
	d.conn.emit(Event{Kind: kind, Doc: d.name, Seq: s.Seq})
}

// send submits the buffer, if it may.
func (d *Doc) send() {
	if d.phase != live || !d.link.usable() {
		return
	}
	s := d.pending.Freeze(d.link.limits)
	if s == nil {
		return
	}
	m := wire.Submit{Channel: d.channel, Seq: s.Seq, Base: s.Base.Rev, Op: s.Op, OpBytes: s.Bytes}
	if s.Caret >= 0 {
		m.Caret = wire.Some(s.Caret)
	}
	d.submitted(s)
	d.link.push(m)
	d.answer.set(d.conn.opt.AckTimeout)
}

// receive takes in a message for this session, other than commits. An error ends it.
func (d *Doc) receive(m wire.Message) error {
	switch m := m.(type) {
	case wire.Opened:
		return d.opened(m)
	case wire.Snapshot:
		return d.piece(m)
	case wire.Ack:
		return d.ack(m)
	case wire.Check:
		return d.pending.Check(m.Rev, m.Hash)
	case wire.PresenceUpdate:
		d.present(m)
	case wire.AccessChange:
		d.access = m.Access
		if m.Access == wire.Write && d.refusal != nil {
			d.reopen(d.refusal, 0)
		}
	case wire.Error:
		d.told(m)
	}
	return nil
}

func (d *Doc) opened(m wire.Opened) error {
	if d.phase != asked {
		return fmt.Errorf("%w: an open answered twice", ErrProtocol)
	}
	outcome := doc.Outcome(m.Outcome)
	o := Opened{Place: m.Place, Outcome: outcome, LastSeq: m.LastSeq, Resume: m.Resume}
	if err := d.pending.Opened(o); err != nil {
		return err
	}
	d.access, d.target, d.phase = m.Access, m.Place.Rev, loading
	d.conn.emit(Event{Kind: EventOpened, Doc: d.name, Rev: m.Place.Rev, Outcome: outcome, Resumed: m.Resume})
	d.answer.set(d.conn.opt.AckTimeout)
	d.refusal = nil
	if m.Resume {
		d.goLive()
	}
	if outcome == doc.OutcomeRefused {
		d.refuse(m.Refusal, 0)
	}
	return nil
}

// piece takes in a piece of a snapshot.
func (d *Doc) piece(m wire.Snapshot) error {
	if d.phase != loading {
		return fmt.Errorf("%w: a snapshot that was not announced", ErrProtocol)
	}
	change, err := d.pending.Snapshot(m.Op, m.More)
	if err != nil {
		return err
	}
	d.answer.set(d.conn.opt.AckTimeout)
	if m.More {
		return nil
	}
	d.offer(ErrLost, change.Lost)
	d.offer(ErrRestored, change.Before)
	d.moved(change.Op, left)
	d.changed(change.Op, false)
	d.goLive()
	select {
	case <-d.ready:
	default:
		close(d.ready)
	}
	return nil
}

// goLive is when edits may be submitted again.
func (d *Doc) goLive() {
	d.phase, d.since = live, time.Now()
	d.greet()
	d.waitForAck()
}

// waitForAck has the server answer in time, if anything is to be answered. While it catches up, every message is an answer.
func (d *Doc) waitForAck() {
	switch {
	case d.pending.Outstanding() == nil || d.refusal != nil:
		d.answer.clear()
	case d.pending.held.Rev < d.target || !d.answer.isSet():
		d.answer.set(d.conn.opt.AckTimeout)
	}
}

func (d *Doc) commits(m *wire.Commits) error {
	if d.phase != live {
		return fmt.Errorf("%w: commits before the content", ErrProtocol)
	}
	op, err := d.pending.Commits(m.First, int(m.Count), m.Op, m.Lineage.Value)
	if err != nil {
		return err
	}
	d.moved(op, left)
	if m.Count == 1 && m.Session.OK && m.Caret.OK {
		d.peerTyped(m.Session.Value, m.Caret.Value)
	}
	d.changed(op, false)
	d.waitForAck()
	return nil
}

func (d *Doc) ack(m wire.Ack) error {
	if err := d.pending.Ack(m.Seq, m.Place); err != nil {
		return err
	}
	d.refusal, d.patience.tries = nil, 0
	d.retry.clear() // of a refusal
	d.waitForAck()
	d.conn.emit(Event{Kind: EventAck, Doc: d.name, Seq: m.Seq, Rev: m.Place.Rev})
	return nil
}

// told takes in an error of the server's.
func (d *Doc) told(m wire.Error) {
	if !m.Code.EndsSession(m.Seq > 0) {
		if s := d.pending.Outstanding(); s != nil && s.Seq == m.Seq {
			d.refuse(m.Code, m.RetryAfter.Value.Duration())
		}
		return
	}
	d.forget() // it has ended on the other side already
	if !m.Code.MayRetry() {
		d.stop(fmt.Errorf("%w: %w", ErrStopped, newServerError(m)), m.Code)
		return
	}
	d.reopen(newServerError(m), m.RetryAfter.Value.Duration())
}

// refuse keeps the outstanding submission, its name and its bytes, until there is reason to expect another answer (C1).
func (d *Doc) refuse(code wire.Code, after time.Duration) {
	d.answer.clear()
	d.refusal = &Problem{Err: ErrRefused, Code: code, Kept: d.pending.Content().Snapshot()}
	d.report(d.refusal)
	if code.MayRetry() {
		d.retry.set(after + d.patience.next(0, d.conn.opt.Jitter))
	}
}

// broken ends a session whose messages do not fit, and opens again (C6).
func (d *Doc) broken(err error) {
	if errors.Is(err, ErrForeign) {
		d.stop(err, 0)
		return
	}
	d.conn.opt.Logger.Warn("session broken", "doc", d.name, "rev", d.pending.held.Rev, "err", err)
	if errors.Is(err, ErrDiverged) {
		d.pending.Distrust()
	}
	d.reopen(err, 0)
}

// reopen ends the session, and begins another, at once or, where that happens again and again, after a pause.
func (d *Doc) reopen(reason error, after time.Duration) {
	d.leave()
	wait := after + d.again.next(d.lasted, d.conn.opt.Jitter)
	d.conn.emit(Event{Kind: EventReopening, Doc: d.name, Wait: wait, Err: reason})
	if wait > 0 {
		d.retry.set(wait)
		return
	}
	d.retry.clear()
	d.open()
}

// tryAgain is when a pause is over.
func (d *Doc) tryAgain() {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	if !d.retry.rung() {
		return
	}
	d.leave() // one that goes on during a refusal
	d.open()
}

// overdue is when the server has not answered in time.
func (d *Doc) overdue() {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	if !d.answer.rung() || d.link == nil {
		return
	}
	what := "the open"
	if d.phase == live {
		what = "the submission"
	}
	d.link.fail(fmt.Errorf("%w: %s of %q", errAnswer, what, d.name))
}

// leave ends the session.
func (d *Doc) leave() {
	if d.link != nil && d.link.usable() {
		d.link.push(wire.Close{Channel: d.channel})
	}
	d.forget()
}

// detach is leave when the link is gone. The wait for another answer to a refusal is over: the next open asks.
func (d *Doc) detach() {
	d.forget()
	if d.refusal != nil {
		d.retry.clear()
	}
}

// forget ends what belongs to a session.
func (d *Doc) forget() {
	if d.link != nil {
		delete(d.link.channels, d.channel)
		d.lasted = 0
		if !d.since.IsZero() {
			d.lasted = time.Since(d.since)
		}
	}
	d.phase, d.link, d.channel, d.since, d.access = absent, nil, 0, time.Time{}, 0
	d.answer.clear()
	d.show.clear()
	d.peers = nil
}
