package disk

import (
	"encoding/binary"
	"fmt"

	"tandem/doc"
	"tandem/ot"
)

// blockSize is where commits go on in another block, in bytes. Whoever reads one commit decodes its block: a larger one makes that slow,
// a smaller one takes more keys.
const blockSize = 32 << 10

// A block is a row of commits under one key, which begins with their document's history: that is known in the transaction that
// writes it.
type block struct {
	last    doc.Revision
	payload []byte // not sealed, with room for the seal
}

// under seals the block for a history.
func (b block) under(history doc.ID) (key, value []byte) {
	key = numberKey(history, uint64(b.last))
	return key, seal(commitsBucket, key, b.payload)
}

// commitOverhead is what a commit takes in a block beside its bytes; in form 1, which knows no authors, two bytes less.
const (
	commitOverhead      = 16 + 8 + 8 + 8 + 2 + 4
	commitOverheadForm1 = commitOverhead - 2
)

// encodeBlocks writes a batch as blocks, and checks what can be checked without the store: revisions without a gap, and each
// commit's lineage the one before it extended.
func encodeBlocks(prev doc.Place, commits []doc.Commit) ([]block, error) {
	if len(commits) == 0 {
		return nil, fmt.Errorf("a batch without commits")
	}
	if last := prev.Rev + doc.Revision(len(commits)); prev.Rev < 0 || last > ot.MaxInt {
		return nil, fmt.Errorf("a batch from revision %d", prev.Rev)
	}
	var blocks []block
	before, first := prev.Lineage, 0
	size, at := 0, prev
	for i := range commits {
		c := &commits[i]
		if err := follows(at, c); err != nil {
			return nil, err
		}
		at.Rev, at.Lineage = c.Rev, c.Lineage
		size += commitOverhead + len(c.Bytes)
		if size >= blockSize || i == len(commits)-1 {
			blocks = append(blocks, encodeBlock(before, commits[first:i+1], size))
			before, first, size = at.Lineage, i+1, 0
		}
	}
	return blocks, nil
}

// follows refuses a commit that does not come after a place, or is none.
func follows(at doc.Place, c *doc.Commit) error {
	switch {
	case c.Rev != at.Rev+1:
		return fmt.Errorf("revision %d where %d belongs", c.Rev, at.Rev+1)
	case c.Seq < 1 || c.Seq > ot.MaxInt:
		return fmt.Errorf("revision %d has the sequence %d", c.Rev, c.Seq)
	case len(c.Author) > doc.MaxAuthor:
		return fmt.Errorf("revision %d has an author of %d bytes, at most %d are allowed", c.Rev, len(c.Author), doc.MaxAuthor)
	}
	if lineage := at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes); lineage != c.Lineage {
		return fmt.Errorf("revision %d has the lineage %s and extends to %s", c.Rev, c.Lineage, lineage)
	}
	return nil
}

// encodeBlock writes commits of which commitOverhead and bytes come to size. There are fewer authors among them than an index
// can tell apart: a block has at most blockSize/commitOverhead+1 commits.
func encodeBlock(before doc.Lineage, commits []doc.Commit, size int) block {
	last := &commits[len(commits)-1]
	authors, index := authorsOf(commits)
	b := append(make([]byte, 0, 32+len(authors)+size+sealSize), form2)
	b = binary.BigEndian.AppendUint64(b, uint64(commits[0].Rev))
	b = append(b, before[:]...)
	b = append(b, last.Lineage[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(commits)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(index)))
	b = append(b, authors...)
	for i := range commits {
		c := &commits[i]
		b = append(b, c.Client[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(c.Seq))
		b = append(b, c.Digest[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(c.Time))
		b = binary.BigEndian.AppendUint16(b, index[c.Author])
		b = binary.BigEndian.AppendUint32(b, uint32(len(c.Bytes)))
		b = append(b, c.Bytes...)
	}
	return block{last.Rev, b}
}

// authorsOf is the table of the commits' authors: each with its length before it, and where it stands, from 1. "" is 0 and not in it.
func authorsOf(commits []doc.Commit) (table []byte, index map[string]uint16) {
	for i := range commits {
		author := commits[i].Author
		if author == "" || index[author] != 0 {
			continue
		}
		if index == nil {
			index = map[string]uint16{}
		}
		index[author] = uint16(len(index) + 1)
		table = append(append(table, byte(len(author))), author...)
	}
	return table, index
}

// readAuthors reads the table, with "" before it.
func readAuthors(r *reader) ([]string, error) {
	authors := []string{""}
	for range r.uint16() {
		n := int(r.uint8())
		if n < 1 || n > doc.MaxAuthor {
			return nil, fmt.Errorf("an author has %d bytes", n)
		}
		authors = append(authors, string(r.take(n)))
	}
	return authors, nil
}

// decodeBlock reads a block, and follows the lineage through it. The commits' Bytes are parts of value.
func decodeBlock(key, value []byte) (before doc.Lineage, commits []doc.Commit, err error) {
	_, n, err := splitNumberKey(key)
	if err != nil {
		return before, nil, err
	}
	r, err := unseal(commitsBucket, key, value)
	if err != nil {
		return before, nil, err
	}
	first := r.rev()
	r.fill(before[:])
	var after doc.Lineage
	r.fill(after[:])
	count := r.uint32()
	overhead, authors := int64(commitOverheadForm1), []string{""}
	if r.form >= form2 {
		overhead = commitOverhead
		if authors, err = readAuthors(r); err != nil {
			return before, nil, err
		}
	}
	if first < 1 || count < 1 || int64(count) > int64(len(r.rest))/overhead || uint64(first)+uint64(count)-1 != n {
		return before, nil, fmt.Errorf("the block up to revision %d says that it has %d commits from revision %d on", n, count, first)
	}
	commits = make([]doc.Commit, count)
	lineage := before
	for i := range commits {
		c := &commits[i]
		c.Rev = first + doc.Revision(i)
		r.fill(c.Client[:])
		c.Seq = doc.Seq(r.uint64())
		r.fill(c.Digest[:])
		c.Time = int64(r.uint64())
		if r.form >= form2 {
			n := int(r.uint16())
			if n >= len(authors) {
				return before, nil, fmt.Errorf("revision %d has the author %d of %d", c.Rev, n, len(authors)-1)
			}
			c.Author = authors[n]
		}
		c.Bytes = r.take(int(r.uint32()))
		lineage = lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		c.Lineage = lineage
	}
	if err := r.end(); err != nil {
		return before, nil, err
	}
	if lineage != after {
		return before, nil, fmt.Errorf("the lineage of revision %d is %s and should be %s", n, lineage, after)
	}
	return before, commits, nil
}
