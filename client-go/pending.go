package client

import (
	"errors"
	"fmt"

	"tandem/doc"
	"tandem/ot"
)

// What can be wrong with what a server sends, or a caller asks. After ErrGap and ErrDiverged the client keeps what is pending, and
// opens again.
var (
	ErrGap      = errors.New("gap in revisions")    // what came does not follow what is held
	ErrProtocol = errors.New("protocol violated")   // no correct server sends that
	ErrDiverged = errors.New("content differs")     // from the server's, at one revision
	ErrForeign  = errors.New("another document")    // under the same name
	ErrNotReady = errors.New("no content yet")      // the first open is not answered
	ErrEdit     = errors.New("edit does not apply") // to the content
)

// Pending is the client's half of the algebra, and PURE: no socket, no timer, no callback. It holds
//
//	base         the content at the place held, as the server has it
//	outstanding  a submission that was sent, or named in an open, and is not decided: its bytes are frozen
//	buffer       what was edited since
//
// and what its user sees is base∘outstanding∘buffer. Every method that changes what the user sees from outside returns the op
// that does it.
type Pending struct {
	client ClientID
	seq    doc.Seq // the last one given away
	kind   doc.Kind
	fault  Fault

	ready   bool // base is there
	held    doc.Place
	base    *ot.Text
	content *ot.Text // what the user sees

	outstanding *outstanding
	buffer      ot.Op
	edits       int // in the buffer
	caret       int // after the buffer; negative: not known

	opening *opening
}

// ClientID names one open copy of a document.
type ClientID = doc.ClientID

// outstanding is a frozen submission, and where it has been moved to.
type outstanding struct {
	Submission
	op    ot.Op // Submission.Op moved to base
	edits int
}

// A Submission is frozen: once it was sent, neither its name nor its bytes change.
type Submission struct {
	doc.Name
	Base  doc.Place
	Op    ot.Op
	Bytes []byte
	Caret int // in Op's target; negative: not known
}

// opening is an open that is answered with a snapshot, while its pieces arrive.
type opening struct {
	Opened
	pieces ot.Builder
}

// Opened is the server's answer to an open.
type Opened struct {
	Place   doc.Place
	Outcome doc.Outcome
	LastSeq doc.Seq
	Resume  bool
}

// Limits bound what is frozen into one submission; more is sent as several, one after the other.
type Limits struct {
	Text       int // bytes of UTF-8
	Components int
	Message    int // bytes of the encoded op
}

// DefaultLimits are those of a server that was not told otherwise.
var DefaultLimits = Limits{Text: ot.DefaultLimits.Text, Components: ot.DefaultLimits.Components, Message: 250 << 10}

// NewPending is a client without content.
func NewPending(id ClientID, kind doc.Kind) *Pending {
	return &Pending{client: id, kind: kind, base: ot.NewText(), content: ot.NewText(), caret: -1}
}

// Client is the client's id.
func (p *Pending) Client() ClientID { return p.client }

// Content is what the user sees. It must not be changed.
func (p *Pending) Content() *ot.Text { return p.content }

// Ready reports whether there is content.
func (p *Pending) Ready() bool { return p.ready }

// Held is the place of the content that the server is known to have; nil before there is any.
func (p *Pending) Held() *doc.Place {
	if !p.ready {
		return nil
	}
	held := p.held
	return &held
}

// Saved reports that nothing is pending.
func (p *Pending) Saved() bool { return p.outstanding == nil && len(p.buffer) == 0 }

// Edits is how many edits are not acknowledged.
func (p *Pending) Edits() int {
	if p.outstanding == nil {
		return p.edits
	}
	return p.edits + p.outstanding.edits
}

// Edit takes in an edit of the user, made on Content. caret is in its target; negative: not known.
func (p *Pending) Edit(op ot.Op, caret int) error {
	if !p.ready {
		return ErrNotReady
	}
	if err := p.checkEdit(op); err != nil {
		return fmt.Errorf("%w: %w", ErrEdit, err)
	}
	buffer, err := ot.Compose(p.buffer, op)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrEdit, err)
	}
	if err := p.content.Apply(op); err != nil {
		return fmt.Errorf("%w: %w", ErrEdit, err)
	}
	p.buffer, p.caret = buffer, caret
	p.edits++
	p.settle()
	return nil
}

func (p *Pending) checkEdit(op ot.Op) error {
	limits := ot.StoredLimits
	limits.Attributes = ot.DefaultLimits.Attributes
	if err := op.Validate(limits); err != nil {
		return err
	}
	if p.kind == doc.Text {
		if err := op.CheckPlain(); err != nil {
			return err
		}
	}
	if err := doc.CheckKeys(op); err != nil {
		return err
	}
	if n := p.content.Len() + op.TargetLen() - op.BaseLen(); n > ot.MaxDocument {
		return fmt.Errorf("%w: the document would have %d code units, at most %d are allowed", ot.ErrLimit, n, ot.MaxDocument)
	}
	return p.content.Check(op)
}

