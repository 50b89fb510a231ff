package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"tandem/doc"
)

// What one transaction removes of the trash at most: it changes a page for each key, and gives back those of large values.
const (
	trashBytes = 1 << 20
	trashKeys  = 1000
)

// trashTurn is how many slices of the trash are removed before the next job, when one waits.
const trashTurn = 64

// tidy empties the trash until nothing is left that can be removed, or for its turn when a job waits.
func (v *saver) tidy() {
	turn := 0
	_ = v.emptyTrash(func() error {
		if turn++; v.ending() || turn > trashTurn && v.waiting() {
			return errNothing
		}
		return nil
	})
}

// emptied returns when what is in the trash now is removed.
func (v *saver) emptied(ctx context.Context) error {
	return v.do(ctx, func() error { return v.emptyTrash(ctx.Err) })
}

// emptyTrash removes what the trash names, a slice in each transaction, and asks more before each. An entry that is damaged is
// passed over and left; the first such error is returned.
func (v *saver) emptyTrash(more func() error) (failed error) {
	var from []byte
	for {
		if err := more(); errors.Is(err, errNothing) {
			return failed
		} else if err != nil {
			return err
		}
		var key, value []byte
		err := v.commit(0, func(tx *writing) error {
			key, value = tx.tx.Bucket([]byte(trashBucket)).Cursor().Seek(from)
			if key == nil {
				return errNothing
			}
			key = bytes.Clone(key)
			return nil
		}, func(tx *writing) error { return emptySlice(tx, key, value) })
		switch {
		case errors.Is(err, errNothing):
			return failed
		case err == nil:
		case unavailable(err) || key == nil:
			return err
		default:
			v.store.logger.Warn("something that was removed could not be cleared away", "err", err)
			from = append(key, 0) // the next one
			if failed == nil {
				failed = err
			}
		}
	}
}

// emptySlice removes a slice of what an entry of the trash names; with the last of it the entry.
func emptySlice(tx *writing, key, value []byte) error {
	t, err := decodeTrash(key, value)
	if err != nil {
		return fmt.Errorf("%w: %w", doc.ErrDamaged, err)
	}
	h, err := tx.head(t.document)
	if err != nil {
		return err
	}
	if h != nil {
		if err := t.uncounted(h); err != nil {
			return err
		}
	}
	w := &sweeper{tx: tx, bytes: trashBytes, keys: trashKeys}
	switch t.kind {
	case trashContent:
		w.sweep(piecesBucket, key, nil)
		w.sweep(snapshotsBucket, key, nil)
	case trashHistory:
		w.sweep(commitsBucket, key, nil)
		w.sweep(spansBucket, key, nil)
	case trashDocument:
		for _, bucket := range []string{commitsBucket, spansBucket, snapshotsBucket, piecesBucket, clientsBucket, versionsBucket} {
			w.sweep(bucket, key, nil)
		}
	case trashBelow:
		w.sweep(commitsBucket, t.prefix[:], numberKey(t.prefix, uint64(t.floor)))
		for level := range uint8(maxLevel + 1) {
			last := doc.Span{Level: level, Index: int64(t.floor-1) >> level}
			w.sweep(spansBucket, spanKey(t.prefix, last)[:17], append(spanKey(t.prefix, last), 0xff))
		}
	}
	if w.err != nil || w.full {
		return w.err
	}
	return t.delete(tx)
}

// uncounted makes sure that what is to be removed does not count for its document, which is there.
func (t trashed) uncounted(h *head) error {
	counts := false
	switch t.kind {
	case trashContent:
		counts = h.snapshot == t.number || h.base == t.number
	case trashHistory:
		counts = h.history == t.prefix
	case trashDocument:
		counts = true
	case trashBelow:
		counts = h.history == t.prefix && h.floor < t.floor
	}
	if counts {
		return fmt.Errorf("%w: %s %d of document %s counts and is in the trash", doc.ErrDamaged, t.kind, t.number, t.document)
	}
	return nil
}

// sweeper deletes keys until it is full.
type sweeper struct {
	tx          *writing
	bytes, keys int // that it still takes
	full        bool
	err         error
}

// sweep deletes the keys that begin with prefix, up to last; nil is no bound.
func (w *sweeper) sweep(bucket string, prefix, last []byte) {
	if w.full || w.err != nil {
		return
	}
	var keys [][]byte
	w.tx.scan(bucket, prefix, prefix, func(key, value []byte) bool {
		if last != nil && bytes.Compare(key, last) > 0 {
			return false
		}
		if w.full = w.keys <= 0 || w.bytes <= 0; w.full {
			return false
		}
		keys = append(keys, bytes.Clone(key))
		w.keys--
		w.bytes -= len(value)
		return true
	})
	for _, key := range keys {
		if w.err = w.tx.delete(bucket, key); w.err != nil {
			return
		}
	}
}
