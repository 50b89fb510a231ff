package disk

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"tandem/doc"
	"tandem/ot"
)

// readChunk is how much one read transaction copies, in bytes: long ones keep pages from being used again, and block the
// writer when the file grows.
const readChunk = 1 << 20

// loadTries is how often a document that changes while it is loaded is loaded anew.
const loadTries = 10

var (
	errAbsent = errors.New("disk: no such name")
	errMoved  = errors.New("disk: the document changed while it was loaded")
)

// Load implements doc.Store.
func (s *Store) Load(ctx context.Context, name string, kind doc.Kind) (*doc.Stored, error) {
	if err := doc.CheckName(name); err != nil {
		return nil, err
	}
	if kind != 0 && kind != doc.Text && kind != doc.Rich {
		return nil, fmt.Errorf("%w: %s", doc.ErrKind, kind)
	}
	for range loadTries {
		stored, err := s.load(ctx, name, kind)
		switch {
		case errors.Is(err, errAbsent) && kind == 0:
			return nil, fmt.Errorf("%w: %q", doc.ErrNotFound, name)
		case errors.Is(err, errAbsent):
			if err := s.create(ctx, name, kind); err != nil {
				return nil, err
			}
		case !errors.Is(err, errMoved):
			return stored, err
		}
	}
	return nil, fmt.Errorf("%w: document %q keeps changing while it is loaded", doc.ErrUnavailable, name)
}

