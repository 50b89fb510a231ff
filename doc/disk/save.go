package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"tandem/doc"
)

// errSaved is a snapshot that need not be written: a newer one counts.
var errSaved = errors.New("disk: a newer snapshot is there")

// trashSlice is how many pieces one transaction removes.
const trashSlice = 4

// saver writes snapshots behind the edits, one at a time, so that no more than one piece is in memory; and removes those that do
// not count (D6). It runs on one goroutine until close.
type saver struct {
	store *Store
	ended chan struct{}

	// Guarded by mu; come tells of a change.
	mu     sync.Mutex
	come   sync.Cond
	queue  []saving
	closed bool
}

type saving struct {
	snapshot *doc.Snapshot
	done     func(error)
}

func newSaver(s *Store) *saver {
	v := &saver{store: s, ended: make(chan struct{})}
	v.come.L = &v.mu
	go v.run()
	return v
}

// Save implements doc.Store.
func (s *Store) Save(snapshot *doc.Snapshot, done func(error)) { s.saver.add(saving{snapshot, done}) }

func (v *saver) add(g saving) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		go g.done(doc.ErrClosed) // never from the caller's own goroutine
		return
	}
	v.queue = append(v.queue, g)
	v.come.Signal()
}

// close refuses what comes from now on, and returns when everything before is saved.
func (v *saver) close() {
	v.mu.Lock()
	v.closed = true
	v.come.Signal()
	v.mu.Unlock()
	<-v.ended
}

func (v *saver) run() {
	defer close(v.ended)
	v.tidy()
	for {
		g, more := v.take()
		if !more {
			return
		}
		err := v.save(g.snapshot)
		if errors.Is(err, errSaved) {
			err = nil
		}
		g.done(err)
		v.tidy()
	}
}

func (v *saver) ending() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.closed
}

func (v *saver) take() (g saving, more bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.queue) == 0 {
		if v.closed {
			return g, false
		}
		v.come.Wait()
	}
	g = v.queue[0]
	v.queue[0] = saving{}
	v.queue = v.queue[1:]
	return g, true
}

// commit has one transaction made, and waits for it.
func (v *saver) commit(size int, check, write func(*writing) error) error {
	done := make(chan error, 1)
	v.store.committer.slice(&work{size: size, check: check, write: write, done: func(err error) { done <- err }})
	return <-done
}

// save writes a snapshot. Its number is in the trash from the first piece on, and leaves it in the transaction that makes the
// snapshot count, in which the older one's number gets there: whatever happens between, the trash names what does not count.
func (v *saver) save(snap *doc.Snapshot) error {
	if err := v.store.settle(context.Background(), snap.Place.ID); err != nil {
		return err
	}
	if err := v.onHistory(snap.Place); err != nil {
		return err
	}
	record := &snapshotRecord{
		rev: snap.Place.Rev, lineage: snap.Place.Lineage,
		hash: snap.Hash, length: uint64(snap.Content.Len()),
	}
	var number uint64
	var piece []byte // the last one that is not written yet
	for next := range encodePieces(snap.Content) {
		if piece != nil {
			if err := v.writePiece(snap.Place, record, &number, piece); err != nil {
				return err
			}
		}
		piece = next
	}
	return v.writeLast(snap.Place, record, &number, piece)
}

// onHistory refuses a place that is not on the document's durable history.
func (v *saver) onHistory(place doc.Place) error {
	ctx := context.Background()
	h, err := v.store.headOf(ctx, place.ID)
	if errors.Is(err, doc.ErrNotFound) {
		return fmt.Errorf("%w: %w", doc.ErrConflict, err)
	}
	if err != nil {
		return err
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

func (v *saver) writePiece(place doc.Place, record *snapshotRecord, number *uint64, piece []byte) error {
	return v.commit(len(piece), func(tx *writing) error {
		_, err := condition(tx, place)
		return err
	}, func(tx *writing) error {
		return putPiece(tx, place.ID, record, number, piece)
	})
}

// putPiece writes the next piece under the snapshot's number, which the first one takes.
func putPiece(tx *writing, id doc.ID, record *snapshotRecord, number *uint64, piece []byte) error {
	if *number == 0 {
		n, err := tx.number()
		if err != nil {
			return err
		}
		*number = n
		if err := contentTrash(id, n).put(tx); err != nil {
			return err
		}
	}
	if piece == nil {
		return nil
	}
	key := pieceKey(id, *number, uint32(len(record.sums)))
	piece = seal(piecesBucket, key, piece)
	record.sums = append(record.sums, binary.BigEndian.Uint32(piece[len(piece)-sealSize:]))
	return tx.put(piecesBucket, key, piece)
}

// writeLast writes the last piece, nil for an empty document, and makes the snapshot count.
func (v *saver) writeLast(place doc.Place, record *snapshotRecord, number *uint64, piece []byte) error {
	var h *head
	return v.commit(len(piece), func(tx *writing) (err error) {
		h, err = condition(tx, place)
		return err
	}, func(tx *writing) error {
		if err := putPiece(tx, place.ID, record, number, piece); err != nil {
			return err
		}
		key := numberKey(place.ID, *number)
		if err := contentTrash(place.ID, *number).delete(tx); err != nil {
			return err
		}
		if h.snapshot != 0 {
			if err := contentTrash(place.ID, h.snapshot).put(tx); err != nil {
				return err
			}
		}
		if err := tx.put(snapshotsBucket, key, record.encode(key)); err != nil {
			return err
		}
		h.snapshot = *number
		return tx.put(documentsBucket, h.id[:], h.encode())
	})
}

// tidy empties the trash, a few pieces a transaction. What it does not remove now it finds again.
func (v *saver) tidy() {
	for !v.ending() {
		err := v.commit(0, func(tx *writing) error {
			if key, _ := tx.tx.Bucket([]byte(trashBucket)).Cursor().First(); key == nil {
				return errNothing
			}
			return nil
		}, emptyTrash)
		if err != nil {
			if !errors.Is(err, errNothing) && !unavailable(err) {
				v.store.logger.Warn("an old snapshot could not be removed", "err", err)
			}
			return
		}
	}
}

// emptyTrash removes some pieces of one snapshot in the trash; with the last of them its record and its place in the trash.
func emptyTrash(tx *writing) error {
	t, err := decodeTrash(tx.tx.Bucket([]byte(trashBucket)).Cursor().First())
	if err != nil {
		return err
	}
	id, number := t.prefix, t.number
	if h, err := tx.head(id); err != nil {
		return err
	} else if h != nil && h.snapshot == number {
		return fmt.Errorf("the snapshot %d of document %s counts and is in the trash", number, id)
	}
	key := numberKey(id, number)
	var keys [][]byte
	tx.scan(piecesBucket, key, key, func(key, _ []byte) bool {
		keys = append(keys, append([]byte(nil), key...))
		return len(keys) < trashSlice
	})
	for _, k := range keys {
		if err := tx.delete(piecesBucket, k); err != nil {
			return err
		}
	}
	if len(keys) == trashSlice {
		return nil
	}
	if err := tx.delete(snapshotsBucket, key); err != nil {
		return err
	}
	return t.delete(tx)
}
