package disk

import (
	"bytes"
	"context"
	"errors"

	"tandem/doc"
)

// spanBatch is how many bytes of composed operations one transaction takes, about: whoever catches up over a long history saves
// thousands at a time.
const spanBatch = 512 << 10

// spanSaving is a composed operation on its way to the disk.
type spanSaving struct {
	id    doc.ID
	epoch doc.Epoch
	span  doc.Span
	op    []byte
	done  func(error)
}

// SaveSpan implements doc.Archive. What is longer than maxSpanBytes is left out.
func (s *Store) SaveSpan(id doc.ID, epoch doc.Epoch, span doc.Span, op []byte, done func(error)) {
	g := &spanSaving{id: id, epoch: epoch, span: span, done: done}
	if len(op) <= maxSpanBytes {
		g.op = bytes.Clone(op)
	}
	s.saver.addSpan(g)
}

// addSpan queues a span, and with the first one the job that takes all that wait by then.
func (v *saver) addSpan(g *spanSaving) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		go g.done(doc.ErrClosed) // never from the caller's own goroutine
		return
	}
	if v.spans = append(v.spans, g); len(v.spans) == 1 {
		v.enqueue(v.spanJob())
	}
}

func (v *saver) spanJob() *job { return &job{run: v.saveSpans, done: func(error) {}} }

// large reports whether the span is written in parts.
func (g *spanSaving) large() bool { return len(g.op) > pieceSize }

// takeSpans takes a large span, or others for one transaction. What is left waits for its turn.
func (v *saver) takeSpans() []*spanSaving {
	v.mu.Lock()
	defer v.mu.Unlock()
	size, n := 0, 0
	for n < len(v.spans) && (n == 0 || !v.spans[0].large() && !v.spans[n].large() && size+len(v.spans[n].op) <= spanBatch) {
		size += len(v.spans[n].op)
		n++
	}
	taken := v.spans[:n:n]
	if v.spans = v.spans[n:]; len(v.spans) > 0 {
		v.enqueue(v.spanJob())
	}
	return taken
}

// saveSpans writes the spans whose turn it is, and tells each what became of it.
func (v *saver) saveSpans() error {
	taken := v.takeSpans()
	failed := make([]error, len(taken))
	for i, g := range taken {
		failed[i] = v.logged(g)
	}
	if !taken[0].large() {
		v.saveSmallSpans(taken, failed)
	} else if failed[0] == nil {
		failed[0] = v.saveLargeSpan(taken[0])
	}
	for i, g := range taken {
		if errors.Is(failed[i], errNothing) {
			failed[i] = nil // it is left out
		}
		g.done(failed[i])
	}
	return nil
}

// logged makes sure that the database has the commits of a span, which may stand in the log.
func (v *saver) logged(g *spanSaving) error {
	h, err := v.store.headOf(context.Background(), g.id)
	switch {
	case errors.Is(err, doc.ErrNotFound):
		return errNothing
	case err != nil || h.epoch != g.epoch || h.rev >= g.span.Last():
		return err
	}
	return v.store.settle(context.Background(), g.id)
}

// condition returns the history that a span belongs to; errNothing: it is left out.
func (g *spanSaving) condition(tx *writing) (history doc.ID, err error) {
	h, err := tx.head(g.id)
	if err != nil {
		return history, err
	}
	if h == nil || h.epoch != g.epoch || !within(g.span, h.floor, h.rev) || len(g.op) == 0 {
		return history, errNothing
	}
	return h.history, nil
}

// saveSmallSpans writes spans that are no larger than a slice in one transaction. failed says why one is not written.
func (v *saver) saveSmallSpans(spans []*spanSaving, failed []error) {
	histories := make([]doc.ID, len(spans))
	err := v.commit(spanBatch, func(tx *writing) error {
		some := errNothing
		for i, g := range spans {
			if failed[i] == nil {
				histories[i], failed[i] = g.condition(tx)
			}
			if failed[i] == nil {
				some = nil
			}
		}
		return some
	}, func(tx *writing) error {
		for i, g := range spans {
			if failed[i] != nil {
				continue
			}
			if err := putSpan(tx, histories[i], g.span, &spanRecord{op: g.op}); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range failed {
		if failed[i] == nil {
			failed[i] = err
		}
	}
}

// putSpan makes a span count. Parts that it does not have go: of one that it replaces, or that was never finished.
func putSpan(tx *writing, history doc.ID, span doc.Span, record *spanRecord) error {
	key := spanKey(history, span)
	var parts [][]byte
	tx.scan(spansBucket, key, spanPartKey(history, span, len(record.sums)), func(key, _ []byte) bool {
		parts = append(parts, bytes.Clone(key))
		return true
	})
	for _, part := range parts {
		if err := tx.delete(spansBucket, part); err != nil {
			return err
		}
	}
	return tx.put(spansBucket, key, record.encode(key))
}

// saveLargeSpan writes a span in parts, ahead of the record that makes them count. There is nothing to clear away after a crash: parts
// without a record are written over, and go with the history that they belong to.
func (v *saver) saveLargeSpan(g *spanSaving) error {
	var history doc.ID
	check := func(tx *writing) (err error) {
		history, err = g.condition(tx)
		return err
	}
	record := &spanRecord{}
	for part := 0; part*pieceSize < len(g.op); part++ {
		slice := g.op[part*pieceSize : min((part+1)*pieceSize, len(g.op))]
		err := v.commit(len(slice), check, func(tx *writing) error {
			if err := tx.delete(spansBucket, spanKey(history, g.span)); err != nil { // of the one that is replaced
				return err
			}
			key := spanPartKey(history, g.span, part)
			value := encodeSpanPart(key, slice)
			record.sums = append(record.sums, sumOf(value))
			return tx.put(spansBucket, key, value)
		})
		if err != nil {
			return err
		}
	}
	return v.commit(0, check, func(tx *writing) error { return putSpan(tx, history, g.span, record) })
}
