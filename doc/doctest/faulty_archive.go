package doctest

import (
	"context"

	"tandem/doc"
	"tandem/ot"
)

// FaultyArchive is a Faulty over an archive.
type FaultyArchive struct {
	*Faulty
	archive doc.Archive
}

var _ doc.Archive = (*FaultyArchive)(nil)

// NewFaultyArchive is the same archive until Fail is called.
func NewFaultyArchive(archive doc.Archive) *FaultyArchive {
	return &FaultyArchive{NewFaulty(archive), archive}
}

// Info implements doc.Archive.
func (f *FaultyArchive) Info(ctx context.Context, name string) (*doc.Info, error) {
	return called(ctx, f.Faulty, func() (*doc.Info, error) { return f.archive.Info(ctx, name) })
}

// Names implements doc.Archive.
func (f *FaultyArchive) Names(ctx context.Context, after string, limit int) ([]string, error) {
	return called(ctx, f.Faulty, func() ([]string, error) { return f.archive.Names(ctx, after, limit) })
}

// Span implements doc.Archive.
func (f *FaultyArchive) Span(ctx context.Context, id doc.ID, epoch doc.Epoch, s doc.Span) ([]byte, error) {
	return called(ctx, f.Faulty, func() ([]byte, error) { return f.archive.Span(ctx, id, epoch, s) })
}

// SaveSpan implements doc.Archive.
func (f *FaultyArchive) SaveSpan(id doc.ID, epoch doc.Epoch, s doc.Span, op []byte, done func(error)) {
	left := s
	left.Index = -1
	f.answer(done, func(done func(error)) { f.archive.SaveSpan(id, epoch, s, op, done) },
		func(done func(error)) { f.archive.SaveSpan(id, epoch, left, nil, done) })
}

// Base implements doc.Archive.
func (f *FaultyArchive) Base(ctx context.Context, id doc.ID) (*ot.Text, error) {
	return called(ctx, f.Faulty, func() (*ot.Text, error) { return f.archive.Base(ctx, id) })
}

// Trim implements doc.Archive.
func (f *FaultyArchive) Trim(ctx context.Context, t *doc.Trimming) error {
	return f.call(ctx, func() error { return f.archive.Trim(ctx, t) })
}

// Versions implements doc.Archive.
func (f *FaultyArchive) Versions(ctx context.Context, id doc.ID) ([]doc.Version, error) {
	return called(ctx, f.Faulty, func() ([]doc.Version, error) { return f.archive.Versions(ctx, id) })
}

// SaveVersion implements doc.Archive.
func (f *FaultyArchive) SaveVersion(ctx context.Context, id doc.ID, v doc.Version, content *ot.Text) error {
	return f.call(ctx, func() error { return f.archive.SaveVersion(ctx, id, v, content) })
}

// VersionContent implements doc.Archive.
func (f *FaultyArchive) VersionContent(ctx context.Context, id doc.ID, rev doc.Revision) (*ot.Text, error) {
	return called(ctx, f.Faulty, func() (*ot.Text, error) { return f.archive.VersionContent(ctx, id, rev) })
}

// DeleteVersion implements doc.Archive.
func (f *FaultyArchive) DeleteVersion(ctx context.Context, id doc.ID, rev doc.Revision) error {
	return f.call(ctx, func() error { return f.archive.DeleteVersion(ctx, id, rev) })
}

// Rewrite implements doc.Archive.
func (f *FaultyArchive) Rewrite(ctx context.Context, r *doc.Rewriting) error {
	return f.call(ctx, func() error { return f.archive.Rewrite(ctx, r) })
}

// Remove implements doc.Archive.
func (f *FaultyArchive) Remove(ctx context.Context, at doc.Place) error {
	return f.call(ctx, func() error { return f.archive.Remove(ctx, at) })
}

// Scrub implements doc.Archive.
func (f *FaultyArchive) Scrub(ctx context.Context) error {
	return f.call(ctx, func() error { return f.archive.Scrub(ctx) })
}
