package disk

import (
	"context"
	"sync"

	"tandem/doc"
)

// saver is the one goroutine that maintains what the committer's edits do not: it writes contents ahead of what refers to them, so
// that no more than one piece is in memory, moves floors and histories, and empties the trash (D6). One job after the other:
// what a job has written ahead stands in the trash, and nobody else empties that. It runs until close.
type saver struct {
	store *Store
	ended chan struct{}

	// Guarded by mu; come tells of a change.
	mu     sync.Mutex
	come   sync.Cond
	queue  []*job
	closed bool
}

// A job is run on the saver's goroutine; done hears what came of it.
type job struct {
	run  func() error
	done func(error)
}

func newSaver(s *Store) *saver {
	v := &saver{store: s, ended: make(chan struct{})}
	v.come.L = &v.mu
	go v.run()
	return v
}

func (v *saver) add(j *job) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		go j.done(doc.ErrClosed) // never from the caller's own goroutine
		return
	}
	v.queue = append(v.queue, j)
	v.come.Signal()
}

// do has a job run, and returns what came of it. While it waits for its turn ctx may end it; run has to see to that itself.
func (v *saver) do(ctx context.Context, run func() error) error {
	done := make(chan error, 1)
	j := &job{run: run, done: func(err error) { done <- err }}
	v.add(j)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if v.withdraw(j) {
		return ctx.Err()
	}
	return <-done
}

// withdraw takes a job out of the queue, if it is still there.
func (v *saver) withdraw(j *job) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.queue {
		if v.queue[i] == j {
			v.queue = append(v.queue[:i:i], v.queue[i+1:]...)
			return true
		}
	}
	return false
}

// close refuses what comes from now on, and returns when everything before is done.
func (v *saver) close() {
	v.mu.Lock()
	v.closed = true
	v.come.Signal()
	v.mu.Unlock()
	<-v.ended
}

func (v *saver) run() {
	defer close(v.ended)
	v.tidy()
	for {
		j, more := v.take()
		if !more {
			return
		}
		j.done(j.run())
		v.tidy()
	}
}

func (v *saver) ending() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.closed
}

func (v *saver) waiting() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.queue) > 0
}

func (v *saver) take() (j *job, more bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.queue) == 0 {
		if v.closed {
			return nil, false
		}
		v.come.Wait()
	}
	j = v.queue[0]
	v.queue[0] = nil
	v.queue = v.queue[1:]
	return j, true
}

// commit has one transaction made, and waits for it.
func (v *saver) commit(size int, check, write func(*writing) error) error {
	done := make(chan error, 1)
	v.store.committer.slice(&work{size: size, check: check, write: write, done: func(err error) { done <- err }})
	return <-done
}
