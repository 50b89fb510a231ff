package doc

import (
	"context"
	"errors"
	"fmt"

	"tandem/ot"
)

// errLarge: a span is not kept, since it is beyond spanBytes.
var errLarge = errors.New("span too large to be kept")

// errBroken: whoever made a span stopped in the middle, by a panic.
var errBroken = errors.New("internal error: the span was not made")

// span is the labelled operation of a span; errLarge where readers use its halves. Of several who ask at once one works. anew: not
// what is kept, but made again.
func (c *composer) span(ctx context.Context, h chain, s Span, anew bool) (ot.Op, error) {
	f, err := c.fly(ctx, h, s, anew)
	if err != nil {
		return nil, err
	}
	return f.op, nil
}

// fly is the flight of a span, which has landed.
func (c *composer) fly(ctx context.Context, h chain, s Span, anew bool) (*flight, error) {
	key := flightKey{spanKey{h.id, h.epoch, s}, anew}
	for {
		c.mu.Lock()
		_, large := c.large[key.spanKey]
		f, others := c.flights[key]
		if !large && !others {
			f = &flight{err: errBroken, done: make(chan struct{}), stored: make(chan struct{})}
			c.flights[key] = f
		}
		c.mu.Unlock()
		switch {
		case large:
			return nil, errLarge
		case !others:
			c.land(ctx, h, key, f)
			return f, f.err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Who worked may have been called off, which is no reason for others.
		if ctx.Err() != nil || !errors.Is(f.err, context.Canceled) && !errors.Is(f.err, context.DeadlineExceeded) {
			return f, f.err
		}
	}
}

// land reads or makes a span, and hands what it made to the store. Others stop waiting, whatever happens, and before that.
func (c *composer) land(ctx context.Context, h chain, key flightKey, f *flight) {
	data := c.make(ctx, h, key, f)
	if data == nil || !c.board(ctx, key.anew) {
		c.forget(key, f) // there is nothing to save, or it stays unsaved
		return
	}
	c.archive.SaveSpan(h.id, h.epoch, key.span, data, func(err error) {
		if err != nil {
			c.log.Warn("a composed span was not saved", "doc", h.name, "rev", key.span.Last(), "err", err)
		}
		<-c.saving
		c.forget(key, f)
	})
}

// make reads or makes a span. data is what has to be saved; nil: nothing.
func (c *composer) make(ctx context.Context, h chain, key flightKey, f *flight) (data []byte) {
	panics := true
	defer func() {
		close(f.done)
		if panics {
			c.forget(key, f)
		}
	}()
	if !key.anew {
		if f.op, f.err = c.load(ctx, h, key.span); f.op != nil || f.err != nil {
			panics = false
			return nil
		}
	}
	f.err = errBroken
	f.op, data, f.err = c.build(ctx, h, key.span, key.anew)
	panics = false
	if errors.Is(f.err, errLarge) {
		c.noteLarge(key.spanKey)
	}
	return data
}

// board is the permission to hand a span to the store. A reader does not wait for it, but to have a damaged one replaced; whoever makes
// spans in the background (grow) does.
func (c *composer) board(ctx context.Context, patient bool) bool {
	select {
	case c.saving <- struct{}{}:
		return true
	default:
	}
	if !patient && ctx != c.growth.ctx {
		return false
	}
	select {
	case c.saving <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// forget ends what others can find of a flight.
func (c *composer) forget(key flightKey, f *flight) {
	c.mu.Lock()
	delete(c.flights, key)
	c.mu.Unlock()
	close(f.stored)
}

func (c *composer) noteLarge(key spanKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.large) >= largeKept {
		clear(c.large)
	}
	c.large[key] = struct{}{}
}

// load is a span that is kept; nil where there is none, or only one that is damaged.
func (c *composer) load(ctx context.Context, h chain, s Span) (ot.Op, error) {
	data, err := c.archive.Span(ctx, h.id, h.epoch, s)
	switch {
	case err == nil && data == nil:
		return nil, nil
	case err == nil:
		var op ot.Op
		if op, err = decodeSpan(data); err == nil {
			return op, nil
		}
	case !errors.Is(err, ErrDamaged):
		return nil, fmt.Errorf("read the span of revisions %d to %d of %q: %w", s.First(), s.Last(), h.name, err)
	}
	c.log.Error("a span is damaged: made again", "doc", h.name, "rev", s.Last(), "err", err)
	return nil, nil
}

// decodeSpan is never nil without an error.
func decodeSpan(data []byte) (ot.Op, error) {
	op, err := ot.DecodeOp(data, ot.StoredLimits)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if n := max(op.BaseLen(), op.TargetLen()); n > ot.MaxDocument {
		return nil, fmt.Errorf("%w: a span speaks of %d code units, a document has at most %d", ErrDamaged, n, ot.MaxDocument)
	}
	if op == nil {
		op = ot.Op{}
	}
	return op, nil
}

// build makes a span of its halves, or of its commits, and encodes it.
func (c *composer) build(ctx context.Context, h chain, s Span, anew bool) (op ot.Op, data []byte, err error) {
	if s.Level == spanLevel {
		op, err = c.commits(ctx, h, s.First()-1, s.Last(), labelled)
	} else {
		op, err = c.join(ctx, h, s, anew)
	}
	if err != nil {
		return nil, nil, err
	}
	if data = ot.AppendOp(nil, op); len(data) > spanBytes {
		return nil, nil, fmt.Errorf("%w: revisions %d to %d of %q take %d bytes, at most %d are kept",
			errLarge, s.First(), s.Last(), h.name, len(data), spanBytes)
	}
	if op == nil {
		op = ot.Op{}
	}
	return op, data, nil
}

// join composes the halves of a span. Where one of them is too large, so is the whole.
func (c *composer) join(ctx context.Context, h chain, s Span, anew bool) (ot.Op, error) {
	half := Span{Level: s.Level - 1, Index: 2 * s.Index}
	a, err := c.span(ctx, h, half, anew)
	if err != nil {
		return nil, err
	}
	half.Index++
	b, err := c.span(ctx, h, half, anew)
	if err != nil {
		return nil, err
	}
	return composeOps([]ot.Op{a, b})
}
