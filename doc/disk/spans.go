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

// sumOf is the checksum that a sealed record ends with.
func sumOf(value []byte) uint32 { return binary.BigEndian.Uint32(value[len(value)-sealSize:]) }
