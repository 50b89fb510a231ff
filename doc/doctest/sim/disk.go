package sim

import (
	"context"
	"time"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

// disk is a store, and the time it takes.
type disk struct {
	w      *World
	memory *doctest.Memory
	batch  *doc.Batch // on its way
	life   int        // grows with every crash: what was started before it does not happen
	full   bool       // nothing is written
	known  bool       // and an append has met that
}

const name = "sim"

var background = context.Background()

func newDisk(w *World) *disk { return &disk{w: w, memory: doctest.NewMemory(w.cfg.Seed)} }

// append writes a batch, some time, somehow.
func (d *disk) append(b *doc.Batch, done func(error)) {
	life := d.life
	full := d.full
	if !full {
		d.batch = b
		d.memory.Append(b, done)
	}
	took := d.w.between(100*time.Microsecond, 5*time.Millisecond)
	if d.w.chance(0.03) {
		took = d.w.between(500*time.Millisecond, 4*time.Second) // a slow fsync
	}
	d.w.after(took, func() {
		if d.life != life {
			return
		}
		how := doctest.Written
		switch {
		case full:
			d.w.stats.Full++
			d.known = true
			done(doc.ErrNoSpace)
			return
		case d.w.chance(0.004):
			d.w.stats.FailedCommits++
			if how = doctest.Lost; d.w.chance(0.5) {
				how = doctest.WrittenLate
			}
		}
		if how != doctest.Lost {
			d.w.written(b)
		}
		d.batch = nil
		d.memory.Step(how)
	})
}

// ready is nil, or why nothing can be appended for now.
func (d *disk) ready() error {
	if d.known = d.known && d.full; d.known {
		return doc.ErrNoSpace
	}
	return nil
}

// crash ends what is on its way: it is there, or not.
func (d *disk) crash() {
	d.life++
	there := d.batch != nil && d.w.rng.IntN(2) == 0
	if there {
		d.w.written(d.batch)
	}
	d.batch = nil
	d.memory.Crash(func(int) bool { return there })
}

func (d *disk) load() *doc.Stored {
	stored, err := d.memory.Load(background, name, doc.Text)
	if err != nil {
		d.w.fail("S2: %w", err)
		return nil
	}
	return stored
}

func (d *disk) info() *doc.Info {
	info, err := d.memory.Info(background, name)
	if err != nil {
		d.w.fail("S2: %w", err)
		return &doc.Info{}
	}
	return info
}

// save keeps a snapshot, of what is durable. Nothing else is on its way.
func (d *disk) save(s *doc.Snapshot) {
	d.memory.Save(s, func(err error) {
		if err != nil {
			d.w.fail("S2: a snapshot of revision %d: %w", s.Place.Rev, err)
		}
	})
	d.memory.Step(doctest.Written)
}

// read is the commits behind a revision, up to another.
func (d *disk) read(id doc.ID, after, to doc.Revision) []*doc.Committed {
	if after == to {
		return nil
	}
	commits, err := d.memory.Read(background, id, after+1, to, 1<<30)
	if err != nil {
		d.w.fail("S2: %w", err)
		return nil
	}
	out := make([]*doc.Committed, len(commits))
	for i, c := range commits {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		if err != nil {
			d.w.fail("S2: %w", err)
		}
		out[i] = &doc.Committed{Commit: c, Op: op, Caret: -1}
	}
	return out
}

// lineage is the lineage at the revision of a place from the floor on, as package doc finds it: the commit of the floor itself is
// gone, and there the next one tells whether the place's own is right.
func (d *disk) lineage(p *doc.Place, floor doc.Revision) *doc.Lineage {
	if p.Rev == 0 {
		return &doc.Lineage{}
	}
	rev := max(p.Rev, floor+1)
	commits := d.read(p.ID, rev-1, rev)
	if len(commits) == 0 {
		return &doc.Lineage{}
	}
	c := commits[0]
	if rev == p.Rev {
		return &c.Lineage
	}
	lineage := p.Lineage
	if lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes) != c.Lineage {
		lineage[0] ^= 0xff
	}
	return &lineage
}

// content is what is durable.
func (d *disk) content() *ot.Text {
	state, err := doc.NewState(d.load(), doc.StateConfig{})
	if err != nil {
		d.w.fail("S2: %w", err)
		return ot.NewText()
	}
	return state.Content()
}
