package disk

import (
	"bytes"
	"fmt"

	"tandem/doc"
)

// trash checks an entry of the trash: what it names must not count.
func (c *checker) trash(key, value []byte) {
	t, err := decodeTrash(key, value)
	if err != nil {
		c.problem(err)
		return
	}
	value, err = c.values.get(documentsBucket, t.document[:])
	if err == nil && value != nil && !c.damaged[t.document] {
		var h *head
		if h, err = decodeHead(t.document, value); err == nil {
			err = t.uncounted(h)
		}
	}
	if err != nil {
		c.problem(err)
	}
}

// entry is what the trash says of a key; nil where it says nothing that can be read.
func (c *checker) entry(key []byte) (*trashed, error) {
	value, err := c.values.get(trashBucket, key)
	if err != nil || value == nil {
		return nil, err
	}
	t, err := decodeTrash(key, value)
	if err != nil {
		return nil, nil // the trash was checked
	}
	return &t, nil
}

// orphans finds keys that belong to no document and are not in the trash. Those of a document are checked with it.
func (c *checker) orphans(bucket string) {
	for from := []byte{}; from != nil && c.ctx.Err() == nil; {
		key, err := c.values.first(bucket, from)
		if err != nil {
			c.problem(err)
			return
		}
		if key == nil {
			return
		}
		if len(key) < len(doc.ID{}) {
			c.problemf("a key in %s has %d bytes", bucket, len(key))
			from = append(key, 0)
			continue
		}
		prefix := doc.ID(key)
		owned, err := c.owned(bucket, prefix)
		if err != nil {
			c.problem(err)
		} else if !owned {
			c.problemf("%s has keys that begin with %s, which are of no document", bucket, prefix)
		}
		from = after(prefix)
	}
}

// owned reports whether keys of a bucket may begin with an id, or a history.
func (c *checker) owned(bucket string, prefix doc.ID) (bool, error) {
	history := bucket == commitsBucket || bucket == spansBucket
	if history && c.histories[prefix] || c.damaged[prefix] {
		return true, nil
	}
	value, err := c.values.get(documentsBucket, prefix[:])
	if err != nil {
		return false, err
	}
	if value != nil {
		h, err := decodeHead(prefix, value)
		if err != nil || !history || h.history == prefix {
			return err == nil, err
		}
	}
	t, err := c.entry(prefix[:])
	return t != nil && (t.kind == trashDocument || history && t.kind == trashHistory), err
}

// after is the first key behind all that begin with prefix; nil where there is none.
func after(prefix doc.ID) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i]++; prefix[i] != 0 {
			return prefix[:]
		}
	}
	return nil
}

// leftover makes sure that what does not count of a document is in the trash, and what counts is not.
func (k *documentCheck) leftover(bucket string) error {
	id := k.head.id
	for from := id[:]; from != nil; {
		key, err := k.values.first(bucket, from)
		if err != nil || key == nil || !bytes.HasPrefix(key, id[:]) {
			return err
		}
		_, number, err := splitNumberKey(key[:min(len(key), 24)])
		if err != nil {
			return err
		}
		if number > k.values.buckets[piecesBucket].sequence {
			return fmt.Errorf("its content %d has a number that was not given yet", number)
		}
		trashed, err := k.entry(numberKey(id, number))
		if err != nil {
			return err
		}
		what, counts := k.contents[number]
		switch {
		case counts && trashed != nil:
			return fmt.Errorf("its content %d, %s, is in the trash", number, what)
		case !counts && trashed == nil:
			return fmt.Errorf("its content %d does not count, and is not in the trash", number)
		}
		from = numberKey(id, number+1)
	}
	return nil
}
