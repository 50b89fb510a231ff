package doc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"tandem/ot"
)

const (
	// spanLevel is the lowest level of spans that are kept: 64 commits, which are as quickly read one by one as one span fewer.
	spanLevel = 6
	// spanLevels bounds the levels, so that revisions do not overflow: 2^40 commits are more than there will be.
	spanLevels = 40
	// spanBytes is the largest encoded span that is kept: 4 MiB. Readers use the halves of a larger one.
	spanBytes = 4 << 20
	// savesAtOnce is how many spans are on their way to the store at a time: whoever makes more waits.
	savesAtOnce = 64
	// composeAtOnce is how many composed operations are made for readers at a time: what they take in memory, and in time from everybody
	// else, is bounded when many come back at once.
	composeAtOnce = 4
	// largeKept is how many spans are remembered to be too large; beyond, they are found out again.
	largeKept = 4096
)

// A chain names the history of a document: what is composed, and kept, is of this one and no other.
type chain struct {
	name  string // for errors and logs
	id    ID
	epoch Epoch
}

// form says what is composed: plain operations, or labelled ones (Label).
type form bool

const (
	plain    form = false
	labelled form = true
)

func (f form) of(c *Committed) ot.Op {
	if f == labelled {
		return Label(c.Op, c.Author)
	}
	return c.Op
}

// A composer makes one operation of the commits between any two revisions, in O(log n) compositions: over a binary hierarchy of
// spans, labelled operations that a store which is an Archive keeps. Spans are made in the background as history grows (grow),
// and by whoever misses one. They are a cache: one that is gone or damaged is made again. Composing is exact (L2 of package
// ot), in whatever way a range is cut.
//
//	commits   ······1······2······3······4······5
//	level 6   ├──────┼──────┼──────┼──────┤
//	level 7   ├─────────────┼─────────────┤
//	level 8   ├───────────────────────────┤
//	range       ···├─ 6 ────┼──── 7 ──────┤··
//
// It may be used from any goroutine but a document's (D6).
type composer struct {
	// Immutable after newComposer.
	store   Store
	archive Archive // nil: the store is none, and everything is composed of commits
	log     *slog.Logger
	saving  chan struct{} // has room for savesAtOnce
	readers chan struct{} // has room for composeAtOnce

	// Guarded by mu.
	mu      sync.Mutex
	flights map[flightKey]*flight
	large   map[spanKey]struct{}
	views   map[chain]*atomic.Pointer[View] // of documents in memory
	growth  growth                          // in the background: grow.go

	turnstiles map[chain]*turnstile // of documents whose readers compose, or wait to
}

// spanKey names a span of a history.
type spanKey struct {
	id    ID
	epoch Epoch
	span  Span
}

type flightKey struct {
	spanKey
	anew bool
}

// A flight is a span while somebody reads or makes it, and until the store has what was made: others wait for it.
type flight struct {
	// Immutable after done is closed.
	op  ot.Op
	err error

	done   chan struct{} // closed when op and err are set
	stored chan struct{} // closed when it is not on its way to the store any more
}

func newComposer(store Store, log *slog.Logger) *composer {
	archive, _ := store.(Archive)
	c := &composer{
		store: store, archive: archive, log: log,
		saving: make(chan struct{}, savesAtOnce), readers: make(chan struct{}, composeAtOnce),
		flights: map[flightKey]*flight{}, large: map[spanKey]struct{}{}, views: map[chain]*atomic.Pointer[View]{},
		turnstiles: map[chain]*turnstile{},
	}
	c.growth.waiting, c.growth.made = map[chain]reach{}, map[chain]int64{}
	c.growth.ctx, c.growth.cancel = context.WithCancel(context.Background())
	return c
}

// between is the commits from+1 up to to as one operation. from must not be below the floor, and everything must be durable.
func (c *composer) between(ctx context.Context, h chain, from, to Revision, f form) (ot.Op, error) {
	if from >= to {
		return nil, nil
	}
	release, err := c.admit(ctx, h)
	if err != nil {
		return nil, err
	}
	defer release()
	op, err := c.compose(ctx, h, from, to, f, false)
	if errors.Is(err, ErrDamaged) && c.archive != nil {
		c.log.Error("spans do not fit: composed of commits again", "doc", h.name, "rev", from, "err", err)
		return c.anew(ctx, h, from, to, f)
	}
	return op, err
}

