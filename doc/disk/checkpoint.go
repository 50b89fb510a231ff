package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tandem/doc"
	"tandem/doc/disk/wal"
)

// checkpointer moves what the log has to the database, in transactions of maintenance size, and only then has the log's segments
// used again. It works when enough has gathered, when something has waited long enough, and when somebody asks. It also makes the
// log safe again after a failed sync. It runs on one goroutine until close.
type checkpointer struct {
	// Immutable.
	store *Store
	every time.Duration
	bytes int
	ended chan struct{}
	stop  chan struct{}
	wake  chan struct{} // has room for one
	asked chan chan error

	// Guarded by mu.
	mu     sync.Mutex
	unsafe bool // the log has to be renewed

	// Owned by run.
	failed bool         // the last one failed, which was logged
	stored wal.Position // what the database was told last
}

// retryCheckpoint is how long a checkpoint that failed rests.
const retryCheckpoint = time.Second

// moveBytes is how much of the tails goes into one transaction, about.
const moveBytes = 512 << 10

// newCheckpointer starts one on a store whose database has everything up to a position of the log.
func newCheckpointer(s *Store, stored wal.Position, every time.Duration, bytes int) *checkpointer {
	c := &checkpointer{
		store: s, stored: stored, every: every, bytes: bytes,
		ended: make(chan struct{}), stop: make(chan struct{}), wake: make(chan struct{}, 1), asked: make(chan chan error),
	}
	go c.run()
	return c
}

// close ends it; a last checkpoint is made first.
func (c *checkpointer) close() {
	close(c.stop)
	<-c.ended
}

// grown tells that there is more to move.
func (c *checkpointer) grown() { c.knock() }

// renew has the log made safe after a failed sync.
func (c *checkpointer) renew() {
	c.mu.Lock()
	c.unsafe = true
	c.mu.Unlock()
	c.knock()
}

func (c *checkpointer) knock() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// now makes a checkpoint of everything that was durable when it was called, and waits for it.
func (c *checkpointer) now(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case c.asked <- done:
	case <-c.ended:
		return doc.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *checkpointer) run() {
	defer close(c.ended)
	timer := time.NewTimer(c.every)
	timer.Stop()
	running := false // the timer
	for {
		select {
		case <-c.stop:
			if err := c.checkpoint(); err != nil {
				c.report(err)
			}
			return
		case done := <-c.asked:
			done <- c.checkpoint()
			continue
		case <-timer.C:
			running = false
			c.store.log.wal.Retry()
			if c.attempt() != nil {
				running = true
				timer.Reset(retryCheckpoint)
			}
			continue
		case <-c.wake:
		}
		switch size := c.store.tails.size(); {
		case (size >= c.bytes || c.isUnsafe()) && !c.failed:
			if c.attempt() != nil {
				running = true
				timer.Reset(retryCheckpoint)
			}
		case !running && c.store.log.wal.Full() != nil:
			running = true
			timer.Reset(retryCheckpoint)
		case !running && size > 0:
			running = true
			timer.Reset(c.every)
		}
	}
}

func (c *checkpointer) isUnsafe() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unsafe
}

// attempt is a checkpoint that nobody waits for.
func (c *checkpointer) attempt() error {
	err := c.checkpoint()
	if err != nil && !c.failed {
		c.report(err)
	}
	c.failed = err != nil
	return err
}

func (c *checkpointer) report(err error) {
	if !errors.Is(err, doc.ErrClosed) {
		c.store.logger.Warn("the log could not be moved to the database; nothing is lost, it is tried again", "err", err)
	}
}

// checkpoint moves everything that is durable now, and stores the position of the log up to which that is so.
func (c *checkpointer) checkpoint() error {
	s := c.store
	unsafe := c.isUnsafe()
	var renewed wal.Position
	if unsafe {
		var err error
		// Nobody appends meanwhile: what the failed sync left in the log lies before the position, and never comes back.
		if renewed, err = s.log.wal.Reset(); err != nil {
			return fmt.Errorf("make the log safe: %w", err)
		}
	}
	position, ids := s.tails.cut()
	if unsafe {
		position = renewed
	}
	if len(ids) == 0 && position == c.stored {
		return nil
	}
	if err := c.move(ids, position); err != nil {
		return err
	}
	c.stored = position
	if err := s.log.wal.Recycle(position); err != nil {
		return fmt.Errorf("recycle the log: %w", err)
	}
	if unsafe {
		s.tails.renew(renewed)
		c.mu.Lock()
		c.unsafe = false
		c.mu.Unlock()
		s.log.trust()
		s.logger.Info("the log is safe again")
	}
	return nil
}

// move writes the tails of documents to the database, several in a transaction, and with the last of them the position, if that is not
// the zero one.
func (c *checkpointer) move(ids []doc.ID, position wal.Position) error {
	for {
		var moved []*moving
		size := 0
		for len(ids) > 0 && size < moveBytes {
			m := c.store.moving(ids[0], moveBytes-size)
			if m == nil || m.whole {
				ids = ids[1:]
			}
			if m != nil {
				moved = append(moved, m)
				size += m.size
			}
		}
		last := len(ids) == 0
		if len(moved) == 0 && (!last || position == wal.Position{}) {
			return nil
		}
		if err := c.write(moved, position, last); err != nil {
			return err
		}
		for _, m := range moved {
			c.store.tails.drop(m.id, m.upTo())
		}
		if last {
			return nil
		}
	}
}

