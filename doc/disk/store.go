package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"tandem/doc"
)

// Config says how to open a store. The zero value works.
type Config struct {
	Logger         *slog.Logger  // default: none
	LockTimeout    time.Duration // how long to wait for another process to let go of the directory; default 1 s, at once: negative
	MaxTransaction int           // bytes of one transaction, about; default 1 MiB
	Owner          string        // who uses the store, for the error another process gets: "tandem serve on 127.0.0.1:8080"
	Hooks          Hooks         // for tests only
}

// Hooks break a store, in tests. They are called one at a time; nil does nothing.
type Hooks struct {
	// BeforeSync is called in place of a commit that is about to be written, when it returns an error: nothing is written.
	BeforeSync func() error
	// AfterSync is called after a commit has been written, before anybody hears of it. Its error is the commit's.
	AfterSync func() error
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
	return cfg
}

// Store is the embedded doc.Store: one directory, used by one process.
type Store struct {
	// Immutable after Open.
	log       *slog.Logger
	lock      *dirLock
	engine    *engine
	committer *committer
	saver     *saver
	stop      chan struct{} // closed by Close: healing ends
	healing   sync.WaitGroup

	closing sync.Once
	closed  error // set by closing
}

var _ doc.Archive = (*Store)(nil)

// healFirst and healMost bound the time between two attempts to make the store safe.
const (
	healFirst = 50 * time.Millisecond
	healMost  = 10 * time.Second
)

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
		log:  cfg.Logger,
		lock: lock,
		engine: &engine{
			path:      filepath.Join(dir, databaseFile),
			lock:      lock,
			hooks:     cfg.Hooks,
			wait:      max(cfg.LockTimeout, time.Millisecond),
			committed: make(chan struct{}),
			older:     version < format,
		},
		stop: make(chan struct{}),
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
	s.saver = newSaver(s)
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
		s.log.Error("the store's file cannot be synced; it is copied", "err", err)
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
				s.log.Info("the store is safe again")
				return
			}
			s.log.Error("the store is not available", "err", err)
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
		s.saver.close()
		s.committer.close()
		close(s.stop)
		s.healing.Wait()
		s.closed = s.engine.close()
		s.lock.unlock()
	})
	return s.closed
}

// Append implements doc.Store.
func (s *Store) Append(batch *doc.Batch, done func(error)) { s.committer.edit(appendWork(batch, done)) }

// unavailable reports whether err is the store's and not the document's.
func unavailable(err error) bool {
	return errors.Is(err, doc.ErrUnavailable) || errors.Is(err, doc.ErrClosed)
}
