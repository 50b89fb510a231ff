package disk

import (
	"fmt"

	"tandem/doc"
	"tandem/ot"
)

// composeLevel is up to which level a span is held against its commits composed. Above, it has to lead from the content before it to
// the one after.
const composeLevel = 6

// levelCheck checks the spans of one level while history is replayed. The one that is being replayed is not read before it ends.
type levelCheck struct {
	level    uint8
	start    *ot.Text // the content before the span; nil where there is no span to check
	composed ot.Op    // of its commits so far
	some     bool     // composed is of at least one
}

// commit takes the next commit of the span.
func (l *levelCheck) commit(op ot.Op) (err error) {
	if l.start == nil || l.level > composeLevel {
		return nil
	}
	if l.some {
		op, err = ot.Compose(l.composed, op)
	}
	l.composed, l.some = op, true
	return err
}

// boundary ends a level's span at the revision that was reached, and begins the next.
func (k *documentCheck) boundary(l *levelCheck) error {
	if k.at.Rev&(1<<l.level-1) != 0 {
		return nil
	}
	next := doc.Span{Level: l.level, Index: int64(k.at.Rev >> l.level)}
	if l.start != nil {
		ended := doc.Span{Level: l.level, Index: next.Index - 1}
		if err := k.span(l, ended); err != nil {
			return fmt.Errorf("what revisions %d to %d are composed: %w", ended.First(), ended.Last(), err)
		}
	}
	*l = levelCheck{level: l.level}
	value, err := k.values.get(spansBucket, spanKey(k.head.history, next))
	if err == nil && value != nil {
		l.start = k.text.Snapshot()
	}
	return err
}

// span checks a span whose end was reached.
func (k *documentCheck) span(l *levelCheck, s doc.Span) error {
	data, err := k.composed(s)
	if err != nil {
		return err
	}
	op, err := ot.DecodeOp(data, ot.StoredLimits)
	if err != nil {
		return err
	}
	op = doc.Strip(op)
	if err := l.start.Apply(op); err != nil {
		return err
	}
	if l.start.Len() != k.text.Len() || l.start.Hash() != k.text.Hash() {
		return fmt.Errorf("it leads to a content of %d code units with the hash %x, history to one of %d with %x",
			l.start.Len(), l.start.Hash(), k.text.Len(), k.text.Hash())
	}
	if l.some && !op.Equal(l.composed) {
		return fmt.Errorf("it is not what its commits compose to")
	}
	return nil
}

// composed reads the operation of a span that is there.
func (k *documentCheck) composed(s doc.Span) ([]byte, error) {
	history := k.head.history
	key := spanKey(history, s)
	value, err := k.values.get(spansBucket, key)
	if err != nil {
		return nil, err
	}
	record, err := decodeSpan(key, value)
	if err != nil {
		return nil, err
	}
	op := record.op
	for i, sum := range record.sums {
		key := spanPartKey(history, s, i)
		if value, err = k.values.get(spansBucket, key); err != nil {
			return nil, err
		}
		part, err := decodeSpanPart(key, value)
		if err != nil {
			return nil, err
		}
		if got := sumOf(value); got != sum {
			return nil, fmt.Errorf("part %d has the checksum %08x, and should have %08x", i, got, sum)
		}
		op = append(op, part...)
	}
	return op, nil
}

// spans checks the records of all spans, each for itself, and finds which levels there are.
func (k *documentCheck) spans() error {
	h := k.head
	return k.values.scan(spansBucket, h.history[:], h.history[:], func(key, value []byte) error {
		_, s, part, err := splitSpanKey(key)
		if err != nil {
			return err
		}
		if part >= 0 {
			_, err = decodeSpanPart(key, value)
		} else {
			_, err = decodeSpan(key, value)
		}
		switch {
		case err != nil:
			return fmt.Errorf("what revisions %d to %d are composed: %w", s.First(), s.Last(), err)
		case s.Last() > h.rev:
			return fmt.Errorf("revisions %d to %d are composed, and it ends at %d", s.First(), s.Last(), h.rev)
		case s.First() <= h.floor:
			k.below = true
		case part < 0 && (len(k.levels) == 0 || k.levels[len(k.levels)-1].level < s.Level):
			k.levels = append(k.levels, &levelCheck{level: s.Level})
		}
		return k.ctx.Err()
	})
}
