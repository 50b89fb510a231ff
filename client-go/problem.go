package client

import (
	"errors"
	"fmt"
	"time"

	"tandem/ot"
	"tandem/server/wire"
)

// What a Problem can be; ErrForeign is another.
var (
	ErrRefused  = errors.New("not accepted for now")              // it stays pending, and is submitted again when the server may think otherwise
	ErrStopped  = errors.New("the server does not go on")         // the Doc has ended; what was pending is kept here
	ErrLost     = errors.New("whether it was saved is not known") // it is no longer in the document that is shown
	ErrRestored = errors.New("an older state has been restored")  // and took saved text away
	ErrClosed   = errors.New("closed by its owner")               // no Problem: what methods of a closed Doc or Conn return
)

// A Problem is why text cannot be saved, or was taken away, with that text. It wraps ErrRefused, ErrStopped, ErrForeign, ErrLost or
// ErrRestored.
type Problem struct {
	Err  error
	Code wire.Code // the server's reason; 0: it gave none
	// Kept is the content as the user saw it then. It must not be changed.
	Kept *ot.Text
}

func (p *Problem) Error() string {
	if p.Code == 0 {
		return p.Err.Error()
	}
	return fmt.Sprintf("%v: %v (%s)", p.Err, p.Code, p.Code.Meaning())
}

// Unwrap is Err.
func (p *Problem) Unwrap() error { return p.Err }

// Why a link ended, where this side ended it.
var (
	errCut     = errors.New("cut")
	errSilence = errors.New("nothing was heard for too long")
	errAnswer  = errors.New("the server did not answer in time")
	errGoaway  = errors.New("the server drains")
	errSubprot = errors.New("the server does not speak " + wire.Subprotocol)
)

// serverError is what an error message said.
type serverError struct {
	code       wire.Code
	text       string
	retryAfter time.Duration
}

func newServerError(m wire.Error) *serverError {
	return &serverError{m.Code, m.Text, m.RetryAfter.Value.Duration()}
}

func (e *serverError) Error() string { return fmt.Sprintf("the server says %v: %s", e.code, e.text) }

// handshakeError is an answer to the upgrade that is none.
type handshakeError struct {
	status     string
	retryAfter time.Duration
}

func (e *handshakeError) Error() string { return "the server answers " + e.status }
