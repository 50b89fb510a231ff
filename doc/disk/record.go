package disk

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"tandem/doc"
)

// The buckets of the database. FORMAT.md shows what is in them. History is what commits and spans are keyed by: the document's id
// at first, something random after its history was rewritten.
const (
	namesBucket     = "names"     // name → document id
	documentsBucket = "documents" // id → head
	clientsBucket   = "clients"   // id, client id → record
	commitsBucket   = "commits"   // history, last revision → block
	snapshotsBucket = "snapshots" // id, number → what makes a content count: a snapshot, a base, a version's
	piecesBucket    = "pieces"    // id, number, index → a slice of a content
	spansBucket     = "spans"     // history, level, index → a composed operation; with a part behind it: a slice of a large one
	versionsBucket  = "versions"  // id, revision → a named version
	trashBucket     = "trash"     // what does not count, or no more
	metaBucket      = "meta"      // "log" → the position up to which the log has been moved here
	straysBucket    = "strays"    // id, last revision → what the log had of a document that was found damaged
)

// buckets are all of them; newBuckets those that format 1 had not.
var (
	buckets = []string{
		namesBucket, documentsBucket, clientsBucket, commitsBucket, snapshotsBucket, piecesBucket, trashBucket, spansBucket, versionsBucket, metaBucket, straysBucket,
	}
	newBuckets = []string{spansBucket, versionsBucket, metaBucket, straysBucket}
)

// form is the first byte of every record; form2 that of heads, blocks and trash since format 2.
const (
	form  = 1
	form2 = 2
)

// newestForm is the form that records of a bucket are written in. All forms up to it are read.
func newestForm(bucket string) byte {
	switch bucket {
	case documentsBucket, commitsBucket, trashBucket:
		return form2
	}
	return form
}

// sealSize is what a seal adds to a record, in bytes.
const sealSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum covers where a record stands as well as what it says: a value under a foreign key is damage, too.
func checksum(bucket string, key, payload []byte) uint32 {
	sum := crc32.Update(0, castagnoli, []byte(bucket))
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, payload)
}

// seal appends the checksum to a record that is to stand under key.
func seal(bucket string, key, payload []byte) []byte {
	return binary.BigEndian.AppendUint32(payload, checksum(bucket, key, payload))
}

// unseal checks a stored value (D4) and returns a reader of what it says.
func unseal(bucket string, key, value []byte) (*reader, error) {
	n := len(value) - sealSize
	if n < 1 {
		return nil, fmt.Errorf("a record in %s has %d bytes", bucket, len(value))
	}
	if want, got := binary.BigEndian.Uint32(value[n:]), checksum(bucket, key, value[:n]); want != got {
		return nil, fmt.Errorf("a record in %s has the checksum %08x and should have %08x", bucket, got, want)
	}
	if value[0] < form || value[0] > newestForm(bucket) {
		return nil, fmt.Errorf("a record in %s has the form %d, this program knows %d", bucket, value[0], newestForm(bucket))
	}
	return &reader{form: value[0], rest: value[1:n]}, nil
}

// reader takes a record apart. Reading past the end is remembered, not a panic.
type reader struct {
	form byte
	rest []byte
	over bool
}

