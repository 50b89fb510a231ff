package disk

import (
	"context"
	"errors"
	"fmt"

	"tandem/doc"
)

// forgetSlice is how many client records one transaction forgets, or changes.
const forgetSlice = 500

// Trim implements doc.Archive: the base is written ahead; one small transaction moves the floor; then records of clients are
// forgotten, and what lies below the floor is in the trash.
func (s *Store) Trim(ctx context.Context, t *doc.Trimming) error {
	trim := &trimming{store: s, Trimming: *t}
	if t.Base != nil {
		trim.Base = t.Base.Snapshot() // read on another goroutine
	}
	return s.saver.do(ctx, func() error { return trim.run(ctx) })
}

// A trimming is a doc.Trimming that is being done, on the saver's goroutine.
type trimming struct {
	store *Store
	doc.Trimming
	head *head  // as the transaction found it
	cut  *block // what is above the floor of the block that it cuts; nil where it cuts none
	gone uint64 // bytes of the operations below the floor
}

func (t *trimming) run(ctx context.Context) error {
	s, id := t.store, t.Floor.ID
	if err := s.settle(ctx, id); err != nil {
		return err
	}
	h, err := s.headOf(ctx, id)
	if err != nil {
		return conflictWhereAbsent(err)
	}
	if err := t.fits(ctx, h); err != nil {
		return err
	}
	if t.Floor.Rev > h.floor {
		err = t.move(ctx, h)
	} else if t.RecordsFloor > h.recordsFloor {
		err = s.saver.commit(0, t.check, func(tx *writing) error { return t.write(tx, nil) })
	}
	if err != nil {
		return err
	}
	return t.forget(ctx)
}

// fits refuses a trimming that the document, at rest, could not take.
func (t *trimming) fits(ctx context.Context, h *head) error {
	saved, err := t.store.savedRev(ctx, h)
	if err != nil {
		return err
	}
	if err := t.conditions(h, saved); err != nil {
		return err
	}
	lineage := h.floorLineage
	if t.Floor.Rev > h.floor {
		commits, err := t.store.Read(ctx, h.id, t.Floor.Rev, t.Floor.Rev, 0)
		if err != nil {
			return err
		}
		lineage = commits[0].Lineage
	}
	if lineage != t.Floor.Lineage {
		return fmt.Errorf("%w: document %s has the lineage %s at revision %d; the floor is to be at %s", doc.ErrConflict, h.id, lineage, t.Floor.Rev, t.Floor.Lineage)
	}
	if t.Floor.Rev > h.floor && t.Base == nil {
		return fmt.Errorf("disk: the floor of document %s is to be at revision %d, and there is no content for it", h.id, t.Floor.Rev)
	}
	return t.recordsFit(ctx, h)
}

func (t *trimming) conditions(h *head, saved doc.Revision) error {
	switch {
	case h.epoch != t.Floor.Epoch || t.Floor.Rev < h.floor || t.Floor.Rev > saved:
		return fmt.Errorf("%w: document %s has the epoch %s, the floor %d and a snapshot of revision %d; the floor is to be at %d, epoch %s",
			doc.ErrConflict, h.id, h.epoch, h.floor, saved, t.Floor.Rev, t.Floor.Epoch)
	case t.RecordsFloor < h.recordsFloor || t.RecordsFloor > h.rev:
		return fmt.Errorf("%w: document %s has the records floor %d and revision %d; the records floor is to be at %d",
			doc.ErrConflict, h.id, h.recordsFloor, h.rev, t.RecordsFloor)
	}
	return nil
}

// recordsFit refuses to forget a client whose last commit is above the floor or the records floor. One that commits after this
// is not forgotten.
func (t *trimming) recordsFit(ctx context.Context, h *head) error {
	for rest := t.Forget; len(rest) > 0; rest = rest[min(forgetSlice, len(rest)):] {
		err := t.store.engine.view(ctx, func(tx *reading) error {
			for _, client := range rest[:min(forgetSlice, len(rest))] {
				key := clientKey(h.id, client)
				value := tx.get(clientsBucket, key)
				if value == nil {
					continue
				}
				_, record, err := decodeClient(key, value)
				if err != nil {
					return damaged(h, h.rev, err)
				}
				if record.Rev > t.Floor.Rev || record.Rev > t.RecordsFloor {
					return fmt.Errorf("%w: the last commit of client %s in document %s is %d; the floor is to be at %d, the records floor at %d",
						doc.ErrConflict, client, h.id, record.Rev, t.Floor.Rev, t.RecordsFloor)
				}
			}
			return nil
		})
		if err != nil {
			return structural(h, err)
		}
	}
	return nil
}

