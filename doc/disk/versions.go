package disk

import (
	"context"
	"errors"
	"fmt"

	"tandem/doc"
	"tandem/ot"
)

// Versions implements doc.Archive.
func (s *Store) Versions(ctx context.Context, id doc.ID) ([]doc.Version, error) {
	h, err := s.headOf(ctx, id)
	if err != nil {
		return nil, err
	}
	var versions []doc.Version
	err = s.scan(ctx, versionsBucket, id[:], id[:], func(key, value []byte) error {
		v, err := decodeVersion(key, value)
		if err != nil {
			return damaged(h, h.rev, err)
		}
		versions = append(versions, v.Version)
		return nil
	})
	return versions, structural(h, err)
}

// version reads a document's version; ErrNotFound where there is none.
func (s *Store) version(ctx context.Context, h *head, rev doc.Revision) (v *versionRecord, err error) {
	err = s.engine.view(ctx, func(tx *reading) error {
		v, err = versionIn(tx, h, rev)
		return err
	})
	return v, structural(h, err)
}

func versionIn(tx *reading, h *head, rev doc.Revision) (*versionRecord, error) {
	key := numberKey(h.id, uint64(rev))
	value := tx.get(versionsBucket, key)
	if value == nil {
		return nil, fmt.Errorf("%w: a version at revision %d of document %s", doc.ErrNotFound, rev, h.id)
	}
	v, err := decodeVersion(key, value)
	if err != nil {
		return nil, damaged(h, rev, err)
	}
	return v, nil
}

// VersionContent implements doc.Archive.
func (s *Store) VersionContent(ctx context.Context, id doc.ID, rev doc.Revision) (*ot.Text, error) {
	h, err := s.headOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for range loadTries {
		v, err := s.version(ctx, h, rev)
		if err != nil || v.content == 0 {
			return nil, err
		}
		_, text, err := s.readContent(ctx, h, v.content)
		if !errors.Is(err, doc.ErrDamaged) {
			return text, err
		}
		now, e := s.version(ctx, h, rev)
		if e != nil {
			return nil, e
		}
		if *now == *v {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: the version at revision %d of document %s keeps changing while it is read", doc.ErrUnavailable, rev, id)
}

// SaveVersion implements doc.Archive: the content is written ahead, and counts with the version.
func (s *Store) SaveVersion(ctx context.Context, id doc.ID, v doc.Version, kept *ot.Text) error {
	record := &versionRecord{Version: v}
	if err := record.check(); err != nil {
		return fmt.Errorf("disk: %w", err)
	}
	if kept != nil {
		kept = kept.Snapshot() // read on another goroutine
	}
	return s.saver.do(ctx, func() error {
		if err := s.settle(ctx, id); err != nil {
			return err
		}
		return s.saver.saveVersion(id, record, kept)
	})
}

func (v *saver) saveVersion(id doc.ID, record *versionRecord, kept *ot.Text) error {
	var old uint64
	check := func(tx *writing) error {
		h, err := tx.head(id)
		switch {
		case err != nil:
			return err
		case h == nil:
			return fmt.Errorf("%w: %s", doc.ErrNotFound, id)
		case record.Rev > h.rev:
			return fmt.Errorf("disk: a version of revision %d of document %s, which has %d", record.Rev, id, h.rev)
		}
		old, err = contentOf(tx, h, record.Rev)
		return err
	}
	c := &content{}
	if kept != nil {
		var err error
		if c, err = v.writeAhead(id, &snapshotRecord{rev: record.Rev}, kept, check); err != nil {
			return err
		}
	}
	return v.commit(len(c.last), check, func(tx *writing) error {
		switch {
		case kept != nil:
			var err error
			if record.content, err = c.count(tx, old); err != nil {
				return err
			}
		case old != 0:
			if err := contentTrash(id, old).put(tx); err != nil {
				return err
			}
		}
		key := numberKey(id, uint64(record.Rev))
		return tx.put(versionsBucket, key, record.encode(key))
	})
}

// contentOf is the number of the content that a version keeps, 0 where there is no version, or it keeps none.
func contentOf(tx *writing, h *head, rev doc.Revision) (uint64, error) {
	v, err := versionIn(&tx.reading, h, rev)
	if errors.Is(err, doc.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return v.content, nil
}

// DeleteVersion implements doc.Archive.
func (s *Store) DeleteVersion(ctx context.Context, id doc.ID, rev doc.Revision) error {
	return s.saver.do(ctx, func() error {
		return s.saver.commit(0, func(tx *writing) error {
			h, err := tx.head(id)
			if err != nil {
				return err
			}
			if h == nil {
				return fmt.Errorf("%w: %s", doc.ErrNotFound, id)
			}
			_, err = versionIn(&tx.reading, h, rev)
			return err
		}, func(tx *writing) error { return deleteVersion(tx, id, rev) })
	})
}

// deleteVersion removes a version, where there is one. What it keeps goes to the trash.
func deleteVersion(tx *writing, id doc.ID, rev doc.Revision) error {
	number, err := contentOf(tx, &head{id: id}, rev)
	if err != nil {
		return err
	}
	if number != 0 {
		if err := contentTrash(id, number).put(tx); err != nil {
			return err
		}
	}
	return tx.delete(versionsBucket, numberKey(id, uint64(rev)))
}
