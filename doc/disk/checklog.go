package disk

import (
	"errors"
	"fmt"
	"path/filepath"

	"tandem/doc"
	"tandem/doc/disk/wal"
	"tandem/ot"
)

// readLog reads what the log of a store has behind the position that its database names. Nothing is moved.
func (c *checker) readLog(dir string) {
	value, err := c.values.get(metaBucket, logKey)
	if err != nil {
		c.problem(err)
		return
	}
	from, err := decodePosition(value)
	if err != nil {
		c.problem(fmt.Errorf("the position of the log: %w", err))
		return
	}
	if _, err := wal.Verify(filepath.Join(dir, logDir), from, wal.Config{}, c.tails.replay); err != nil {
		c.problem(err)
	}
}

// logged replays what only the log has of the document.
func (k *documentCheck) logged() error {
	commits := k.tails.of(k.head.id).behind(k.head)
	for i := range commits {
		c := &commits[i]
		if want := k.at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes); c.Lineage != want {
			return fmt.Errorf("revision %d in the log has the lineage %s, and should have %s", c.Rev, c.Lineage, want)
		}
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		if err == nil {
			err = k.text.Apply(op)
		}
		if err != nil {
			return fmt.Errorf("revision %d in the log: %w", c.Rev, err)
		}
		k.at.Rev, k.at.Lineage = c.Rev, c.Lineage
	}
	return nil
}

// stray finds what the log had of a document that was damaged.
func (c *checker) stray(key, value []byte) {
	id, rev, err := splitNumberKey(key)
	if err == nil {
		_, err = unseal(straysBucket, key, value)
	}
	if err == nil {
		err = errors.New("it was damaged when that was to be added")
	}
	c.problem(fmt.Errorf("document %s has commits up to revision %d that are kept apart: %w", id, doc.Revision(rev), err))
}
