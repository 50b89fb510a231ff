package doctest

import (
	"bytes"
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

// The outcomes. After the last two the store reports ErrUnknown.
const (
	Written     Outcome = iota // it is there, and reported so
	Lost                       // it is not there, and reported as unknown
	WrittenLate                // it is there, and reported as unknown
)

// ErrUnknown is the error of an append or a save of which nobody knows whether it happened.
var ErrUnknown = errors.New("doctest: outcome unknown")

// Memory is a doc.Store in memory. What is handed to it waits until Step or Flush says what becomes of it, on the caller's
// goroutine: used from one goroutine it does the same thing every time. Run makes it work by itself.
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

var _ doc.Store = (*Memory)(nil)

type memoryDoc struct {
	name     string
	kind     doc.Kind
	created  int64
	epoch    doc.Epoch
	commits  []doc.Commit // all of them, from revision 1 on
	clients  map[doc.ClientID]doc.Record
	snapshot *memorySnapshot
}

type memorySnapshot struct {
	place   doc.Place
	content ot.Op
	hash    uint64
}

// pending is a batch or a snapshot on its way.
type pending struct {
	batch    *doc.Batch
	snapshot *doc.Snapshot
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
	return d.stored(id)
}

func (m *Memory) create(name string, kind doc.Kind) doc.ID {
	var id doc.ID
	d := &memoryDoc{name: name, kind: kind, created: m.made, clients: map[doc.ClientID]doc.Record{}}
	m.made++
	binary.BigEndian.PutUint64(id[:], m.random.Uint64())
	binary.BigEndian.PutUint64(id[8:], m.random.Uint64())
	binary.BigEndian.PutUint64(d.epoch[:], m.random.Uint64())
	m.names[name], m.docs[id] = id, d
	return id
}

func (d *memoryDoc) stored(id doc.ID) (*doc.Stored, error) {
	s := &doc.Stored{Name: d.name, Kind: d.kind, Created: d.created, Clients: map[doc.ClientID]doc.Record{}}
	for c, r := range d.clients {
		s.Clients[c] = r
	}
	s.Snapshot = doc.Snapshot{Place: doc.Place{ID: id, Epoch: d.epoch}, Content: ot.NewText().Snapshot()}
	if d.snapshot != nil {
		text, err := ot.TextOf(d.snapshot.content)
		if err != nil {
			return nil, err
		}
		if text.Hash() != d.snapshot.hash || text.Len() != d.snapshot.content.TargetLen() {
			return nil, fmt.Errorf("%w: %q, revision %d: the snapshot has the hash %x, not %x", doc.ErrDamaged, d.name, d.snapshot.place.Rev, text.Hash(), d.snapshot.hash)
		}
		s.Snapshot = doc.Snapshot{Place: d.snapshot.place, Content: text.Snapshot(), Hash: d.snapshot.hash}
	}
	s.Commits = copyCommits(d.commits[s.Snapshot.Place.Rev:])
	return s, nil
}

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
	if first < 1 || first > last || int(first) > len(d.commits) {
		return nil, fmt.Errorf("doctest: revisions %d to %d of document %s, which has %d", first, last, id, len(d.commits))
	}
	n, size := 0, 0
	for _, c := range d.commits[first-1 : min(int(last), len(d.commits))] {
		if n > 0 && size > maxBytes {
			break
		}
		size += len(c.Bytes)
		n++
	}
	return copyCommits(d.commits[first-1 : int(first)-1+n]), nil
}

// Close implements doc.Store: what waits is written.
func (m *Memory) Close() error {
	m.Flush(Written)
	m.Break(doc.ErrClosed)
	return nil
}

// Pending is how many batches and snapshots wait.
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
	write, err := m.checkSnapshot, error(nil)
	if p.batch != nil {
		write = m.checkBatch
	}
	apply, err := write(p)
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
	case b.Prev != d.place(b.Prev.ID, len(d.commits)):
		return nil, fmt.Errorf("%w: %q is at revision %d; the batch comes after %d", doc.ErrConflict, d.name, len(d.commits), b.Prev.Rev)
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
	if d == nil || at.Rev < 0 || int(at.Rev) > len(d.commits) || at != d.place(at.ID, int(at.Rev)) {
		return nil, fmt.Errorf("%w: a snapshot of document %s at revision %d", doc.ErrConflict, at.ID, at.Rev)
	}
	return func() {
		if at.Rev > 0 && (d.snapshot == nil || d.snapshot.place.Rev < at.Rev) {
			d.snapshot = &memorySnapshot{place: at, content: p.snapshot.Content.Content(), hash: p.snapshot.Hash}
		}
	}, nil
}

// place is the document's place at a revision that it has.
func (d *memoryDoc) place(id doc.ID, rev int) doc.Place {
	p := doc.Place{ID: id, Epoch: d.epoch, Rev: doc.Revision(rev)}
	if rev > 0 {
		p.Lineage = d.commits[rev-1].Lineage
	}
	return p
}

func copyCommits(commits []doc.Commit) []doc.Commit {
	commits = slices.Clone(commits)
	for i := range commits {
		commits[i].Bytes = bytes.Clone(commits[i].Bytes)
	}
	return commits
}
