package disk

import (
	"encoding/binary"
	"fmt"

	"tandem/doc"
	"tandem/ot"
)

// blockSize is where a batch's commits go on in another block, in bytes.
const blockSize = 256 << 10

// A block is a row of commits under one key.
type block struct {
	key   []byte
	value []byte // sealed
}

// commitOverhead is what a commit takes in a block beside its bytes.
const commitOverhead = 16 + 8 + 8 + 8 + 4

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
	size := 0
	lineage := prev.Lineage
	for i := range commits {
		c := &commits[i]
		if want := prev.Rev + 1 + doc.Revision(i); c.Rev != want {
			return nil, fmt.Errorf("revision %d where %d belongs", c.Rev, want)
		}
		if c.Seq < 1 || c.Seq > ot.MaxInt {
			return nil, fmt.Errorf("revision %d has the sequence %d", c.Rev, c.Seq)
		}
		lineage = lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		if lineage != c.Lineage {
			return nil, fmt.Errorf("revision %d has the lineage %s and extends to %s", c.Rev, c.Lineage, lineage)
		}
		size += commitOverhead + len(c.Bytes)
		if size >= blockSize || i == len(commits)-1 {
			blocks = append(blocks, encodeBlock(prev.ID, before, commits[first:i+1], size))
			before, first, size = lineage, i+1, 0
		}
	}
	return blocks, nil
}

func encodeBlock(id doc.ID, before doc.Lineage, commits []doc.Commit, size int) block {
	last := &commits[len(commits)-1]
	key := numberKey(id, uint64(last.Rev))
	b := append(make([]byte, 0, 32+size+sealSize), form)
	b = binary.BigEndian.AppendUint64(b, uint64(commits[0].Rev))
	b = append(b, before[:]...)
	b = append(b, last.Lineage[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(commits)))
	for i := range commits {
		c := &commits[i]
		b = append(b, c.Client[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(c.Seq))
		b = append(b, c.Digest[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(c.Time))
		b = binary.BigEndian.AppendUint32(b, uint32(len(c.Bytes)))
		b = append(b, c.Bytes...)
	}
	return block{key, seal(commitsBucket, key, b)}
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
	if first < 1 || count < 1 || int64(count) > int64(len(r.rest))/commitOverhead || uint64(first)+uint64(count)-1 != n {
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
