package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"tandem/doc"
)

// engine is all that knows bbolt: a row of transactions, each wholly there or not at all, and readers that see only those
// that are durable. It is either safe, or it has no database and says why (D5).
type engine struct {
	// Immutable after open.
	path  string
	lock  *dirLock // remembers over a crash of the process whether the engine is safe
	hooks Hooks
	wait  time.Duration // for bbolt's own lock

	// Owned by start: the database may be of an older format, and lack buckets.
	older bool

	// Written by the committer, and by heal while the committer has no database.
	durable atomic.Uint64 // the last transaction whose commit has returned

	// Guarded by mu. Readers hold it for reading during one short transaction, so that nobody reads what is being closed.
	mu        sync.RWMutex
	db        *bbolt.DB
	why       error         // what callers hear while db is nil
	committed chan struct{} // closed when the outcome of the next commit is known

	// Owned by heal, which runs after the committer has given the database up.
	broken *bbolt.DB
}

var (
	// errNothing leaves a transaction without a commit.
	errNothing = errors.New("disk: nothing to write")
	// errStale is a read that saw a commit whose outcome is not known yet.
	errStale = errors.New("disk: not durable yet")
)

// mapSize is how much of the file bbolt maps at first: readers and the writer wait for each other only when it grows beyond.
const mapSize = 1 << (26 + 4*(strconv.IntSize/64)) // bytes: 1 GiB where addresses have 64 bits, 64 MiB elsewhere

// openBolt opens a database file whose structure was checked before: what bbolt does then in goroutines of its own would
// take the process down.
func openBolt(path string, wait time.Duration) (db *bbolt.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("%w: %v", errStructure, p)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         wait,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize,
		NoStatistics:    true,
	})
}

// start opens the database and takes everything in it as durable: the file was synced before.
func (e *engine) start() error {
	db, err := openBolt(e.path, e.wait)
	if err != nil {
		return err
	}
	if e.older {
		err = e.upgrade(db)
	}
	if err != nil {
		_ = db.Close()
		return err
	}
	var last uint64
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			for _, name := range buckets {
				if tx.Bucket([]byte(name)) == nil {
					return fmt.Errorf("%w: there is no bucket %q", errStructure, name)
				}
			}
			last = uint64(tx.ID())
			return nil
		})
	})
	if err != nil {
		_ = db.Close()
		return err
	}
	e.durable.Store(last)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.db, e.why = db, nil
	return nil
}

// upgrade adds the buckets that the newest format has. What a failure leaves in the page cache is not to be trusted: the next
// start copies the file.
func (e *engine) upgrade(db *bbolt.DB) error {
	e.lock.mark(false)
	if err := guard(func() error { return addBuckets(db, newBuckets) }); err != nil {
		return err
	}
	e.lock.mark(true)
	e.older = false
	return nil
}

// guard turns a panic, and a fault on a mapped page that the file does not have any more, into errStructure.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errStructure, p)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return f()
}

// view runs a short read: f must only copy. What it sees is durable (D2): a bbolt reader sees a commit as soon as its meta
// page is written, before that is synced, so a read that was too early waits for the outcome and starts again.
func (e *engine) view(ctx context.Context, f func(*reading) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		committed, err := e.viewOnce(f)
		if !errors.Is(err, errStale) {
			return err
		}
		select {
		case <-committed:
		case <-ctx.Done():
		}
	}
}

func (e *engine) viewOnce(f func(*reading) error) (committed <-chan struct{}, err error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.db == nil {
		return nil, e.why
	}
	return e.committed, guard(func() error {
		tx, err := e.db.Begin(false)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if uint64(tx.ID()) > e.durable.Load() {
			return errStale
		}
		return f(&reading{tx})
	})
}

// ready is why the database cannot be read or written now, if it cannot.
func (e *engine) ready() error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.db == nil {
		return e.why
	}
	return nil
}

