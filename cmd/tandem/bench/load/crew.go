package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tandem/doc"
)

// A Crew is the people of some documents.
type Crew struct {
	Site  *Site
	Clock Clock
	// Docs has the replicas of each document, in the order of Names.
	Docs  [][]*Replica
	Names []string
}

const (
	// joinAtOnce is how many join at a time.
	joinAtOnce = 64
	// progressWithin is how long there may be no progress while something is awaited.
	progressWithin = 60 * time.Second
	// look is how often it is looked for.
	look = 2 * time.Millisecond
)

// Gather has so many people join each document. Stamps are taken of every stride-th revision only.
func Gather(ctx context.Context, site *Site, names []string, people, stride int) (*Crew, error) {
	c := &Crew{Site: site, Clock: NewClock(), Names: names, Docs: make([][]*Replica, len(names))}
	for range people {
		if err := c.Add(ctx, 1, stride); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// Add has people more join each document.
func (c *Crew) Add(ctx context.Context, people, stride int) error {
	joined := make([][]*Replica, len(c.Names))
	for i := range joined {
		joined[i] = make([]*Replica, people)
	}
	err := atOnce(len(c.Names)*people, joinAtOnce, func(i int) (err error) {
		joined[i/people][i%people], err = Join(ctx, c.Site, c.Clock, c.Names[i/people], stride)
		return err
	})
	for i, more := range joined {
		for _, r := range more {
			if r != nil {
				c.Docs[i] = append(c.Docs[i], r)
			}
		}
	}
	return err
}

// atOnce calls f with each number below n, limit at a time, and returns the first error.
func atOnce(n, limit int, f func(i int) error) error {
	var all sync.WaitGroup
	slots, errs := make(chan struct{}, limit), make(chan error, 1)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := f(i); err != nil {
				select {
				case errs <- err:
				default:
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// All are the people of all documents.
func (c *Crew) All() (all []*Replica) {
	for _, people := range c.Docs {
		all = append(all, people...)
	}
	return all
}

// Each calls f with everybody at once, and returns the first error.
func (c *Crew) Each(f func(r *Replica) error) error {
	all := c.All()
	return atOnce(len(all), max(1, len(all)), func(i int) error { return f(all[i]) })
}

// Settle waits until nobody has anything outstanding or due, and everybody is where the others of the document are.
func (c *Crew) Settle(ctx context.Context) error {
	for _, people := range c.Docs {
		if err := Settle(ctx, people); err != nil {
			return err
		}
	}
	return nil
}

// Settle does that with some people of one document.
func Settle(ctx context.Context, people []*Replica) error {
	for _, r := range people {
		if err := wait(ctx, r, r.idle); err != nil {
			return err
		}
	}
	last := doc.Revision(0)
	for _, r := range people {
		last = max(last, r.Place().Rev)
	}
	for _, r := range people {
		if err := r.Reach(ctx, last); err != nil {
			return err
		}
	}
	return nil
}

// Reach waits until a revision is visible.
func (r *Replica) Reach(ctx context.Context, rev doc.Revision) error {
	return wait(ctx, r, func() bool { return r.Place().Rev >= rev })
}

// wait waits until a replica is as wanted. While revisions come, there is no hurry.
func wait(ctx context.Context, r *Replica, wanted func() bool) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for rev, since := r.Place().Rev, time.Now(); !wanted(); {
		select {
		case <-tick.C:
		case <-r.Lost():
			return fmt.Errorf("%s: connection lost: %w", r.document, r.Err())
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", r.document, context.Cause(ctx))
		}
		if now := r.Place().Rev; now != rev {
			rev, since = now, time.Now()
		}
		if time.Since(since) > progressWithin {
			return fmt.Errorf("%s: nothing came behind revision %d for %v", r.document, rev, progressWithin)
		}
	}
	return nil
}

// ErrDifferent is that two replicas at one revision have different content.
var ErrDifferent = errors.New("the replicas differ")

// Compare is nil where all replicas of each document are identical, somebody who joins now included (L5). Call it after Settle.
func (c *Crew) Compare(ctx context.Context) error {
	return atOnce(len(c.Docs), joinAtOnce, func(i int) error {
		people := c.Docs[i]
		rev, hash := people[0].state()
		for n, r := range people[1:] {
			if gotRev, got := r.state(); gotRev != rev || got != hash {
				return fmt.Errorf("%w: %s: replica %d is at revision %d with hash %x, the first one at %d with %x",
					ErrDifferent, c.Names[i], n+1, gotRev, got, rev, hash)
			}
		}
		if c.Site.Bare {
			return nil
		}
		fresh, err := Join(ctx, c.Site, c.Clock, c.Names[i], 1)
		if err != nil {
			return err
		}
		defer fresh.Close()
		if gotRev, got := fresh.state(); gotRev != rev || got != hash {
			return fmt.Errorf("%w: %s: who joins is at revision %d with hash %x, the others at %d with %x",
				ErrDifferent, c.Names[i], gotRev, got, rev, hash)
		}
		return nil
	})
}

// Anybody is a filter of Latencies that takes everyone.
func Anybody(*Replica) bool { return true }

// Latencies are those of the edits that were due in a stretch of time, as nanoseconds of the clock.
type Latencies struct {
	Edits   int
	Ack     *Durations // from when the edit was due to its ack
	Visible *Durations // from then to each of the others
}

// Latencies gathers what was stamped: of the edits of these authors, at these others. Call it after Settle.
func (c *Crew) Latencies(from, to int64, author, other func(*Replica) bool) Latencies {
	l := Latencies{Ack: NewDurations(), Visible: NewDurations()}
	for _, people := range c.Docs {
		for _, a := range people {
			if !author(a) {
				continue
			}
			for _, e := range a.edits {
				if e.due < from || e.due >= to {
					continue
				}
				l.Edits++
				l.Ack.Add(e.acked - e.due)
				for _, o := range people {
					if o == a || !other(o) {
						continue
					}
					if at, ok := o.stampOf(e.rev); ok {
						l.Visible.Add(at - e.due)
					}
				}
			}
		}
	}
	return l
}

// stampOf is when a revision became visible, where that was stamped.
func (r *Replica) stampOf(rev doc.Revision) (int64, bool) {
	i := rev/r.stride - r.first
	if rev%r.stride != 0 || i < 0 || int(i) >= len(r.stamps) {
		return 0, false
	}
	return r.stamps[i], true
}

// Acked is how many edits were acknowledged by now.
func (c *Crew) Acked() (n int) {
	for _, people := range c.Docs {
		for _, r := range people {
			r.mu.Lock()
			n += len(r.edits)
			r.mu.Unlock()
		}
	}
	return n
}

// BytesRead is how many bytes everybody has read.
func (c *Crew) BytesRead() (n int64) {
	for _, people := range c.Docs {
		for _, r := range people {
			n += r.BytesRead()
		}
	}
	return n
}

// Close ends all connections.
func (c *Crew) Close() {
	_ = c.Each(func(r *Replica) error { // it returns none
		r.Close()
		return nil
	})
}
