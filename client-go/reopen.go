package client

import (
	"fmt"
	"slices"

	"tandem/doc"
	"tandem/ot"
)

// Change is what an opening made of the user's content.
type Change struct {
	Op ot.Op // brings the content the user saw to what it is now
	// Lost is content that was outstanding, and of which nobody knows any more whether it was committed: it is not submitted
	// again, but offered.
	Lost *ot.Text
	// Before is what the user saw, set where acknowledged text was taken away: an older state of the server was restored.
	Before *ot.Text
}

// Opened takes in the answer to an open. Where it resumes, commits and the ack follow; otherwise the pieces of a snapshot.
//
// ErrForeign: there is another document under the name now; what the user sees is theirs to keep.
func (p *Pending) Opened(o Opened) error {
	p.opening = nil
	switch {
	case p.ready && o.Place.ID != p.held.ID:
		return fmt.Errorf("%w: it was %s, it is %s", ErrForeign, p.held.ID, o.Place.ID)
	case (o.Outcome == doc.NoOutcome) != (p.outstanding == nil) && p.fault != TakeUndecided:
		return fmt.Errorf("%w: the outcome is %q", ErrProtocol, o.Outcome)
	}
	if p.seq = max(p.seq, o.LastSeq); p.fault == ReuseSequence {
		p.seq = o.LastSeq
	}
	if !o.Resume {
		p.opening = &opening{Opened: o}
		return nil
	}
	switch {
	case !p.ready || o.Outcome == doc.OutcomeUnknown:
		return fmt.Errorf("%w: resuming from nothing, or after %q", ErrProtocol, o.Outcome)
	case o.Outcome == doc.OutcomeVoid:
		return p.join()
	}
	return nil
}

// join makes what was outstanding part of the buffer again, to be sent under another name.
func (p *Pending) join() error {
	o := p.outstanding
	buffer, err := ot.Compose(o.op, p.buffer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	p.buffer, p.edits, p.outstanding = buffer, p.edits+o.edits, nil
	if p.fault == ReuseSequence && o.Client == p.client {
		p.seq = o.Seq - 1
	}
	p.settle()
	return nil
}

// Snapshot takes in a piece of the content. With the last one the outcome and the content are taken in one step; until then
// nothing has changed, and a new open starts over.
func (p *Pending) Snapshot(piece ot.Op, more bool) (*Change, error) {
	if p.opening == nil {
		return nil, fmt.Errorf("%w: a snapshot that was not announced", ErrProtocol)
	}
	for _, c := range piece {
		if c.Kind != ot.Insert {
			return nil, fmt.Errorf("%w: a snapshot with a %s", ErrProtocol, c.Kind)
		}
		p.opening.pieces.Push(c)
	}
	if more {
		return nil, nil
	}
	o := p.opening
	p.opening = nil
	text, err := ot.TextOf(o.pieces.Op())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return p.reload(o.Opened, text)
}

func isDelete(c ot.Component) bool { return c.Kind == ot.Delete }

// reload puts the server's content in the place of base, and rebases what is pending over the difference.
func (p *Pending) reload(o Opened, text *ot.Text) (*Change, error) {
	change := &Change{}
	known := p.base // what the server had, as far as this client knows
	switch o.Outcome {
	case doc.OutcomeCommitted, doc.OutcomeUnknown:
		known = p.base.Snapshot()
		if err := known.Apply(p.outstanding.op); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		if o.Outcome == doc.OutcomeUnknown {
			change.Lost = p.content.Snapshot()
		}
		p.outstanding = nil
	case doc.OutcomeVoid:
		if err := p.join(); err != nil {
			return nil, err
		}
	}
	difference := ot.Diff(known, text)
	if p.ready && (o.Place.Epoch != p.held.Epoch || o.Place.Rev < p.held.Rev) && slices.ContainsFunc(difference, isDelete) {
		change.Before = p.content.Snapshot()
	}
	p.base, p.held, p.ready = text, o.Place, true
	var err error
	change.Op, err = p.receive(difference)
	return change, err
}
