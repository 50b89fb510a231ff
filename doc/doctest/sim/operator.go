package sim

import (
	"encoding/binary"
	"maps"
	"slices"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

// operator keeps backups and restores them, trims history, forgets records, erases, and removes documents.
type operator struct {
	w       *World
	backups []*doctest.Backup
	plan    *doc.Trimming         // that waits to be carried out
	forgot  map[doc.ClientID]bool // whose record was forgotten
}

// work is what is done in a night.
func (o *operator) work() {
	w := o.w
	switch {
	case w.chance(0.2):
		w.server.offline(o.restore)
	case w.chance(0.12):
		w.server.offline(o.erase)
	case w.chance(0.05):
		w.server.offline(o.recreate)
	case w.chance(0.4):
		w.tracef("a backup is made")
		w.stats.Backups++
		o.backups = append(o.backups, w.disk.memory.Backup())
	}
	switch plan := o.plan; {
	case plan != nil && w.chance(0.7): // made before what was done now
		o.plan = nil
		w.server.offline(func() { o.trim(plan) })
	case w.chance(0.5):
		o.plan = o.trimming()
	case w.chance(0.3):
		w.server.offline(func() { o.trim(o.trimming()) })
	case w.chance(0.9):
		w.server.trim(o.trimming())
	}
}

// trimming moves the floor to some revision that a snapshot reaches, and forgets some of the records that it may.
func (o *operator) trimming() *doc.Trimming {
	info, stored := o.w.disk.info(), o.w.disk.load()
	most := int64(info.SnapshotRev-info.Floor) + 1
	floor := info.Floor + doc.Revision(max(o.w.rng.Int64N(most), o.w.rng.Int64N(most)))
	base, err := o.w.disk.memory.Base(background, info.Place.ID)
	if err != nil {
		o.w.fail("S2: %w", err)
		return nil
	}
	at := doc.Place{ID: info.Place.ID, Epoch: info.Place.Epoch, Rev: floor, Lineage: info.FloorLineage}
	for _, c := range o.w.disk.read(at.ID, info.Floor, floor) {
		at.Lineage = c.Lineage
		if err := base.Apply(c.Op); err != nil {
			o.w.fail("S7: %w", err)
		}
	}
	plan := &doc.Trimming{Floor: at, Base: base, RecordsFloor: info.RecordsFloor}
	for _, client := range sortedClients(stored.Clients) {
		if r := stored.Clients[client]; r.Rev <= floor && o.w.rng.IntN(2) == 0 {
			plan.Forget = append(plan.Forget, client)
			plan.RecordsFloor = max(plan.RecordsFloor, r.Rev)
		}
	}
	return plan
}

// trim carries out a trimming, and reports whether the store took it.
func (o *operator) trim(plan *doc.Trimming) bool {
	o.w.checkHistory()
	if here := o.w.disk.info(); o.w.cfg.Fault == TrimAnyEpoch && plan.Floor.Epoch != here.Place.Epoch && plan.Floor.Rev > here.Floor {
		// A store that compares revisions only.
		commits := o.w.disk.read(here.Place.ID, here.Floor, here.Place.Rev)
		if n := int(plan.Floor.Rev - here.Floor); n <= len(commits) {
			plan.Floor = here.Place
			plan.Floor.Rev, plan.Floor.Lineage = commits[n-1].Rev, commits[n-1].Lineage
		}
	}
	if err := o.w.disk.memory.Trim(background, plan); err != nil {
		o.w.stats.TrimConflicts++
		o.w.tracef("a trimming is too late: %v", err)
		return false
	}
	o.w.stats.Trims++
	o.w.stats.Forgotten += len(plan.Forget)
	o.w.tracef("trimmed to revision %d, %d records forgotten", plan.Floor.Rev, len(plan.Forget))
	for _, client := range plan.Forget {
		o.forgot[client] = true
	}
	return true
}

// restore puts a backup in the place of what is there. Those made after it are given up: a known limit of the protocol is that an
// older backup and then a newer one again may double what was pending in between.
func (o *operator) restore() {
	if len(o.backups) == 0 {
		return
	}
	n := len(o.backups) - 1
	if o.w.rng.IntN(4) == 0 {
		n = o.w.rng.IntN(len(o.backups))
	}
	o.w.checkHistory()
	before := o.w.disk.content().String()
	o.w.disk.memory.Restore(o.backups[n], o.w.cfg.Fault != RestoreOldEpoch)
	o.backups = o.backups[:n+1]
	o.w.stats.Restores++
	o.w.tracef("backup %d is restored: revision %d", n, o.w.disk.info().Place.Rev)
	o.w.took(before, o.w.disk.content().String())
}

// erase rewrites a piece of history: what came and went in it is gone.
func (o *operator) erase() {
	w := o.w
	info := w.disk.info()
	if info.Place.Rev-info.Floor < 3 {
		return
	}
	w.checkHistory()
	from := info.Floor + doc.Revision(w.rng.Int64N(int64(info.Place.Rev-info.Floor)-1))
	to := from + 2 + doc.Revision(w.rng.Int64N(int64(info.Place.Rev-from)-1))
	at := doc.Place{ID: info.Place.ID, Rev: info.Floor, Lineage: info.FloorLineage}
	binary.BigEndian.PutUint64(at.Epoch[:], w.rng.Uint64())
	var sum ot.Op
	var commits []doc.Commit
	for _, c := range w.disk.read(at.ID, info.Floor, info.Place.Rev) {
		op := c.Op
		if c.Rev > from && c.Rev <= to {
			var err error
			if sum, err = ot.Compose(sum, op); err != nil {
				w.fail("S7: %w", err)
			}
			if op = nil; c.Rev == to {
				op = sum
			}
			c.Digest = doc.Digest{}
		}
		c.Bytes = ot.AppendOp(nil, op)
		c.Lineage = at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		at.Rev, at.Lineage = c.Rev, c.Lineage
		commits = append(commits, c.Commit)
	}
	content := w.disk.content()
	if err := w.disk.memory.Rewrite(background, &doc.Rewriting{
		Prev: info.Place, Epoch: at.Epoch, Snapshot: &doc.Snapshot{Place: at, Content: content, Hash: content.Hash()},
		Commits: func(yield func(doc.Commit, error) bool) {
			for _, c := range commits {
				if !yield(c, nil) {
					return
				}
			}
		},
	}); err != nil {
		w.fail("S2: %w", err)
	}
	w.stats.Erasures++
	w.tracef("erased from revision %d to %d", from, to)
}

// recreate removes the document; another one is made under its name.
func (o *operator) recreate() {
	o.w.checkHistory()
	before := o.w.disk.content().String()
	if err := o.w.disk.memory.Remove(background, o.w.disk.info().Place); err != nil {
		o.w.fail("S2: %w", err)
	}
	o.w.disk.load()
	o.w.stats.Recreated++
	o.w.tracef("the document is removed, and made again")
	o.w.took(before, "")
}

func sortedClients(records map[doc.ClientID]doc.Record) []doc.ClientID {
	return slices.SortedFunc(maps.Keys(records), func(a, b doc.ClientID) int { return slices.Compare(a[:], b[:]) })
}