// peek is view for a question that has the same answer before and after whatever the committer is writing: it waits for nothing.
func (e *engine) peek(f func(*reading) error) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.db == nil {
		return e.why
	}
	return guard(func() error {
		tx, err := e.db.Begin(false)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		return f(&reading{tx})
	})
}

// update runs one transaction. Only the committer calls it. An error of f, and errNothing, leaves everything as it was.
// When a commit's outcome is unknown the engine has no database when update returns, until heal has made it safe: unsafe is true.
func (e *engine) update(f func(*writing) error) (unsafe bool, err error) {
	e.mu.RLock()
	db, why := e.db, e.why
	e.mu.RUnlock()
	if db == nil {
		return false, why
	}
	tx, err := db.Begin(true)
	if err != nil {
		return false, fmt.Errorf("%w: %w", doc.ErrUnavailable, err)
	}
	if err := guard(func() error { return f(&writing{reading{tx}}) }); err != nil {
		// Nothing has been written to the file so far.
		if rollback := guard(tx.Rollback); rollback != nil {
			e.giveUp(nil, rollback)
			return true, err
		}
		return false, err
	}
	id := uint64(tx.ID())
	err = e.commit(tx)
	switch {
	case err == nil:
		e.durable.Store(id)
		e.settle()
		return false, nil
	case e.untouched(db, err):
		e.settle()
		return false, fmt.Errorf("%w: %w: %w", doc.ErrUnavailable, doc.ErrNoSpace, err)
	}
	err = fmt.Errorf("%w: a commit failed, and the store is being made safe: %w", doc.ErrUnavailable, err)
	if rollback := guard(tx.Rollback); rollback != nil && !errors.Is(rollback, bolterrors.ErrTxClosed) {
		db = nil // its writer's lock may be held for ever: it cannot be closed, only left behind
	}
	e.giveUp(db, err)
	return true, err
}

func (e *engine) commit(tx *bbolt.Tx) error {
	if e.hooks.BeforeSync != nil {
		if err := e.hooks.BeforeSync(); err != nil {
			_ = tx.Rollback()
			return err
		}
	}
	if err := guard(tx.Commit); err != nil {
		return err
	}
	if e.hooks.AfterSync != nil {
		return e.hooks.AfterSync()
	}
	return nil
}

// untouched reports whether a failed commit ended while its pages were written, for lack of space, and before anything
// pointed to them: then nothing has happened, no sync has failed, and reading can go on.
func (e *engine) untouched(db *bbolt.DB, failure error) bool {
	var write *fs.PathError
	full := errors.Is(failure, syscall.ENOSPC) || errors.Is(failure, syscall.EDQUOT) || errors.Is(failure, syscall.EFBIG)
	if !full || !errors.As(failure, &write) {
		return false
	}
	last, err := lastTransaction(db)
	return err == nil && last == e.durable.Load()
}

// lastTransaction is the number of the last commit in a database.
func lastTransaction(db *bbolt.DB) (last uint64, err error) {
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			last = uint64(tx.ID())
			return nil
		})
	})
	return last, err
}

// settle tells the readers that were too early that the outcome is known.
func (e *engine) settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.committed)
	e.committed = make(chan struct{})
}

// giveUp takes the database away from everybody. db is closed by heal; nil when that is not possible.
func (e *engine) giveUp(db *bbolt.DB, why error) {
	e.lock.mark(false)
	e.mu.Lock()
	e.broken = db
	e.db, e.why = nil, why
	e.mu.Unlock()
	e.settle()
}

// close ends the engine. Nothing else may run any more but views, which hear ErrClosed.
func (e *engine) close() error {
	e.mu.Lock()
	db, why := e.db, e.why
	e.db, e.why = nil, doc.ErrClosed
	broken := e.broken
	e.broken = nil
	e.mu.Unlock()
	e.settle()
	if broken != nil {
		_ = guard(broken.Close)
	}
	if db == nil {
		return why
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("close store %s: %w", e.path, err)
	}
	return nil
}
