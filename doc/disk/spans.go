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

// SaveSpan implements doc.Archive. What is longer than maxSpanBytes is left out.
func (s *Store) SaveSpan(id doc.ID, epoch doc.Epoch, span doc.Span, op []byte, done func(error)) {
	if len(op) > maxSpanBytes {
		op = nil
	} else {
		op = bytes.Clone(op)
	}
	s.saver.add(&job{run: func() error { return s.saver.saveSpan(id, epoch, span, op) }, done: done})
}

// saveSpan writes a composed operation; a large one in parts, ahead of the record that makes them count. There is nothing to clear
// away after a crash: parts without a record are written over, and go with the history that they belong to.
func (v *saver) saveSpan(id doc.ID, epoch doc.Epoch, span doc.Span, op []byte) error {
	if err := v.store.settle(context.Background(), id); err != nil || len(op) == 0 {
		return err
	}
	var history doc.ID
	left := false
	check := func(tx *writing) error {
		h, err := tx.head(id)
		if err != nil {
			return err
		}
		if left = h == nil || h.epoch != epoch || !within(span, h.floor, h.rev); left {
			return errNothing
		}
		history = h.history
		return nil
	}
	record := &spanRecord{}
	if len(op) <= pieceSize {
		record.op = op
	}
	for part := 0; len(record.op) == 0 && part*pieceSize < len(op); part++ {
		slice := op[part*pieceSize : min((part+1)*pieceSize, len(op))]
		err := v.commit(len(slice), check, func(tx *writing) error {
			if err := tx.delete(spansBucket, spanKey(history, span)); err != nil { // of the one that is replaced
				return err
			}
			key := spanPartKey(history, span, part)
			value := encodeSpanPart(key, slice)
			record.sums = append(record.sums, sumOf(value))
			return tx.put(spansBucket, key, value)
		})
		if left || err != nil {
			return leftOut(left, err)
		}
	}
	err := v.commit(len(record.op), check, func(tx *writing) error {
		for part := len(record.sums); part < maxSpanBytes/pieceSize; part++ {
			if err := tx.delete(spansBucket, spanPartKey(history, span, part)); err != nil {
				return err
			}
		}
		key := spanKey(history, span)
		return tx.put(spansBucket, key, record.encode(key))
	})
	return leftOut(left, err)
}

// leftOut is the outcome of a span that is left out: none is no failure.
func leftOut(left bool, err error) error {
	if left {
		return nil
	}
	return err
}

// sumOf is the checksum that a sealed record ends with.
func sumOf(value []byte) uint32 { return binary.BigEndian.Uint32(value[len(value)-sealSize:]) }
