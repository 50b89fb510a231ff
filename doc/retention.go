package doc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"time"

	"tandem/ot"
)

// Retention is how much of its past a document keeps. The zero value: all of it. The newest snapshot, and what follows it, are always
// kept.
type Retention struct {
	MaxAge     time.Duration // commits that are older go; 0: however old they are
	MaxCommits int           // commits are kept; 0: all
	MaxBytes   int64         // of commits are kept, about; 0: all
	// KeepRecords is how many records of clients are kept at least, the newest; 0: 10,000, negative: all.
	KeepRecords int
}

const (
	// keepRecords is the default of Retention.KeepRecords.
	keepRecords = 10_000
	// retentionEvery is the default of Config.RetentionEvery.
	retentionEvery = time.Hour
	// retentionNames is how many documents a pass looks up at a time.
	retentionNames = 100
	// retentionPause is what a pass leaves between two documents: edits come first.
	retentionPause = 10 * time.Millisecond
)

// Trim moves the floor of a document up as far as a Retention says, and returns it. Named versions below it are kept; who wrote what
// stands in the document is still known. It works while people edit: those who are behind the floor open again.
func (h *History) Trim(ctx context.Context, name string, keep Retention) (Revision, error) {
	info, done, err := h.begin(ctx, name)
	if err != nil {
		return 0, err
	}
	defer done()
	floor, err := h.newFloor(ctx, info, keep)
	if err != nil {
		return info.Floor, err
	}
	records := cmp.Or(keep.KeepRecords, keepRecords)
	if floor == info.Floor && (records < 0 || info.Clients <= records || floor == 0) {
		return floor, nil
	}
	t := &Trimming{Floor: info.Place}
	t.Floor.Rev, t.Floor.Lineage = floor, info.FloorLineage
	if floor > info.Floor {
		if t.Floor.Lineage, err = h.composer.lineage(ctx, info.chain(), floor); err != nil {
			return info.Floor, err
		}
		if err = h.keepVersions(ctx, info, floor); err != nil {
			return info.Floor, err
		}
	}
	if t.Base, err = h.newBase(ctx, info, floor); err != nil {
		return info.Floor, err
	}
	if err := h.raise(ctx, info, t, records); err != nil {
		return info.Floor, err
	}
	return floor, nil
}

// newBase is the labelled content at a new floor. It replaces what it was made of, so it is proven first: together with what follows
// it must lead to the content that the document has. Where it does not, a span was wrong, and all is made of the commits.
func (h *History) newBase(ctx context.Context, info *Info, floor Revision) (*ot.Text, error) {
	old, err := h.base(ctx, info, labelled)
	if err != nil || floor == info.Floor {
		return old, err
	}
	state, err := h.load(ctx, info)
	if err != nil {
		return nil, err
	}
	var base *ot.Text
	for _, anew := range []bool{false, true} {
		if base, err = h.after(ctx, info, old, info.Floor, floor, labelled, anew); err != nil {
			continue
		}
		var content, now *ot.Text
		if content, err = formed(base, plain); err != nil {
			continue
		}
		if now, err = h.after(ctx, info, content, floor, state.View().Place.Rev, plain, anew); err != nil {
			continue
		}
		if now.Hash() == state.Content().Hash() {
			return base.Snapshot(), nil
		}
		err = fmt.Errorf("%w: %q: what lies behind the base at revision %d does not lead to the document", ErrDamaged, info.Name, floor)
	}
	return nil, err
}

// newFloor is where a Retention has the floor.
func (h *History) newFloor(ctx context.Context, info *Info, keep Retention) (Revision, error) {
	floor, head := info.Floor, info.Place.Rev
	if keep.MaxCommits > 0 {
		floor = max(floor, head-Revision(keep.MaxCommits))
	}
	if keep.MaxBytes > 0 && info.HistoryBytes > keep.MaxBytes {
		share := float64(keep.MaxBytes) / float64(info.HistoryBytes)
		floor = max(floor, head-Revision(share*float64(head-info.Floor)))
	}
	top := min(info.SnapshotRev, head)
	if keep.MaxAge > 0 && floor < top {
		var err error
		if floor, err = h.olderThan(ctx, info, floor, top, time.Now().Add(-keep.MaxAge).UnixMilli()); err != nil {
			return 0, err
		}
	}
	return max(info.Floor, min(floor, top)), nil
}

