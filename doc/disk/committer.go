package disk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tandem/doc"
)

// work is something to write for one document.
type work struct {
	size int // bytes, about
	// check refuses this work alone. It must not write.
	check func(*writing) error
	// write is called when check has returned nil. An error, too, concerns this work alone. Both are called again when the transaction
	// is tried again without something else: they must not build on what they did before.
	write func(*writing) error
	// done is called once, from the committer's goroutine.
	done func(error)
}

// committer is the one goroutine that writes to the database: documents that are made, which it gathers in one transaction, and slices
// of maintenance behind them, one transaction after each: what the log has, snapshots, what is to be removed. It tells each work what
// became of it.
type committer struct {
	// Immutable.
	update func(func(*writing) error) (unsafe bool, err error)
	heal   func() // called when the store has become unsafe; must not block
	max    int    // bytes in a transaction
	ended  chan struct{}

	// Guarded by mu; come tells of a change.
	mu     sync.Mutex
	come   sync.Cond
	edits  []*work
	slices []*work
	closed bool
	frozen bool // nothing is taken
	busy   bool // something was taken, and is not done
}

// newCommitter starts the committer. close stops it and waits.
func newCommitter(update func(func(*writing) error) (bool, error), heal func(), max int) *committer {
	c := &committer{update: update, heal: heal, max: max, ended: make(chan struct{})}
	c.come.L = &c.mu
	go c.run()
	return c
}

// edit hands over what somebody waits for.
func (c *committer) edit(w *work) { c.add(&c.edits, w) }

// slice hands over a piece of maintenance.
func (c *committer) slice(w *work) { c.add(&c.slices, w) }

func (c *committer) add(queue *[]*work, w *work) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		go w.done(doc.ErrClosed) // never from the caller's own goroutine
		return
	}
	*queue = append(*queue, w)
	c.come.Broadcast()
}

// close refuses what comes from now on, and returns when everything before is done.
func (c *committer) close() {
	c.mu.Lock()
	c.closed = true
	c.come.Broadcast()
	c.mu.Unlock()
	<-c.ended
}

// freeze has nothing written until thaw is called; it returns when what was begun is done. What is handed over meanwhile waits.
func (c *committer) freeze(ctx context.Context) (thaw func(), err error) {
	defer context.AfterFunc(ctx, c.come.Broadcast)()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, doc.ErrClosed
	}
	c.frozen = true
	thaw = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.frozen = false
		c.come.Broadcast()
	}
	for c.busy {
		if err := ctx.Err(); err != nil {
			c.frozen = false
			c.come.Broadcast()
			return nil, err
		}
		c.come.Wait()
	}
	return thaw, nil
}

func (c *committer) run() {
	defer close(c.ended)
	for {
		edits, slices, more := c.take()
		if !more {
			return
		}
		if len(edits) > 0 {
			c.commit(edits)
		}
		if len(slices) > 0 {
			c.commit(slices)
		}
	}
}

// sliceBytes is how much of maintenance one transaction takes, about: 256 KiB, or one slice.
const sliceBytes = 256 << 10

// take waits for work, and takes the edits that fit one transaction, and slices for one more.
func (c *committer) take() (edits, slices []*work, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
	c.come.Broadcast()
	for c.frozen || len(c.edits) == 0 && len(c.slices) == 0 {
		if c.closed && !c.frozen {
			return nil, nil, false
		}
		c.come.Wait()
	}
	c.busy = true
	return takeFitting(&c.edits, c.max), takeFitting(&c.slices, min(c.max, sliceBytes)), true
}

// takeFitting takes the first works of a queue that fit so many bytes, and at least one.
func takeFitting(queue *[]*work, most int) []*work {
	q := *queue
	n, size := 0, 0
	for n < len(q) && (n == 0 || size+q[n].size <= most) {
		size += max(q[n].size, 1)
		n++
	}
	if *queue = q[n:]; n == len(q) {
		*queue = nil
	}
	return q[:n:n]
}

// commit puts works into one transaction. One that cannot be written, because what is stored there is damaged, is taken
// out, and the others are tried again.
func (c *committer) commit(works []*work) {
	for len(works) > 0 {
		verdicts := make([]error, len(works))
		culprit := -1
		unsafe, err := c.update(func(tx *writing) error {
			kept := 0
			for i, w := range works {
				verdicts[i] = guard(func() error { return w.check(tx) })
				if verdicts[i] != nil {
					continue
				}
				if err := guard(func() error { return w.write(tx) }); err != nil {
					culprit = i
					return err
				}
				kept++
			}
			if kept == 0 {
				return errNothing
			}
			return nil
		})
		if unsafe {
			c.heal()
		}
		if culprit >= 0 && !unsafe {
			works[culprit].done(asDamage(err))
			works = append(works[:culprit:culprit], works[culprit+1:]...)
			continue
		}
		if errors.Is(err, errNothing) {
			err = nil
		}
		for i, w := range works {
			switch {
			case verdicts[i] != nil:
				w.done(asDamage(verdicts[i]))
			default:
				w.done(err)
			}
		}
		return
	}
}

// asDamage names what bbolt panicked about.
func asDamage(err error) error {
	if errors.Is(err, errStructure) {
		return fmt.Errorf("%w: %w", doc.ErrDamaged, err)
	}
	return err
}
