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

// bringUp moves an operation made on a revision that is not in memory up to where memory begins. It gives the lineage at that
// revision, too.
func (d *Document) bringUp(ctx context.Context, base Revision, view *View, moved Moved) (*Moved, Lineage, error) {
	lineage, err := d.lineage(ctx, base)
	if err != nil {
		return nil, lineage, err
	}
	for moved.To < view.Base {
		commits, err := d.read(ctx, moved.To+1, view.Base, readBytes)
		if err != nil {
			return nil, lineage, err
		}
		for _, c := range commits {
			moved.Over(c)
		}
	}
	return &moved, lineage, nil
}

// lineage is the lineage at a revision that is not in memory.
func (d *Document) lineage(ctx context.Context, rev Revision) (Lineage, error) {
	if rev == 0 {
		return Lineage{}, nil
	}
	commits, err := d.read(ctx, rev, rev, 1)
	if err != nil {
		return Lineage{}, err
	}
	return commits[0].Lineage, nil
}

// lookUp completes an open with what is not in memory.
func (d *Document) lookUp(ctx context.Context, o *OpenRequest) error {
	view := d.View()
	if held := o.Held; held != nil && d.needsLookUp(held, view) {
		lineage, err := d.lineage(ctx, held.Rev)
		if err != nil {
			return err
		}
		o.HeldLineage = &lineage
	}
	if out := o.Outstanding; out != nil && d.needsLookUp(&out.Base, view) {
		moved, lineage, err := d.bringUp(ctx, out.Base.Rev, view, Moved{Op: out.Op, Caret: out.Caret, To: out.Base.Rev})
		if err != nil {
			return err
		}
		o.BaseLineage, out.Moved = &lineage, moved
	}
	return nil
}

func (d *Document) needsLookUp(p *Place, view *View) bool {
	return p.ID == view.Place.ID && p.Epoch == view.Place.Epoch && p.Rev >= 0 && p.Rev < view.Base
}
