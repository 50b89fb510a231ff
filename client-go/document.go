package client

import (
	"context"
	"slices"
	"time"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

// Doc is one open copy of a document. It can be edited as soon as it is ready, connected or not. Offsets and lengths are UTF-16
// code units of the content as this copy shows it. Its methods may be called by any goroutine.
type Doc struct {
	// Immutable after newDoc.
	conn  *Conn
	name  string
	kind  doc.Kind
	ready chan struct{} // closed with the first content
	ended chan struct{} // closed when it is stopped or closed

	// Guarded by conn.mu.
	pending  *Pending
	onChange func(op ot.Op, local bool)
	touched  bool
	closed   bool
	stopped  *Problem
	refusal  *Problem
	offers   []*Problem
	saved    chan struct{} // closed when everything is saved; nil: nobody waits

	session
	presence
}

// Status says how a Doc stands with its server.
type Status string

// What a Doc can be.
const (
	Connecting Status = "connecting" // or opening, or loading
	Live       Status = "live"
	Offline    Status = "offline" // pausing before the next attempt
	Closed     Status = "closed"  // by Close, or by a Problem
)

func newDoc(c *Conn, name string, kind doc.Kind, p *Pending) *Doc {
	d := &Doc{conn: c, name: name, kind: kind, ready: make(chan struct{}), ended: make(chan struct{}), pending: p}
	d.again = backoff{min: c.opt.BackoffMin, max: c.opt.BackoffMax, eager: true}
	d.patience = backoff{min: c.opt.BackoffMin, max: c.opt.BackoffMax}
	d.answer.ring, d.retry.ring, d.show.ring = d.overdue, d.tryAgain, d.showLater
	return d
}

// Name is the document's name.
func (d *Doc) Name() string { return d.name }

// Kind is the document's kind.
func (d *Doc) Kind() doc.Kind { return d.kind }

// Ready is closed as soon as there is content.
func (d *Doc) Ready() <-chan struct{} { return d.ready }

// WaitReady waits for the content. Where the Doc ends before there is any, it returns the Problem, or ErrClosed.
func (d *Doc) WaitReady(ctx context.Context) error {
	select {
	case <-d.ready:
		return nil
	case <-d.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-d.ready: // it was, before it ended
		return nil
	default:
		return d.over()
	}
}

// Edit makes an edit on the content as it is now, where op was made for it: see Update. caret is where the user's caret is after it, in
// op's target; negative: not said. ErrNotReady, ErrEdit, ErrClosed or a Problem: nothing has changed.
func (d *Doc) Edit(op ot.Op, caret int) error {
	return d.Update(func(tx *Tx) error { return tx.Edit(op, caret) })
}

// Update calls f, which may read and edit without anybody else coming between; its edits go to the server as one. f's error is
// returned, and takes back no edit that was made. What f must not do: C3.
func (d *Doc) Update(f func(tx *Tx) error) error {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	if err := d.overLocked(); err != nil {
		return err
	}
	if !d.pending.Ready() {
		return ErrNotReady
	}
	defer d.settle()
	return f(&Tx{d})
}

// Tx is the content during an Update, and of no use after it.
type Tx struct{ doc *Doc }

// Text is the content. It must not be changed, and is not to be read after the Update.
func (tx *Tx) Text() *ot.Text { return tx.doc.pending.Content() }

// Edit is Doc.Edit.
func (tx *Tx) Edit(op ot.Op, caret int) error {
	d := tx.doc
	if err := d.pending.Edit(op, caret); err != nil {
		return err
	}
	d.moved(op, ot.Right)
	if d.selection != nil && caret >= 0 {
		*d.selection = ot.Range{Anchor: caret, Head: caret} // it travels with the submission
	}
	d.changed(op, true)
	return nil
}

// OnChange has f called with each change of the content, the user's own (local) and others', in order. It returns the content that
// the first of them applies to. A snapshot comes as the difference from what was shown. There is one such function; nil:
// none. What f must not do: C3. op must not be changed.
func (d *Doc) OnChange(f func(op ot.Op, local bool)) *ot.Text {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	d.onChange = f
	return d.pending.Content().Snapshot()
}

func (d *Doc) changed(op ot.Op, local bool) {
	if d.onChange != nil && len(op) > 0 {
		d.onChange(op, local)
	}
}

// Text is the content as a string, without attributes and embeds.
func (d *Doc) Text() string { return d.Snapshot().String() }

// Snapshot is the content. It is the caller's.
func (d *Doc) Snapshot() *ot.Text {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	return d.pending.Content().Snapshot()
}

// Len is the content's length.
func (d *Doc) Len() int {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	return d.pending.Content().Len()
}

// Revision is the last revision that is held; what is pending comes on top. 0 before Ready.
func (d *Doc) Revision() doc.Revision { return d.Place().Rev }

// Place is the place that is held.
func (d *Doc) Place() doc.Place {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	if held := d.pending.Held(); held != nil {
		return *held
	}
	return doc.Place{}
}

// Saved reports that everything edited is on the server's disk.
func (d *Doc) Saved() bool {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	return d.pending.Saved()
}

// PendingEdits is how many edits are not saved.
func (d *Doc) PendingEdits() int {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	return d.pending.Edits()
}

// WaitSaved waits until Saved, through lost connections and refusals. Where the Doc ends before, it returns the Problem, or
// ErrClosed.
func (d *Doc) WaitSaved(ctx context.Context) error {
	for {
		d.conn.mu.Lock()
		done := d.pending.Saved()
		if d.saved == nil {
			d.saved = make(chan struct{})
		}
		saved := d.saved
		d.conn.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-saved:
		case <-d.ended:
			return d.over()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Status is how the Doc stands with its server.
func (d *Doc) Status() Status {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	switch {
	case d.closed || d.stopped != nil:
		return Closed
	case d.phase == live:
		return Live
	case d.retry.isSet() || d.conn.link == nil && d.conn.undial == nil:
		return Offline
	}
	return Connecting
}

// Access is what the server lets this session do; wire.Read also while it is not known.
func (d *Doc) Access() wire.Access {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	return max(d.access, wire.Read)
}

// Problem is what keeps the content from being saved, or took saved text away; nil: nothing. It is a *Problem, with the text: why
// the Doc was stopped, else why a submission is refused, else the oldest text offered back, until Dismiss.
func (d *Doc) Problem() error {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	switch {
	case d.stopped != nil:
		return d.stopped
	case d.refusal != nil:
		return d.refusal
	case len(d.offers) > 0:
		return d.offers[0]
	}
	return nil
}

// Dismiss forgets a text that was offered back (ErrLost, ErrRestored).
func (d *Doc) Dismiss(p *Problem) {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	d.offers = slices.DeleteFunc(d.offers, func(q *Problem) bool { return p == q })
}

// Close ends the session. What is not saved is not submitted any more.
func (d *Doc) Close() {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	d.end()
}

// end is Close, the mutex held.
func (d *Doc) end() {
	if !d.closed {
		d.closed = true
		d.finish()
	}
}

// stop ends a Doc that cannot go on. The content stays, and is in the Problem (I10).
func (d *Doc) stop(err error, code wire.Code) {
	if d.closed || d.stopped != nil {
		return
	}
	d.stopped = &Problem{Err: err, Code: code, Kept: d.pending.Content().Snapshot()}
	d.conn.opt.Logger.Warn("document stopped", "doc", d.name, "err", d.stopped)
	d.report(d.stopped)
	d.finish()
}

func (d *Doc) finish() {
	d.leave()
	for _, a := range []*alarm{&d.answer, &d.retry, &d.show} {
		a.stop()
	}
	d.conn.docs = slices.DeleteFunc(d.conn.docs, func(e *Doc) bool { return d == e })
	select {
	case <-d.ended: // stopped, and then closed
	default:
		close(d.ended)
	}
}

// over is why the Doc has ended.
func (d *Doc) over() error {
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	return d.overLocked()
}

func (d *Doc) overLocked() error {
	switch {
	case d.stopped != nil:
		return d.stopped
	case d.closed:
		return ErrClosed
	}
	return nil
}

func (d *Doc) report(p *Problem) { d.conn.emit(Event{Kind: EventProblem, Doc: d.name, Err: p}) }

// offer gives text back to the user.
func (d *Doc) offer(err error, text *ot.Text) {
	if text == nil {
		return
	}
	p := &Problem{Err: err, Kept: text}
	d.offers = append(d.offers, p)
	d.conn.opt.Logger.Warn("text offered back", "doc", d.name, "err", err)
	d.report(p)
}

// settle does what is due after a frame or an Update: nothing of it belongs between two messages of one frame.
func (d *Doc) settle() {
	if d.closed || d.stopped != nil {
		return
	}
	if d.pending.Outstanding() == nil {
		d.refusal = nil
	}
	d.send()
	d.showPresence(time.Now())
	if d.saved != nil && d.pending.Saved() {
		close(d.saved)
		d.saved = nil
	}
}
