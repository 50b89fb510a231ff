package doc

import (
	"context"
	"log/slog"

	"tandem/ot"
)

// Break breaks an invariant of a document that is in memory: its next turn panics. Nothing else may go on meanwhile.
func (r *Registry) Break(name string) {
	d := r.entries[name].doc
	d.state.batch = []*Committed{}
	d.knock()
}

// A Composer is what composes a document's history.
type Composer struct{ c *composer }

// NewComposer composes the histories of a store's documents.
func NewComposer(store Store) *Composer {
	return &Composer{newComposer(store, slog.New(slog.DiscardHandler))}
}

// Between composes the commits between two revisions of the history that a place names.
func (c *Composer) Between(ctx context.Context, p Place, from, to Revision, label bool) (ot.Op, error) {
	return c.c.between(ctx, chain{"d", p.ID, p.Epoch}, from, to, form(label))
}

// Grow has the spans made up to a revision, in the background.
func (c *Composer) Grow(p Place, floor, head Revision) {
	c.c.grow(chain{"d", p.ID, p.Epoch}, floor, head)
}

// Wait waits until the background has nothing to do.
func (c *Composer) Wait() { c.c.wait() }

// Close ends the background work.
func (c *Composer) Close() {
	c.c.stop()
	c.c.wait()
}

// RetentionPass trims what is due.
func (r *Registry) RetentionPass() { r.retentionPass() }

// Hold keeps a document out of memory until release is called.
func (r *Registry) Hold(ctx context.Context, name string) (release func(), err error) {
	return r.hold(ctx, name, ErrOpenAgain)
}

// LeftToMove is over how many commits the first reader who asks moves carets.
func (p *Presences) LeftToMove() int { return len(p.commits) }