// move writes the base ahead, and moves the floor.
func (t *trimming) move(ctx context.Context, h *head) error {
	if err := t.measure(ctx, h); err != nil {
		return err
	}
	v := t.store.saver
	base, err := v.writeAhead(h.id, &snapshotRecord{rev: t.Floor.Rev, lineage: t.Floor.Lineage}, t.Base, t.check)
	if err != nil {
		return err
	}
	size := len(base.last)
	if t.cut != nil {
		size += len(t.cut.payload)
	}
	return v.commit(size, t.check, func(tx *writing) error { return t.write(tx, base) })
}

// measure reads what goes: how much it is, and what stays of the block that the floor cuts. What is damaged goes all the same.
func (t *trimming) measure(ctx context.Context, h *head) error {
	from := numberKey(h.history, uint64(h.floor)+1)
	err := t.store.scan(ctx, commitsBucket, h.history[:], from, func(key, value []byte) error {
		_, n, err := splitNumberKey(key)
		if err != nil {
			return damaged(h, h.floor, err)
		}
		last := doc.Revision(n)
		_, commits, err := decodeBlock(key, value)
		switch {
		case err != nil && last > t.Floor.Rev:
			return damaged(h, last, err)
		case err != nil:
			t.gone += uint64(len(value))
			return nil
		}
		size := 0
		for i := range commits {
			c := &commits[i]
			if c.Rev > t.Floor.Rev {
				size += commitOverhead + len(c.Bytes)
			} else if c.Rev > h.floor {
				t.gone += uint64(len(c.Bytes))
			}
		}
		if last <= t.Floor.Rev {
			return nil
		}
		if first := commits[0].Rev; first <= t.Floor.Rev {
			b := encodeBlock(t.Floor.Lineage, commits[t.Floor.Rev+1-first:], size)
			t.cut = &b
		}
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return structural(h, err)
}

// check is the condition of the trimming's transactions.
func (t *trimming) check(tx *writing) error {
	h, err := tx.head(t.Floor.ID)
	if err != nil {
		return err
	}
	if h == nil {
		return fmt.Errorf("%w: there is no document %s", doc.ErrConflict, t.Floor.ID)
	}
	t.head = h
	return t.conditions(h, t.Floor.Rev)
}

// write moves the floors. base is nil where only that of the records moves.
func (t *trimming) write(tx *writing, base *content) error {
	h := t.head
	h.recordsFloor = t.RecordsFloor
	if base == nil {
		return tx.put(documentsBucket, h.id[:], h.encode())
	}
	var err error
	if h.base, err = base.count(tx, h.base); err != nil {
		return err
	}
	if t.cut != nil {
		key, value := t.cut.under(h.history)
		if err := tx.put(commitsBucket, key, value); err != nil {
			return err
		}
	}
	h.floor, h.floorLineage = t.Floor.Rev, t.Floor.Lineage
	h.historyBytes -= min(h.historyBytes, t.gone)
	if h.floor == h.rev {
		h.historyBytes = 0
	}
	if err := (trashed{kind: trashBelow, prefix: h.history, document: h.id, floor: h.floor}).put(tx); err != nil {
		return err
	}
	return tx.put(documentsBucket, h.id[:], h.encode())
}

// forget removes the records of clients, after the floors. Their number goes down with them.
func (t *trimming) forget(ctx context.Context) error {
	for rest := t.Forget; len(rest) > 0; rest = rest[min(forgetSlice, len(rest)):] {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := t.store.saver.commit(0, t.check, func(tx *writing) error {
			h := t.head
			for _, client := range rest[:min(forgetSlice, len(rest))] {
				key := clientKey(h.id, client)
				value := tx.get(clientsBucket, key)
				if value == nil {
					continue
				}
				_, record, err := decodeClient(key, value)
				if err != nil {
					return damaged(h, h.rev, err)
				}
				if record.Rev > h.floor || record.Rev > h.recordsFloor {
					continue // it has committed since
				}
				if err := tx.delete(clientsBucket, key); err != nil {
					return err
				}
				h.clients--
			}
			return tx.put(documentsBucket, h.id[:], h.encode())
		})
		if err != nil {
			return err
		}
	}
	return nil
}
