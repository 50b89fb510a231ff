package script

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"tandem/doc"
	"tandem/ot"
)

// store is the model of a store with one document.
type store struct {
	id       doc.ID
	epoch    doc.Epoch
	commits  []doc.Commit // all there ever were; none up to floor is read
	records  map[doc.ClientID]doc.Record
	snapshot doc.Snapshot

	floor, recordsFloor doc.Revision

	ids, epochs byte       // given away
	atStore     *doc.Batch // on its way
	unsafe      *doc.Batch // a sync failed: the page cache shows it, the disk may not have it
	backups     map[string]backup
}

// backup is an older copy.
type backup struct {
	id                  doc.ID
	commits             []doc.Commit
	records             map[doc.ClientID]doc.Record
	floor, recordsFloor doc.Revision
}

func newStore() *store {
	s := &store{backups: map[string]backup{}}
	s.create()
	return s
}

// create makes the document, another one than before.
func (s *store) create() {
	s.ids++
	s.id = doc.ID{0xd0 | s.ids}
	s.commits, s.records = nil, map[doc.ClientID]doc.Record{}
	s.floor, s.recordsFloor = 0, 0
	s.newEpoch()
}

func (s *store) newEpoch() {
	s.epochs++
	s.epoch = doc.Epoch{0xe0 | s.epochs}
	s.snapshot = doc.Snapshot{Place: doc.Place{ID: s.id, Epoch: s.epoch}, Content: ot.NewText()}
}

func (s *store) head() doc.Place {
	p := doc.Place{ID: s.id, Epoch: s.epoch, Rev: doc.Revision(len(s.commits))}
	if p.Rev > 0 {
		p.Lineage = s.commits[p.Rev-1].Lineage
	}
	return p
}

func (s *store) load() *doc.Stored {
	return &doc.Stored{
		Name: "script", Kind: doc.Text, Snapshot: s.snapshot, Commits: slices.Clone(s.commits[s.snapshot.Place.Rev:]),
		Floor: s.floor, RecordsFloor: s.recordsFloor, Clients: maps.Clone(s.records),
	}
}

// write makes a batch durable, if its condition holds.
func (s *store) write(b *doc.Batch) error {
	if b.Prev != s.head() {
		return doc.ErrConflict
	}
	for _, c := range b.Commits {
		if s.records[c.Client].Seq >= c.Seq {
			return doc.ErrConflict
		}
		s.commits = append(s.commits, c)
		s.records[c.Client] = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
	}
	return nil
}

// content is what is durable.
func (s *store) content() (*ot.Text, error) {
	state, err := doc.NewState(s.load(), doc.StateConfig{})
	if err != nil {
		return nil, err
	}
	return state.Content(), nil
}

// cut forgets history up to a floor; a snapshot stands in its place.
func (s *store) cut(floor doc.Revision) error {
	text, err := s.content()
	if err != nil {
		return err
	}
	s.snapshot = doc.Snapshot{Place: s.head(), Content: text.Snapshot(), Hash: text.Hash()}
	s.floor = max(s.floor, floor)
	return nil
}

// forget forgets a client's record, as the rules allow it: history up to its last commit goes, and the records floor rises.
func (s *store) forget(client doc.ClientID) error {
	record, known := s.records[client]
	if !known {
		return errors.New("there is no record")
	}
	delete(s.records, client)
	s.recordsFloor = max(s.recordsFloor, record.Rev)
	return s.cut(record.Rev)
}

func (s *store) save(name string) {
	s.backups[name] = backup{s.id, slices.Clone(s.commits), maps.Clone(s.records), s.floor, s.recordsFloor}
}

// restore puts an older copy in the place of what is there, under a new epoch. The records of clients are those of the copy.
func (s *store) restore(name string) error {
	b, found := s.backups[name]
	if !found {
		return errors.New("no such backup")
	}
	s.id, s.commits, s.records = b.id, slices.Clone(b.commits), maps.Clone(b.records)
	s.floor, s.recordsFloor = b.floor, b.recordsFloor
	s.newEpoch()
	return nil
}

// erase makes the commits behind from, up to to, one, under a new epoch: what came and went there is gone. Records survive it, but
// for their digests.
func (s *store) erase(from, to doc.Revision) error {
	if from < s.floor || from >= to || to > s.head().Rev {
		return fmt.Errorf("there is no history from %d to %d", from, to)
	}
	var sum ot.Op
	var lineage doc.Lineage
	for i := range s.commits {
		c := &s.commits[i]
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		if err != nil {
			return err
		}
		if c.Rev > from && c.Rev <= to {
			if sum, err = ot.Compose(sum, op); err != nil {
				return err
			}
			if op = nil; c.Rev == to {
				op = sum
			}
		}
		c.Bytes = ot.AppendOp(nil, op)
		c.Lineage = lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		lineage = c.Lineage
	}
	for client, r := range s.records {
		r.Digest = doc.Digest{}
		s.records[client] = r
	}
	s.newEpoch()
	return nil
}
