package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tandem/doc"
	"tandem/doc/disk/wal"
)

// openLog moves what the log has, and the database does not, to the database: what a process that was killed had acknowledged, and
// possibly a record that it had not.
func (s *Store) openLog(cfg Config) error {
	var from wal.Position
	began := false // the log has been opened before
	err := s.engine.view(context.Background(), func(tx *reading) (err error) {
		value := tx.get(metaBucket, logKey)
		from, err = decodePosition(value)
		began = value != nil
		return err
	})
	if err != nil {
		return fmt.Errorf("the position of the log: %w", err)
	}
	dir := filepath.Join(s.dir, logDir)
	if began {
		if err := logIsThere(dir); err != nil {
			return err
		}
	}
	start := time.Now()
	log, replay, err := wal.Open(dir, from, cfg.Log, s.tails.replay)
	if err != nil {
		return err
	}
	if err := s.beginLog(log, from, began, cfg); err != nil {
		_ = log.Close()
		return err
	}
	if replay.Records > 0 || replay.Torn > 0 {
		s.logger.Info("the log was replayed: the store was not closed", "records", replay.Records, "bytes", replay.Bytes, "torn", replay.Torn,
			"took", time.Since(start).Round(time.Millisecond).String())
	}
	return nil
}

// beginLog goes on with a log that was replayed. A new one has its first segment, and the database says so, before anything is appended: a
// log that is gone is never taken for a new one.
func (s *Store) beginLog(log *wal.Log, from wal.Position, began bool, cfg Config) error {
	at := log.End()
	if !began {
		var err error
		if at, err = log.Rotate(); err != nil {
			return fmt.Errorf("begin the log: %w", err)
		}
	}
	s.log = &appendLog{store: s, wal: log, hooks: cfg.Hooks}
	s.tails.renew(at)
	s.checkpointer = newCheckpointer(s, from, cfg.CheckpointEvery, cfg.CheckpointBytes)
	err := s.checkpointer.now(context.Background())
	switch {
	case err == nil:
	case began && errors.Is(err, doc.ErrNoSpace):
		// What the log has was made durable when it was read, and is in memory. It is moved when there is space.
		s.logger.Warn("the log cannot be moved to the database for now; nothing is lost", "err", err)
		s.checkpointer.knock()
	default:
		s.checkpointer.close()
		return fmt.Errorf("move the log to the database: %w", err)
	}
	return nil
}

// logIsThere refuses a directory without a segment, of a log that had one.
func logIsThere(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".log" {
			return nil
		}
	}
	return fmt.Errorf("%w: its directory %q has no segments; restore the store from a backup", wal.ErrCorrupt, logDir)
}
