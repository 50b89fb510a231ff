package doctest

import (
	"context"
	"fmt"
	"sync"

	"tandem/doc"
)

// Faulty lets calls of another store fail. Calls of Load, Append, Read and Save are counted together, from 1.
type Faulty struct {
	store doc.Store

	// Guarded by mu.
	mu    sync.Mutex
	calls int
	plan  map[int]Outcome
}

var _ doc.Store = (*Faulty)(nil)

// NewFaulty is the same store until Fail is called.
func NewFaulty(store doc.Store) *Faulty {
	return &Faulty{store: store, plan: map[int]Outcome{}}
}

// Fail makes the n-th call from now on come out like that: Lost is not passed on; WrittenLate is, and fails then.
func (f *Faulty) Fail(n int, how Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan[f.calls+n] = how
}

// Calls is how many calls there were.
func (f *Faulty) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *Faulty) next() Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	how := f.plan[f.calls]
	delete(f.plan, f.calls)
	return how
}

func failed() error { return fmt.Errorf("%w: %w", doc.ErrUnavailable, ErrUnknown) }

// Load implements doc.Store.
func (f *Faulty) Load(ctx context.Context, name string, kind doc.Kind) (*doc.Stored, error) {
	how := f.next()
	if how == Lost {
		return nil, failed()
	}
	s, err := f.store.Load(ctx, name, kind)
	if how == WrittenLate {
		return nil, failed()
	}
	return s, err
}

// Ready implements doc.Store.
func (f *Faulty) Ready() error { return f.store.Ready() }

// Append implements doc.Store. A batch that is not passed on goes as one that the store refuses, so that done is called when
// and where the store does that.
func (f *Faulty) Append(batch *doc.Batch, done func(error)) {
	how := f.next()
	if how == Written {
		f.store.Append(batch, done)
		return
	}
	if how == Lost {
		batch = &doc.Batch{Prev: batch.Prev}
	}
	f.store.Append(batch, func(error) { done(failed()) })
}

// Read implements doc.Store.
func (f *Faulty) Read(ctx context.Context, id doc.ID, first, last doc.Revision, maxBytes int) ([]doc.Commit, error) {
	if f.next() != Written {
		return nil, failed()
	}
	return f.store.Read(ctx, id, first, last, maxBytes)
}

// Save implements doc.Store; see Append.
func (f *Faulty) Save(snapshot *doc.Snapshot, done func(error)) {
	how := f.next()
	if how == Written {
		f.store.Save(snapshot, done)
		return
	}
	if how == Lost {
		refused := *snapshot
		refused.Place.Rev = -1
		snapshot = &refused
	}
	f.store.Save(snapshot, func(error) { done(failed()) })
}

// Close implements doc.Store.
func (f *Faulty) Close() error { return f.store.Close() }
