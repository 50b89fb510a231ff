package doc

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The vocabulary of every package above this one.
type (
	// Revision counts the committed operations of a document: revision 0 is the empty document.
	Revision int64
	// Seq is a client's own count of its submissions, from 1. It never goes beyond ot.MaxInt.
	Seq int64
	// ID is a document's identity: random, and for ever.
	ID [16]byte
	// ClientID names one open copy of a document; it is known to the client and the server only.
	ClientID [16]byte
	// Epoch is random, and new whenever a document's history could have been cut.
	Epoch [8]byte
	// Lineage is the running hash of a document's history up to a revision: see Extend.
	Lineage [8]byte
	// Digest tells two submissions under one name apart: see DigestOf.
	Digest [8]byte
	// SessionNumber names a session towards the other people of a document, from 1. It is never used twice while the
	// document is loaded.
	SessionNumber int64
)

func (id ID) String() string      { return hex.EncodeToString(id[:]) }
func (c ClientID) String() string { return hex.EncodeToString(c[:4]) + "…" } // it is a secret: enough to tell two apart
func (e Epoch) String() string    { return hex.EncodeToString(e[:]) }
func (l Lineage) String() string  { return hex.EncodeToString(l[:]) }

// A Place is a point in the history of one document.
type Place struct {
	ID      ID
	Epoch   Epoch
	Rev     Revision
	Lineage Lineage
}

// Kind is what a document may hold, fixed when it is created.
type Kind uint8

// The kinds of document.
const (
	Text Kind = 1 + iota // no attributes, no embeds, lines end with LF only
	Rich
)

func (k Kind) String() string {
	switch k {
	case Text:
		return "text"
	case Rich:
		return "rich"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// ParseKind reads the name of a kind.
func ParseKind(s string) (Kind, error) {
	switch s {
	case "text":
		return Text, nil
	case "rich":
		return Rich, nil
	}
	return 0, fmt.Errorf("%w: %q is neither %q nor %q", ErrKind, s, "text", "rich")
}

// MaxName is the longest name of a document, in bytes of UTF-8.
const MaxName = 128

// CheckName refuses what cannot be a document's name, with ErrName.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrName)
	case len(name) > MaxName:
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrName, len(name), MaxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: it is not UTF-8", ErrName)
	case strings.IndexFunc(name, unicode.IsControl) >= 0:
		return fmt.Errorf("%w: it has a control character", ErrName)
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch segment {
		case "":
			return fmt.Errorf("%w: a segment is empty", ErrName)
		case ".", "..":
			return fmt.Errorf("%w: a segment is %q", ErrName, segment)
		}
	}
	return nil
}

// MaxAuthor is the longest name of an author, in bytes of UTF-8: what is longer is cut.
const MaxAuthor = 64

// A Commit is one committed operation.
type Commit struct {
	Rev     Revision
	Lineage Lineage // of the history up to and with this commit
	Client  ClientID
	Seq     Seq
	Digest  Digest
	Time    int64  // when the turn took it, in milliseconds since 1970 UTC
	Author  string // the name that its user showed then, at most MaxAuthor bytes; not part of the lineage
	Bytes   []byte // the canonical encoding of the operation as committed (ot.AppendOp)
}

// A Record is what is remembered of a client for ever: its last committed submission.
type Record struct {
	Seq Seq
	// Rev is the commit's revision; 0 where the record has outlived the history that the commit stood in (a restore, a
	// new epoch): the number would speak of another commit, or of none.
	Rev    Revision
	Digest Digest // of the commit's submission; zero: not known any more
}

// What can go wrong with a document. Each is wrapped with what offends.
var (
	// On opening.
	ErrName     = errors.New("bad document name")
	ErrKind     = errors.New("other kind of document")
	ErrNotFound = errors.New("no such document")

	ErrBusy = errors.New("too many documents in memory")

	// The end of a session.
	ErrOpenAgain = errors.New("open again")                            // what is pending is not decided; a new open decides it
	ErrReplaced  = errors.New("a later open of this client took over") // the session is a ghost
	ErrOp        = errors.New("invalid operation")                     // does not fit the document, or its kind
	ErrBase      = errors.New("bad base revision")                     // not a revision that the client can have seen
	ErrRepeat    = errors.New("name given to other bytes")             // a sequence was used twice
	ErrTooLarge  = errors.New("document too large")                    // it would become: nothing the client does makes it fit

	// The refusal of a submission: the session lives, the submission stays undecided.
	ErrReadOnly = errors.New("read only")
	ErrNoSpace  = errors.New("no space left") // also from a store: nothing was written

	// From History.
	ErrNoVersion = errors.New("no version")
	ErrNoArchive = errors.New("the store keeps no past")
	ErrTrimmed   = errors.New("history is gone") // the revision is below the floor
	ErrRevision  = errors.New("no such revision")
	ErrVersion   = errors.New("bad name of a version")

	// From a store.
	ErrConflict    = errors.New("append condition failed") // concerns this document alone; nothing was written
	ErrUnavailable = errors.New("store unavailable")       // for now
	ErrDamaged     = errors.New("stored document damaged") // named, refused, never served as something else
	ErrClosed      = errors.New("closed")
)