// A turnstile lets the readers of one document in, one at a time.
type turnstile struct {
	open  chan struct{} // has room for one
	users int           // guarded by composer.mu: who is in, or waits
}

// admit waits until a reader of a document may compose, until it calls release: one for each document, so that a document whose readers ask
// for much keeps no place of others', and composeAtOnce in all. Whoever is in waits for no other: spans under way are those of others who
// are, or of the background.
func (c *composer) admit(ctx context.Context, h chain) (release func(), err error) {
	c.mu.Lock()
	t := c.turnstiles[h]
	if t == nil {
		t = &turnstile{open: make(chan struct{}, 1)}
		c.turnstiles[h] = t
	}
	t.users++
	c.mu.Unlock()
	leave := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(c.turnstiles, h)
		}
	}
	select {
	case t.open <- struct{}{}:
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
	select {
	case c.readers <- struct{}{}:
	case <-ctx.Done():
		<-t.open
		leave()
		return nil, ctx.Err()
	}
	return func() {
		<-c.readers
		<-t.open
		leave()
	}, nil
}

// anew is between without the spans that are kept, which are replaced.
func (c *composer) anew(ctx context.Context, h chain, from, to Revision, f form) (ot.Op, error) {
	return c.compose(ctx, h, from, to, f, true)
}

// compose covers a range by the largest spans there are, and by commits at its ragged ends.
func (c *composer) compose(ctx context.Context, h chain, from, to Revision, f form, anew bool) (ot.Op, error) {
	var parts []ot.Op
	for from < to {
		op, next, err := c.part(ctx, h, from, to, f, anew)
		if err != nil {
			return nil, err
		}
		parts = append(parts, op)
		from = next
	}
	return composeOps(parts)
}

// part is the first part of a range, and where it ends.
func (c *composer) part(ctx context.Context, h chain, from, to Revision, f form, anew bool) (ot.Op, Revision, error) {
	most := spanLevels
	for c.archive != nil {
		s, ok := largestSpan(from, to, most)
		if !ok {
			break
		}
		op, err := c.span(ctx, h, s, anew)
		switch {
		case errors.Is(err, errLarge):
			most = int(s.Level) - 1
			continue
		case err == nil && f == plain:
			op = Strip(op)
		}
		return op, s.Last(), err
	}
	next := to
	if c.archive != nil {
		next = min(to, (from>>spanLevel+1)<<spanLevel)
	}
	op, err := c.commits(ctx, h, from, next, f)
	return op, next, err
}

// largestSpan is the largest span up to a level that begins right after from and does not reach beyond to.
func largestSpan(from, to Revision, most int) (Span, bool) {
	for level := most; level >= spanLevel; level-- {
		if n := Revision(1) << level; from%n == 0 && to-from >= n {
			return Span{Level: uint8(level), Index: int64(from >> level)}, true
		}
	}
	return Span{}, false
}

// commits composes a range of single commits.
func (c *composer) commits(ctx context.Context, h chain, from, to Revision, f form) (ot.Op, error) {
	var parts []ot.Op
	for from < to {
		commits, err := c.read(ctx, h, from+1, to, readBytes)
		if err != nil {
			return nil, err
		}
		op, err := composeAll(commits, f)
		if err != nil {
			return nil, err
		}
		parts = append(parts, op)
		from = commits[len(commits)-1].Rev
	}
	return composeOps(parts)
}

// enter has what is in memory of a document's history read from there, until leave.
func (c *composer) enter(h chain, view *atomic.Pointer[View]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.views[h] = view
}

func (c *composer) leave(h chain) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.views, h)
}

// recent is commits that are in memory, as many as read would return; nil where the first of them is not.
func (c *composer) recent(h chain, first, last Revision, maxBytes int) []*Committed {
	c.mu.Lock()
	published := c.views[h]
	c.mu.Unlock()
	if published == nil {
		return nil
	}
	view := published.Load()
	if first <= view.Base || first > view.Place.Rev {
		return nil
	}
	commits := view.after(first - 1)
	commits = commits[:min(len(commits), int(last-first)+1)]
	for i, size := 0, 0; i < len(commits); i++ {
		if size += len(commits[i].Bytes); size > maxBytes {
			return commits[:i+1]
		}
	}
	return commits
}

