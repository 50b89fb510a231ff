package doc

import (
	"context"

	"tandem/ot"
)

// A Store keeps documents. Every method may be called from any goroutine.
//
// A store is safe if: what Append reported done with nil survives any crash; what it reported with an error, and what it did
// not report at all, is there wholly or not at all after the next Load; nothing that Load and Read return is ever taken back by
// a crash (after a failed sync the page cache shows what a power cut would take: the store makes itself safe before it answers
// again); a document that cannot be read wholly is ErrDamaged, never an empty or a shorter one.
type Store interface {
	// Load returns what is durable of the document called name. Where there is none it is created with the kind (durable when Load
	// returns), or ErrNotFound is returned when kind is 0. A document of another kind than asked for is ErrKind.
	Load(ctx context.Context, name string, kind Kind) (*Stored, error)

	// Ready is nil, or why nothing can be appended for now: ErrNoSpace. It is asked at each turn, and answers from memory. An append
	// that meets a full disk all the same is ErrNoSpace, too: then nothing of it was written.
	Ready() error

	// Append hands a batch over and returns at once. done is called exactly once, from a goroutine of the store; it must not
	// block. nil: the whole batch is durable. ErrConflict: the condition did not hold, nothing of this batch is there. Any other
	// error: the outcome is unknown; the document has to be loaded again. At most one batch of a document is on its way.
	Append(batch *Batch, done func(error))

	// Read returns commits from first on, at least one and at most up to last, stopping once their Bytes exceed maxBytes.
	// It may run beside everything else.
	Read(ctx context.Context, id ID, first, last Revision, maxBytes int) ([]Commit, error)

	// Save stores a snapshot of a durable revision, in slices behind the edits. done is called as in Append. A snapshot of which
	// only a part was written before a crash does not count.
	Save(snapshot *Snapshot, done func(error))

	// Close waits for what was handed over, and closes. Calls after it answer ErrClosed.
	Close() error
}

// A Batch is what one turn of a document commits. The condition: the document ID is there with Prev's epoch, revision and
// lineage, and no commit's sequence is at or below the last of its client. The store keeps each client's Record in the same step.
type Batch struct {
	Prev    Place
	Commits []Commit // at least one; revisions Prev.Rev+1, Prev.Rev+2, …
}

// A Snapshot is a document's content at a durable revision.
type Snapshot struct {
	Place   Place
	Content *ot.Text // shared with nobody who writes to it
	Hash    uint64   // of the content (ot.Text.Hash): checked at load
}

// Stored is what a store knows of a document: apply Commits to Snapshot, and it is as it was.
type Stored struct {
	Name         string
	Kind         Kind
	Created      int64    // milliseconds since 1970 UTC
	Snapshot     Snapshot // the newest; of revision 0 and empty where there is none yet
	Commits      []Commit // those after the snapshot
	Floor        Revision // the oldest revision from which Read reaches: commits Floor+1 and up are there
	RecordsFloor Revision // the highest last commit among forgotten records
	Clients      map[ClientID]Record
}

// Place is where the stored history ends.
func (s *Stored) Place() Place {
	p := s.Snapshot.Place
	if n := len(s.Commits); n > 0 {
		p.Rev, p.Lineage = s.Commits[n-1].Rev, s.Commits[n-1].Lineage
	}
	return p
}
