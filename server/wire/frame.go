package wire

import (
	"fmt"

	"tandem/ot/pack"
)

// A ClientFrame reads the messages of a client's frame, one after the other (W3):
//
//	f := ReadClient(frame, limits)
//	for f.Next() {
//		… f.Submit() … f.Message() …
//	}
//	err := f.Err()
//
// Nearly every message that a client sends is a Submit: Submit gives it without a Message having to be made of it, which would be
// one more allocation. DecodeClient is for whoever does not mind.
type ClientFrame struct {
	d      decoder
	submit Submit
	other  Message // what is read where it is something else
	err    error
}

// ReadClient begins to read a client's frame. It must stay as it is until it has been read (W5).
func ReadClient(frame []byte, lim Limits) (f ClientFrame) {
	lim.fill(&clientLimits)
	f.d.Reader, f.d.lim = pack.NewReader(frame), lim
	f.err = checkSize(frame, lim.Message)
	return f
}

// Next reads the next message. It is false at the end of the frame, and where something is wrong, which Err tells.
func (f *ClientFrame) Next() bool {
	if f.err != nil || !f.d.More() {
		return false
	}
	f.d.head()
	switch {
	case f.d.Err() != nil:
	case f.d.kind == KindSubmit:
		f.d.submit(&f.submit)
	default:
		f.other = f.d.client(f.d.kind)
	}
	if f.d.Err() != nil {
		f.err = f.d.fault()
	}
	return f.err == nil
}

// Submit is the message, where it is a Submit; otherwise nil. It is overwritten by Next; its Op and OpBytes are not.
func (f *ClientFrame) Submit() *Submit {
	if f.d.kind != KindSubmit {
		return nil
	}
	return &f.submit
}

// Message is the message.
func (f *ClientFrame) Message() Message {
	if f.d.kind == KindSubmit {
		return f.submit
	}
	return f.other
}

// Err is the first fault, wrapping ErrMessage.
func (f *ClientFrame) Err() error { return f.err }

// A ServerFrame is a ClientFrame for the frames of a server, of which most are Commits.
type ServerFrame struct {
	d       decoder
	commits Commits
	other   Message // what is read where it is something else
	err     error
}

// ReadServer begins to read a server's frame. It must stay as it is until it has been read (W5).
func ReadServer(frame []byte, lim Limits) (f ServerFrame) {
	lim.fill(&serverLimits)
	f.d.Reader, f.d.lim = pack.NewReader(frame), lim
	f.err = checkSize(frame, lim.Message)
	return f
}

// Next reads the next message. It is false at the end of the frame, and where something is wrong, which Err tells.
func (f *ServerFrame) Next() bool {
	if f.err != nil || !f.d.More() {
		return false
	}
	f.d.head()
	switch {
	case f.d.Err() != nil:
	case f.d.kind == KindCommits:
		f.d.commits(&f.commits)
	default:
		f.other = f.d.server(f.d.kind)
	}
	if f.d.Err() != nil {
		f.err = f.d.fault()
	}
	return f.err == nil
}

// Commits are the message, where it is Commits; otherwise nil. They are overwritten by Next; Op and OpBytes are not.
func (f *ServerFrame) Commits() *Commits {
	if f.d.kind != KindCommits {
		return nil
	}
	return &f.commits
}

// Message is the message.
func (f *ServerFrame) Message() Message {
	if f.d.kind == KindCommits {
		return f.commits
	}
	return f.other
}

// Err is the first fault, wrapping ErrMessage.
func (f *ServerFrame) Err() error { return f.err }

// DecodeClient hands the messages of a client's frame to each, in order (W3). It returns the first fault, wrapping ErrMessage,
// or what each returned, as it is.
func DecodeClient(frame []byte, lim Limits, each func(Message) error) error {
	f := ReadClient(frame, lim)
	for f.Next() {
		if err := each(f.Message()); err != nil {
			return err
		}
	}
	return f.Err()
}

// DecodeServer is DecodeClient for the frames of a server.
func DecodeServer(frame []byte, lim Limits, each func(Message) error) error {
	f := ReadServer(frame, lim)
	for f.Next() {
		if err := each(f.Message()); err != nil {
			return err
		}
	}
	return f.Err()
}

// checkSize refuses a frame that is empty, or larger than most bytes.
func checkSize(frame []byte, most int) error {
	switch {
	case len(frame) > most:
		return fmt.Errorf("%w: %w: a frame of %d bytes, at most %d are allowed", ErrMessage, ErrTooLarge, len(frame), most)
	case len(frame) == 0:
		return fmt.Errorf("%w: a frame without a message", ErrMessage)
	}
	return nil
}
