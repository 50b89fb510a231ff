package disk

import (
	"errors"
	"fmt"
	"sync"

	"tandem/doc"
	"tandem/doc/disk/wal"
)

// appender is the one goroutine that writes the log: it takes the batches of all documents that wait, up to a bound, makes one record
// of them, and tells each what became of it once that is synced (D1). It does not wait for more to come.
type appender struct {
	store *Store
	max   int // bytes in a record, about
	ended chan struct{}

	// Guarded by mu; come tells of a change.
	mu     sync.Mutex
	come   sync.Cond
	queue  []*appending
	closed bool

	// Owned by run.
	record []byte

	// Held while a record is in the log and not yet in the tails, so that nobody takes the log's end for what the tails have.
	logging sync.Mutex
}

// appending is a batch on its way to the log.
type appending struct {
	*entry
	err  error // what is wrong with the batch, whatever the store has
	done func(error)
}

// newAppender starts the appender. close stops it and waits.
func newAppender(s *Store, max int) *appender {
	a := &appender{store: s, max: max, ended: make(chan struct{})}
	a.come.L = &a.mu
	go a.run()
	return a
}

// Append implements doc.Store. The batch is encoded on its document's goroutine, not on the one that all wait for.
func (s *Store) Append(batch *doc.Batch, done func(error)) {
	w := &appending{done: done}
	if w.entry, w.err = newEntry(batch); w.err != nil {
		w.entry = &entry{prev: batch.Prev}
		w.err = fmt.Errorf("%w: %w", doc.ErrConflict, w.err)
	}
	s.appender.add(w)
}

func (a *appender) add(w *appending) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		go w.done(doc.ErrClosed) // never from the caller's own goroutine
		return
	}
	a.queue = append(a.queue, w)
	a.come.Signal()
}

// close refuses what comes from now on, and returns when everything before is done.
func (a *appender) close() {
	a.mu.Lock()
	a.closed = true
	a.come.Signal()
	a.mu.Unlock()
	<-a.ended
}

func (a *appender) run() {
	defer close(a.ended)
	for {
		works := a.take()
		if len(works) == 0 {
			return
		}
		a.commit(works)
	}
}

// take waits for batches, and takes those that fit one record. A second one of the same document, whose condition is the first's
// outcome, stays for the next.
func (a *appender) take() (works []*appending) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.queue) == 0 && !a.closed {
		a.come.Wait()
	}
	size, n := 0, 0
	var seen map[doc.ID]bool
	if len(a.queue) > 1 {
		seen = make(map[doc.ID]bool, len(a.queue))
	}
	for n < len(a.queue) && (n == 0 || size+len(a.queue[n].encoded) <= a.max) && !seen[a.queue[n].prev.ID] {
		if seen != nil {
			seen[a.queue[n].prev.ID] = true
		}
		size += len(a.queue[n].encoded)
		n++
	}
	works = a.queue[:n:n]
	if a.queue = a.queue[n:]; len(a.queue) == 0 {
		a.queue = nil
	}
	return works
}

// commit makes one record of those batches whose condition holds.
func (a *appender) commit(works []*appending) {
	kept := works[:0:0]
	entries := make([]*entry, 0, len(works))
	for _, w := range works {
		err := w.err
		if err == nil {
			err = a.store.condition(w.entry)
		}
		if err != nil {
			w.done(err)
			continue
		}
		kept, entries = append(kept, w), append(entries, w.entry)
	}
	if len(kept) == 0 {
		return
	}
	a.record = appendRecord(a.record[:0], entries)
	err := a.log(entries)
	if cap(a.record) > keepRecord {
		a.record = nil
	}
	for _, w := range kept {
		w.done(err)
	}
}

// log makes the record durable, and known.
func (a *appender) log(entries []*entry) error {
	a.logging.Lock()
	defer a.logging.Unlock()
	end, err := a.store.log.append(a.record)
	if err == nil {
		a.store.tails.add(entries, end)
		a.store.checkpointer.grown()
	}
	return err
}

// rotate has the log go on in another segment, so that the next checkpoint frees those before it, though nothing is appended.
func (a *appender) rotate() error {
	a.logging.Lock()
	defer a.logging.Unlock()
	at, err := a.store.log.wal.Rotate()
	if err != nil {
		return fmt.Errorf("%w: rotate the log: %w", doc.ErrUnavailable, err)
	}
	a.store.tails.renew(at)
	return nil
}

// keepRecord is how large a buffer is kept for the next record, in bytes.
const keepRecord = 4 << 20

