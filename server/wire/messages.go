package wire

import (
	"time"

	"tandem/doc"
	"tandem/ot"
)

// A Message is one of the structs below.
type Message interface {
	// Kind is the message's first field.
	Kind() Kind
	// Append appends the message's bytes to buf.
	Append(buf []byte) []byte
}

// An Opt is a field that may be nil on the wire. The zero Opt is nil.
type Opt[T any] struct {
	Value T
	OK    bool // there is a value
}

// Some is an Opt with a value.
func Some[T any](v T) Opt[T] { return Opt[T]{Value: v, OK: true} }

// Channel names one session on a connection. The client chooses it, from 1; 0 is the connection itself.
type Channel int64

// Millis is a length of time in milliseconds, at most 2^53−1.
type Millis int64

// Duration is m; what is beyond a Duration's range is cut to it.
func (m Millis) Duration() time.Duration {
	const most = Millis(1<<63-1) / Millis(time.Millisecond)
	return time.Duration(min(m, most)) * time.Millisecond
}

// User is how a person appears to others.
type User struct {
	Name  string // at most MaxUserName bytes
	Color string // at most MaxColor bytes; a CSS color
}

// Selection is where a user's caret is, in UTF-16 code units: anchor and head are equal where nothing is selected.
type Selection struct{ Anchor, Head int }

// Hello is the first message of a connection. Its version is Version.
type Hello struct {
	Token    Opt[string]
	Software string // name and version of the client
}

// Open attaches a client to a document.
type Open struct {
	Channel  Channel
	Document string // checked for its length only: the rest of doc.CheckName is the server's to say
	DocKind  doc.Kind
	Client   doc.ClientID
	// Held is the place of the content that the client has; none: it has none and wants a snapshot.
	Held        Opt[doc.Place]
	Outstanding Opt[Outstanding]
	// User is under whose name commits are kept, that of Outstanding included, and whom others see; none: a user without a name.
	User Opt[User]
}

// Outstanding is a submission that was sent and not acknowledged, in full.
type Outstanding struct {
	Client  doc.ClientID // under which it was frozen: another than the open's where it outlived its page
	Seq     doc.Seq
	Base    doc.Place
	Op      ot.Op
	OpBytes []byte // the encoding of Op; where it is nil, Append encodes Op
}

// Submit asks to commit an operation.
type Submit struct {
	Channel Channel
	Seq     doc.Seq
	Base    doc.Revision
	Op      ot.Op
	OpBytes []byte   // the encoding of Op; where it is nil, Append encodes Op
	Caret   Opt[int] // the author's caret after the operation, in its target
}

// Presence says where the client's user is.
type Presence struct {
	Channel   Channel
	Rev       doc.Revision   // which Selection speaks of
	Selection Opt[Selection] // none: no caret is shown
	User      Opt[User]      // none: as before, or as in the Open
}

// Refresh brings a new token before the old one expires.
type Refresh struct{ Token string }

// Close ends a session.
type Close struct{ Channel Channel }

// Ping asks for a Pong with the same number, in both directions.
type Ping struct{ N int64 }

// Pong answers a Ping.
type Pong struct{ N int64 }

// Welcome answers Hello. Its version is Version.
type Welcome struct {
	Software     string // name and version of the server
	MaxOpText    int    // bytes of inserted text in one operation
	MaxMessage   int    // bytes of a frame from the client
	MaxDocument  int    // UTF-16 code units
	PingInterval Millis // of the server's WebSocket pings
}

// Opened answers Open: the session is live once the client has followed the stream up to Place.
type Opened struct {
	Channel    Channel
	Place      doc.Place // at which the open was decided; the catch-up ends there
	Access     Access
	Session    doc.SessionNumber
	Outcome    Outcome           // of the outstanding submission
	OutcomeRev Opt[doc.Revision] // its revision: OutcomeCommitted only, where it is known
	LastSeq    doc.Seq           // the last that is known of the client id of this open
	Resume     bool              // commits after the held place follow; otherwise a snapshot
	Refusal    Code              // why: OutcomeRefused only; otherwise 0
}

