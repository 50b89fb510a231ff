package doc

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tandem/ot"
)

// A History is the past of a registry's documents: as they were, who wrote what, named versions; and what becomes of it: restoring,
// trimming, erasing. Its methods may be called from any goroutine; they read the store, and take as long as that takes. Of a document
// that is not there they are ErrNotFound, of a store that is no Archive ErrNoArchive. A revision below the floor is ErrTrimmed, one
// beyond the newest ErrRevision; where a revision is asked for, a negative one is the newest.
type History struct {
	registry *Registry
	archive  Archive
	composer *composer

	// Guarded by mu.
	mu       sync.Mutex
	changing map[string]chan struct{} // documents whose past is being changed; closed when that is done
}

// History is the past of the documents.
func (r *Registry) History() *History { return r.history }

func newHistory(r *Registry) *History {
	return &History{registry: r, archive: r.composer.archive, composer: r.composer, changing: map[string]chan struct{}{}}
}

// readAttempts is how often the past is read while it is trimmed or rewritten under the reader.
const readAttempts = 5

// read calls f with what is known of a document; again, where its past was trimmed or rewritten meanwhile.
func (h *History) read(ctx context.Context, name string, f func(*Info) error) error {
	info, err := h.info(ctx, name)
	if err != nil {
		return err
	}
	for range readAttempts {
		failed := f(info)
		before := info
		if info, err = h.info(ctx, name); err != nil {
			return err
		}
		same := info.Place.ID == before.Place.ID && info.Place.Epoch == before.Place.Epoch
		if same && (failed == nil || info.Floor == before.Floor) {
			return failed
		}
	}
	return fmt.Errorf("%w: the past of %q was changed while it was read", ErrUnavailable, name)
}

func (h *History) info(ctx context.Context, name string) (*Info, error) {
	if h.archive == nil {
		return nil, ErrNoArchive
	}
	if err := CheckName(name); err != nil {
		return nil, err
	}
	return h.archive.Info(ctx, name)
}