func (r *reader) take(n int) []byte {
	if r.over || n < 0 || n > len(r.rest) {
		r.over = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) fill(dst []byte) { copy(dst, r.take(len(dst))) }

func (r *reader) uint8() uint8 {
	var b [1]byte
	r.fill(b[:])
	return b[0]
}

func (r *reader) uint16() uint16 {
	var b [2]byte
	r.fill(b[:])
	return binary.BigEndian.Uint16(b[:])
}

func (r *reader) uint32() uint32 {
	var b [4]byte
	r.fill(b[:])
	return binary.BigEndian.Uint32(b[:])
}

func (r *reader) uint64() uint64 {
	var b [8]byte
	r.fill(b[:])
	return binary.BigEndian.Uint64(b[:])
}

func (r *reader) rev() doc.Revision { return doc.Revision(r.uint64()) }

// end refuses a record that was too short or too long.
func (r *reader) end() error {
	switch {
	case r.over:
		return fmt.Errorf("a record is too short")
	case len(r.rest) > 0:
		return fmt.Errorf("a record has %d bytes too many", len(r.rest))
	}
	return nil
}

// head is what a document is now.
type head struct {
	kind         doc.Kind
	created      int64
	epoch        doc.Epoch
	rev          doc.Revision
	lineage      doc.Lineage
	floor        doc.Revision
	recordsFloor doc.Revision
	clients      uint64 // client records that are there
	snapshot     uint64 // the number of the snapshot that counts, 0 where there is none
	history      doc.ID // what the keys of commits and spans begin with
	base         uint64 // the number of the labelled content at the floor, 0 where there is none
	floorLineage doc.Lineage
	historyBytes uint64 // of the operations above the floor, about
	name         string

	id doc.ID // the key
}

func (h *head) place() doc.Place {
	return doc.Place{ID: h.id, Epoch: h.epoch, Rev: h.rev, Lineage: h.lineage}
}

func (h *head) encode() []byte {
	b := append(make([]byte, 0, 120+len(h.name)), form2, byte(h.kind))
	b = binary.BigEndian.AppendUint64(b, uint64(h.created))
	b = append(b, h.epoch[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.rev))
	b = append(b, h.lineage[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.floor))
	b = binary.BigEndian.AppendUint64(b, uint64(h.recordsFloor))
	b = binary.BigEndian.AppendUint64(b, h.clients)
	b = binary.BigEndian.AppendUint64(b, h.snapshot)
	b = append(b, h.history[:]...)
	b = binary.BigEndian.AppendUint64(b, h.base)
	b = append(b, h.floorLineage[:]...)
	b = binary.BigEndian.AppendUint64(b, h.historyBytes)
	b = append(b, byte(len(h.name)))
	b = append(b, h.name...)
	return seal(documentsBucket, h.id[:], b)
}

func decodeHead(id doc.ID, value []byte) (*head, error) {
	r, err := unseal(documentsBucket, id[:], value)
	if err != nil {
		return nil, err
	}
	h := &head{id: id, history: id}
	h.kind = doc.Kind(r.uint8())
	h.created = int64(r.uint64())
	r.fill(h.epoch[:])
	h.rev = r.rev()
	r.fill(h.lineage[:])
	h.floor = r.rev()
	h.recordsFloor = r.rev()
	h.clients = r.uint64()
	h.snapshot = r.uint64()
	if r.form >= form2 {
		r.fill(h.history[:])
		h.base = r.uint64()
		r.fill(h.floorLineage[:])
		h.historyBytes = r.uint64()
	}
	h.name = string(r.take(int(r.uint8())))
	if err := r.end(); err != nil {
		return nil, err
	}
	switch {
	case h.kind != doc.Text && h.kind != doc.Rich:
		return nil, fmt.Errorf("the document's head has the kind %d", h.kind)
	case h.rev < 0 || h.floor < 0 || h.floor > h.rev || h.recordsFloor < 0 || h.recordsFloor > h.rev:
		return nil, fmt.Errorf("the document's head has revision %d, floor %d, records floor %d", h.rev, h.floor, h.recordsFloor)
	}
	if (h.floor == 0) != (h.base == 0) || h.floor == 0 && h.floorLineage != (doc.Lineage{}) {
		return nil, fmt.Errorf("the document's head has floor %d, base %d, lineage %s there", h.floor, h.base, h.floorLineage)
	}
	return h, nil
}

func encodeName(name string, id doc.ID) []byte {
	return seal(namesBucket, []byte(name), append([]byte{form}, id[:]...))
}

func decodeName(name string, value []byte) (id doc.ID, err error) {
	r, err := unseal(namesBucket, []byte(name), value)
	if err != nil {
		return id, err
	}
	r.fill(id[:])
	return id, r.end()
}

func clientKey(id doc.ID, client doc.ClientID) []byte { return append(id[:], client[:]...) }

func encodeClient(key []byte, rec doc.Record) []byte {
	b := append(make([]byte, 0, 32), form)
	b = binary.BigEndian.AppendUint64(b, uint64(rec.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(rec.Rev))
	b = append(b, rec.Digest[:]...)
	return seal(clientsBucket, key, b)
}

func decodeClient(key, value []byte) (client doc.ClientID, rec doc.Record, err error) {
	if len(key) != len(doc.ID{})+len(client) {
		return client, rec, fmt.Errorf("a client's key has %d bytes", len(key))
	}
	r, err := unseal(clientsBucket, key, value)
	if err != nil {
		return client, rec, err
	}
	copy(client[:], key[len(doc.ID{}):])
	rec.Seq = doc.Seq(r.uint64())
	rec.Rev = r.rev()
	r.fill(rec.Digest[:])
	if err := r.end(); err != nil {
		return client, rec, err
	}
	if rec.Seq < 1 || rec.Rev < 0 {
		return client, rec, fmt.Errorf("a client's record has sequence %d, revision %d", rec.Seq, rec.Rev)
	}
	return client, rec, nil
}

// A numbered key: of a block (history, its last revision), of a content and of its trash (document, its number), of a version
// (document, revision).
func numberKey(id doc.ID, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 24), id[:]...), n)
}

func pieceKey(id doc.ID, number uint64, index uint32) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, 28), numberKey(id, number)...), index)
}

func splitNumberKey(key []byte) (id doc.ID, n uint64, err error) {
	if len(key) != 24 {
		return id, 0, fmt.Errorf("a key has %d bytes", len(key))
	}
	return doc.ID(key[:16]), binary.BigEndian.Uint64(key[16:]), nil
}
