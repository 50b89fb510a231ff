package doctest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tandem/doc"
)

// HangTime is how long a call takes at least that is Hung.
const HangTime = time.Second

// Faulty lets calls of another store fail. All calls but Close are counted together, from 1. It is no doc.Archive, whatever it wraps:
// see FaultyArchive.
type Faulty struct {
	store doc.Store
	hung  sync.WaitGroup // calls with a done that is still to come

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

// Fail makes the n-th call from now on come out like that: Lost is not passed on; WrittenLate is, and fails then; Hung works, and
// takes HangTime longer.
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

// call is a call that answers when it returns.
func (f *Faulty) call(ctx context.Context, do func() error) error {
	switch f.next() {
	case Lost:
		return failed()
	case WrittenLate:
		_ = do()
		return failed()
	case Hung:
		timer := time.NewTimer(HangTime)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return do()
}

// called is a call that returns something.
func called[T any](ctx context.Context, f *Faulty, do func() (T, error)) (result T, err error) {
	err = f.call(ctx, func() error {
		result, err = do()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

// answer is the done of a call, as it comes out. lost is called instead of the call itself, where that is not passed on: it asks for
// what the store refuses, so that done is called when and where the store does that.
func (f *Faulty) answer(done func(error), do, lost func(done func(error))) {
	switch f.next() {
	case Lost:
		lost(func(error) { done(failed()) })
	case WrittenLate:
		do(func(error) { done(failed()) })
	case Hung:
		f.hung.Add(1)
		do(func(err error) {
			time.AfterFunc(HangTime, func() {
				defer f.hung.Done()
				done(err)
			})
		})
	default:
		do(done)
	}
}

// Load implements doc.Store.
func (f *Faulty) Load(ctx context.Context, name string, kind doc.Kind) (*doc.Stored, error) {
	return called(ctx, f, func() (*doc.Stored, error) { return f.store.Load(ctx, name, kind) })
}

// Ready implements doc.Store.
func (f *Faulty) Ready() error { return f.store.Ready() }

// Append implements doc.Store.
func (f *Faulty) Append(batch *doc.Batch, done func(error)) {
	f.answer(done, func(done func(error)) { f.store.Append(batch, done) },
		func(done func(error)) { f.store.Append(&doc.Batch{Prev: batch.Prev}, done) })
}

// Read implements doc.Store.
func (f *Faulty) Read(ctx context.Context, id doc.ID, first, last doc.Revision, maxBytes int) ([]doc.Commit, error) {
	return called(ctx, f, func() ([]doc.Commit, error) { return f.store.Read(ctx, id, first, last, maxBytes) })
}

// Save implements doc.Store.
func (f *Faulty) Save(snapshot *doc.Snapshot, done func(error)) {
	refused := *snapshot
	refused.Place.Rev = -1
	f.answer(done, func(done func(error)) { f.store.Save(snapshot, done) }, func(done func(error)) { f.store.Save(&refused, done) })
}

// Close implements doc.Store.
func (f *Faulty) Close() error {
	err := f.store.Close()
	f.hung.Wait()
	return err
}
