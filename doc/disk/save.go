package disk

import (
	"context"
	"errors"
	"fmt"

	"tandem/doc"
)

// errSaved is a snapshot that need not be written: a newer one counts.
var errSaved = errors.New("disk: a newer snapshot is there")

// Save implements doc.Store.
func (s *Store) Save(snapshot *doc.Snapshot, done func(error)) {
	s.saver.add(&job{run: func() error { return s.saver.save(snapshot) }, done: done})
}

// save writes a snapshot, unless a newer one counts.
func (v *saver) save(snap *doc.Snapshot) error {
	place := snap.Place
	if err := v.store.settle(context.Background(), place.ID); err != nil {
		return err
	}
	err := v.onHistory(place)
	if err == nil {
		err = v.write(snap)
	}
	if errors.Is(err, errSaved) {
		return nil
	}
	return err
}

func (v *saver) write(snap *doc.Snapshot) error {
	place := snap.Place
	var h *head
	check := func(tx *writing) (err error) {
		h, err = condition(tx, place)
		return err
	}
	c, err := v.writeAhead(place.ID, &snapshotRecord{rev: place.Rev, lineage: place.Lineage}, snap.Content, check)
	if err != nil {
		return err
	}
	if c.record.hash != snap.Hash {
		return fmt.Errorf("disk: a snapshot of document %s at revision %d has the hash %x, and says %x", place.ID, place.Rev, c.record.hash, snap.Hash)
	}
	return v.commit(len(c.last), check, func(tx *writing) error {
		if h.snapshot, err = c.count(tx, h.snapshot); err != nil {
			return err
		}
		return tx.put(documentsBucket, h.id[:], h.encode())
	})
}

// onHistory refuses a place that is not on the document's durable history.
func (v *saver) onHistory(place doc.Place) error {
	ctx := context.Background()
	h, err := v.store.headOf(ctx, place.ID)
	if err != nil {
		return conflictWhereAbsent(err)
	}
	if err := current(h, place, 0); err != nil {
		return err
	}
	here := h.lineage
	if place.Rev <= h.floor {
		return errSaved // its history is gone, so a snapshot is there
	}
	if place.Rev < h.rev {
		commits, err := v.store.Read(ctx, place.ID, place.Rev, place.Rev, 0)
		if err != nil {
			return err
		}
		here = commits[0].Lineage
	}
	if here != place.Lineage {
		return fmt.Errorf("%w: a snapshot of document %s at revision %d with the lineage %s, which has %s", doc.ErrConflict, place.ID, place.Rev, place.Lineage, here)
	}
	return nil
}

// current refuses a place of another document, or beyond what is durable.
func current(h *head, place doc.Place, saved doc.Revision) error {
	switch {
	case h == nil:
		return fmt.Errorf("%w: there is no document %s", doc.ErrConflict, place.ID)
	case h.epoch != place.Epoch || place.Rev > h.rev || place.Rev < 0:
		return fmt.Errorf("%w: document %s is at revision %d, epoch %s; the snapshot at %d, %s", doc.ErrConflict, h.id, h.rev, h.epoch, place.Rev, place.Epoch)
	case place.Rev <= saved:
		return errSaved
	}
	return nil
}

// condition is that of each of a snapshot's transactions.
func condition(tx *writing, place doc.Place) (*head, error) {
	h, err := tx.head(place.ID)
	if err != nil {
		return nil, err
	}
	var saved doc.Revision
	if h != nil && h.snapshot != 0 {
		key := numberKey(h.id, h.snapshot)
		record, err := decodeSnapshot(key, tx.get(snapshotsBucket, key))
		if err != nil {
			return nil, damaged(h, h.rev, err)
		}
		saved = record.rev
	}
	return h, current(h, place, saved)
}