// Snapshot is a piece of the content, to be appended to the pieces before it.
type Snapshot struct {
	Channel Channel
	Op      ot.Op  // inserts only
	OpBytes []byte // the encoding of Op; where it is nil, Append encodes Op
	More    bool   // this is not the last piece
}

// Commits are commits of others: one, or several composed into one operation.
type Commits struct {
	Channel Channel
	First   doc.Revision
	Count   int64 // at least 1; the revision after them is First+Count-1
	Op      ot.Op
	OpBytes []byte                 // the encoding of Op; where it is nil, Append encodes Op
	Session Opt[doc.SessionNumber] // the author's; of a single commit only
	Caret   Opt[int]               // the author's, in the operation's target; of a single commit only
	Lineage Opt[doc.Lineage]       // after the last of them; on the last commit of a frame
}

// Ack tells a client that its own submission is committed, and durable. It stands in the stream in place of the commit.
type Ack struct {
	Channel Channel
	Seq     doc.Seq
	Place   doc.Place // after the commit
}

// PresenceUpdate tells where others are.
type PresenceUpdate struct {
	Channel Channel
	Rev     doc.Revision // which the selections speak of
	Peers   []Peer       // each replaces what was known of its session
	Left    []doc.SessionNumber
}

// A Peer is another session of the document.
type Peer struct {
	Session   doc.SessionNumber
	Selection Opt[Selection]
	User      User
}

// AccessChange tells a session that it may now do more, or less.
type AccessChange struct {
	Channel Channel
	Access  Access
}

// Check lets a client compare its content at a revision with the server's.
type Check struct {
	Channel Channel
	Rev     doc.Revision
	Hash    uint64 // ot.Text.Hash: below 2^53
}

// Error tells what went wrong. It ends the connection where Channel is 0, and otherwise the session, unless Code concerns a
// submission only and Seq names it (Code.EndsSession).
type Error struct {
	Channel    Channel // 0: nil on the wire
	Code       Code
	Seq        doc.Seq      // of the submission that it is about; 0: none, nil on the wire
	LastSeq    Opt[doc.Seq] // the last that is known of the session's client id
	RetryAfter Opt[Millis]
	Text       string // for people; Append cuts it to MaxErrorText bytes. Never document text
}

// Goaway asks the client to come back within a spread of time: the server is draining.
type Goaway struct{ Spread Millis }

// Kind is KindHello.
func (Hello) Kind() Kind { return KindHello }

// Kind is KindOpen.
func (Open) Kind() Kind { return KindOpen }

// Kind is KindSubmit.
func (Submit) Kind() Kind { return KindSubmit }

// Kind is KindPresence.
func (Presence) Kind() Kind { return KindPresence }

// Kind is KindRefresh.
func (Refresh) Kind() Kind { return KindRefresh }

// Kind is KindClose.
func (Close) Kind() Kind { return KindClose }

// Kind is KindPing.
func (Ping) Kind() Kind { return KindPing }

// Kind is KindPong.
func (Pong) Kind() Kind { return KindPong }

// Kind is KindWelcome.
func (Welcome) Kind() Kind { return KindWelcome }

// Kind is KindOpened.
func (Opened) Kind() Kind { return KindOpened }

// Kind is KindSnapshot.
func (Snapshot) Kind() Kind { return KindSnapshot }

// Kind is KindCommits.
func (Commits) Kind() Kind { return KindCommits }

// Kind is KindAck.
func (Ack) Kind() Kind { return KindAck }

// Kind is KindPresenceUpdate.
func (PresenceUpdate) Kind() Kind { return KindPresenceUpdate }

// Kind is KindAccess.
func (AccessChange) Kind() Kind { return KindAccess }

// Kind is KindCheck.
func (Check) Kind() Kind { return KindCheck }

// Kind is KindError.
func (Error) Kind() Kind { return KindError }

// Kind is KindGoaway.
func (Goaway) Kind() Kind { return KindGoaway }
