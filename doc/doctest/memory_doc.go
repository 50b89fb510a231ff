package doctest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"tandem/doc"
	"tandem/ot"
)

// memoryDoc is what a Memory has of one document.
type memoryDoc struct {
	id      doc.ID
	name    string
	kind    doc.Kind
	created int64
	epoch   doc.Epoch

	floor        doc.Revision
	floorLineage doc.Lineage
	base         ot.Op        // the labelled content at the floor
	commits      []doc.Commit // those above the floor
	snapshot     memorySnapshot
	spans        map[doc.Span][]byte

	clients      map[doc.ClientID]doc.Record
	recordsFloor doc.Revision
	versions     map[doc.Revision]memoryVersion
}

type memorySnapshot struct {
	rev     doc.Revision
	content ot.Op
	hash    uint64
}

type memoryVersion struct {
	doc.Version
	kept    bool // whether content was given
	content ot.Op
}

func newMemoryDoc(id doc.ID, name string, kind doc.Kind, created int64, epoch doc.Epoch) *memoryDoc {
	return &memoryDoc{
		id: id, name: name, kind: kind, created: created, epoch: epoch, snapshot: memorySnapshot{hash: ot.NewText().Hash()},
		spans: map[doc.Span][]byte{}, clients: map[doc.ClientID]doc.Record{}, versions: map[doc.Revision]memoryVersion{},
	}
}

// clone is a copy. What is never written to is shared: operations and their bytes.
func (d *memoryDoc) clone() *memoryDoc {
	c := *d
	c.commits = slices.Clone(d.commits)
	c.spans, c.clients, c.versions = maps.Clone(d.spans), maps.Clone(d.clients), maps.Clone(d.versions)
	return &c
}

// head is the newest revision.
func (d *memoryDoc) head() doc.Revision { return d.floor + doc.Revision(len(d.commits)) }

// after is the commits behind a revision, which must not be below the floor.
func (d *memoryDoc) after(rev doc.Revision) []doc.Commit { return d.commits[rev-d.floor:] }

// place is where the history ends.
func (d *memoryDoc) place() doc.Place { return d.at(d.head()) }

// at is the place of a revision from the floor to the head.
func (d *memoryDoc) at(rev doc.Revision) doc.Place {
	p := doc.Place{ID: d.id, Epoch: d.epoch, Rev: rev, Lineage: d.floorLineage}
	if rev > d.floor {
		p.Lineage = d.commits[rev-d.floor-1].Lineage
	}
	return p
}

// has reports whether a place is one of this history, at the floor or above.
func (d *memoryDoc) has(p doc.Place) bool {
	return p.Rev >= d.floor && p.Rev <= d.head() && p == d.at(p.Rev)
}

func (d *memoryDoc) stored() (*doc.Stored, error) {
	text, err := ot.TextOf(d.snapshot.content)
	if err != nil {
		return nil, err
	}
	if text.Hash() != d.snapshot.hash {
		return nil, fmt.Errorf("%w: %q, revision %d: the snapshot has the hash %x, not %x",
			doc.ErrDamaged, d.name, d.snapshot.rev, text.Hash(), d.snapshot.hash)
	}
	return &doc.Stored{
		Name: d.name, Kind: d.kind, Created: d.created,
		Snapshot: doc.Snapshot{Place: d.at(d.snapshot.rev), Content: text.Snapshot(), Hash: d.snapshot.hash},
		Commits:  copyCommits(d.after(d.snapshot.rev)),
		Floor:    d.floor, RecordsFloor: d.recordsFloor, Clients: maps.Clone(d.clients),
	}, nil
}

func copyCommits(commits []doc.Commit) []doc.Commit {
	commits = slices.Clone(commits)
	for i := range commits {
		commits[i].Bytes = bytes.Clone(commits[i].Bytes)
	}
	return commits
}
