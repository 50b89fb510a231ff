package disk

import (
	"encoding/binary"
	"fmt"

	"tandem/doc"
)

// maxLevel bounds a span: 2^52 commits are more than a document can have.
const maxLevel = 52

// maxSpanBytes is the longest composed operation that is kept, in bytes. What is longer saves little over the commits themselves.
const maxSpanBytes = 4 << 20

// spanRecord is a composed operation, or what makes the parts written before it one.
type spanRecord struct {
	sums []uint32 // each part's checksum; none where op holds it all
	op   []byte
}

func spanKey(history doc.ID, s doc.Span) []byte {
	key := append(make([]byte, 0, 26), history[:]...)
	return binary.BigEndian.AppendUint64(append(key, s.Level), uint64(s.Index))
}

func spanPartKey(history doc.ID, s doc.Span, part int) []byte {
	return append(spanKey(history, s), byte(part))
}

// splitSpanKey takes the key of a span, or of one of its parts, apart. part is -1 for the span itself.
func splitSpanKey(key []byte) (history doc.ID, s doc.Span, part int, err error) {
	part = -1
	switch len(key) {
	case 25:
	case 26:
		part = int(key[25])
	default:
		return history, s, part, fmt.Errorf("a span's key has %d bytes", len(key))
	}
	history = doc.ID(key[:16])
	s.Level = key[16]
	index := binary.BigEndian.Uint64(key[17:])
	if s.Level > maxLevel || index > 1<<(maxLevel-s.Level) || part >= maxSpanBytes/pieceSize {
		return history, s, part, fmt.Errorf("a span's key has level %d, index %d, part %d", s.Level, index, part)
	}
	s.Index = int64(index)
	return history, s, part, nil
}

func (s *spanRecord) encode(key []byte) []byte {
	b := append(make([]byte, 0, 2+4*len(s.sums)+len(s.op)+sealSize), form, byte(len(s.sums)))
	for _, sum := range s.sums {
		b = binary.BigEndian.AppendUint32(b, sum)
	}
	return seal(spansBucket, key, append(b, s.op...))
}

func decodeSpan(key, value []byte) (*spanRecord, error) {
	r, err := unseal(spansBucket, key, value)
	if err != nil {
		return nil, err
	}
	s := &spanRecord{}
	for range r.uint8() {
		s.sums = append(s.sums, r.uint32())
	}
	if len(s.sums) == 0 {
		s.op = r.take(len(r.rest))
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	if len(s.sums) == 1 || len(s.sums) > maxSpanBytes/pieceSize {
		return nil, fmt.Errorf("a span in %d parts", len(s.sums))
	}
	return s, nil
}

func encodeSpanPart(key, part []byte) []byte {
	return seal(spansBucket, key, append(append(make([]byte, 0, 1+len(part)+sealSize), form), part...))
}

func decodeSpanPart(key, value []byte) ([]byte, error) {
	r, err := unseal(spansBucket, key, value)
	if err != nil {
		return nil, err
	}
	return r.rest, nil
}