func (c *checkpointer) write(moved []*moving, position wal.Position, last bool) error {
	done := make(chan error, 1)
	c.store.committer.slice(&work{
		check: func(*writing) error { return nil },
		write: func(tx *writing) error {
			for _, m := range moved {
				if err := m.write(tx); err != nil {
					return err
				}
			}
			if last && position != (wal.Position{}) {
				return tx.put(metaBucket, logKey, encodePosition(position))
			}
			return nil
		},
		done: func(err error) { done <- err },
	})
	return <-done
}

// settle returns when the database has everything durable of a document.
func (s *Store) settle(ctx context.Context, id doc.ID) error {
	for {
		end := s.tails.of(id).end
		if end.Rev == 0 {
			return ctx.Err()
		}
		if err := s.checkpointer.move([]doc.ID{id}, wal.Position{}); err != nil {
			return err
		}
		if left := s.tails.of(id).commits; len(left) == 0 || left[0].Rev > end.Rev {
			return ctx.Err()
		}
	}
}

// moving is a piece of a tail on its way to the database.
type moving struct {
	id      doc.ID
	end     doc.Place // of the tail
	commits []doc.Commit
	size    int
	whole   bool // it is all that was there
	store   *Store
}

func (m *moving) upTo() doc.Revision { return m.commits[len(m.commits)-1].Rev }

// moving is up to about size bytes of what a document has in the log only, and at least one commit; nil: nothing.
func (s *Store) moving(id doc.ID, size int) *moving {
	ahead := s.tails.of(id)
	commits := ahead.commits
	if len(commits) == 0 {
		return nil
	}
	m := &moving{id: id, end: ahead.end, store: s}
	n := 0
	for n < len(commits) && (n == 0 || m.size < size) {
		m.size += commitOverhead + len(commits[n].Bytes)
		n++
	}
	m.commits, m.whole = commits[:n:n], n == len(commits)
	return m
}

// write puts into the database what it does not have yet: it may have been written by a transaction of which nobody heard, or before
// the log was replayed.
func (m *moving) write(tx *writing) error {
	h, err := tx.head(m.id)
	if err != nil {
		return m.stray(tx, err)
	}
	if h == nil || h.epoch != m.end.Epoch || h.rev >= m.upTo() {
		return nil // it was removed, has another history, or has them
	}
	commits := m.commits
	if first := commits[0].Rev; first > h.rev+1 {
		return m.stray(tx, fmt.Errorf("%w: the log goes on at revision %d and the database ends at %d", doc.ErrDamaged, first, h.rev))
	}
	commits = commits[h.rev+1-commits[0].Rev:]
	blocks, err := encodeBlocks(h.place(), commits)
	if err != nil {
		return m.stray(tx, fmt.Errorf("%w: %w", doc.ErrDamaged, err))
	}
	for _, b := range blocks {
		key, value := b.under(h.history)
		if err := tx.put(commitsBucket, key, value); err != nil {
			return err
		}
	}
	records := map[doc.ClientID]doc.Record{}
	for i := range commits {
		c := &commits[i]
		records[c.Client] = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
		h.historyBytes += uint64(len(c.Bytes))
	}
	for client, r := range records {
		key := clientKey(m.id, client)
		if tx.get(clientsBucket, key) == nil {
			h.clients++
		}
		if err := tx.put(clientsBucket, key, encodeClient(key, r)); err != nil {
			return err
		}
	}
	last := &commits[len(commits)-1]
	h.rev, h.lineage = last.Rev, last.Lineage
	return tx.put(documentsBucket, m.id[:], h.encode())
}

// stray keeps what a document that was damaged meanwhile had in the log: the document is refused from now on, and not the others.
func (m *moving) stray(tx *writing, why error) error {
	m.store.logger.Error("the end of a damaged document is kept apart", "id", m.id.String(), "first", m.commits[0].Rev, "last", m.upTo(), "err", why)
	e := &entry{prev: m.end, commits: slices.Clone(m.commits)}
	e.prev.Rev, e.prev.Lineage = m.commits[0].Rev-1, doc.Lineage{} // which is not known here
	key := numberKey(m.id, uint64(m.upTo()))
	return tx.put(straysBucket, key, seal(straysBucket, key, appendRecord([]byte{form}, []*entry{e.encode()})))
}

// logKey is where the meta bucket has the log's position.
var logKey = []byte("log")

func encodePosition(p wal.Position) []byte {
	b := append(make([]byte, 0, 24), form)
	b = binary.BigEndian.AppendUint64(b, p.Segment)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Offset))
	return seal(metaBucket, logKey, b)
}

func decodePosition(value []byte) (p wal.Position, err error) {
	if value == nil {
		return p, nil
	}
	r, err := unseal(metaBucket, logKey, value)
	if err != nil {
		return p, err
	}
	p.Segment, p.Offset = r.uint64(), int64(r.uint64())
	return p, r.end()
}
