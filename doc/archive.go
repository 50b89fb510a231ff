package doc

import (
	"context"
	"iter"

	"tandem/ot"
)

// A Span is an aligned piece of history, of 2^Level commits: the revisions from Index·2^Level+1 to (Index+1)·2^Level.
type Span struct {
	Level uint8
	Index int64
}

// First is the first revision of the span, Last the last.
func (s Span) First() Revision { return Revision(s.Index<<s.Level) + 1 }

// Last is the last revision of the span.
func (s Span) Last() Revision { return Revision((s.Index + 1) << s.Level) }

// An Archive is a Store that also keeps the past of its documents by rules. Like a Store's, its methods may be called from any
// goroutine, speak only of what is durable, and return when what they did is.
type Archive interface {
	Store

	// Info is what is known of the document called name without reading its history; ErrNotFound where there is none.
	Info(ctx context.Context, name string) (*Info, error)

	// Names are documents' names behind one ("": from the first), in the order of their bytes, at most limit.
	Names(ctx context.Context, after string, limit int) ([]string, error)

	// Span is the composed operation that was saved for a span, as ot.AppendOp writes it; nil where there is none.
	Span(ctx context.Context, id ID, epoch Epoch, s Span) ([]byte, error)

	// SaveSpan keeps a composed operation, behind the edits. It is a cache: a store may leave it out. One of a foreign epoch, or that
	// history does not reach wholly, is left out.
	SaveSpan(id ID, epoch Epoch, s Span, op []byte, done func(error))

	// Base is the content at the floor, each insert with its author (see Label); empty at floor 0.
	Base(ctx context.Context, id ID) (*ot.Text, error)

	// Trim moves the floor up, in one step; what lies below is removed behind the edits. ErrConflict where the epoch is another, or the
	// floor would move down or beyond the newest snapshot.
	Trim(ctx context.Context, t *Trimming) error

	// Versions are a document's named versions by revision.
	Versions(ctx context.Context, id ID) ([]Version, error)

	// SaveVersion names a revision; another version of that revision is replaced. content is kept beside history, for a revision that
	// the floor passes; nil: history has it.
	SaveVersion(ctx context.Context, id ID, v Version, content *ot.Text) error

	// VersionContent is the content that SaveVersion was given; nil: history has it. ErrNotFound where no version is at rev.
	VersionContent(ctx context.Context, id ID, rev Revision) (*ot.Text, error)

	// DeleteVersion forgets a version. One that is not there is ErrNotFound.
	DeleteVersion(ctx context.Context, id ID, rev Revision) error

	// Rewrite replaces the history of a document that is not loaded, under a new epoch, in one step; what was there is removed behind
	// the edits. ErrConflict where the document is not at Prev.
	Rewrite(ctx context.Context, r *Rewriting) error

	// Remove takes a document away, in one step; what it had is removed behind the edits. ErrConflict where it is not at the place.
	Remove(ctx context.Context, at Place) error

	// Scrub returns when what was removed before it was called is in no file of the store any more.
	Scrub(ctx context.Context) error
}

// Info is what a store knows of a document without reading its history.
type Info struct {
	Name         string
	Kind         Kind
	Created      int64 // milliseconds since 1970 UTC
	Place        Place
	Floor        Revision
	FloorLineage Lineage
	RecordsFloor Revision
	SnapshotRev  Revision // of the newest snapshot
	Clients      int      // client records
	HistoryBytes int64    // what the commits above the floor take, about
}

// A Trimming is where the floor is to be.
type Trimming struct {
	Floor Place
	Base  *ot.Text // the content there, each insert with its author
	// Forget are clients whose records go: their last commits are at or below the floor. RecordsFloor is at least the highest of those,
	// and at least what it was.
	Forget       []ClientID
	RecordsFloor Revision
}

// A Rewriting is another history of the same document.
type Rewriting struct {
	Prev  Place // the condition: the document ends here
	Epoch Epoch // the new one
	// Commits are the revisions from the floor to Prev.Rev, anew; the first follows the lineage of the floor. Records of clients stay
	// but their digests, which could be held against what was erased, become zero.
	Commits  iter.Seq2[Commit, error]
	Snapshot *Snapshot // of the last revision, with its new lineage and epoch
	// ForgetVersions are revisions whose versions lose the content that was kept beside history; they go.
	ForgetVersions []Revision
}

// A Version is a revision with a name.
type Version struct {
	Rev    Revision
	Name   string
	Author string // who named it, as shown
	Time   int64  // when, in milliseconds since 1970 UTC
}
