package disk

import (
	"bytes"
	"fmt"

	"go.etcd.io/bbolt"

	"tandem/doc"
)

// fillPercent is how full bbolt leaves the pages that it splits. History grows at the end of each document's keys, where a
// page that was left half empty stays so.
const fillPercent = 0.9

// reading is a transaction, seen by somebody who reads. What it returns is valid until the transaction ends.
type reading struct{ tx *bbolt.Tx }

// get returns the value under key, nil where there is none.
func (r *reading) get(bucket string, key []byte) []byte {
	return r.tx.Bucket([]byte(bucket)).Get(key)
}

// around returns the pairs between which key would stand. One of them is what a damaged key has become: the order of keys, which
// is checked when the store is opened, leaves it in its place.
func (r *reading) around(bucket string, key []byte) (pairs []pair) {
	c := r.tx.Bucket([]byte(bucket)).Cursor()
	k, v := c.Seek(key)
	if k != nil {
		pairs = append(pairs, pair{k, v})
		k, v = c.Prev()
	} else {
		k, v = c.Last()
	}
	if k != nil {
		pairs = append(pairs, pair{k, v})
	}
	return pairs
}

// scan calls each with the pairs from key on whose keys begin with prefix, until it returns false.
func (r *reading) scan(bucket string, prefix, from []byte, each func(key, value []byte) bool) {
	c := r.tx.Bucket([]byte(bucket)).Cursor()
	for k, v := c.Seek(from); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if !each(k, v) {
			return
		}
	}
}

// writing is a transaction, seen by the committer's work.
type writing struct{ reading }

func (w *writing) bucket(name string) *bbolt.Bucket {
	b := w.tx.Bucket([]byte(name))
	b.FillPercent = fillPercent
	return b
}

// put takes value over: it must stay as it is until the transaction ends.
func (w *writing) put(bucket string, key, value []byte) error {
	return w.bucket(bucket).Put(key, value)
}

func (w *writing) delete(bucket string, key []byte) error { return w.bucket(bucket).Delete(key) }

// number returns a number that no snapshot has had.
func (w *writing) number() (uint64, error) { return w.bucket(piecesBucket).NextSequence() }

// head returns what a document is now; nil where there is none.
func (r *reading) head(id doc.ID) (*head, error) {
	value := r.get(documentsBucket, id[:])
	if value == nil {
		return nil, nil
	}
	h, err := decodeHead(id, value)
	if err != nil {
		return nil, fmt.Errorf("%w: document %s: %w", doc.ErrDamaged, id, err)
	}
	return h, nil
}

// damaged names the document and the revision of what cannot be read.
func damaged(h *head, rev doc.Revision, err error) error {
	return fmt.Errorf("%w: document %q (%s), revision %d: %w", doc.ErrDamaged, h.name, h.id, rev, err)
}

// keys is how many keys a bucket has.
func (r *reading) keys(bucket string) int { return r.tx.Bucket([]byte(bucket)).Inspect().KeyN }
