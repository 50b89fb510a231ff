package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"tandem/doc"
)

// within reports whether a span lies wholly between a floor and a head.
func within(s doc.Span, floor, rev doc.Revision) bool {
	return s.Level <= maxLevel && s.Index >= 0 && s.Index <= int64(rev)>>s.Level && s.First() > floor && s.Last() <= rev
}

// Span implements doc.Archive. One that is damaged is not there: history has what it says.
func (s *Store) Span(ctx context.Context, id doc.ID, epoch doc.Epoch, span doc.Span) ([]byte, error) {
	h, err := s.headOf(ctx, id)
	if err != nil || h.epoch != epoch || !within(span, h.floor, h.rev) {
		return nil, err
	}
	op, err := s.readSpan(ctx, h.history, span)
	if err != nil && ctx.Err() == nil && !unavailable(err) {
		s.logger.Warn("a composed operation cannot be read", "doc", h.name, "rev", span.Last(), "err", err)
		return nil, nil
	}
	return op, err
}

// readSpan reads a span and its parts; nil where there is none.
func (s *Store) readSpan(ctx context.Context, history doc.ID, span doc.Span) (op []byte, err error) {
	var record *spanRecord
	key := spanKey(history, span)
	err = s.engine.view(ctx, func(tx *reading) error {
		record = nil
		value := tx.get(spansBucket, key)
		if value == nil {
			return nil
		}
		record, err = decodeSpan(key, bytes.Clone(value))
		return err
	})
	if err != nil || record == nil || len(record.sums) == 0 {
		if record != nil {
			op = record.op
		}
		return op, err
	}
	for i, sum := range record.sums {
		key := spanPartKey(history, span, i)
		err := s.engine.view(ctx, func(tx *reading) error {
			value := tx.get(spansBucket, key)
			part, err := decodeSpanPart(key, value)
			if err != nil {
				return err
			}
			if got := sumOf(value); got != sum {
				return fmt.Errorf("part %d of a span has the checksum %08x, the span says %08x", i, got, sum)
			}
			op = append(op, part...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return op, nil
}

// SaveSpan implements doc.Archive. What is longer than maxSpanBytes is left out. Small ones are gathered.
func (s *Store) SaveSpan(id doc.ID, epoch doc.Epoch, span doc.Span, op []byte, done func(error)) {
	w := &spanWriting{id: id, epoch: epoch, span: span}
	switch {
	case len(op) == 0 || len(op) > maxSpanBytes:
		s.saver.add(&job{run: func() error { return nil }, done: done})
	case len(op) <= pieceSize:
		w.record.op = bytes.Clone(op)
		if s.tails.has(id, span.Last()) { // of several, the first has the database get the history of all of them
			s.saver.add(&job{run: func() error { return s.settleTo(id, span.Last()) }, done: func(err error) { s.writeSpan(w, err, done) }})
			return
		}
		s.writeSpan(w, nil, done)
	default:
		op = bytes.Clone(op)
		s.saver.add(&job{run: func() error { return s.saver.saveSpan(w, op) }, done: done})
	}
}

// settleTo has the database get a document's history up to a revision, if it has not.
func (s *Store) settleTo(id doc.ID, rev doc.Revision) error {
	if !s.tails.has(id, rev) {
		return nil
	}
	return s.settle(context.Background(), id)
}

// writeSpan has a small one written, unless there was an error before.
func (s *Store) writeSpan(w *spanWriting, err error, done func(error)) {
	if err != nil {
		done(w.leftOut(err))
		return
	}
	s.spans.add(&work{size: len(w.record.op), check: w.check, write: w.write, done: func(err error) { done(w.leftOut(err)) }})
}

// spanWriting is a composed operation on its way to the database.
type spanWriting struct {
	id     doc.ID
	epoch  doc.Epoch
	span   doc.Span
	record spanRecord

	// Set by check.
	history doc.ID
	left    bool // it is left out
}

func (w *spanWriting) check(tx *writing) error {
	h, err := tx.head(w.id)
	if err != nil {
		return err
	}
	if w.left = h == nil || h.epoch != w.epoch || !within(w.span, h.floor, h.rev); w.left {
		return errNothing
	}
	w.history = h.history
	return nil
}

// write writes the record that makes the span count.
func (w *spanWriting) write(tx *writing) error {
	for part := len(w.record.sums); part < maxSpanBytes/pieceSize; part++ {
		if err := tx.delete(spansBucket, spanPartKey(w.history, w.span, part)); err != nil {
			return err
		}
	}
	key := spanKey(w.history, w.span)
	return tx.put(spansBucket, key, w.record.encode(key))
}

// saveSpan writes a large one: in parts, ahead of the record that makes them count. There is nothing to clear away after a crash: parts
// without a record are written over, and go with the history that they belong to.
func (v *saver) saveSpan(w *spanWriting, op []byte) error {
	if err := v.store.settleTo(w.id, w.span.Last()); err != nil {
		return err
	}
	for part := 0; part*pieceSize < len(op); part++ {
		slice := op[part*pieceSize : min((part+1)*pieceSize, len(op))]
		var sum uint32
		err := v.commit(len(slice), w.check, func(tx *writing) error {
			if err := tx.delete(spansBucket, spanKey(w.history, w.span)); err != nil { // of the one that is replaced
				return err
			}
			key := spanPartKey(w.history, w.span, part)
			value := encodeSpanPart(key, slice)
			sum = sumOf(value)
			return tx.put(spansBucket, key, value)
		})
		if w.left || err != nil {
			return w.leftOut(err)
		}
		w.record.sums = append(w.record.sums, sum)
	}
	return w.leftOut(v.commit(len(w.record.op), w.check, w.write))
}

// leftOut is the outcome of a span: that it is left out is no failure.
func (w *spanWriting) leftOut(err error) error {
	if w.left {
		return nil
	}
	return err
}

// sumOf is the checksum that a sealed record ends with.
func sumOf(value []byte) uint32 { return binary.BigEndian.Uint32(value[len(value)-sealSize:]) }
