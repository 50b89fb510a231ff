package disk

import (
	"encoding/binary"
	"fmt"
	"slices"

	"tandem/doc"
	"tandem/ot"
)

// entry is a batch as the log has it. A record of the log is a form and a row of entries, one after the other: what one group
// commit took from all documents. FORMAT.md shows it.
type entry struct {
	prev    doc.Place
	commits []doc.Commit // their Bytes are parts of encoded
	encoded []byte
}

// last is where the entry ends.
func (e *entry) last() doc.Place {
	p, c := e.prev, &e.commits[len(e.commits)-1]
	p.Rev, p.Lineage = c.Rev, c.Lineage
	return p
}

// entryHeader is what an entry has before its commits, and entryOverhead what a commit has there beside its author and bytes.
const (
	entryHeader   = 16 + 8 + 8 + 8 + 4
	entryOverhead = 16 + 8 + 8 + 8 + 1 + 4
)

// newEntry encodes a batch, of which it keeps nothing, and checks what can be checked without the store.
func newEntry(batch *doc.Batch) (*entry, error) {
	if err := checkBatch(batch.Prev, batch.Commits); err != nil {
		return nil, err
	}
	e := &entry{prev: batch.Prev, commits: slices.Clone(batch.Commits)}
	return e.encode(), nil
}

// encode writes the entry's bytes, of which those of its commits become parts.
func (e *entry) encode() *entry {
	size := entryHeader
	for i := range e.commits {
		size += entryOverhead + len(e.commits[i].Author) + len(e.commits[i].Bytes)
	}
	b := make([]byte, 0, size)
	b = append(b, e.prev.ID[:]...)
	b = append(b, e.prev.Epoch[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.prev.Rev))
	b = append(b, e.prev.Lineage[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.commits)))
	for i := range e.commits {
		c := &e.commits[i]
		b = append(b, c.Client[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(c.Seq))
		b = append(b, c.Digest[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(c.Time))
		b = append(b, byte(len(c.Author)))
		b = append(b, c.Author...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(c.Bytes)))
		b = append(b, c.Bytes...)
		c.Bytes = b[len(b)-len(c.Bytes) : len(b) : len(b)]
	}
	e.encoded = b
	return e
}

// checkBatch refuses commits that could not be right in any store: revisions without a gap, and each commit's lineage the one before it
// extended; each client's sequences grow.
func checkBatch(prev doc.Place, commits []doc.Commit) error {
	if len(commits) == 0 {
		return fmt.Errorf("a batch without commits")
	}
	if last := prev.Rev + doc.Revision(len(commits)); prev.Rev < 0 || last > ot.MaxInt {
		return fmt.Errorf("a batch from revision %d", prev.Rev)
	}
	lineage := prev.Lineage
	var seqs map[doc.ClientID]doc.Seq
	if len(commits) > 1 {
		seqs = make(map[doc.ClientID]doc.Seq, len(commits))
	}
	for i := range commits {
		c := &commits[i]
		if want := prev.Rev + 1 + doc.Revision(i); c.Rev != want {
			return fmt.Errorf("revision %d where %d belongs", c.Rev, want)
		}
		if c.Seq < 1 || c.Seq > ot.MaxInt {
			return fmt.Errorf("revision %d has the sequence %d", c.Rev, c.Seq)
		}
		if c.Seq <= seqs[c.Client] {
			return fmt.Errorf("revision %d has the sequence %d of a client after %d", c.Rev, c.Seq, seqs[c.Client])
		}
		if len(c.Author) > doc.MaxAuthor {
			return fmt.Errorf("revision %d has an author of %d bytes, at most %d are allowed", c.Rev, len(c.Author), doc.MaxAuthor)
		}
		if seqs != nil {
			seqs[c.Client] = c.Seq
		}
		lineage = lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		if lineage != c.Lineage {
			return fmt.Errorf("revision %d has the lineage %s and extends to %s", c.Rev, c.Lineage, lineage)
		}
	}
	return nil
}

// appendRecord gathers entries in a record of the log.
func appendRecord(b []byte, entries []*entry) []byte {
	b = append(b, form)
	for _, e := range entries {
		b = append(b, e.encoded...)
	}
	return b
}

// decodeRecord takes a record of the log apart. What it returns does not share record's memory.
func decodeRecord(record []byte) ([]*entry, error) {
	if len(record) < 1 || record[0] != form {
		return nil, fmt.Errorf("a record of the log has %d bytes and does not begin with the form %d", len(record), form)
	}
	r := &reader{rest: append([]byte(nil), record[1:]...)}
	var entries []*entry
	for len(r.rest) > 0 && !r.over {
		e := decodeEntry(r)
		if r.over {
			break
		}
		if err := checkBatch(e.prev, e.commits); err != nil {
			return nil, fmt.Errorf("an entry of the log for document %s: %w", e.prev.ID, err)
		}
		entries = append(entries, e)
	}
	return entries, r.end()
}

func decodeEntry(r *reader) *entry {
	e := &entry{}
	start := r.rest
	r.fill(e.prev.ID[:])
	r.fill(e.prev.Epoch[:])
	e.prev.Rev = r.rev()
	r.fill(e.prev.Lineage[:])
	count := int64(r.uint32())
	if count > int64(len(r.rest))/entryOverhead {
		r.over = true
		return e
	}
	e.commits = make([]doc.Commit, count)
	lineage := e.prev.Lineage
	for i := range e.commits {
		c := &e.commits[i]
		c.Rev = e.prev.Rev + 1 + doc.Revision(i)
		r.fill(c.Client[:])
		c.Seq = doc.Seq(r.uint64())
		r.fill(c.Digest[:])
		c.Time = int64(r.uint64())
		c.Author = string(r.take(int(r.uint8())))
		c.Bytes = r.take(int(r.uint32()))
		lineage = lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		c.Lineage = lineage
	}
	e.encoded = start[:len(start)-len(r.rest)]
	return e
}
