package doctest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"tandem/doc"
	"tandem/ot"
)

// Outcome is what becomes of something that a store was asked to write.
type Outcome int

// The outcomes. After Lost and WrittenLate the store reports ErrUnknown.
const (
	Written     Outcome = iota // it is there, and reported so
	Lost                       // it is not there, and reported as unknown
	WrittenLate                // it is there, and reported as unknown
	Hung                       // it is there, and reported so a second later: by a Faulty; to a Memory it is Written
)

// ErrUnknown is the error of an append or a save of which nobody knows whether it happened.
var ErrUnknown = errors.New("doctest: outcome unknown")

// Memory is a doc.Archive in memory. What is handed to it with a done waits until Step or Flush says what becomes of it, on the
// caller's goroutine; everything else happens at once. Used from one goroutine it does the same thing every time. Run makes it
// work by itself.
type Memory struct {
	// Guarded by mu. done functions are called without it.
	mu     sync.Mutex
	random *rand.Rand
	names  map[string]doc.ID
	docs   map[doc.ID]*memoryDoc
	queue  []pending
	slow   int
	down   error // what every call hears, if not nil
	made   int64 // documents so far: their time of creation
	queued chan struct{}
}

var _ doc.Archive = (*Memory)(nil)

// pending is a batch, a snapshot or a span on its way.
type pending struct {
	batch    *doc.Batch
	snapshot *doc.Snapshot
	span     *savedSpan
	done     func(error)
}

// NewMemory is an empty store. Its documents' ids follow from the seed.
func NewMemory(seed uint64) *Memory {
	return &Memory{
		random: rand.New(rand.NewPCG(seed, 0)),
		names:  map[string]doc.ID{}, docs: map[doc.ID]*memoryDoc{},
		queued: make(chan struct{}, 1),
	}
}

// Load implements doc.Store. It answers at once: what waits is not there.
func (m *Memory) Load(ctx context.Context, name string, kind doc.Kind) (*doc.Stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	if err := doc.CheckName(name); err != nil {
		return nil, err
	}
	id, ok := m.names[name]
	if !ok {
		switch kind {
		case 0:
			return nil, fmt.Errorf("%w: %q", doc.ErrNotFound, name)
		case doc.Text, doc.Rich:
			id = m.create(name, kind)
		default:
			return nil, fmt.Errorf("%w: %s", doc.ErrKind, kind)
		}
	}
	d := m.docs[id]
	if kind != 0 && kind != d.kind {
		return nil, fmt.Errorf("%w: %q is of the kind %s, not %s", doc.ErrKind, name, d.kind, kind)
	}
	return d.stored()
}

func (m *Memory) create(name string, kind doc.Kind) doc.ID {
	var id doc.ID
	binary.BigEndian.PutUint64(id[:], m.random.Uint64())
	binary.BigEndian.PutUint64(id[8:], m.random.Uint64())
	m.names[name], m.docs[id] = id, newMemoryDoc(id, name, kind, m.made, m.newEpoch())
	m.made++
	return id
}

func (m *Memory) newEpoch() (e doc.Epoch) {
	binary.BigEndian.PutUint64(e[:], m.random.Uint64())
	return e
}

// Ready implements doc.Store: there is always space.
func (m *Memory) Ready() error { return nil }

// Append implements doc.Store: the batch waits for Step.
func (m *Memory) Append(batch *doc.Batch, done func(error)) {
	m.add(pending{batch: &doc.Batch{Prev: batch.Prev, Commits: copyCommits(batch.Commits)}, done: done})
}

// Save implements doc.Store: the snapshot waits for Step.
func (m *Memory) Save(snapshot *doc.Snapshot, done func(error)) {
	m.add(pending{snapshot: snapshot, done: done})
}

func (m *Memory) add(p pending) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = append(m.queue, p)
	select {
	case m.queued <- struct{}{}:
	default:
	}
}

// Read implements doc.Store.
func (m *Memory) Read(ctx context.Context, id doc.ID, first, last doc.Revision, maxBytes int) ([]doc.Commit, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	d := m.docs[id]
	if d == nil {
		return nil, fmt.Errorf("%w: %s", doc.ErrNotFound, id)
	}
	if first <= d.floor || first > last || first > d.head() {
		return nil, fmt.Errorf("doctest: revisions %d to %d of document %s, which has %d to %d", first, last, id, d.floor+1, d.head())
	}
	commits := d.after(first - 1)
	n, size := 0, 0
	for n < len(commits) && commits[n].Rev <= last && (n == 0 || size <= maxBytes) {
		size += len(commits[n].Bytes)
		n++
	}
	return copyCommits(commits[:n]), nil
}

// Close implements doc.Store: what waits is written.
func (m *Memory) Close() error {
	m.Flush(Written)
	m.Break(doc.ErrClosed)
	return nil
}

