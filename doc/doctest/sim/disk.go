package sim

import (
	"errors"
	"maps"
	"slices"
	"time"

	"tandem/doc"
	"tandem/ot"
)

// disk is the model of a store: what is durable, and one batch on its way.
type disk struct {
	w        *World
	id       doc.ID
	epoch    doc.Epoch
	commits  []doc.Commit // 1, 2, …
	records  map[doc.ClientID]doc.Record
	snapshot doc.Snapshot
	// pending is the batch on its way; a crash decides whether it is there.
	pending *doc.Batch
	life    int // grows with every crash: what was started before it does not happen
}

func newDisk(w *World) *disk {
	d := &disk{w: w, id: doc.ID{1}, epoch: doc.Epoch{1}, records: map[doc.ClientID]doc.Record{}}
	d.snapshot = doc.Snapshot{Place: doc.Place{ID: d.id, Epoch: d.epoch}, Content: ot.NewText()}
	return d
}

var errDisk = errors.New("the disk failed")

// append writes a batch, some time, somehow.
func (d *disk) append(b *doc.Batch, done func(error)) {
	life := d.life
	d.pending = b
	took := d.w.between(100*time.Microsecond, 5*time.Millisecond)
	if d.w.chance(0.03) {
		took = d.w.between(500*time.Millisecond, 4*time.Second) // a slow fsync
	}
	d.w.after(took, "disk", func() {
		if d.life != life {
			return
		}
		d.pending = nil
		switch {
		case d.w.chance(0.004):
			d.w.stats.FailedCommits++
			if d.w.chance(0.5) {
				d.write(b)
			}
			done(errDisk)
		case !d.write(b):
			done(doc.ErrConflict)
		default:
			done(nil)
		}
	})
}

// write makes a batch durable, if its condition holds.
func (d *disk) write(b *doc.Batch) bool {
	if b.Prev != d.head() {
		return false
	}
	for _, c := range b.Commits {
		if d.records[c.Client].Seq >= c.Seq {
			return false
		}
	}
	for _, c := range b.Commits {
		d.commits = append(d.commits, c)
		d.records[c.Client] = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
	}
	d.w.stats.Commits += len(b.Commits)
	return true
}

func (d *disk) head() doc.Place {
	p := doc.Place{ID: d.id, Epoch: d.epoch, Rev: doc.Revision(len(d.commits))}
	if p.Rev > 0 {
		p.Lineage = d.commits[p.Rev-1].Lineage
	}
	return p
}

// crash ends what is on its way: it is there, or not.
func (d *disk) crash() {
	d.life++
	if d.pending != nil && d.w.rng.IntN(2) == 0 {
		d.write(d.pending)
	}
	d.pending = nil
}

func (d *disk) load() *doc.Stored {
	return &doc.Stored{
		Name: "sim", Kind: doc.Text, Snapshot: d.snapshot,
		Commits: slices.Clone(d.commits[d.snapshot.Place.Rev:]), Clients: maps.Clone(d.records),
	}
}

// save keeps a snapshot, of what is durable.
func (d *disk) save(s *doc.Snapshot) {
	if s.Place.Rev > doc.Revision(len(d.commits)) {
		d.w.fail("S2: a snapshot of revision %d, %d are durable", s.Place.Rev, len(d.commits))
		return
	}
	d.snapshot = *s
}

// lineage is the stored lineage at a revision.
func (d *disk) lineage(rev doc.Revision) *doc.Lineage {
	var l doc.Lineage
	if rev > 0 {
		l = d.commits[rev-1].Lineage
	}
	return &l
}
