package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"tandem/doc"
	"tandem/doc/disk/wal"
)

// Config says how to open a store. The zero value works.
type Config struct {
	Logger         *slog.Logger  // default: none
	LockTimeout    time.Duration // how long to wait for another process to let go of the directory; default 1 s, at once: negative
	MaxTransaction int           // bytes of one transaction, about; default 1 MiB
	Owner          string        // who uses the store, for the error another process gets: "tandem serve on 127.0.0.1:8080"
	// CheckpointEvery and CheckpointBytes are how long, and how much of it, the log has what the database does not; default 5 s and 4 MiB.
	CheckpointEvery time.Duration
	CheckpointBytes int
	Log             wal.Config // of the write-ahead log; the zero value works
	Hooks           Hooks      // for tests only
}

// Hooks break a store, in tests. They are called one at a time; nil does nothing.
type Hooks struct {
	// BeforeLog is called in place of a record of the log that is about to be written, when it returns an error: nothing is written.
	BeforeLog func() error
	// AfterLog is called after a record has been written, before anybody hears of it. Its error is the record's.
	AfterLog func() error
	// BeforeSync and AfterSync are the same for a commit of the database.
	BeforeSync, AfterSync func() error
	// BeforeCopy is called before the store is made safe again. Its error lets that fail.
	BeforeCopy func() error
}

func (cfg Config) withDefaults() Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.LockTimeout == 0 {
		cfg.LockTimeout = time.Second
	}
	if cfg.MaxTransaction <= 0 {
		cfg.MaxTransaction = 1 << 20
	}
	if cfg.CheckpointEvery <= 0 {
		cfg.CheckpointEvery = 5 * time.Second
	}
	if cfg.CheckpointBytes <= 0 {
		cfg.CheckpointBytes = 4 << 20
	}
	return cfg
}

// Store is the embedded doc.Store: one directory, used by one process.
type Store struct {
	// Immutable after Open.
	dir          string
	logger       *slog.Logger
	lock         *dirLock
	engine       *engine
	log          *appendLog
	tails        tails
	appender     *appender
	checkpointer *checkpointer
	committer    *committer
	saver        *saver
	spans        gatherer
	stop         chan struct{} // closed by Close: healing ends
	healing      sync.WaitGroup

	// Held by what copies the whole store: one at a time.
	copying sync.Mutex

	closing sync.Once
	closed  error // set by closing
}

var _ doc.Archive = (*Store)(nil)

// healFirst and healMost bound the time between two attempts to make the store safe.
const (
	healFirst = 50 * time.Millisecond
	healMost  = 10 * time.Second
)

// logDir is the directory of the write-ahead log.
const logDir = "log"

// Open opens the store in a directory, which is created where it is missing. Its errors are one line that names the directory and
// says what to do.
func Open(dir string, cfg Config) (*Store, error) {
	cfg = cfg.withDefaults()
	s, err := open(filepath.Clean(dir), cfg)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, explain(err))
	}
	return s, nil
}

func open(dir string, cfg Config) (*Store, error) {
	lock, version, err := prepare(dir, cfg)
	if err != nil {
		return nil, err
	}
	s := &Store{
		dir:    dir,
		logger: cfg.Logger,
		lock:   lock,
		engine: &engine{
			path:      filepath.Join(dir, databaseFile),
			lock:      lock,
			hooks:     cfg.Hooks,
			wait:      max(cfg.LockTimeout, time.Millisecond),
			committed: make(chan struct{}),
			older:     version < format,
		},
		tails: tails{docs: map[doc.ID]*tail{}},
		stop:  make(chan struct{}),
	}
	if err = s.trust(); err == nil && version < format {
		if err = settleFormat(dir); err != nil {
			_ = s.engine.close()
		}
	}
	if err != nil {
		lock.unlock()
		return nil, err
	}
	s.committer = newCommitter(s.engine.update, s.heal, cfg.MaxTransaction)
	if err := s.openLog(cfg); err != nil {
		s.committer.close()
		close(s.stop)
		s.healing.Wait()
		_ = s.engine.close()
		lock.unlock()
		return nil, err
	}
	s.appender = newAppender(s, cfg.MaxTransaction)
	s.saver = newSaver(s)
	s.spans.slice = func(w *work) { s.committer.slice(w) }
	return s, nil
}

// trust opens the database when what can be read of it is on disk (D2): a process that was killed in the middle of a commit
// leaves pages that nobody has synced.
func (s *Store) trust() error {
	if s.lock.safe {
		err := syncFile(s.engine.path)
		if err == nil {
			return s.engine.start()
		}
		s.lock.mark(false)
		s.logger.Error("the store's file cannot be synced; it is copied", "err", err)
	}
	return s.engine.heal()
}

// heal starts to make the store safe again. The committer calls it; it goes on with nothing to commit to meanwhile.
func (s *Store) heal() {
	s.healing.Go(func() {
		wait := healFirst
		for {
			err := s.engine.heal()
			if err == nil {
				s.logger.Info("the store is safe again")
				return
			}
			s.logger.Error("the store is not available", "err", err)
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-s.stop:
				timer.Stop()
				return
			}
			wait = min(2*wait, healMost)
		}
	})
}

// Close implements doc.Store. What was handed over is done when it returns; its error is the reason why something could not be.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.appender.close()
		s.saver.close()
		s.spans.close()
		s.checkpointer.close()
		s.committer.close()
		close(s.stop)
		s.healing.Wait()
		s.closed = s.engine.close()
		if err := s.log.wal.Close(); s.closed == nil {
			s.closed = err
		}
		s.lock.unlock()
	})
	return s.closed
}

// unavailable reports whether err is the store's and not the document's.
func unavailable(err error) bool {
	return errors.Is(err, doc.ErrUnavailable) || errors.Is(err, doc.ErrClosed)
}
