package doctest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"tandem/doc"
	"tandem/ot"
)

// savedSpan is a span on its way.
type savedSpan struct {
	id    doc.ID
	epoch doc.Epoch
	span  doc.Span
	op    []byte
}

// find is the document, or why it cannot be had. m.mu is held.
func (m *Memory) find(ctx context.Context, id doc.ID) (*memoryDoc, error) {
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	d := m.docs[id]
	if d == nil {
		return nil, fmt.Errorf("%w: %s", doc.ErrNotFound, id)
	}
	return d, nil
}

// findAt is the document whose history ends at a place; ErrConflict where that is another, or gone. m.mu is held.
func (m *Memory) findAt(ctx context.Context, at doc.Place) (*memoryDoc, error) {
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	d := m.docs[at.ID]
	if d == nil || d.place() != at {
		return nil, fmt.Errorf("%w: document %s is not at revision %d, epoch %s, lineage %s", doc.ErrConflict, at.ID, at.Rev, at.Epoch, at.Lineage)
	}
	return d, nil
}

// Info implements doc.Archive.
func (m *Memory) Info(ctx context.Context, name string) (*doc.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	id, known := m.names[name]
	if !known {
		return nil, fmt.Errorf("%w: %q", doc.ErrNotFound, name)
	}
	d := m.docs[id]
	size := 0
	for _, c := range d.commits {
		size += len(c.Bytes)
	}
	return &doc.Info{
		Name: d.name, Kind: d.kind, Created: d.created, Place: d.place(),
		Floor: d.floor, FloorLineage: d.floorLineage, RecordsFloor: d.recordsFloor,
		SnapshotRev: d.snapshot.rev, Clients: len(d.clients), HistoryBytes: int64(size),
	}, nil
}

// Names implements doc.Archive.
func (m *Memory) Names(ctx context.Context, after string, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(m.names))
	first, found := slices.BinarySearch(names, after)
	if found {
		first++
	}
	return names[first:min(len(names), first+max(limit, 0))], nil
}

// Span implements doc.Archive.
func (m *Memory) Span(ctx context.Context, id doc.ID, epoch doc.Epoch, s doc.Span) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.find(ctx, id)
	if err != nil || d.epoch != epoch {
		return nil, err
	}
	return bytes.Clone(d.spans[s]), nil
}

// SaveSpan implements doc.Archive: the span waits for Step.
func (m *Memory) SaveSpan(id doc.ID, epoch doc.Epoch, s doc.Span, op []byte, done func(error)) {
	m.add(pending{span: &savedSpan{id, epoch, s, bytes.Clone(op)}, done: done})
}

// maxLevel bounds the level of a span, so that its revisions can be told: 2^40 commits are more than there will be.
const maxLevel = 40

// checkSpan has no condition: a span that does not fit is left out.
func (m *Memory) checkSpan(p pending) (func(), error) {
	saved := p.span
	d, s := m.docs[saved.id], saved.span
	fits := d != nil && d.epoch == saved.epoch && s.Level <= maxLevel && s.Index >= 0 && s.Index <= int64(d.head())>>s.Level &&
		s.First() > d.floor && s.Last() <= d.head()
	return func() {
		if fits {
			d.spans[s] = saved.op
		}
	}, nil
}

// Base implements doc.Archive.
func (m *Memory) Base(ctx context.Context, id doc.ID) (*ot.Text, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return ot.TextOf(d.base)
}

// Trim implements doc.Archive.
func (m *Memory) Trim(ctx context.Context, t *doc.Trimming) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return err
	}
	d := m.docs[t.Floor.ID]
	switch {
	case d == nil || !d.has(t.Floor):
		return fmt.Errorf("%w: document %s has no revision %d, epoch %s, lineage %s",
			doc.ErrConflict, t.Floor.ID, t.Floor.Rev, t.Floor.Epoch, t.Floor.Lineage)
	case t.Floor.Rev > d.snapshot.rev:
		return fmt.Errorf("%w: the floor %d lies beyond the snapshot of revision %d", doc.ErrConflict, t.Floor.Rev, d.snapshot.rev)
	case t.RecordsFloor < d.recordsFloor:
		return fmt.Errorf("%w: the records floor %d lies below %d, where it is", doc.ErrConflict, t.RecordsFloor, d.recordsFloor)
	}
	for _, client := range t.Forget {
		if r := d.clients[client]; r.Rev > t.Floor.Rev || r.Rev > t.RecordsFloor {
			return fmt.Errorf("%w: the last commit of client %s is %d; the floor is %d, the records floor %d",
				doc.ErrConflict, client, r.Rev, t.Floor.Rev, t.RecordsFloor)
		}
	}
	for _, client := range t.Forget {
		delete(d.clients, client)
	}
	d.commits = slices.Clone(d.after(t.Floor.Rev))
	d.floor, d.floorLineage, d.recordsFloor, d.base = t.Floor.Rev, t.Floor.Lineage, t.RecordsFloor, t.Base.Content()
	maps.DeleteFunc(d.spans, func(s doc.Span, _ []byte) bool { return s.First() <= d.floor })
	return nil
}

// Versions implements doc.Archive.
func (m *Memory) Versions(ctx context.Context, id doc.ID) ([]doc.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.find(ctx, id)
	if err != nil {
		return nil, err
	}
	var versions []doc.Version
	for _, rev := range slices.Sorted(maps.Keys(d.versions)) {
		versions = append(versions, d.versions[rev].Version)
	}
	return versions, nil
}

// SaveVersion implements doc.Archive.
func (m *Memory) SaveVersion(ctx context.Context, id doc.ID, v doc.Version, content *ot.Text) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	if v.Rev < 0 || v.Rev > d.head() {
		return fmt.Errorf("doctest: a version of revision %d of document %s, which has %d", v.Rev, id, d.head())
	}
	saved := memoryVersion{Version: v}
	if content != nil {
		saved.kept, saved.content = true, content.Content()
	}
	d.versions[v.Rev] = saved
	return nil
}

// VersionContent implements doc.Archive.
func (m *Memory) VersionContent(ctx context.Context, id doc.ID, rev doc.Revision) (*ot.Text, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.find(ctx, id)
	if err != nil {
		return nil, err
	}
	v, known := d.versions[rev]
	switch {
	case !known:
		return nil, fmt.Errorf("%w: a version at revision %d of document %s", doc.ErrNotFound, rev, id)
	case !v.kept:
		return nil, nil
	}
	return ot.TextOf(v.content)
}

// DeleteVersion implements doc.Archive.
func (m *Memory) DeleteVersion(ctx context.Context, id doc.ID, rev doc.Revision) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	if _, known := d.versions[rev]; !known {
		return fmt.Errorf("%w: a version at revision %d of document %s", doc.ErrNotFound, rev, id)
	}
	delete(d.versions, rev)
	return nil
}
