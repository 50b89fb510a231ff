package doctest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tandem/doc"
)

// Rewrite implements doc.Archive. The new history may be read from this store: it is gathered without the lock.
func (m *Memory) Rewrite(ctx context.Context, r *doc.Rewriting) error {
	m.mu.Lock()
	d, err := m.findAt(ctx, r.Prev)
	if err != nil {
		m.mu.Unlock()
		return err
	}
	at := d.at(d.floor)
	m.mu.Unlock()

	at.Epoch = r.Epoch
	var commits []doc.Commit
	for c, err := range r.Commits {
		if err != nil {
			return fmt.Errorf("rewrite revision %d of document %s: %w", at.Rev+1, at.ID, err)
		}
		if c.Rev != at.Rev+1 || c.Lineage != at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes) {
			return fmt.Errorf("%w: revision %d of document %s does not come after %d", doc.ErrConflict, c.Rev, at.ID, at.Rev)
		}
		at.Rev, at.Lineage = c.Rev, c.Lineage
		commits = append(commits, c)
	}
	if at.Rev != r.Prev.Rev || at != r.Snapshot.Place || r.Epoch == r.Prev.Epoch {
		return fmt.Errorf("%w: the new history of document %s ends at revision %d, epoch %s; its snapshot is of %d, epoch %s; it was at %d, epoch %s",
			doc.ErrConflict, at.ID, at.Rev, at.Epoch, r.Snapshot.Place.Rev, r.Snapshot.Place.Epoch, r.Prev.Rev, r.Prev.Epoch)
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	if d, err = m.findAt(ctx, r.Prev); err != nil {
		return err
	}
	d.epoch, d.commits = r.Epoch, copyCommits(commits)
	d.snapshot = memorySnapshot{at.Rev, r.Snapshot.Content.Content(), r.Snapshot.Hash}
	clear(d.spans)
	for client, record := range d.clients {
		record.Digest = doc.Digest{}
		d.clients[client] = record
	}
	maps.DeleteFunc(d.versions, func(rev doc.Revision, _ memoryVersion) bool { return slices.Contains(r.ForgetVersions, rev) })
	return nil
}

// Remove implements doc.Archive.
func (m *Memory) Remove(ctx context.Context, at doc.Place) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.findAt(ctx, at)
	if err != nil {
		return err
	}
	delete(m.docs, d.id)
	delete(m.names, d.name)
	return nil
}

// Scrub implements doc.Archive: nothing that was removed is left.
func (m *Memory) Scrub(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refuse(ctx)
}

// A Backup is a copy of a Memory, as it was.
type Backup struct{ docs []*memoryDoc }

// Backup copies what is durable.
func (m *Memory) Backup() *Backup {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &Backup{}
	for _, name := range slices.Sorted(maps.Keys(m.names)) {
		b.docs = append(b.docs, m.docs[m.names[name]].clone())
	}
	return b
}

// Restore puts a backup in the place of all that is there, as a store that is opened on it: each document goes on under a new
// epoch, since commits may have followed the backup; its client records are those of the backup. What waits is never reported.
// Without new epochs it is a bug, for a simulation that has to find it.
func (m *Memory) Restore(b *Backup, newEpochs bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.names)
	clear(m.docs)
	m.queue, m.slow, m.down = nil, 0, nil
	for _, d := range b.docs {
		d = d.clone()
		if newEpochs {
			d.epoch = m.newEpoch()
		}
		m.names[d.name], m.docs[d.id] = d.id, d
	}
}
