package disk

import (
	"bytes"
	"errors"
	"fmt"

	"tandem/doc"
	"tandem/ot"
)

// documentCheck checks all that one document has, and stops at the first thing that is wrong.
type documentCheck struct {
	*checker
	head     *head
	ahead    ahead             // what the log has of it
	contents map[uint64]string // numbers that count, and what for
	snapshot *snapshotRecord   // nil where there is none
	base     *ot.Text          // the content at the floor, without labels
	below    bool              // something begins below the floor, which must be in the trash
	levels   []*levelCheck     // of the spans that are there, from the lowest

	// How far history was replayed.
	at   doc.Place
	text *ot.Text
}

func (c *checker) document(h *head, ahead ahead) error {
	k := &documentCheck{checker: c, head: h, ahead: ahead, contents: map[uint64]string{}}
	for _, check := range []func() error{k.clients, k.versions, k.contentsOfHead, k.spans, k.history, k.logged, k.remains} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (k *documentCheck) clients() error {
	h := k.head
	count := uint64(0)
	err := k.values.scan(clientsBucket, h.id[:], h.id[:], func(key, value []byte) error {
		client, record, err := decodeClient(key, value)
		if err != nil {
			return err
		}
		if record.Rev > h.rev {
			return fmt.Errorf("client %s committed last revision %d, and it ends at %d", client, record.Rev, h.rev)
		}
		count++
		return k.ctx.Err()
	})
	if err == nil && count != h.clients {
		err = fmt.Errorf("%d records of clients are there and should be %d", count, h.clients)
	}
	return err
}

func (k *documentCheck) versions() error {
	h := k.head
	return k.values.scan(versionsBucket, h.id[:], h.id[:], func(key, value []byte) error {
		v, err := decodeVersion(key, value)
		if err != nil {
			return err
		}
		if v.Rev > h.rev {
			return fmt.Errorf("a version is named at revision %d, and it ends at %d", v.Rev, h.rev)
		}
		if v.content == 0 {
			return k.ctx.Err()
		}
		record, _, err := k.content(v.content, "of a version")
		if err == nil && record.rev != v.Rev {
			err = fmt.Errorf("the content of the version at revision %d says that it is of %d", v.Rev, record.rev)
		}
		return err
	})
}

// content reads a content that counts.
func (k *documentCheck) content(number uint64, what string) (*snapshotRecord, *ot.Text, error) {
	if before, twice := k.contents[number]; twice {
		return nil, nil, fmt.Errorf("its content %d counts twice: %s, %s", number, before, what)
	}
	k.contents[number] = what
	id := k.head.id
	key := numberKey(id, number)
	value, err := k.values.get(snapshotsBucket, key)
	if err != nil {
		return nil, nil, err
	}
	record, err := decodeSnapshot(key, value)
	if err != nil {
		return nil, nil, fmt.Errorf("its content %d, %s: %w", number, what, err)
	}
	a := newAssembly(id, number, record)
	if err := k.values.scan(piecesBucket, key, key, a.add); err != nil {
		return nil, nil, fmt.Errorf("its content %d, %s: %w", number, what, err)
	}
	text, err := a.end()
	if err != nil {
		return nil, nil, fmt.Errorf("its content %d, %s: %w", number, what, err)
	}
	return record, text, k.ctx.Err()
}

// contentsOfHead checks the snapshot and the base, and where history begins.
func (k *documentCheck) contentsOfHead() (err error) {
	h := k.head
	if h.snapshot != 0 {
		if k.snapshot, _, err = k.content(h.snapshot, "the snapshot"); err != nil {
			return err
		}
		if k.snapshot.rev < h.floor || k.snapshot.rev > h.rev {
			return fmt.Errorf("its snapshot is of revision %d, outside of %d to %d", k.snapshot.rev, h.floor, h.rev)
		}
	} else if h.floor > 0 {
		return fmt.Errorf("history begins at revision %d, and there is no snapshot", h.floor)
	}
	k.base = ot.NewText()
	if h.base == 0 {
		return nil
	}
	record, labelled, err := k.content(h.base, "the base")
	if err != nil {
		return err
	}
	if record.rev != h.floor || record.lineage != h.floorLineage {
		return fmt.Errorf("its base is of revision %d, lineage %s; the floor is at %d, %s", record.rev, record.lineage, h.floor, h.floorLineage)
	}
	k.base, err = ot.TextOf(doc.Strip(labelled.Content()))
	return err
}

// history replays the commits from the floor to the head.
func (k *documentCheck) history() error {
	h := k.head
	k.at = doc.Place{ID: h.id, Epoch: h.epoch, Rev: h.floor, Lineage: h.floorLineage}
	k.text = k.base
	if err := k.reached(); err != nil {
		return err
	}
	first, err := k.values.first(commitsBucket, h.history[:])
	if err != nil {
		return err
	}
	from := numberKey(h.history, uint64(h.floor)+1)
	if first != nil && bytes.HasPrefix(first, h.history[:]) && bytes.Compare(first, from) < 0 {
		k.below = true
	}
	err = k.values.scan(commitsBucket, h.history[:], from, func(key, value []byte) error {
		before, commits, err := decodeBlock(key, value)
		if err != nil {
			return fmt.Errorf("revision %d: %w", k.at.Rev+1, err)
		}
		if commits[0].Rev != k.at.Rev+1 || before != k.at.Lineage {
			return fmt.Errorf("revision %d, after lineage %s, follows on %d, %s", commits[0].Rev, before, k.at.Rev, k.at.Lineage)
		}
		if last := commits[len(commits)-1].Rev; last > h.rev {
			return fmt.Errorf("history goes on to revision %d, and it ends at %d", last, h.rev)
		}
		return k.replay(commits)
	})
	if err == nil && k.at != h.place() {
		err = fmt.Errorf("history ends at revision %d with the lineage %s, and should at %d with %s", k.at.Rev, k.at.Lineage, h.rev, h.lineage)
	}
	return err
}

// logged goes on with what only the log has.
func (k *documentCheck) logged() error {
	h, a := k.head, k.ahead
	if a.end.Rev <= h.rev || a.end.Epoch != h.epoch {
		return nil
	}
	if first := a.commits[0].Rev; first > h.rev+1 {
		return fmt.Errorf("the log goes on at revision %d, and the database ends at %d", first, h.rev)
	}
	commits := a.behind(h)
	if err := follows(k.at, &commits[0]); err != nil {
		return fmt.Errorf("the log: %w", err)
	}
	return k.replay(commits)
}

func (k *documentCheck) replay(commits []doc.Commit) error {
	for i := range commits {
		if err := k.commit(&commits[i]); err != nil {
			return fmt.Errorf("revision %d: %w", commits[i].Rev, err)
		}
	}
	return k.ctx.Err()
}

func (k *documentCheck) commit(c *doc.Commit) error {
	if c.Seq < 1 || c.Seq > ot.MaxInt {
		return fmt.Errorf("it has the sequence %d", c.Seq)
	}
	op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
	if err != nil {
		return err
	}
	if err := k.text.Apply(op); err != nil {
		return err
	}
	k.at.Rev, k.at.Lineage = c.Rev, c.Lineage
	for _, l := range k.levels {
		if err := l.commit(op); err != nil {
			return err
		}
	}
	return k.reached()
}

// reached compares the content that was replayed with what is stored of it.
func (k *documentCheck) reached() error {
	if s := k.snapshot; s != nil && s.rev == k.at.Rev {
		if s.lineage != k.at.Lineage {
			return fmt.Errorf("the snapshot has the lineage %s, history %s", s.lineage, k.at.Lineage)
		}
		if err := s.check(k.text); err != nil {
			return fmt.Errorf("history leads to another content: %w", err)
		}
	}
	for _, l := range k.levels {
		if err := k.boundary(l); err != nil {
			return err
		}
	}
	return nil
}

// remains makes sure that all else that the document has is in the trash.
func (k *documentCheck) remains() error {
	if k.below {
		t, err := k.entry(numberKey(k.head.history, 0))
		if err != nil {
			return err
		}
		if t == nil || t.floor < k.head.floor {
			return errors.New("something is left below the floor that is not in the trash")
		}
	}
	if err := k.leftover(snapshotsBucket); err != nil {
		return err
	}
	return k.leftover(piecesBucket)
}
