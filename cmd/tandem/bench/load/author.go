package load

import (
	"fmt"

	"github.com/gorilla/websocket"

	"tandem/doc"
	"tandem/ot"
	"tandem/server/wire"
)

// An Edit is one submission: at an offset, so much goes and this text comes. At below 0 is where the author's caret is. What is deleted
// stands behind it.
type Edit struct {
	At     int
	Delete int
	Text   string
}

// A Source says what an author types next, into a document of so many code units; false: nothing more.
type Source func(length int) (Edit, bool)

// author is the part of a Replica that types. All of it is guarded by the Replica's mu.
type author struct {
	seq         doc.Seq
	caret       int // below 0: not put anywhere yet
	source      Source
	eager       bool    // the next edit is due when the one before is acknowledged
	due         []int64 // edits that wait (L1)
	outstanding outstanding
	edits       []edit
	buf         []byte
}

// outstanding is a submission that is not acknowledged.
type outstanding struct {
	active bool
	due    int64
	at     int // offset of its insert, moved over what has arrived
	text   string
	op     ot.Op // where it deletes: all of it, moved; otherwise nil
}

// edit is one that was acknowledged.
type edit struct {
	rev        doc.Revision
	due, acked int64 // ns of the clock
}

// Take gives the author something to type, and puts the caret somewhere.
func (r *Replica) Take(caret int, source Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.caret, r.source = min(caret, r.text.Len()), source
}

// Due has one edit submitted that is due at a time: now, or when what is outstanding and what waits has been acknowledged.
func (r *Replica) Due(at int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = append(r.due, at)
	return r.typeOn(at)
}

// Start has the author submit the next edit as soon as the one before is acknowledged, until Stop or the end of the source.
func (r *Replica) Start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.eager = true
	return r.typeOn(r.clock.Now())
}

// Stop takes Start back.
func (r *Replica) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.eager = false
}

// Move shows the user's caret somewhere.
func (r *Replica) Move(offset int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	offset = min(offset, r.text.Len())
	m := wire.Presence{Channel: channel, Rev: r.place.Rev, Selection: wire.Some(wire.Selection{Anchor: offset, Head: offset})}
	r.buf = m.Append(r.buf[:0])
	return r.link.ws.WriteMessage(websocket.BinaryMessage, r.buf)
}

// Name says who the user is.
func (r *Replica) Name(name, color string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := wire.Presence{Channel: channel, Rev: r.place.Rev, User: wire.Some(wire.User{Name: name, Color: color})}
	return r.link.ws.WriteMessage(websocket.BinaryMessage, m.Append(nil))
}

// idle reports that everything is acknowledged and nothing more is due.
func (r *Replica) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.outstanding.active && len(r.due) == 0 && !r.eager
}

// typeOn submits the next edit, if one is due and none is outstanding. mu is held.
func (r *Replica) typeOn(now int64) error {
	o := &r.outstanding
	if o.active || len(r.due) == 0 && !r.eager {
		return nil
	}
	next, ok := r.source(r.text.Len())
	if !ok {
		r.eager, r.due = false, nil
		return nil
	}
	o.active, o.due, o.op = true, now, nil
	if len(r.due) > 0 {
		o.due = r.due[0]
		r.due = append(r.due[:0], r.due[1:]...)
	}
	if next.At < 0 {
		next.At = r.caret
	}
	o.at, o.text = next.At, next.Text
	op := next.op()
	if next.Delete > 0 {
		o.op = op
	}
	r.seq++
	m := wire.Submit{Channel: channel, Seq: r.seq, Base: r.place.Rev, Op: op, Caret: wire.Some(next.At + ot.UTF16Len(next.Text))}
	r.buf = m.Append(r.buf[:0])
	return r.link.ws.WriteMessage(websocket.BinaryMessage, r.buf)
}

// op is the edit as an operation.
func (e Edit) op() ot.Op {
	var b ot.Builder
	b.Retain(e.At, nil)
	b.InsertText(e.Text, nil)
	b.Delete(e.Delete)
	return b.Op()
}

// acked applies what was outstanding.
func (r *Replica) acked(seq doc.Seq, place doc.Place) error {
	o := &r.outstanding
	if err := r.follows(place.Rev); err != nil {
		return err
	}
	if !o.active || seq != r.seq {
		return fmt.Errorf("%s: an ack of submission %d; the last one is %d", r.document, seq, r.seq)
	}
	op := o.op
	if op == nil {
		op = Edit{At: o.at, Text: o.text}.op()
	}
	if err := r.text.Apply(op); err != nil {
		return err
	}
	r.caret = o.at + ot.UTF16Len(o.text)
	r.place = place
	r.edits = append(r.edits, edit{rev: place.Rev, due: o.due, acked: r.clock.Now()})
	o.active = false
	return nil
}

// movedByLetter moves what is outstanding, and the caret, over an insert of one letter.
func (r *Replica) movedByLetter(at int) {
	if r.outstanding.op != nil {
		r.moved(Edit{At: at, Text: "x"}.op())
		return
	}
	if at < r.caret { // the tie rule: what comes later, or is a caret, stands to the left
		r.caret++
	}
	if at < r.outstanding.at && !r.site.Bare {
		r.outstanding.at++
	}
}

// moved moves what is outstanding, and the caret, over an operation. A bare site moves nothing, and nor does this.
func (r *Replica) moved(over ot.Op) {
	if r.caret >= 0 {
		r.caret = ot.TransformOffset(over, r.caret, ot.Left)
	}
	o := &r.outstanding
	if !o.active || r.site.Bare {
		return
	}
	o.at = ot.TransformOffset(over, o.at, ot.Left)
	if o.op != nil {
		o.op = ot.Transform(o.op, over, ot.Left)
	}
}
