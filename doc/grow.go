package doc

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

const (
	// growthQueue is how many documents wait to have their spans made. One that finds no room comes again when it has grown, or whoever
	// reads its past makes what is missing.
	growthQueue = 1024
	// madeKept is of how many documents it is remembered up to where their spans are made; beyond, it is found out again.
	madeKept = 10_000
	// growBehind is how many commits of a document may be without spans while it is in memory, at most: with few commits in memory,
	// because they are large, spans wait until then, or until the document unloads, since they are made of what the store has.
	growBehind = 4096
	// growFrom is how many commits must be in memory for spans to be made of them before they leave it.
	growFrom = 4 << spanLevel
)

// growthDue reports whether spans should be made now. What is in memory is composed from there, by whoever needs it; so spans are needed
// of what leaves it, and are made when half of it has none: of what is there, while it still is.
func (d *Document) growthDue(view *View) bool {
	n, behind := len(view.Commits), int(view.Place.Rev-d.grown)
	return behind >= growBehind || n >= growFrom && behind >= n/2 && d.state.historyHalfFull()
}

// grow has the spans made that are whole by now.
func (d *Document) grow() {
	view := d.View()
	d.grown = view.Place.Rev
	d.composer.grow(d.chain, view.Floor, view.Place.Rev)
}

// growth is how spans are made in the background: one goroutine for all documents, which runs while there is something to do.
type growth struct {
	// Immutable.
	ctx    context.Context
	cancel context.CancelFunc

	// Guarded by composer.mu.
	waiting map[chain]reach
	order   []chain         // of those in waiting
	made    map[chain]int64 // how many spans of the lowest level are made, in a row from the first on
	running bool
	closed  bool
	ended   sync.WaitGroup // of the goroutine
}

// reach is from where to where a history is there.
type reach struct{ floor, head Revision }

// grow has the spans of a document made that are whole by now. It does not wait.
func (c *composer) grow(h chain, floor, head Revision) {
	if c.archive == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	g := &c.growth
	_, waits := g.waiting[h]
	switch {
	case g.closed, int64(head>>spanLevel) <= g.made[h]:
		return
	case !waits && len(g.order) >= growthQueue:
		return
	case !waits:
		g.order = append(g.order, h)
	}
	g.waiting[h] = reach{floor, head}
	if !g.running {
		g.running = true
		g.ended.Go(c.work) // ends when nothing waits, or by stop
	}
}

// stop ends the background work; whoever needs to know that it has ended waits.
func (c *composer) stop() {
	c.mu.Lock()
	c.growth.closed = true
	c.mu.Unlock()
	c.growth.cancel()
}

func (c *composer) wait() { c.growth.ended.Wait() }

func (c *composer) work() {
	for {
		h, r, ok := c.nextGrowth()
		if !ok {
			return
		}
		if err := c.growOne(h, r); err != nil && c.growth.ctx.Err() == nil {
			c.log.Warn("composing history in the background failed", "doc", h.name, "err", err)
		}
	}
}

// nextGrowth takes what waits; false: nothing does, and the goroutine must end.
func (c *composer) nextGrowth() (h chain, r reach, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := &c.growth
	if len(g.order) == 0 || g.closed {
		g.running = false
		return h, r, false
	}
	h, g.order = g.order[0], g.order[1:]
	r = g.waiting[h]
	delete(g.waiting, h)
	return h, r, true
}

// growOne makes the spans of a document that are whole. A panic over what is stored there is nobody else's (D8).
func (c *composer) growOne(h chain, r reach) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	ctx := c.growth.ctx
	i, err := c.madeUpTo(ctx, h, r)
	if err != nil {
		return err
	}
	var flying []*flight // handed to the store, which gathers them
	for ; i < int64(r.head>>spanLevel); i++ {
		for _, s := range endingWith(i, r.floor) {
			f, err := c.fly(ctx, h, s, false)
			if errors.Is(err, errLarge) {
				break // and so are those above it
			}
			if err != nil {
				return err
			}
			flying = append(flying, f)
		}
		if len(flying) < savesAtOnce && i+1 < int64(r.head>>spanLevel) {
			continue
		}
		for _, f := range flying {
			select {
			case <-f.stored:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		flying = flying[:0]
		c.noteMade(h, i+1)
	}
	return nil
}

// endingWith is the spans above a floor that end with the i-th of the lowest level, that one first.
func endingWith(i int64, floor Revision) (spans []Span) {
	for level := spanLevel; level <= spanLevels; level++ {
		s := Span{Level: uint8(level), Index: (i+1)>>(level-spanLevel) - 1}
		if s.Index < 0 || s.Last() != Revision(i+1)<<spanLevel || s.First() <= floor {
			break
		}
		spans = append(spans, s)
	}
	return spans
}

// madeUpTo is how many spans of the lowest level are there; those above were made with them.
func (c *composer) madeUpTo(ctx context.Context, h chain, r reach) (int64, error) {
	c.mu.Lock()
	made, known := c.growth.made[h]
	c.mu.Unlock()
	first := int64((r.floor + 1<<spanLevel - 1) >> spanLevel)
	if known {
		return max(made, first), nil
	}
	for i := int64(r.head >> spanLevel); i > first; i-- {
		data, err := c.archive.Span(ctx, h.id, h.epoch, Span{Level: spanLevel, Index: i - 1})
		if err != nil && !errors.Is(err, ErrDamaged) {
			return 0, fmt.Errorf("read the span of revision %d of %q: %w", Revision(i)<<spanLevel, h.name, err)
		}
		if data != nil {
			return i, nil
		}
	}
	return first, nil
}

func (c *composer) noteMade(h chain, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.growth.made) >= madeKept {
		clear(c.growth.made)
	}
	c.growth.made[h] = n
}