// condition is that of an append: the document ends where the batch begins, and no commit of its client is repeated.
func (s *Store) condition(e *entry) error {
	here := s.tails.of(e.prev.ID).end
	ahead := here.Rev > 0
	if ahead && here != e.prev {
		return conflict(here, e.prev)
	}
	var firsts map[doc.ClientID]doc.Seq // of clients that the tail does not know
	for i := range e.commits {
		c := &e.commits[i]
		if _, seen := firsts[c.Client]; seen {
			continue
		}
		known, inTail := s.tails.record(e.prev.ID, c.Client)
		if inTail && c.Seq <= known.Seq {
			return repeated(e.prev.ID, c.Client, known.Seq, c.Seq)
		}
		if !inTail {
			if firsts == nil {
				firsts = map[doc.ClientID]doc.Seq{}
			}
			firsts[c.Client] = c.Seq
		}
	}
	if ahead && len(firsts) == 0 && s.tails.asked(e.prev.ID) { // whoever types on
		return s.engine.ready()
	}
	// What maintenance moves here is durable in the log already, and what it takes away nobody appends to.
	err := s.engine.peek(func(tx *reading) error {
		h, err := tx.head(e.prev.ID)
		switch {
		case err != nil:
			return err
		case h == nil:
			return fmt.Errorf("%w: there is no document %s", doc.ErrConflict, e.prev.ID)
		case !ahead && h.place() != e.prev:
			return conflict(h.place(), e.prev)
		}
		for client, first := range firsts {
			key := clientKey(e.prev.ID, client)
			value := tx.get(clientsBucket, key)
			if value == nil {
				continue
			}
			_, known, err := decodeClient(key, value)
			if err != nil {
				return damaged(h, known.Rev, err)
			}
			if first <= known.Seq {
				return repeated(h.id, client, known.Seq, first)
			}
		}
		return nil
	})
	if err == nil && ahead {
		s.tails.noteAsked(e.prev.ID)
	}
	return err
}

func conflict(here, prev doc.Place) error {
	return fmt.Errorf("%w: document %s is at revision %d, epoch %s, lineage %s; the batch comes after revision %d, epoch %s, lineage %s",
		doc.ErrConflict, prev.ID, here.Rev, here.Epoch, here.Lineage, prev.Rev, prev.Epoch, prev.Lineage)
}

func repeated(id doc.ID, client doc.ClientID, known, given doc.Seq) error {
	return fmt.Errorf("%w: document %s has the sequence %d of client %s; the batch has %d", doc.ErrConflict, id, known, client, given)
}

// appendLog is the log, and what stands between it and the appender: whether it can be trusted, and has space.
type appendLog struct {
	// Immutable after open.
	store *Store
	wal   *wal.Log
	hooks Hooks

	// Guarded by mu.
	mu  sync.Mutex
	why error // what appends hear until the log is safe again
}

// append makes a record durable. After a failure of which the outcome is unknown every append fails until the log is safe.
func (l *appendLog) append(record []byte) (wal.Position, error) {
	l.mu.Lock()
	why := l.why
	l.mu.Unlock()
	if why != nil {
		return wal.Position{}, why
	}
	end, err := l.sync(record)
	switch {
	case err == nil:
		return end, nil
	case errors.Is(err, wal.ErrFull):
		return end, fmt.Errorf("%w: %w", doc.ErrNoSpace, err)
	case errors.Is(err, wal.ErrTooLarge): // nothing was written, and nobody else is concerned
		return end, fmt.Errorf("%w: %w", doc.ErrUnavailable, err)
	}
	err = fmt.Errorf("%w: the log could not be synced, and is being made safe: %w", doc.ErrUnavailable, err)
	l.mu.Lock()
	l.why = err
	l.mu.Unlock()
	l.store.checkpointer.renew()
	return end, err
}

func (l *appendLog) sync(record []byte) (end wal.Position, err error) {
	if l.hooks.BeforeLog != nil {
		if err := l.hooks.BeforeLog(); err != nil {
			return end, err
		}
	}
	if end, err = l.wal.Append(record); err == nil && l.hooks.AfterLog != nil {
		err = l.hooks.AfterLog()
	}
	return end, err
}

// trust has the log answer again.
func (l *appendLog) trust() {
	l.mu.Lock()
	l.why = nil
	l.mu.Unlock()
}

// Ready implements doc.Store: the log says so before it is full, so that what is under way still fits.
func (s *Store) Ready() error {
	if err := s.log.wal.Full(); err != nil {
		s.checkpointer.knock() // it tries again
		return fmt.Errorf("%w: %w", doc.ErrNoSpace, err)
	}
	return nil
}
