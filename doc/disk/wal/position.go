package wal

import (
	"cmp"
	"fmt"
)

// Position is where a record begins or ends. Positions of later records compare greater. The zero Position stands before the
// first record of an empty log.
//
// Where a segment was left there are two names for one place: the end of its last record, and the start of the next segment. The
// first compares less; both are right wherever a Position is asked for.
type Position struct {
	Segment uint64 // number of the segment, from 1; numbers only grow
	Offset  int64  // bytes from the start of its file; 0 means its first record
}

// Compare returns -1, 0 or 1 as p stands before, at or behind q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Segment, q.Segment), cmp.Compare(p.Offset, q.Offset))
}

// Before reports whether p stands before q.
func (p Position) Before(q Position) bool { return p.Compare(q) < 0 }

func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Segment, p.Offset) }

// normal is the position that names the first record by its offset, and the first segment by its number.
func (p Position) normal() Position {
	p.Segment = max(p.Segment, 1)
	if p.Offset == 0 {
		p.Offset = dataStart
	}
	return p
}
