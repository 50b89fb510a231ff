package disk

import (
	"encoding/binary"
	"fmt"

	"tandem/doc"
)

// What an entry of the trash says is not there any more, or not yet.
type trashKind uint8

const (
	trashContent  trashKind = 1 + iota // a numbered content of a document
	trashHistory                       // a history's commits and spans
	trashDocument                      // everything that a document has
	trashBelow                         // a history's commits up to a revision, and the spans that begin there
)

func (k trashKind) String() string {
	switch k {
	case trashContent:
		return "content"
	case trashHistory:
		return "history"
	case trashDocument:
		return "document"
	case trashBelow:
		return "below"
	}
	return fmt.Sprintf("trashKind(%d)", uint8(k))
}

// A trashed is an entry of the trash. Its key is the document or the history that the keys of what it removes begin with, and
// for a content its number, for what lies below a floor the number 0, which no content has.
type trashed struct {
	kind     trashKind
	prefix   doc.ID
	number   uint64       // of a content
	document doc.ID       // whose it is or was
	floor    doc.Revision // of what lies below it
}

// contentTrash is the entry of a numbered content.
func contentTrash(id doc.ID, number uint64) trashed {
	return trashed{kind: trashContent, prefix: id, number: number, document: id}
}

func (t trashed) key() []byte {
	switch t.kind {
	case trashContent, trashBelow:
		return numberKey(t.prefix, t.number)
	}
	return t.prefix[:]
}

func (t trashed) encode() []byte {
	b := append(make([]byte, 0, 32), form2, byte(t.kind))
	b = append(b, t.document[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.floor))
	return seal(trashBucket, t.key(), b)
}

func (t trashed) put(tx *writing) error { return tx.put(trashBucket, t.key(), t.encode()) }

func (t trashed) delete(tx *writing) error { return tx.delete(trashBucket, t.key()) }

func decodeTrash(key, value []byte) (t trashed, err error) {
	numbered := len(key) == 24
	switch {
	case numbered:
		t.prefix, t.number, _ = splitNumberKey(key)
	case len(key) == 16:
		t.prefix = doc.ID(key)
	default:
		return t, fmt.Errorf("a key of the trash has %d bytes", len(key))
	}
	r, err := unseal(trashBucket, key, value)
	if err != nil {
		return t, err
	}
	t.kind, t.document = trashContent, t.prefix
	if r.form >= form2 {
		t.kind = trashKind(r.uint8())
		r.fill(t.document[:])
		t.floor = r.rev()
	}
	if err := r.end(); err != nil {
		return t, err
	}
	switch {
	case t.kind < trashContent || t.kind > trashBelow || t.floor < 0,
		numbered != (t.kind == trashContent || t.kind == trashBelow),
		(t.kind == trashContent) != (t.number > 0),
		(t.kind == trashContent || t.kind == trashDocument) && t.document != t.prefix,
		(t.kind == trashBelow) != (t.floor > 0):
		return t, fmt.Errorf("an entry of the trash: %s %d of document %s, below %d", t.kind, t.number, t.document, t.floor)
	}
	return t, nil
}
