package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem/doc"
	"tandem/ot"
)

// A content on its way to the disk: a snapshot, a base, or what a named version keeps. Its number is in the trash from the first
// piece on, and leaves it in the transaction that makes it count: whatever happens between, the trash names what does not count.
type content struct {
	id     doc.ID
	record *snapshotRecord // of the pieces that are written
	number uint64          // 0 until something is written
	last   []byte          // the piece that is not written yet; nil of an empty content
}

// writeAhead writes a content but for its last piece. check is the condition of each transaction. record says where the content
// stands in history; the rest of it is filled in.
func (v *saver) writeAhead(id doc.ID, record *snapshotRecord, text *ot.Text, check func(*writing) error) (*content, error) {
	record.hash, record.length = text.Hash(), uint64(text.Len())
	c := &content{id: id, record: record}
	for piece := range encodePieces(text) {
		if c.last != nil {
			var number uint64
			var sums []uint32
			err := v.commit(len(c.last), check, func(tx *writing) (err error) {
				number, sums, err = c.put(tx)
				return err
			})
			if err != nil {
				return nil, err
			}
			c.number, c.record.sums = number, sums
		}
		c.last = piece
	}
	return c, nil
}

// put writes the last piece under the content's number, which the first one takes. It changes nothing of the content: a transaction
// is run again when something else in it has failed.
func (c *content) put(tx *writing) (number uint64, sums []uint32, err error) {
	if number = c.number; number == 0 {
		if number, err = tx.number(); err != nil {
			return 0, nil, err
		}
		if err := contentTrash(c.id, number).put(tx); err != nil {
			return 0, nil, err
		}
	}
	if c.last == nil {
		return number, nil, nil
	}
	key := pieceKey(c.id, number, uint32(len(c.record.sums)))
	piece := seal(piecesBucket, key, c.last)
	return number, append(slices.Clip(c.record.sums), sumOf(piece)), tx.put(piecesBucket, key, piece)
}

// count writes what is left of the content and makes it count, in the transaction that refers to its number, which it returns. old is
// the number of the one that it replaces, 0 where there is none. It changes nothing, like put.
func (c *content) count(tx *writing, old uint64) (number uint64, err error) {
	record := *c.record
	if number, record.sums, err = c.put(tx); err != nil {
		return 0, err
	}
	if err := contentTrash(c.id, number).delete(tx); err != nil {
		return 0, err
	}
	if old != 0 {
		if err := contentTrash(c.id, old).put(tx); err != nil {
			return 0, err
		}
	}
	key := numberKey(c.id, number)
	return number, tx.put(snapshotsBucket, key, record.encode(key))
}

// readContent reads the content of a document that has a number.
func (s *Store) readContent(ctx context.Context, h *head, number uint64) (*snapshotRecord, *ot.Text, error) {
	key := numberKey(h.id, number)
	var record *snapshotRecord
	err := s.engine.view(ctx, func(tx *reading) (err error) {
		if record, err = decodeSnapshot(key, tx.get(snapshotsBucket, key)); err != nil {
			return damaged(h, h.rev, err)
		}
		return nil
	})
	if err != nil {
		return nil, nil, structural(h, err)
	}
	a := newAssembly(h.id, number, record)
	err = s.scan(ctx, piecesBucket, key, key, func(key, value []byte) error {
		if err := a.add(key, value); err != nil {
			return damaged(h, record.rev, err)
		}
		return nil
	})
	if err != nil {
		return nil, nil, structural(h, err)
	}
	text, err := a.end()
	if err != nil {
		return nil, nil, damaged(h, record.rev, err)
	}
	return record, text, nil
}

// An assembly is a content that is put together of its pieces, and checked (D4).
type assembly struct {
	id     doc.ID
	number uint64
	record *snapshotRecord
	text   *ot.Text
	pieces int
}

func newAssembly(id doc.ID, number uint64, record *snapshotRecord) *assembly {
	return &assembly{id: id, number: number, record: record, text: ot.NewText()}
}

// add takes the next piece.
func (a *assembly) add(key, value []byte) error {
	if a.pieces == len(a.record.sums) || !bytes.Equal(key, pieceKey(a.id, a.number, uint32(a.pieces))) {
		return fmt.Errorf("piece %d of its content is missing", a.pieces)
	}
	if err := decodePiece(a.text, key, value, a.record.sums[a.pieces]); err != nil {
		return err
	}
	a.pieces++
	return nil
}

// end returns the content when all pieces were there.
func (a *assembly) end() (*ot.Text, error) {
	if a.pieces != len(a.record.sums) {
		return nil, fmt.Errorf("%d pieces of its content are there and should be %d", a.pieces, len(a.record.sums))
	}
	if err := a.record.check(a.text); err != nil {
		return nil, err
	}
	return a.text.Snapshot(), nil
}

// steady calls read with a document's head, and again when the document has changed meanwhile: what read finds wrong is damage
// only where nothing moves.
func (s *Store) steady(ctx context.Context, id doc.ID, read func(h *head) error) error {
	for range loadTries {
		h, err := s.headOf(ctx, id)
		if err != nil {
			return err
		}
		err = read(h)
		if !errors.Is(err, doc.ErrDamaged) {
			return err
		}
		now, e := s.headOf(ctx, id)
		if e != nil {
			return e
		}
		if *now == *h {
			return err
		}
	}
	return fmt.Errorf("%w: document %s keeps changing while it is read", doc.ErrUnavailable, id)
}
