package disk

import (
	"encoding/binary"
	"fmt"
	"iter"

	"tandem/doc"
	"tandem/ot"
)

// pieceSize is the largest slice of a snapshot, in bytes.
const pieceSize = 256 << 10

// snapshotRecord makes the pieces written before it a snapshot.
type snapshotRecord struct {
	rev     doc.Revision
	lineage doc.Lineage
	hash    uint64
	length  uint64   // code units
	sums    []uint32 // each piece's checksum
}

func (s *snapshotRecord) encode(key []byte) []byte {
	b := append(make([]byte, 0, 64+4*len(s.sums)), form)
	b = binary.BigEndian.AppendUint64(b, uint64(s.rev))
	b = append(b, s.lineage[:]...)
	b = binary.BigEndian.AppendUint64(b, s.hash)
	b = binary.BigEndian.AppendUint64(b, s.length)
	b = binary.BigEndian.AppendUint32(b, uint32(len(s.sums)))
	for _, sum := range s.sums {
		b = binary.BigEndian.AppendUint32(b, sum)
	}
	return seal(snapshotsBucket, key, b)
}

func decodeSnapshot(key, value []byte) (*snapshotRecord, error) {
	r, err := unseal(snapshotsBucket, key, value)
	if err != nil {
		return nil, err
	}
	s := &snapshotRecord{}
	s.rev = r.rev()
	r.fill(s.lineage[:])
	s.hash = r.uint64()
	s.length = r.uint64()
	if n := r.uint32(); int64(n) == int64(len(r.rest))/4 {
		s.sums = make([]uint32, n)
		for i := range s.sums {
			s.sums[i] = r.uint32()
		}
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	if s.rev < 0 || s.length > ot.MaxDocument {
		return nil, fmt.Errorf("a snapshot of revision %d with %d code units", s.rev, s.length)
	}
	return s, nil
}

// encodePieces yields a content's slices, not yet sealed: one at a time, so that no more than one is in memory.
func encodePieces(t *ot.Text) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for op := range t.Pieces(pieceSize - 64) {
			if !yield(ot.AppendOp([]byte{form}, op)) {
				return
			}
		}
	}
}

// decodePiece reads a slice and appends it to the content.
func decodePiece(t *ot.Text, key, value []byte, sum uint32) error {
	r, err := unseal(piecesBucket, key, value)
	if err != nil {
		return err
	}
	if got := binary.BigEndian.Uint32(value[len(value)-sealSize:]); got != sum {
		return fmt.Errorf("a piece of the snapshot has the checksum %08x, the snapshot says %08x", got, sum)
	}
	op, err := ot.DecodeOp(r.rest, ot.StoredLimits)
	if err != nil {
		return fmt.Errorf("a piece of the snapshot: %w", err)
	}
	for _, c := range op {
		if c.Kind != ot.Insert {
			return fmt.Errorf("a piece of the snapshot has a %s", c.Kind)
		}
	}
	if n := t.Len(); n > 0 {
		op = append(ot.Op{{Kind: ot.Retain, N: n}}, op...)
	}
	if err := t.Apply(op); err != nil {
		return fmt.Errorf("a piece of the snapshot: %w", err)
	}
	return nil
}

// check holds a content against what the snapshot says of it.
func (s *snapshotRecord) check(t *ot.Text) error {
	if uint64(t.Len()) != s.length {
		return fmt.Errorf("the snapshot has %d code units and should have %d", t.Len(), s.length)
	}
	if t.Hash() != s.hash {
		return fmt.Errorf("the snapshot has the hash %x and should have %x", t.Hash(), s.hash)
	}
	return nil
}