// read is commits as history holds them, from memory or else from the store: at least one, up to last, about maxBytes of them.
func (c *composer) read(ctx context.Context, h chain, first, last Revision, maxBytes int) ([]*Committed, error) {
	if commits := c.recent(h, first, last, maxBytes); commits != nil {
		return commits, nil
	}
	commits, err := c.store.Read(ctx, h.id, first, last, maxBytes)
	if err != nil {
		return nil, fmt.Errorf("read revision %d of %q: %w", first, h.name, err)
	}
	if len(commits) == 0 {
		return nil, fmt.Errorf("%w: %q has no revision %d", ErrDamaged, h.name, first)
	}
	out := make([]*Committed, len(commits))
	for i, commit := range commits {
		if commit.Rev != first+Revision(i) {
			return nil, fmt.Errorf("%w: %q has revision %d where %d should be", ErrDamaged, h.name, commit.Rev, first+Revision(i))
		}
		if out[i], err = decode(commit); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lineage is the lineage of a revision above the floor.
func (c *composer) lineage(ctx context.Context, h chain, rev Revision) (Lineage, error) {
	if rev == 0 {
		return Lineage{}, nil
	}
	commits, err := c.read(ctx, h, rev, rev, 1)
	if err != nil {
		return Lineage{}, err
	}
	return commits[0].Lineage, nil
}

// composeAll composes commits that follow one another, whole bursts as what they were composed to already.
func composeAll(commits []*Committed, f form) (ot.Op, error) {
	if f == labelled {
		return composeCommits(commits, f)
	}
	ops := make([]ot.Op, 0, 8)
	for len(commits) > 0 {
		op, n, err := firstPart(commits)
		if err != nil {
			return nil, err
		}
		ops, commits = append(ops, op), commits[n:]
	}
	return composeOps(ops)
}

// firstPart is the first of commits, or the burst that begins with it where all of that is there, as one operation of n commits.
func firstPart(commits []*Committed) (op ot.Op, n int, err error) {
	b := commits[0].Burst
	if b == nil || len(b.Commits) == 1 || b.Commits[0] != commits[0] || len(b.Commits) > len(commits) {
		return commits[0].Op, 1, nil
	}
	op, err = b.op()
	return op, len(b.Commits), err
}

// composeCommits composes them one by one.
func composeCommits(commits []*Committed, f form) (ot.Op, error) {
	ops := make([]ot.Op, len(commits))
	for i, c := range commits {
		ops[i] = f.of(c)
	}
	return composeOps(ops)
}

// inARow is how many operations are composed one after the other, in two rooms that take turns. Beyond, to copy them all each time costs
// more than memory does.
const inARow = 16

// composeOps composes by halves: each code unit is copied log n times, not n times.
func composeOps(ops []ot.Op) (ot.Op, error) {
	switch {
	case len(ops) == 0:
		return nil, nil
	case len(ops) == 1:
		return ops[0], nil
	case len(ops) <= inARow:
		return composeInARow(ops)
	}
	a, err := composeOps(ops[:len(ops)/2])
	if err != nil {
		return nil, err
	}
	b, err := composeOps(ops[len(ops)/2:])
	if err != nil {
		return nil, err
	}
	return composeInARow([]ot.Op{a, b})
}

// scratches are sinces whose rooms are used for whatever is composed next.
var scratches = sync.Pool{New: func() any { return new(since) }}

// scratchMost is up to how many components their rooms are kept.
const scratchMost = 4096

func composeInARow(ops []ot.Op) (ot.Op, error) {
	c := scratches.Get().(*since)
	c.begin(0)
	for i, op := range ops {
		if err := c.add(op, Revision(i+1)); err != nil {
			return nil, err
		}
	}
	whole := slices.Clone(c.op)
	if c.op = nil; cap(c.rooms[0])+cap(c.rooms[1]) <= scratchMost {
		scratches.Put(c)
	}
	return whole, nil
}
