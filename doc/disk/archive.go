package disk

import (
	"context"
	"errors"
	"fmt"

	"tandem/doc"
	"tandem/ot"
)

// namesChunk is how many names one read transaction copies.
const namesChunk = 1000

// Info implements doc.Archive.
func (s *Store) Info(ctx context.Context, name string) (*doc.Info, error) {
	found, _, err := s.find(ctx, name)
	if errors.Is(err, errAbsent) {
		return nil, fmt.Errorf("%w: %q", doc.ErrNotFound, name)
	}
	if err != nil {
		return nil, err
	}
	var info *doc.Info
	ahead := s.tails.of(found.id) // before the head: what the tail lacks, the database has from then on
	err = s.steady(ctx, found.id, func(h *head) error {
		saved, err := s.savedRev(ctx, h)
		info = &doc.Info{
			Name: h.name, Kind: h.kind, Created: h.created, Place: ahead.place(h),
			Floor: h.floor, FloorLineage: h.floorLineage, RecordsFloor: h.recordsFloor,
			SnapshotRev: saved, Clients: int(h.clients), HistoryBytes: int64(h.historyBytes),
		}
		if err != nil {
			return err
		}
		return s.addAhead(ctx, info, ahead.behind(h))
	})
	return info, err
}

// addAhead adds to what the database says of a document what only the log has.
func (s *Store) addAhead(ctx context.Context, info *doc.Info, commits []doc.Commit) error {
	seen := map[doc.ClientID]bool{}
	for i := range commits {
		info.HistoryBytes += int64(len(commits[i].Bytes))
		seen[commits[i].Client] = true
	}
	fresh := 0
	err := s.engine.view(ctx, func(tx *reading) error {
		fresh = 0
		for client := range seen {
			if tx.get(clientsBucket, clientKey(info.Place.ID, client)) == nil {
				fresh++
			}
		}
		return nil
	})
	info.Clients += fresh
	return err
}

// savedRev is the revision of a document's newest snapshot.
func (s *Store) savedRev(ctx context.Context, h *head) (rev doc.Revision, err error) {
	if h.snapshot == 0 {
		return 0, nil
	}
	key := numberKey(h.id, h.snapshot)
	err = s.engine.view(ctx, func(tx *reading) error {
		record, err := decodeSnapshot(key, tx.get(snapshotsBucket, key))
		if err != nil {
			return damaged(h, h.rev, err)
		}
		rev = record.rev
		return nil
	})
	return rev, structural(h, err)
}

// Names implements doc.Archive. A name whose record is damaged is among them: Load tells.
func (s *Store) Names(ctx context.Context, after string, limit int) ([]string, error) {
	var names []string
	for {
		n := min(limit-len(names), namesChunk)
		from := append([]byte(after), 0) // the first name that may come after it
		var chunk []string
		err := s.engine.view(ctx, func(tx *reading) error {
			chunk = nil
			tx.scan(namesBucket, nil, from, func(key, _ []byte) bool {
				if len(chunk) >= n {
					return false
				}
				chunk = append(chunk, string(key))
				return true
			})
			return nil
		})
		if err != nil {
			return nil, err
		}
		names = append(names, chunk...)
		if len(chunk) < namesChunk {
			return names, nil
		}
		after = names[len(names)-1]
	}
}

// Base implements doc.Archive.
func (s *Store) Base(ctx context.Context, id doc.ID) (base *ot.Text, err error) {
	err = s.steady(ctx, id, func(h *head) error {
		if h.base == 0 {
			base = ot.NewText().Snapshot()
			return nil
		}
		var record *snapshotRecord
		record, base, err = s.readContent(ctx, h, h.base)
		if err == nil && (record.rev != h.floor || record.lineage != h.floorLineage) {
			err = damaged(h, h.floor, fmt.Errorf("its base is of revision %d, lineage %s; the floor's is %s", record.rev, record.lineage, h.floorLineage))
		}
		return err
	})
	return base, err
}

// Remove implements doc.Archive. Everything but the name and the head goes to the trash. A batch that is on its way to the log meanwhile
// goes with the document.
func (s *Store) Remove(ctx context.Context, at doc.Place) error {
	return s.saver.do(ctx, func() error {
		if err := s.settle(ctx, at.ID); err != nil {
			return err
		}
		var h *head
		return s.saver.commit(0, func(tx *writing) (err error) {
			h, err = s.headAt(tx, at)
			return err
		}, func(tx *writing) error {
			if err := tx.delete(namesBucket, []byte(h.name)); err != nil {
				return err
			}
			if err := tx.delete(documentsBucket, h.id[:]); err != nil {
				return err
			}
			if h.history != h.id {
				if err := (trashed{kind: trashHistory, prefix: h.history, document: h.id}).put(tx); err != nil {
					return err
				}
			}
			return trashed{kind: trashDocument, prefix: h.id, document: h.id}.put(tx)
		})
	})
}

// headAt is the head of a document that must be at a place, and else ErrConflict. The log may have gone on.
func (s *Store) headAt(tx *writing, at doc.Place) (*head, error) {
	ahead := s.tails.of(at.ID)
	h, err := tx.head(at.ID)
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, fmt.Errorf("%w: there is no document %s", doc.ErrConflict, at.ID)
	}
	if here := ahead.place(h); here != at {
		return nil, notAt(here, at)
	}
	return h, nil
}

func notAt(here, at doc.Place) error {
	return fmt.Errorf("%w: document %s is at revision %d, epoch %s, lineage %s; not at %d, %s, %s",
		doc.ErrConflict, here.ID, here.Rev, here.Epoch, here.Lineage, at.Rev, at.Epoch, at.Lineage)
}

// conflictWhereAbsent: whoever names a place of a document that is not there has missed that it went.
func conflictWhereAbsent(err error) error {
	if errors.Is(err, doc.ErrNotFound) {
		return fmt.Errorf("%w: %w", doc.ErrConflict, err)
	}
	return err
}