// Pending is how many batches, snapshots and spans wait.
func (m *Memory) Pending() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.queue)
}

// Step lets the oldest of what waits come out, and calls its done. It reports whether something waited. A batch whose
// condition does not hold is ErrConflict, whatever the outcome.
func (m *Memory) Step(how Outcome) bool {
	m.mu.Lock()
	if len(m.queue) == 0 {
		m.mu.Unlock()
		return false
	}
	if m.slow > 0 {
		m.slow--
		m.mu.Unlock()
		return true
	}
	p := m.queue[0]
	m.queue = slices.Delete(m.queue, 0, 1)
	err := m.settle(p, how)
	m.mu.Unlock()
	p.done(err)
	return true
}

// Flush lets all that waits now come out the same way, as one transaction does, and returns how many there were.
func (m *Memory) Flush(how Outcome) int {
	m.mu.Lock()
	queue := m.queue
	m.queue = nil
	m.slow = 0
	errs := make([]error, len(queue))
	for i, p := range queue {
		errs[i] = m.settle(p, how)
	}
	m.mu.Unlock()
	for i, p := range queue {
		p.done(errs[i])
	}
	return len(queue)
}

// Slow lets the next n Steps do nothing: a disk that takes its time.
func (m *Memory) Slow(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slow = n
}

// Crash takes the process away: nothing of what waits is ever reported. The i-th of it is on disk all the same where keep,
// which may be nil, says so. The Memory is from then on the store that was opened again.
func (m *Memory) Crash(keep func(i int) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, p := range m.queue {
		if keep != nil && keep(i) {
			_ = m.settle(p, Written)
		}
	}
	m.queue, m.slow, m.down = nil, 0, nil
}

// Break makes every call from now on answer why; nil mends it. What waits can still come out.
func (m *Memory) Break(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = why
}

// Run lets the store work by itself, on a goroutine, until stop is called.
func (m *Memory) Run() (stop func()) {
	ending, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-m.queued:
				m.Flush(Written)
			case <-ending:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(ending)
		<-ended
	})
}

func (m *Memory) refuse(ctx context.Context) error {
	if m.down != nil {
		return m.down
	}
	return ctx.Err()
}

// settle writes what was handed over, or does not, and returns what is reported.
func (m *Memory) settle(p pending, how Outcome) error {
	if m.down != nil {
		return m.down
	}
	check := m.checkSnapshot
	switch {
	case p.batch != nil:
		check = m.checkBatch
	case p.span != nil:
		check = m.checkSpan
	}
	apply, err := check(p)
	switch {
	case err != nil:
		return err
	case how == Lost:
		return ErrUnknown
	}
	apply()
	if how == WrittenLate {
		return ErrUnknown
	}
	return nil
}

// checkBatch is the condition of an append, and returns what it writes.
func (m *Memory) checkBatch(p pending) (func(), error) {
	b := p.batch
	d := m.docs[b.Prev.ID]
	switch {
	case d == nil:
		return nil, fmt.Errorf("%w: there is no document %s", doc.ErrConflict, b.Prev.ID)
	case len(b.Commits) == 0:
		return nil, fmt.Errorf("%w: a batch without commits", doc.ErrConflict)
	case b.Prev != d.place():
		return nil, fmt.Errorf("%w: %q is at revision %d; the batch comes after %d", doc.ErrConflict, d.name, d.head(), b.Prev.Rev)
	}
	at := b.Prev
	seen := map[doc.ClientID]doc.Record{}
	for _, c := range b.Commits {
		if c.Rev != at.Rev+1 || c.Lineage != at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes) {
			return nil, fmt.Errorf("%w: %q: revision %d does not come after %d", doc.ErrConflict, d.name, c.Rev, at.Rev)
		}
		last, ok := seen[c.Client]
		if !ok {
			last = d.clients[c.Client]
		}
		if c.Seq <= last.Seq || c.Seq > ot.MaxInt {
			return nil, fmt.Errorf("%w: %q: sequence %d after %d", doc.ErrConflict, d.name, c.Seq, last.Seq)
		}
		seen[c.Client] = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
		at.Rev, at.Lineage = c.Rev, c.Lineage
	}
	return func() {
		d.commits = append(d.commits, b.Commits...)
		for client, record := range seen {
			d.clients[client] = record
		}
	}, nil
}

func (m *Memory) checkSnapshot(p pending) (func(), error) {
	at := p.snapshot.Place
	d := m.docs[at.ID]
	if d == nil || !d.has(at) {
		return nil, fmt.Errorf("%w: a snapshot of document %s at revision %d", doc.ErrConflict, at.ID, at.Rev)
	}
	return func() {
		if at.Rev > d.snapshot.rev {
			d.snapshot = memorySnapshot{at.Rev, p.snapshot.Content.Content(), p.snapshot.Hash}
		}
	}, nil
}
