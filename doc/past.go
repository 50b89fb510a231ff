package doc

import (
	"context"
	"fmt"

	"tandem/ot"
)

// What lies behind history in memory is read from the store on the goroutine of whoever needs it, never on the document's (I7).

// readBytes is how much of the log is read at once.
const readBytes = 256 << 10

// between is what leads from one durable revision to another: over spans of the stored history, and over history in memory.
func (d *Document) between(ctx context.Context, view *View, from, to Revision) (ot.Op, error) {
	middle := min(max(view.Base, from), to)
	op, err := d.composer.between(ctx, d.chain, from, middle, plain)
	if err != nil || middle == to {
		return op, err
	}
	rest, err := composeAll(view.Commits[middle-view.Base:to-view.Base], plain)
	if err != nil {
		return nil, err
	}
	return composeOps([]ot.Op{op, rest})
}

// placeAt is the place of a durable revision above the floor.
func (d *Document) placeAt(ctx context.Context, view *View, rev Revision) (Place, error) {
	lineage, inMemory := view.LineageAt(rev)
	if !inMemory {
		var err error
		if lineage, err = d.composer.lineage(ctx, d.chain, rev); err != nil {
			return Place{}, err
		}
	}
	p := view.Place
	p.Rev, p.Lineage = rev, lineage
	return p, nil
}

// bringUp moves an operation up to what is durable now: first over what only the store has, then over what is in memory.
func (d *Document) bringUp(ctx context.Context, view *View, moved Moved) (*Moved, error) {
	if moved.To < view.Base {
		op, err := d.composer.between(ctx, d.chain, moved.To, view.Base, plain)
		if err != nil {
			return nil, d.trimmed(moved.To, err)
		}
		moved.over(op, view.Base)
	}
	commits := view.after(moved.To)
	if len(commits) <= overInTurn || len(commits) > overAtOnce {
		return &moved, moved.Over(commits)
	}
	op, err := d.recents.between(moved.To, view.Place.Rev, commits)
	if err != nil {
		return nil, err
	}
	moved.over(op, view.Place.Rev)
	return &moved, nil
}

// trimmed is why history behind a revision was not read: ErrOpenAgain where the floor has passed it meanwhile.
func (d *Document) trimmed(rev Revision, err error) error {
	if floor := d.View().Floor; rev < floor {
		return fmt.Errorf("%w: revision %d is below the floor %d", ErrOpenAgain, rev, floor)
	}
	return err
}

// lineage is the lineage at the revision of a place that is not in memory. The commit of the floor itself is gone: there the
// commit after it tells whether the place's own lineage is right, and where it is not, any other says so.
func (d *Document) lineage(ctx context.Context, p *Place, floor Revision) (*Lineage, error) {
	if p.Rev == 0 {
		return &Lineage{}, nil
	}
	rev := max(p.Rev, floor+1)
	commits, err := d.composer.read(ctx, d.chain, rev, rev, 1)
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
func (d *Document) lookUp(ctx context.Context, o *OpenRequest) error {
	for {
		view := d.View()
		err := d.lookUpHeld(ctx, o, view)
		if err == nil {
			err = d.lookUpBase(ctx, o, view)
		}
		if err == nil || d.View().Floor == view.Floor {
			return err
		}
		// The floor has risen meanwhile: some of it is not to be looked up any more.
	}
}

// lookUpHeld finds the lineage at the place that a client holds, and composes what it missed since.
func (d *Document) lookUpHeld(ctx context.Context, o *OpenRequest, view *View) (err error) {
	held := o.Held
	if held == nil || !d.needsLookUp(held, view) {
		return nil
	}
	if o.HeldLineage, err = d.lineage(ctx, held, view.Floor); err != nil {
		return err
	}
	if o.Outstanding != nil || *o.HeldLineage != held.Lineage || o.ahead != nil || o.contentSmaller {
		return nil
	}
	if _, costly := d.costly(ctx, view, held.Rev); costly {
		o.contentSmaller = true
		return nil
	}
	op, err := d.between(ctx, view, held.Rev, view.Place.Rev)
	if err != nil {
		return err
	}
	if bytes := ot.AppendOp(nil, op); len(bytes) > view.Size {
		o.contentSmaller = true
	} else {
		o.ahead = &stretch{from: held.Rev, to: view.Place.Rev, bytes: bytes}
	}
	return nil
}

// What a client missed is composed only where that is not much more work than sending it the content: up to costlyBytes of operations,
// 1 MiB, and costlyTimes the content's size.
const (
	costlyBytes = 1 << 20
	costlyTimes = 8
)

// costly reports whether the commits behind a revision are so large, going by what history has on average, that composing them costs more
// than what comes of it can be worth: a small text that was replaced again and again. average is how many bytes a commit takes.
func (d *Document) costly(ctx context.Context, view *View, from Revision) (average float64, costly bool) {
	archive := d.composer.archive
	if archive == nil {
		return 0, false
	}
	info, err := archive.Info(ctx, d.name)
	if err != nil || info.Place.Rev <= info.Floor {
		return 0, false // whoever composes finds out
	}
	average = float64(info.HistoryBytes) / float64(info.Place.Rev-info.Floor)
	return average, average*float64(view.Place.Rev-from) > float64(costlyBytes+costlyTimes*view.Size)
}

// lookUpBase finds the lineage at the base of what is outstanding, and moves that up.
func (d *Document) lookUpBase(ctx context.Context, o *OpenRequest, view *View) (err error) {
	out := o.Outstanding
	switch {
	case out == nil || out.Base.ID != view.Place.ID || out.Base.Epoch != view.Place.Epoch:
		return nil
	case d.needsLookUp(&out.Base, view):
		if o.BaseLineage, err = d.lineage(ctx, &out.Base, view.Floor); err != nil || *o.BaseLineage != out.Base.Lineage {
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
	return p.ID == view.Place.ID && p.Epoch == view.Place.Epoch && p.Rev >= view.Floor && p.Rev < view.Base
}
