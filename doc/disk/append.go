package disk

import (
	"fmt"

	"tandem/doc"
)

// clientChange is what a batch makes of a client's record.
type clientChange struct {
	client doc.ClientID
	key    []byte
	first  doc.Seq    // the lowest sequence of the batch: it must be above what is known
	value  []byte     // the new record, sealed
	record doc.Record // the new record
	isNew  bool       // set by check
}

// appending is a batch on its way to the disk.
type appending struct {
	prev    doc.Place
	last    doc.Revision
	lineage doc.Lineage
	blocks  []block
	bytes   uint64 // of the operations
	clients []clientChange
	head    *head // set by check
}

// appendWork encodes a batch, on the goroutine of its document. A batch that could not be right in any store is refused by
// the committer like one whose condition fails.
func appendWork(batch *doc.Batch, done func(error)) *work {
	a, err := newAppending(batch)
	if err != nil {
		err = fmt.Errorf("%w: %w", doc.ErrConflict, err)
		return &work{check: func(*writing) error { return err }, done: done}
	}
	size := 0
	for _, b := range a.blocks {
		size += len(b.payload)
	}
	return &work{size: size, check: a.check, write: a.write, done: done}
}

func newAppending(batch *doc.Batch) (*appending, error) {
	blocks, err := encodeBlocks(batch.Prev, batch.Commits)
	if err != nil {
		return nil, err
	}
	last := &batch.Commits[len(batch.Commits)-1]
	a := &appending{prev: batch.Prev, last: last.Rev, lineage: last.Lineage, blocks: blocks}
	at := make(map[doc.ClientID]int, len(batch.Commits))
	for i := range batch.Commits {
		c := &batch.Commits[i]
		a.bytes += uint64(len(c.Bytes))
		n, known := at[c.Client]
		if !known {
			n = len(a.clients)
			at[c.Client] = n
			a.clients = append(a.clients, clientChange{client: c.Client, key: clientKey(batch.Prev.ID, c.Client), first: c.Seq})
		}
		change := &a.clients[n]
		if known && c.Seq <= change.record.Seq {
			return nil, fmt.Errorf("revision %d has the sequence %d of a client after %d", c.Rev, c.Seq, change.record.Seq)
		}
		change.record = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
	}
	for i := range a.clients {
		a.clients[i].value = encodeClient(a.clients[i].key, a.clients[i].record)
	}
	return a, nil
}

// check is the append's condition.
func (a *appending) check(tx *writing) error {
	h, err := tx.head(a.prev.ID)
	if err != nil {
		return err
	}
	if h == nil {
		return fmt.Errorf("%w: there is no document %s", doc.ErrConflict, a.prev.ID)
	}
	if here := h.place(); here != a.prev {
		return fmt.Errorf("%w: document %s is at revision %d, epoch %s, lineage %s; the batch comes after revision %d, epoch %s, lineage %s",
			doc.ErrConflict, h.id, here.Rev, here.Epoch, here.Lineage, a.prev.Rev, a.prev.Epoch, a.prev.Lineage)
	}
	for i := range a.clients {
		c := &a.clients[i]
		value := tx.get(clientsBucket, c.key)
		if c.isNew = value == nil; c.isNew {
			continue
		}
		_, known, err := decodeClient(c.key, value)
		if err != nil {
			return damaged(h, known.Rev, err)
		}
		if c.first <= known.Seq {
			return fmt.Errorf("%w: document %s has the sequence %d of client %s; the batch has %d", doc.ErrConflict, h.id, known.Seq, c.client, c.first)
		}
	}
	a.head = h
	return nil
}

func (a *appending) write(tx *writing) error {
	for _, b := range a.blocks {
		key, value := b.under(a.head.history)
		if err := tx.put(commitsBucket, key, value); err != nil {
			return err
		}
	}
	h := *a.head
	h.rev, h.lineage = a.last, a.lineage
	h.historyBytes += a.bytes
	for i := range a.clients {
		c := &a.clients[i]
		if c.isNew {
			h.clients++
		}
		if err := tx.put(clientsBucket, c.key, c.value); err != nil {
			return err
		}
	}
	return tx.put(documentsBucket, h.id[:], h.encode())
}

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
