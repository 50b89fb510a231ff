package doc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"

	"tandem/ot"
)

// Erase takes out of the past what was inserted and deleted again within the commits after from up to to: these become one change,
// and the content between them is not known any more: it is that at from. What still stands in the text at to is not erased. It
// returns how many UTF-16 code units were. The document's history is another from then on: its sessions end, and clients reload.
// When Erase returns, what was erased is in no file of the store.
func (h *History) Erase(ctx context.Context, name string, from, to Revision) (units int, err error) {
	info, release, err := h.beginAlone(ctx, name, ErrOpenAgain)
	if err != nil {
		return 0, err
	}
	defer release()
	if from, err = info.above(from); err != nil {
		return 0, err
	}
	if to, err = info.above(to); err != nil {
		return 0, err
	}
	if from >= to {
		return 0, fmt.Errorf("%w: nothing lies after %d up to %d", ErrRevision, from, to)
	}
	e := &erasure{history: h, info: info, from: from, to: to}
	_, _ = rand.Read(e.epoch[:]) // it never fails
	if err := e.prepare(ctx); err != nil {
		return 0, err
	}
	if err := e.rewrite(ctx); err != nil {
		return 0, err
	}
	if err := h.archive.Scrub(ctx); err != nil {
		return e.units, fmt.Errorf("erased from %q, but not yet from the files of the store: %w", name, err)
	}
	return e.units, nil
}

// Remove takes a document away, with its past and its versions. Its sessions end with ErrNotFound: with ErrOpenAgain they would make it
// again.
func (h *History) Remove(ctx context.Context, name string) error {
	info, release, err := h.beginAlone(ctx, name, fmt.Errorf("%w: %q was removed", ErrNotFound, name))
	if err != nil {
		return err
	}
	defer release()
	if err := h.archive.Remove(ctx, info.Place); err != nil {
		return fmt.Errorf("remove %q: %w", name, err)
	}
	return nil
}

// beginAlone is begin, with the document out of memory until release is called.
func (h *History) beginAlone(ctx context.Context, name string, why error) (info *Info, release func(), err error) {
	info, done, err := h.begin(ctx, name) // refuses what is not there before any session ends
	if err != nil {
		return nil, nil, err
	}
	letIn, err := h.registry.hold(ctx, name, why)
	if err == nil {
		if info, err = h.info(ctx, name); err != nil {
			letIn()
		}
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return info, func() { letIn(); done() }, nil
}

// An erasure is the history of a document without what is erased.
type erasure struct {
	history  *History
	info     *Info
	from, to Revision
	epoch    Epoch

	change   []byte // the encoded operation that the commits after from up to to become
	by       string // their author, if they have one
	units    int
	snapshot *Snapshot
	versions []Version // whose content was kept beside history, and will be that of the history
}

// prepare finds out what the history will be. What is written for ever is made of the commits, not of the spans, which are a cache.
func (e *erasure) prepare(ctx context.Context) error {
	op, err := e.history.composer.commits(ctx, e.info.chain(), e.from, e.to, plain)
	if err != nil {
		return err
	}
	e.change = ot.AppendOp(nil, op)
	kept, _ := changed(op)
	authors := map[string]bool{}
	for c, err := range e.stored(ctx, e.from, e.to) {
		if err != nil {
			return err
		}
		inserted, _ := changed(c.Op)
		e.units += inserted
		authors[c.Author] = true
		e.by = c.Author
	}
	e.units -= kept
	if len(authors) > 1 {
		e.by = ""
	}
	place := e.info.Place
	place.Epoch, place.Lineage = e.epoch, e.info.FloorLineage
	for c, err := range e.commits(ctx) {
		if err != nil {
			return err
		}
		place.Lineage = c.Lineage
	}
	state, err := e.history.load(ctx, e.info)
	if err != nil {
		return err
	}
	content := state.Content()
	e.snapshot = &Snapshot{Place: place, Content: content.Snapshot(), Hash: content.Hash()}
	return e.prepareVersions(ctx)
}

// prepareVersions finds the versions whose content, kept before a trimming that did not come to pass, has what is to be erased.
func (e *erasure) prepareVersions(ctx context.Context) error {
	archive, id := e.history.archive, e.info.Place.ID
	versions, err := archive.Versions(ctx, id)
	if err != nil {
		return fmt.Errorf("versions of %q: %w", e.info.Name, err)
	}
	for _, v := range versions {
		if v.Rev <= e.from || v.Rev >= e.to {
			continue
		}
		content, err := archive.VersionContent(ctx, id, v.Rev)
		if err != nil && !errors.Is(err, ErrDamaged) {
			return fmt.Errorf("read the version at revision %d of %q: %w", v.Rev, e.info.Name, err)
		}
		if content != nil || err != nil {
			e.versions = append(e.versions, v)
		}
	}
	return nil
}

// rewrite puts the new history in the place of the old one.
func (e *erasure) rewrite(ctx context.Context) error {
	r := &Rewriting{Prev: e.info.Place, Epoch: e.epoch, Commits: e.commits(ctx), Snapshot: e.snapshot}
	for _, v := range e.versions {
		r.ForgetVersions = append(r.ForgetVersions, v.Rev)
	}
	if err := e.history.archive.Rewrite(ctx, r); err != nil {
		return fmt.Errorf("rewrite %q: %w", e.info.Name, err)
	}
	for _, v := range e.versions {
		if err := e.history.archive.SaveVersion(ctx, e.info.Place.ID, v, nil); err != nil {
			return fmt.Errorf("name revision %d of %q again: %w", v.Rev, e.info.Name, err)
		}
	}
	return nil
}

// commits is the new history above the floor.
func (e *erasure) commits(ctx context.Context) iter.Seq2[Commit, error] {
	nothing := ot.AppendOp(nil, nil)
	return func(yield func(Commit, error) bool) {
		lineage := e.info.FloorLineage
		for stored, err := range e.stored(ctx, e.info.Floor, e.info.Place.Rev) {
			if err != nil {
				yield(Commit{}, err)
				return
			}
			c := stored.Commit
			switch {
			case c.Rev == e.to:
				c.Bytes, c.Author, c.Digest = e.change, e.by, Digest{}
			case c.Rev > e.from && c.Rev < e.to:
				c.Bytes, c.Digest = nothing, Digest{}
			}
			lineage = lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
			c.Lineage = lineage
			if !yield(c, nil) {
				return
			}
		}
	}
}

// stored is the old history after a revision, up to another.
func (e *erasure) stored(ctx context.Context, from, to Revision) iter.Seq2[*Committed, error] {
	return func(yield func(*Committed, error) bool) {
		for from < to {
			commits, err := e.history.composer.read(ctx, e.info.chain(), from+1, to, readBytes)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range commits {
				if !yield(c, nil) {
					return
				}
			}
			from = commits[len(commits)-1].Rev
		}
	}
}
