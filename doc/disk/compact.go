package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"tandem/doc"
)

// Compacted says what a compaction did to the database file, in bytes.
type Compacted struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// Compact writes the database to a new file without what is free in the old one, and puts that in its place. People go on editing;
// documents that are new wait meanwhile.
func (s *Store) Compact(ctx context.Context) (Compacted, error) {
	var c Compacted
	err := s.frozen(ctx, func() (err error) {
		if c, err = s.engine.compact(); errors.Is(err, errGivenUp) {
			s.heal()
		}
		return err
	})
	if err != nil {
		return Compacted{}, fmt.Errorf("compact store %s: %w", s.engine.path, err)
	}
	return c, nil
}

// compactTransaction is how much one transaction of the new file has, in bytes.
const compactTransaction = 1 << 20

// compact replaces the database by a copy without free pages. The committer is frozen; views go on, and see the old file until the new
// one is in its place.
func (e *engine) compact() (c Compacted, err error) {
	e.mu.RLock()
	old, why := e.db, e.why
	e.mu.RUnlock()
	if old == nil {
		return c, why
	}
	fresh := e.path + copySuffix
	defer func() {
		if err != nil {
			_ = os.Remove(fresh)
		}
	}()
	if err := copyPairs(fresh, old, e); err != nil {
		return c, err
	}
	if err := checkStructure(fresh); err != nil {
		return c, err
	}
	for size, path := range map[*int64]string{&c.Before: e.path, &c.After: fresh} {
		info, err := os.Stat(path)
		if err != nil {
			return c, err
		}
		*size = info.Size()
	}
	db, last, err := openCopy(fresh, e.wait)
	if err != nil {
		return c, err
	}
	if err := os.Rename(fresh, e.path); err != nil {
		_ = db.Close()
		return c, err
	}
	if err := syncDir(filepath.Dir(e.path)); err != nil {
		// Which of the two a power cut would leave is not known. They say the same, but nobody may write to one of them.
		_ = db.Close()
		e.giveUp(old, fmt.Errorf("%w: the directory could not be synced: %w", doc.ErrUnavailable, err))
		return c, errGivenUp
	}
	e.mu.Lock() // no view is under way
	e.db = db
	e.durable.Store(last)
	e.mu.Unlock()
	return c, guard(old.Close)
}

// errGivenUp is an engine that has no database any more, until it is healed.
var errGivenUp = fmt.Errorf("%w: the store is being made safe", doc.ErrUnavailable)

// openCopy opens the new file, before it takes the database's place.
func openCopy(path string, wait time.Duration) (db *bbolt.DB, last uint64, err error) {
	if db, err = openBolt(path, wait); err != nil {
		return nil, 0, err
	}
	if last, err = lastTransaction(db); err != nil {
		_ = db.Close()
	}
	return db, last, err
}

// copyPairs writes all pairs of a database to a new, synced file.
func copyPairs(to string, from *bbolt.DB, e *engine) (err error) {
	_ = os.Remove(to)
	db, err := openBolt(to, e.wait)
	if err != nil {
		return err
	}
	db.NoSync = true // until all of it is there
	err = guard(func() error { return bbolt.Compact(db, from, compactTransaction) })
	if err == nil {
		err = db.Sync()
	}
	if e := db.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	// bbolt makes files larger than it needs.
	size, err := usedSize(to)
	if err == nil {
		err = os.Truncate(to, size)
	}
	if err == nil {
		err = syncFile(to)
	}
	return err
}

// usedSize is how much of a database file is in use, in bytes: bbolt has given out no page behind it.
func usedSize(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	m, err := newestMeta(f)
	return int64(m.highWater) * m.pageSize, err
}

// Scrub implements doc.Archive: what was removed stands in free pages of the database, and in segments of the log.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.saver.emptied(ctx); err != nil {
		return err
	}
	if err := s.appender.rotate(); err != nil {
		return err
	}
	if _, err := s.Compact(ctx); err != nil {
		return err
	}
	// The checkpoint of the compaction was before the position, which lies in the segment that is new.
	if err := s.checkpointer.now(ctx); err != nil {
		return err
	}
	if err := s.log.wal.Scrub(); err != nil {
		return fmt.Errorf("scrub the log: %w", err)
	}
	return nil
}