// create makes an empty document, unless somebody else has made one under that name.
func (s *Store) create(ctx context.Context, name string, kind doc.Kind) error {
	h := &head{kind: kind, created: time.Now().UnixMilli(), name: name}
	rand.Read(h.id[:]) // it never fails
	h.history = h.id
	rand.Read(h.epoch[:])
	done := make(chan error, 1)
	s.committer.edit(&work{
		size: 256,
		check: func(tx *writing) error {
			if tx.get(namesBucket, []byte(name)) != nil {
				return errMoved
			}
			return nil
		},
		write: func(tx *writing) error {
			if err := tx.put(namesBucket, []byte(name), encodeName(name, h.id)); err != nil {
				return err
			}
			return tx.put(documentsBucket, h.id[:], h.encode())
		},
		done: func(err error) { done <- err },
	})
	select {
	case err := <-done:
		if errors.Is(err, errMoved) {
			return nil // somebody else was quicker: it is there
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// load reads a document as it is at one moment, in several transactions. What it finds wrong is damage only when the document
// has not changed meanwhile.
func (s *Store) load(ctx context.Context, name string, kind doc.Kind) (*doc.Stored, error) {
	now, _, err := s.find(ctx, name)
	if err != nil {
		return nil, err
	}
	ahead := s.tails.of(now.id) // before the head: what the tail lacks, the database has from then on
	h, raw, err := s.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if kind != 0 && kind != h.kind {
		return nil, fmt.Errorf("%w: document %q is of the kind %s, not %s", doc.ErrKind, name, h.kind, kind)
	}
	stored, err := s.replay(ctx, h)
	if err == nil {
		err = ahead.fits(h)
	}
	if err == nil {
		err = s.whole(ctx, h)
	}
	if err == nil {
		for _, c := range ahead.behind(h) {
			stored.Commits = append(stored.Commits, c)
			stored.Clients[c.Client] = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
		}
		return stored, nil
	}
	if !errors.Is(err, doc.ErrDamaged) {
		return nil, err
	}
	if _, now, e := s.find(ctx, name); errors.Is(e, errAbsent) || e == nil && !bytes.Equal(raw, now) {
		return nil, errMoved
	}
	return nil, err
}

// whole refuses a document whose end was kept apart.
func (s *Store) whole(ctx context.Context, h *head) error {
	return s.engine.view(ctx, func(tx *reading) (err error) {
		tx.scan(straysBucket, h.id[:], h.id[:], func(key, _ []byte) bool {
			err = damaged(h, h.rev+1, errors.New("what comes behind it was kept apart, since it did not fit"))
			return false
		})
		return err
	})
}

// absent makes sure that a name which is not found is not there: what a damaged name was called nobody knows, and a document
// must not be made anew under it.
func absent(tx *reading, name string) error {
	for _, p := range tx.around(namesBucket, []byte(name)) {
		if _, err := decodeName(string(p.key), p.value); err != nil {
			return fmt.Errorf("%w: document %q, or one named like it: %w", doc.ErrDamaged, name, err)
		}
	}
	return errAbsent
}

// find reads the head of the document called name, decoded and as it stands.
func (s *Store) find(ctx context.Context, name string) (*head, []byte, error) {
	var h *head
	var raw []byte
	err := s.engine.view(ctx, func(tx *reading) error {
		value := tx.get(namesBucket, []byte(name))
		if value == nil {
			return absent(tx, name)
		}
		id, err := decodeName(name, value)
		if err != nil {
			return fmt.Errorf("%w: document %q: %w", doc.ErrDamaged, name, err)
		}
		raw = bytes.Clone(tx.get(documentsBucket, id[:]))
		h, err = tx.head(id)
		switch {
		case err != nil:
			return err
		case h == nil:
			return fmt.Errorf("%w: document %q (%s) has no head", doc.ErrDamaged, name, id)
		case h.name != name:
			return fmt.Errorf("%w: document %q (%s) says that it is %q", doc.ErrDamaged, name, id, h.name)
		}
		return nil
	})
	if errors.Is(err, errStructure) {
		err = fmt.Errorf("%w: document %q: %w", doc.ErrDamaged, name, err)
	}
	return h, raw, err
}

// replay reads all of a document up to its head, and proves that nothing is missing (D3, D4).
func (s *Store) replay(ctx context.Context, h *head) (*doc.Stored, error) {
	stored := &doc.Stored{
		Name: h.name, Kind: h.kind, Created: h.created,
		Floor: h.floor, RecordsFloor: h.recordsFloor,
		Snapshot: doc.Snapshot{Place: doc.Place{ID: h.id, Epoch: h.epoch}},
	}
	var err error
	if stored.Clients, err = s.replayClients(ctx, h); err != nil {
		return nil, err
	}
	if err = s.replaySnapshot(ctx, h, &stored.Snapshot); err != nil {
		return nil, err
	}
	stored.Commits, err = s.replayCommits(ctx, h, stored.Snapshot.Place)
	return stored, err
}

func (s *Store) replayClients(ctx context.Context, h *head) (map[doc.ClientID]doc.Record, error) {
	clients := make(map[doc.ClientID]doc.Record, min(h.clients, 1<<16))
	err := s.scan(ctx, clientsBucket, h.id[:], h.id[:], func(key, value []byte) error {
		client, record, err := decodeClient(key, value)
		if err != nil {
			return damaged(h, h.rev, err)
		}
		if record.Rev > h.rev {
			return damaged(h, record.Rev, fmt.Errorf("client %s committed last what is not there: the document ends at %d", client, h.rev))
		}
		clients[client] = record
		return nil
	})
	if err != nil {
		return nil, structural(h, err)
	}
	if uint64(len(clients)) != h.clients {
		return nil, damaged(h, h.rev, fmt.Errorf("%d records of clients are there and should be %d", len(clients), h.clients))
	}
	return clients, nil
}

func (s *Store) replaySnapshot(ctx context.Context, h *head, snap *doc.Snapshot) error {
	if h.snapshot == 0 {
		if h.floor > 0 {
			return damaged(h, h.floor, errors.New("history begins here, and there is no snapshot"))
		}
		text := ot.NewText()
		snap.Content, snap.Hash = text.Snapshot(), text.Hash()
		return nil
	}
	record, text, err := s.readContent(ctx, h, h.snapshot)
	if err != nil {
		return err
	}
	if record.rev < h.floor || record.rev > h.rev {
		return damaged(h, record.rev, fmt.Errorf("a snapshot outside of %d to %d", h.floor, h.rev))
	}
	snap.Place.Rev, snap.Place.Lineage = record.rev, record.lineage
	snap.Content, snap.Hash = text, record.hash
	return nil
}

func (s *Store) replayCommits(ctx context.Context, h *head, from doc.Place) ([]doc.Commit, error) {
	at := from
	var commits []doc.Commit
	if at.Rev < h.rev {
		first := numberKey(h.history, uint64(at.Rev)+1)
		err := s.scan(ctx, commitsBucket, h.history[:], first, func(key, value []byte) error {
			if at.Rev >= h.rev {
				return errEnough // committed while this was loaded
			}
			lineage, more, err := decodeBlock(key, value)
			if err != nil {
				return damaged(h, at.Rev+1, err)
			}
			if more, err = follow(h, &at, lineage, more); err != nil {
				return err
			}
			commits = append(commits, more...)
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return nil, structural(h, err)
		}
	}
	if at != h.place() {
		return nil, damaged(h, at.Rev, fmt.Errorf("history ends here with the lineage %s, and should at revision %d with %s", at.Lineage, h.rev, h.lineage))
	}
	return commits, nil
}

// follow goes with at along the commits of a block, which may begin before at. lineage is the one before the block.
func follow(h *head, at *doc.Place, lineage doc.Lineage, commits []doc.Commit) ([]doc.Commit, error) {
	first := commits[0].Rev
	skip := at.Rev + 1 - first
	if skip < 0 || skip >= doc.Revision(len(commits)) {
		return nil, damaged(h, at.Rev+1, fmt.Errorf("it is missing: the next block begins at %d", first))
	}
	if skip > 0 {
		lineage = commits[skip-1].Lineage
	}
	if lineage != at.Lineage {
		return nil, damaged(h, at.Rev+1, fmt.Errorf("it comes after the lineage %s, and should after %s", lineage, at.Lineage))
	}
	last := &commits[len(commits)-1]
	at.Rev, at.Lineage = last.Rev, last.Lineage
	return commits[skip:], nil
}

// structural names the document of what bbolt stumbled over.
func structural(h *head, err error) error {
	if errors.Is(err, errStructure) && !errors.Is(err, doc.ErrDamaged) {
		return damaged(h, h.rev, err)
	}
	return err
}
