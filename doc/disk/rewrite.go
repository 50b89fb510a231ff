package disk

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"

	"tandem/doc"
)

// rewriteSlice is how much of a new history one transaction writes, in bytes; and one block.
const rewriteSlice = 512 << 10

// Rewrite implements doc.Archive: the new history is written ahead behind a key of its own, which the trash names until one
// small transaction makes it, and its snapshot, those that count. The base and what versions keep stay where they are.
func (s *Store) Rewrite(ctx context.Context, r *doc.Rewriting) error {
	w := &rewriting{store: s, Rewriting: r}
	rand.Read(w.history[:]) // it never fails
	snapshot := *r.Snapshot
	snapshot.Content = r.Snapshot.Content.Snapshot() // read on another goroutine
	return s.saver.do(ctx, func() error { return w.run(ctx, &snapshot) })
}

// A rewriting is a doc.Rewriting that is being done, on the saver's goroutine.
type rewriting struct {
	store *Store
	*doc.Rewriting
	history doc.ID // the new one
	head    *head  // as the transaction found it

	at      doc.Place // how far the new history has come
	bytes   uint64    // of its operations
	before  doc.Lineage
	commits []doc.Commit // those that are in no block yet, after before
	size    int          // what they take in a block
	blocks  []block      // those that are not written yet
	waiting int          // what they take
}

func (w *rewriting) run(ctx context.Context, snapshot *doc.Snapshot) error {
	s, v := w.store, w.store.saver
	if err := s.settle(ctx, w.Prev.ID); err != nil {
		return err
	}
	h, err := s.headOf(ctx, w.Prev.ID)
	if err != nil {
		return conflictWhereAbsent(err)
	}
	if here := h.place(); here != w.Prev {
		return notAt(here, w.Prev)
	}
	w.before = h.floorLineage
	w.at = doc.Place{ID: h.id, Epoch: w.Epoch, Rev: h.floor, Lineage: h.floorLineage}
	if err := w.writeHistory(ctx); err != nil {
		return err
	}
	if w.at != snapshot.Place || w.at.Rev != w.Prev.Rev || w.Epoch == w.Prev.Epoch {
		return fmt.Errorf("%w: the new history of document %s ends at revision %d, epoch %s, lineage %s; its snapshot is of %d, %s, %s; it was at %d, %s",
			doc.ErrConflict, h.id, w.at.Rev, w.at.Epoch, w.at.Lineage, snapshot.Place.Rev, snapshot.Place.Epoch, snapshot.Place.Lineage, w.Prev.Rev, w.Prev.Epoch)
	}
	record := &snapshotRecord{rev: w.at.Rev, lineage: w.at.Lineage}
	c, err := v.writeAhead(h.id, record, snapshot.Content, w.check)
	if err != nil {
		return err
	}
	if record.hash != snapshot.Hash {
		return fmt.Errorf("disk: the new content of document %s at revision %d has the hash %x, and says %x", h.id, w.at.Rev, record.hash, snapshot.Hash)
	}
	if err := w.clearDigests(ctx); err != nil {
		return err
	}
	return v.commit(len(c.last)+w.waiting, w.check, func(tx *writing) error { return w.count(tx, c) })
}

// check is the condition of each of the transactions.
func (w *rewriting) check(tx *writing) (err error) {
	w.head, err = w.store.headAt(tx, w.Prev)
	return err
}

// writeHistory writes the commits ahead; the last blocks wait for what comes.
func (w *rewriting) writeHistory(ctx context.Context) error {
	for c, err := range w.Commits {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("rewrite revision %d of document %s: %w", w.at.Rev+1, w.at.ID, err)
		}
		if err := w.add(c); err != nil {
			return err
		}
		if w.waiting >= rewriteSlice {
			if err := w.store.saver.commit(w.waiting, w.check, w.writeBlocks); err != nil {
				return err
			}
			w.blocks, w.waiting = nil, 0
		}
	}
	w.endBlock()
	return nil
}

// add takes the next commit.
func (w *rewriting) add(c doc.Commit) error {
	if w.at.Rev >= w.Prev.Rev {
		return fmt.Errorf("%w: the new history of document %s has a revision %d; it was at %d", doc.ErrConflict, w.at.ID, c.Rev, w.Prev.Rev)
	}
	if err := follows(w.at, &c); err != nil {
		return fmt.Errorf("%w: the new history of document %s: %w", doc.ErrConflict, w.at.ID, err)
	}
	w.at.Rev, w.at.Lineage = c.Rev, c.Lineage
	w.bytes += uint64(len(c.Bytes))
	w.commits = append(w.commits, c)
	w.size += commitOverhead + len(c.Bytes)
	if w.size >= blockSize {
		w.endBlock()
	}
	return nil
}

func (w *rewriting) endBlock() {
	if len(w.commits) == 0 {
		return
	}
	w.blocks = append(w.blocks, encodeBlock(w.before, w.commits, w.size))
	w.waiting += w.size
	w.before, w.commits, w.size = w.at.Lineage, nil, 0
}

func (w *rewriting) trash() trashed {
	return trashed{kind: trashHistory, prefix: w.history, document: w.Prev.ID}
}

// writeBlocks writes what waits. The trash names it. It changes nothing of the rewriting, like all that runs in a transaction: that is
// run again when something else in it has failed.
func (w *rewriting) writeBlocks(tx *writing) error {
	if err := w.trash().put(tx); err != nil {
		return err
	}
	for _, b := range w.blocks {
		key, value := b.under(w.history)
		if err := tx.put(commitsBucket, key, value); err != nil {
			return err
		}
	}
	return nil
}

// clearDigests makes the digests of the clients' records zero, before the new history counts: a digest of zero matches all, so it
// does no harm if that does not happen.
func (w *rewriting) clearDigests(ctx context.Context) error {
	from := w.Prev.ID[:]
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var next []byte // where the next transaction begins; nil after the last client
		err := w.store.saver.commit(0, w.check, func(tx *writing) error {
			next = nil
			n := 0
			var changed []pair
			var failed error
			tx.scan(clientsBucket, w.Prev.ID[:], from, func(key, value []byte) bool {
				key = bytes.Clone(key)
				if n++; n > forgetSlice {
					next = key
					return false
				}
				_, record, err := decodeClient(key, value)
				if failed = err; err != nil {
					return false
				}
				if record.Digest != (doc.Digest{}) {
					record.Digest = doc.Digest{}
					changed = append(changed, pair{key, encodeClient(key, record)})
				}
				return true
			})
			if failed != nil {
				return damaged(w.head, w.head.rev, failed)
			}
			for _, p := range changed {
				if err := tx.put(clientsBucket, p.key, p.value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || next == nil {
			return err
		}
		from = next
	}
}

// count makes the new history and its snapshot those that count.
func (w *rewriting) count(tx *writing, snapshot *content) error {
	h := w.head
	if err := w.writeBlocks(tx); err != nil {
		return err
	}
	if err := w.trash().delete(tx); err != nil {
		return err
	}
	if err := (trashed{kind: trashHistory, prefix: h.history, document: h.id}).put(tx); err != nil {
		return err
	}
	var err error
	if h.snapshot, err = snapshot.count(tx, h.snapshot); err != nil {
		return err
	}
	for _, rev := range w.ForgetVersions {
		if err := deleteVersion(tx, h.id, rev); err != nil {
			return err
		}
	}
	h.history, h.historyBytes = w.history, w.bytes
	h.epoch, h.lineage = w.Epoch, w.at.Lineage
	return tx.put(documentsBucket, h.id[:], h.encode())
}