// change has the caller alone change the past of a document, until done is called.
func (h *History) change(ctx context.Context, name string) (done func(), err error) {
	for {
		h.mu.Lock()
		other := h.changing[name]
		if other == nil {
			mine := make(chan struct{})
			h.changing[name] = mine
			h.mu.Unlock()
			return func() {
				h.mu.Lock()
				delete(h.changing, name)
				h.mu.Unlock()
				close(mine)
			}, nil
		}
		h.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (i *Info) chain() chain { return chain{i.Name, i.Place.ID, i.Place.Epoch} }

// revision is the revision that is asked for, which must be there.
func (i *Info) revision(rev Revision) (Revision, error) {
	switch {
	case rev < 0:
		return i.Place.Rev, nil
	case rev > i.Place.Rev:
		return 0, fmt.Errorf("%w: %d; %q is at %d", ErrRevision, rev, i.Name, i.Place.Rev)
	}
	return rev, nil
}

// above is revision, which history must reach.
func (i *Info) above(rev Revision) (Revision, error) {
	rev, err := i.revision(rev)
	if err == nil && rev < i.Floor {
		err = fmt.Errorf("%w: revision %d of %q; the floor is %d", ErrTrimmed, rev, i.Name, i.Floor)
	}
	return rev, err
}

// A Moment is a document as it was.
type Moment struct {
	Place   Place
	Content *ot.Text
	Time    int64 // of the commit that made it so, in milliseconds since 1970 UTC; 0: not known any more
}

// Content is the document at a revision. Below the floor there are the named versions, whose lineage is not known any more.
func (h *History) Content(ctx context.Context, name string, rev Revision) (*Moment, error) {
	var m *Moment
	err := h.read(ctx, name, func(info *Info) (err error) {
		m, err = h.moment(ctx, info, rev)
		return err
	})
	return m, err
}

func (h *History) moment(ctx context.Context, info *Info, rev Revision) (*Moment, error) {
	rev, err := info.revision(rev)
	if err != nil {
		return nil, err
	}
	m := &Moment{Place: info.Place}
	m.Place.Rev = rev
	switch {
	case rev < info.Floor:
		m.Place.Lineage = Lineage{}
	case rev == info.Floor:
		m.Place.Lineage = info.FloorLineage
	default:
		commits, err := h.composer.read(ctx, info.chain(), rev, rev, 1)
		if err != nil {
			return nil, err
		}
		m.Place.Lineage, m.Time = commits[0].Lineage, commits[0].Time
	}
	if rev == 0 {
		m.Time = info.Created
	}
	m.Content, err = h.text(ctx, info, rev, plain)
	return m, err
}

// text is the content at a revision, labelled or plain.
func (h *History) text(ctx context.Context, info *Info, rev Revision, f form) (*ot.Text, error) {
	if rev < info.Floor {
		return h.kept(ctx, info, rev, f)
	}
	base, err := h.base(ctx, info, f)
	if err != nil {
		return nil, err
	}
	text, err := h.after(ctx, info, base, info.Floor, rev, f, false)
	if errors.Is(err, ErrDamaged) {
		text, err = h.after(ctx, info, base, info.Floor, rev, f, true)
	}
	return text, err
}

// base is the content at the floor.
func (h *History) base(ctx context.Context, info *Info, f form) (*ot.Text, error) {
	base, err := h.archive.Base(ctx, info.Place.ID)
	if err != nil {
		return nil, fmt.Errorf("read the base of %q: %w", info.Name, err)
	}
	return formed(base, f)
}

// after is the content at a revision, from that at an earlier one, over the spans that are kept; or, anew, of the commits.
func (h *History) after(ctx context.Context, info *Info, base *ot.Text, from, to Revision, f form, anew bool) (*ot.Text, error) {
	compose := h.composer.between
	if anew {
		compose = h.composer.anew
	}
	op, err := compose(ctx, info.chain(), from, to, f)
	if err != nil {
		return nil, err
	}
	text := base.Snapshot()
	if err := text.Apply(op); err != nil {
		return nil, fmt.Errorf("%w: %q: revisions %d to %d: %w", ErrDamaged, info.Name, from, to, err)
	}
	return text, nil
}

// load is the document as the store has it, checked as for editing. It is no other than info tells of.
func (h *History) load(ctx context.Context, info *Info) (*State, error) {
	stored, err := h.archive.Load(ctx, info.Name, 0)
	if err != nil {
		return nil, err
	}
	if p := stored.Place(); p.ID != info.Place.ID || p.Epoch != info.Place.Epoch {
		return nil, fmt.Errorf("%w: %q is another document, or has another history", ErrConflict, info.Name)
	}
	state, err := NewState(stored, h.registry.cfg.StateConfig)
	if err != nil {
		return nil, fmt.Errorf("document %q: %w", info.Name, err)
	}
	return state, nil
}

// kept is the content of a version that the floor has passed.
func (h *History) kept(ctx context.Context, info *Info, rev Revision, f form) (*ot.Text, error) {
	text, err := h.archive.VersionContent(ctx, info.Place.ID, rev)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && text == nil:
		return nil, fmt.Errorf("%w: revision %d of %q; the floor is %d", ErrTrimmed, rev, info.Name, info.Floor)
	case err != nil:
		return nil, fmt.Errorf("read the version at revision %d of %q: %w", rev, info.Name, err)
	}
	return formed(text, f)
}

// formed is a labelled text in a form.
func formed(text *ot.Text, f form) (*ot.Text, error) {
	if f == labelled {
		return text, nil
	}
	return ot.TextOf(Strip(text.Content()))
}

// Diff is what leads from one revision to another: what was committed between them, composed; or, where to is the earlier one, what
// undoes that.
func (h *History) Diff(ctx context.Context, name string, from, to Revision) (ot.Op, error) {
	var op ot.Op
	err := h.read(ctx, name, func(info *Info) error {
		from, err := info.above(from)
		if err != nil {
			return err
		}
		to, err := info.above(to)
		if err != nil {
			return err
		}
		op, err = h.composer.between(ctx, info.chain(), min(from, to), max(from, to), plain)
		if err != nil || from <= to {
			return err
		}
		before, err := h.text(ctx, info, to, plain)
		if err != nil {
			return err
		}
		if op, err = ot.Invert(op, before); err != nil {
			return fmt.Errorf("%w: %q: revisions %d to %d: %w", ErrDamaged, name, to, from, err)
		}
		return nil
	})
	return op, err
}

// A Run is a part of a text by one author.
type Run struct {
	From, To int    // in UTF-16 code units
	Author   string // "": not known
}

// Blame is who wrote what stands in the document at a revision: runs that cover it, neighbours by different authors. What was
// restored is whose who restored it.
func (h *History) Blame(ctx context.Context, name string, rev Revision) ([]Run, error) {
	var runs []Run
	err := h.read(ctx, name, func(info *Info) error {
		rev, err := info.revision(rev)
		if err != nil {
			return err
		}
		text, err := h.text(ctx, info, rev, labelled)
		if err != nil {
			return err
		}
		runs = runsOf(text.Content())
		return nil
	})
	return runs, err
}

func runsOf(content ot.Op) (runs []Run) {
	at := 0
	for _, c := range content {
		author, _ := labelOf(c)
		if n := len(runs); n > 0 && runs[n-1].Author == author {
			runs[n-1].To += c.N
		} else {
			runs = append(runs, Run{at, at + c.N, author})
		}
		at += c.N
	}
	return runs
}
