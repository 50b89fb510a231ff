package doc

import (
	"context"
	"fmt"
)

// What lies behind history in memory is read from the store on the goroutine of whoever needs it, never on the document's (I7).

// readBytes is how much of the log is read at once.
const readBytes = 256 << 10

// read is commits from the store, as history holds them.
func (d *Document) read(ctx context.Context, first, last Revision, maxBytes int) ([]*Committed, error) {
	commits, err := d.store.Read(ctx, d.View().Place.ID, first, last, maxBytes)
	if err != nil {
		return nil, fmt.Errorf("read revision %d of %q: %w", first, d.name, err)
	}
	if len(commits) == 0 {
		return nil, fmt.Errorf("%w: %q has no revision %d", ErrDamaged, d.name, first)
	}
	out := make([]*Committed, len(commits))
	for i, c := range commits {
		if c.Rev != first+Revision(i) {
			return nil, fmt.Errorf("%w: %q has revision %d where %d should be", ErrDamaged, d.name, c.Rev, first+Revision(i))
		}
		if out[i], err = decode(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// bringUp moves an operation up to what is durable now: first over what only the store has, then over what is in memory.
func (d *Document) bringUp(ctx context.Context, view *View, moved Moved) (*Moved, error) {
	for moved.To < view.Base {
		commits, err := d.read(ctx, moved.To+1, view.Base, readBytes)
		if err == nil {
			err = moved.Over(commits)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := moved.Over(view.after(moved.To)); err != nil {
		return nil, err
	}
	return &moved, nil
}

// lineage is the lineage at the revision of a place that is not in memory. The commit of the floor itself is gone: there the
// commit after it tells whether the place's own lineage is right, and where it is not, any other says so.
func (d *Document) lineage(ctx context.Context, p *Place) (*Lineage, error) {
	if p.Rev == 0 {
		return &Lineage{}, nil
	}
	rev := max(p.Rev, d.floor+1)
	commits, err := d.read(ctx, rev, rev, 1)
	if err != nil {
		return nil, err
	}
	c := commits[0]
	if c.Rev == p.Rev {
		return &c.Lineage, nil
	}
	lineage := p.Lineage
	if lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes) != c.Lineage {
		lineage[0] ^= 0xff
	}
	return &lineage, nil
}

// lookUp completes an open with what is not in memory.
func (d *Document) lookUp(ctx context.Context, o *OpenRequest) (err error) {
	view := d.View()
	if held := o.Held; held != nil && d.needsLookUp(held, view) {
		if o.HeldLineage, err = d.lineage(ctx, held); err != nil {
			return err
		}
	}
	out := o.Outstanding
	switch {
	case out == nil || out.Base.ID != view.Place.ID || out.Base.Epoch != view.Place.Epoch:
		return nil
	case d.needsLookUp(&out.Base, view):
		if o.BaseLineage, err = d.lineage(ctx, &out.Base); err != nil || *o.BaseLineage != out.Base.Lineage {
			return err // it was made on something else
		}
	default:
		lineage, known := view.LineageAt(out.Base.Rev)
		if !known || lineage != out.Base.Lineage || view.Place.Rev-out.Base.Rev <= overInTurn {
			return nil
		}
	}
	moved := Moved{Op: out.Op, Caret: out.Caret, To: out.Base.Rev}
	if out.Moved != nil {
		moved = *out.Moved // history in memory moved on since
	}
	out.Moved, err = d.bringUp(ctx, view, moved)
	return err
}

func (d *Document) needsLookUp(p *Place, view *View) bool {
	return p.ID == view.Place.ID && p.Epoch == view.Place.Epoch && p.Rev >= d.floor && p.Rev < view.Base
}