// settle forgets a buffer that has become empty: it is never sent.
func (p *Pending) settle() {
	if len(p.buffer) == 0 {
		p.buffer, p.edits, p.caret = nil, 0, -1
	}
}

// Outstanding is the submission that is not decided; nil: none.
func (p *Pending) Outstanding() *Submission {
	if p.outstanding == nil {
		return nil
	}
	return &p.outstanding.Submission
}

// Freeze makes the buffer, or as much of it as the limits allow, the outstanding submission, and returns it to be sent. Nil:
// there is nothing to send, or something is outstanding. It must not be called between an Open and the end of a snapshot.
func (p *Pending) Freeze(lim Limits) *Submission {
	if p.outstanding != nil || len(p.buffer) == 0 || p.opening != nil {
		return nil
	}
	// A code unit takes at most three bytes.
	op, rest := ot.Split(p.buffer, lim.Text/3, lim.Components)
	bytes := ot.AppendOp(nil, op)
	for n := lim.Components; len(bytes) > lim.Message && n > 3; {
		n /= 2
		op, rest = ot.Split(p.buffer, lim.Text/3, n)
		bytes = ot.AppendOp(nil, op)
	}
	p.seq++
	s := Submission{Name: doc.Name{Client: p.client, Seq: p.seq}, Base: p.held, Op: op, Bytes: bytes, Caret: -1}
	p.outstanding = &outstanding{Submission: s, op: op, edits: p.edits}
	if len(rest) == 0 {
		p.outstanding.Caret = p.caret
	} else {
		p.outstanding.edits = 0 // the edits count until the last part is acknowledged
	}
	p.buffer = rest
	if len(rest) == 0 {
		p.edits = 0
	}
	p.settle()
	return &p.outstanding.Submission
}

// Commits takes in count commits of others, composed, and returns the op that brings them to the user's content.
func (p *Pending) Commits(first doc.Revision, count int, op ot.Op, lineage doc.Lineage) (ot.Op, error) {
	switch {
	case !p.ready || p.opening != nil:
		return nil, fmt.Errorf("%w: commits before the content", ErrProtocol)
	case first != p.held.Rev+1 && p.fault != IgnoreGap:
		return nil, fmt.Errorf("%w: revision %d came, %d is held", ErrGap, first, p.held.Rev)
	}
	if err := p.base.Apply(op); err != nil {
		return nil, fmt.Errorf("%w: revision %d does not fit: %w", ErrDiverged, first, err)
	}
	p.held.Rev, p.held.Lineage = first+doc.Revision(count)-1, lineage
	return p.receive(op)
}

// receive moves what is pending over an op of others, and that over what is pending.
func (p *Pending) receive(op ot.Op) (ot.Op, error) {
	mine, theirs := ot.Left, ot.Right
	if p.fault == TieReversed {
		mine, theirs = theirs, mine
	}
	if o := p.outstanding; o != nil {
		o.op, op = ot.Transform(o.op, op, mine), ot.Transform(op, o.op, theirs)
	}
	if p.fault != BufferNotMoved {
		p.buffer, op = ot.Transform(p.buffer, op, mine), ot.Transform(op, p.buffer, theirs)
	}
	if p.caret >= 0 {
		p.caret = ot.TransformOffset(op, p.caret, ot.Left)
	}
	p.settle()
	return p.show(op)
}

// show brings an op to the user's content.
func (p *Pending) show(op ot.Op) (ot.Op, error) {
	if err := p.content.Apply(op); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDiverged, err)
	}
	return op, nil
}

// Ack takes in the acknowledgement of the outstanding submission. One that belongs to nothing here is an error, never ignored.
func (p *Pending) Ack(seq doc.Seq, place doc.Place) error {
	o := p.outstanding
	switch {
	case o == nil || o.Seq != seq:
		return fmt.Errorf("%w: an ack of sequence %d, which is not outstanding", ErrProtocol, seq)
	case place.Rev != p.held.Rev+1 && p.fault != IgnoreGap:
		return fmt.Errorf("%w: an ack at revision %d, %d is held", ErrGap, place.Rev, p.held.Rev)
	}
	if err := p.base.Apply(o.op); err != nil {
		return fmt.Errorf("%w: what was acknowledged does not fit: %w", ErrDiverged, err)
	}
	p.held, p.outstanding = place, nil
	return nil
}

// Check compares the content at the place held with the server's hash. A check of another revision says nothing.
func (p *Pending) Check(rev doc.Revision, hash uint64) error {
	if !p.ready || rev != p.held.Rev {
		return nil
	}
	if have := p.base.Hash(); have != hash {
		return fmt.Errorf("%w: at revision %d the hash is %d, the server's is %d", ErrDiverged, rev, have, hash)
	}
	return nil
}

// Distrust forgets the place held, so that the next open brings a snapshot: after ErrDiverged. What is pending stays.
func (p *Pending) Distrust() { p.held.Lineage = doc.Lineage{0xff} }
