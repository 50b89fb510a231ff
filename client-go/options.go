package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"time"
	"unicode/utf8"

	"tandem/doc"
	"tandem/server/wire"
)

// Options are how a Conn behaves. The zero value works.
type Options struct {
	// User is how this client appears to others, and under whose name its commits are kept.
	User User
	// Token is who the user is, where the server asks for that. At most 2 KiB.
	Token string
	// Dial makes connections. Default: net.Dialer, through the proxy that the environment names.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Logger is slog.Default() by default.
	Logger *slog.Logger
	// Jitter is a random number from 0 to 1, for pauses. Default: rand.Float64.
	Jitter func() float64

	// BackoffMin is the longest first pause before connecting again, BackoffMax the longest of all: 0.5 s and 30 s by default.
	BackoffMin, BackoffMax time.Duration
	// AckTimeout is how long the server may take to answer a connect, an open or a submission, before the connection is given up: 10 s
	// by default.
	AckTimeout time.Duration
	// PingAfter is after how long without hearing anything the server is asked for a sign of life: 25 s by default.
	PingAfter time.Duration
	// Silence is after how long without one the connection is given up: 40 s by default.
	Silence time.Duration

	// OnEvent is told what happens, for logs and counting (C3: it must not block).
	OnEvent func(Event)
}

// User is a person, as others see them.
type User struct {
	Name  string // at most 64 bytes
	Color string // at most 32 bytes; a CSS color
}

// Bounds that nobody sets.
const (
	software      = "tandem-go"
	writeTimeout  = 10 * time.Second
	closeTimeout  = time.Second            // for saying goodbye
	presenceEvery = 100 * time.Millisecond // at most
	frameBytes    = 64 << 10               // gathered in one frame; a single message may be larger
	overhead      = 1 << 10                // of an open or a submit, without its operation
)

func (o Options) withDefaults() (Options, error) {
	switch {
	case len(o.Token) > wire.MaxToken, !utf8.ValidString(o.Token):
		return o, fmt.Errorf("the token has %d bytes: want UTF-8, at most %d", len(o.Token), wire.MaxToken)
	case len(o.User.Name) > wire.MaxUserName, !utf8.ValidString(o.User.Name):
		return o, fmt.Errorf("the user's name has %d bytes: want UTF-8, at most %d", len(o.User.Name), wire.MaxUserName)
	case len(o.User.Color) > wire.MaxColor, !utf8.ValidString(o.User.Color):
		return o, fmt.Errorf("the user's color has %d bytes: want UTF-8, at most %d", len(o.User.Color), wire.MaxColor)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	o.BackoffMin = cmp.Or(o.BackoffMin, 500*time.Millisecond)
	o.BackoffMax = cmp.Or(o.BackoffMax, 30*time.Second)
	o.AckTimeout = cmp.Or(o.AckTimeout, 10*time.Second)
	o.PingAfter = cmp.Or(o.PingAfter, 25*time.Second)
	o.Silence = cmp.Or(o.Silence, 40*time.Second)
	return o, nil
}

// socketURL is the address of the socket of a server.
func socketURL(at string) (string, error) {
	u, err := url.Parse(at)
	if err != nil {
		return "", fmt.Errorf("the server's address: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return "", fmt.Errorf("the server's address begins with %q: want http, https, ws or wss", u.Scheme)
	}
	if u.Host == "" || u.User != nil {
		return "", errors.New("the server's address: want a host, and no user")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	u.Fragment = ""
	return u.String(), nil
}

// An Event is something that happened.
type Event struct {
	Kind EventKind
	Doc  string // the document's name; empty: it concerns the connection
	// Seq is the submission's: EventSubmitted, EventResubmitted, EventAck.
	Seq doc.Seq
	// Rev is the commit's of an EventAck, and the revision of the content of an EventOpened.
	Rev doc.Revision
	// Outcome of what an open named, and whether it resumed or had to load a snapshot: EventOpened.
	Outcome doc.Outcome
	Resumed bool
	// Wait is how long it is until the next attempt: EventDisconnected, EventReopening.
	Wait time.Duration
	// Err is why: EventDisconnected, EventReopening; a *Problem: EventProblem.
	Err error
}

// EventKind says what happened.
type EventKind uint8

// What can happen.
const (
	EventConnected    EventKind = 1 + iota // and welcomed
	EventDisconnected                      // the connection was lost, or could not be made
	EventOpened                            // the server has answered an open
	EventSubmitted                         // for the first time
	EventResubmitted                       // in an open
	EventAck                               // the submission is durable
	EventReopening                         // a session ended; the document is opened again
	EventProblem                           // see Doc.Problem
)

func (k EventKind) String() string {
	words := [...]string{"none", "connected", "disconnected", "opened", "submitted", "resubmitted", "ack", "reopening", "problem"}
	if int(k) < len(words) {
		return words[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}
