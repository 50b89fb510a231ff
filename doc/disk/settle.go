package disk

import (
	"context"

	"tandem/doc"
)

// settle returns when the database has everything that is durable of a document.
func (s *Store) settle(ctx context.Context, _ doc.ID) error { return ctx.Err() }

// Scrub implements doc.Archive.
func (s *Store) Scrub(ctx context.Context) error { return s.saver.emptied(ctx) }
