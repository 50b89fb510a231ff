package wire

import "fmt"

// Kind is the first field of a message.
type Kind int

// The kinds of message. Ping and pong go in both directions.
const (
	KindHello    Kind = 1
	KindOpen     Kind = 2
	KindSubmit   Kind = 3
	KindPresence Kind = 4
	KindRefresh  Kind = 5
	KindClose    Kind = 6
	KindPing     Kind = 7
	KindPong     Kind = 8

	KindWelcome        Kind = 16
	KindOpened         Kind = 17
	KindSnapshot       Kind = 18
	KindCommits        Kind = 19
	KindAck            Kind = 20
	KindPresenceUpdate Kind = 21
	KindAccess         Kind = 22
	KindCheck          Kind = 23
	KindError          Kind = 24
	KindGoaway         Kind = 25
)

// kindInfo says of each kind its name and how many fields follow it.
var kindInfo = [...]struct {
	name   string
	fields int
}{
	KindHello:    {"hello", 3},
	KindOpen:     {"open", 7},
	KindSubmit:   {"submit", 5},
	KindPresence: {"presence", 5},
	KindRefresh:  {"refresh", 1},
	KindClose:    {"close", 1},
	KindPing:     {"ping", 1},
	KindPong:     {"pong", 1},

	KindWelcome:        {"welcome", 6},
	KindOpened:         {"opened", 9},
	KindSnapshot:       {"snapshot", 3},
	KindCommits:        {"commits", 7},
	KindAck:            {"ack", 3},
	KindPresenceUpdate: {"presence", 4},
	KindAccess:         {"access", 2},
	KindCheck:          {"check", 3},
	KindError:          {"error", 6},
	KindGoaway:         {"goaway", 1},
}

// maxFields is the longest message, its kind included.
const maxFields = 10

func (k Kind) known() bool { return k > 0 && int(k) < len(kindInfo) && kindInfo[k].fields > 0 }

// String is the name that the kind has in PROTOCOL.md. A client's presence and a server's have the same.
func (k Kind) String() string {
	if k.known() {
		return kindInfo[k].name
	}
	return fmt.Sprintf("kind %d", int(k))
}

// Access is what a session may do.
type Access uint8

// What a session may do. One that may only read still shows where its user's caret is.
const (
	Read Access = 1 + iota
	Write
)

func (a Access) String() string {
	switch a {
	case Read:
		return "read"
	case Write:
		return "write"
	}
	return fmt.Sprintf("Access(%d)", uint8(a))
}

// Outcome is what became of the outstanding submission that an open named.
type Outcome int

// The outcomes.
const (
	OutcomeNone      Outcome = iota // the open named none
	OutcomeCommitted                // it is in the document: now, or since earlier
	OutcomeVoid                     // it is not in the document and never will be; its text may be submitted under a new name
	OutcomeUnknown                  // nobody knows any more: its text is offered to the user, never submitted again
	OutcomeRefused                  // not now: no outcome yet. It stays outstanding, with its bytes
)

var outcomeWords = [...]string{"none", "committed", "void", "unknown", "refused"}

func (o Outcome) String() string {
	if o >= 0 && int(o) < len(outcomeWords) {
		return outcomeWords[o]
	}
	return fmt.Sprintf("Outcome(%d)", int(o))
}