// olderThan is the newest revision up to which all commits after from are older than a time.
func (h *History) olderThan(ctx context.Context, info *Info, from, to Revision, than int64) (Revision, error) {
	var failed error
	n := sort.Search(int(to-from), func(i int) bool {
		if failed != nil {
			return true
		}
		rev := from + Revision(i) + 1
		commits, err := h.composer.read(ctx, info.chain(), rev, rev, 1)
		if err != nil {
			failed = err
			return true
		}
		return commits[0].Time >= than
	})
	return from + Revision(n), failed
}

// raise moves the floor of a document and forgets records: in memory first, then in the store.
func (h *History) raise(ctx context.Context, info *Info, t *Trimming, records int) error {
	raise := func(s *State) (err error) {
		if p := s.View().Place; p.ID != info.Place.ID || p.Epoch != info.Place.Epoch {
			return fmt.Errorf("%w: %q is another document, or has another history", ErrConflict, info.Name)
		}
		t.Forget, t.RecordsFloor = s.RaiseFloor(t.Floor.Rev, records)
		return nil
	}
	if release := h.registry.holdIdle(info.Name); release != nil {
		defer release()
		state, err := h.load(ctx, info)
		if err != nil {
			return err
		}
		if err := raise(state); err != nil {
			return err
		}
		return h.trim(ctx, info, t)
	}
	trimmed := false
	return h.registry.with(ctx, info.Name, 0, func(d *Document) error {
		if !trimmed {
			err := d.raiseFloor(ctx, raise, func() error { return h.trim(ctx, info, t) })
			if err != nil {
				return err
			}
			trimmed = true
		}
		// Also one that was loaded, after a failed commit, before the store had the new floor.
		return d.do(ctx, func(s *State) {
			s.RaiseFloor(t.Floor.Rev, -1)
			s.FloorRaised(true)
		})
	})
}

func (h *History) trim(ctx context.Context, info *Info, t *Trimming) error {
	if t.Floor.Rev == info.Floor && len(t.Forget) == 0 {
		return nil
	}
	if err := h.archive.Trim(ctx, t); err != nil {
		return fmt.Errorf("trim %q to revision %d: %w", info.Name, t.Floor.Rev, err)
	}
	return nil
}

// raiseFloor moves the floor of a document in memory, then has the store do it. Where that failed the document hears of it here.
func (d *Document) raiseFloor(ctx context.Context, raise func(*State) error, store func() error) error {
	var refused error
	err := d.do(ctx, func(s *State) { refused = raise(s) })
	if err == nil {
		err = refused
	}
	if errors.Is(err, errUnloaded) {
		return err
	}
	if err == nil {
		err = store()
	}
	if err != nil {
		_ = d.do(ctx, func(s *State) { s.FloorRaised(false) }) // a document that is gone has forgotten it anyway
	}
	return err
}

// keepRetention has the documents of a store keep what a Retention says, now and then. Registry.Close waits for it.
func (r *Registry) keepRetention() {
	for {
		// Several servers, or stores, that began at one time do not go on at one time.
		every := r.cfg.RetentionEvery
		if !r.sleep(every - every/10 + rand.N(every/5+1)) {
			return
		}
		r.retentionPass()
	}
}

// retentionPass trims what is due, one document after the other.
func (r *Registry) retentionPass() {
	after := ""
	for {
		names, err := r.history.archive.Names(r.ctx, after, retentionNames)
		if err != nil && r.ctx.Err() == nil {
			r.cfg.Logger.Warn("the retention pass was broken off", "err", err)
		}
		if err != nil || len(names) == 0 {
			return
		}
		for _, name := range names {
			after = name
			if _, err := r.history.Trim(r.ctx, name, r.cfg.Retention); err != nil && r.ctx.Err() == nil && !errors.Is(err, ErrNotFound) {
				r.cfg.Logger.Warn("a document was not trimmed", "doc", name, "err", err)
			}
			if !r.sleep(retentionPause) {
				return
			}
		}
	}
}

// sleep waits; false: the registry is closing.
func (r *Registry) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.ctx.Done():
		return false
	}
}
