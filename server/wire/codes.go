package wire

import (
	"errors"
	"fmt"

	"tandem/doc"
	"tandem/ot"
)

// Code says what went wrong, in an Error and in the refusal of an Opened. A reader takes one that it does not know for
// CodeInternal.
type Code int

// The codes. PROTOCOL.md has the same table, and a test compares them.
const (
	CodeOpenAgain          Code = 1
	CodeBadMessage         Code = 2
	CodeBadOp              Code = 3
	CodeTooLarge           Code = 4
	CodeBadName            Code = 5
	CodeOtherKind          Code = 6
	CodeNotFound           Code = 7
	CodeForbidden          Code = 8
	CodeReadOnly           Code = 9
	CodeNoSpace            Code = 10
	CodeBusy               Code = 11
	CodeUnavailable        Code = 12
	CodeDamaged            Code = 13
	CodeConflict           Code = 14
	CodeBadToken           Code = 15
	CodeReplaced           Code = 16
	CodeUnsupportedVersion Code = 17
	CodeInternal           Code = 18
	// 19 is taken for "foreign id", which is no error: the place of an Opened shows it. It is never sent.
)

// codeInfo is the one table of codes.
var codeInfo = [...]struct {
	word    string
	meaning string
	retry   bool      // opening again may help
	ends    bool      // always ends the session; otherwise only where no submission is named
	close   CloseCode // where it concerns the connection
}{
	CodeOpenAgain:          {"open-again", "the session cannot go on from where it is", true, true, CloseInternal},
	CodeBadMessage:         {"bad-message", "a message is not as the protocol says", false, true, CloseBadMessage},
	CodeBadOp:              {"bad-op", "an operation is invalid, by itself or for its document", false, true, CloseBadMessage},
	CodeTooLarge:           {"too-large", "a frame, an operation or the document would be beyond its limit", false, true, CloseTooLarge},
	CodeBadName:            {"bad-name", "this cannot be a document's name", false, true, CloseBadMessage},
	CodeOtherKind:          {"other-kind", "the document is of the other kind", false, true, CloseBadMessage},
	CodeNotFound:           {"not-found", "there is no such document, and it may not be created", false, true, CloseForbidden},
	CodeForbidden:          {"forbidden", "the user has not the right", false, false, CloseForbidden},
	CodeReadOnly:           {"read-only", "the session may read only", false, false, CloseForbidden},
	CodeNoSpace:            {"no-space", "the server's disk is full", true, false, CloseBusy},
	CodeBusy:               {"busy", "the server is at one of its bounds", true, true, CloseBusy},
	CodeUnavailable:        {"unavailable", "the store does not answer for now", true, true, CloseInternal},
	CodeDamaged:            {"damaged", "the stored document is damaged and is not served", false, true, CloseBadMessage},
	CodeConflict:           {"conflict", "the name of a submission was given to other bytes before", false, true, CloseBadMessage},
	CodeBadToken:           {"bad-token", "the token is missing, expired or not ours", false, true, CloseBadToken},
	CodeReplaced:           {"replaced", "a later open with the same client id took over", false, true, CloseDone},
	CodeUnsupportedVersion: {"unsupported-version", "the server does not speak this version of the protocol", false, true, CloseUnsupportedVersion},
	CodeInternal:           {"internal", "a fault of the server", true, true, CloseInternal},
}

func (c Code) known() bool { return c > 0 && int(c) < len(codeInfo) }

// info is the code's row of the table; that of CodeInternal for one that is not in it.
func (c Code) info() int {
	if c.known() {
		return int(c)
	}
	return int(CodeInternal)
}

// String is the code's word.
func (c Code) String() string {
	if c.known() {
		return codeInfo[c].word
	}
	return fmt.Sprintf("code-%d", int(c))
}

// Meaning is the code's meaning, for people.
func (c Code) Meaning() string { return codeInfo[c.info()].meaning }

// MayRetry reports whether opening again, after a while, may help.
func (c Code) MayRetry() bool { return codeInfo[c.info()].retry }

// EndsSession reports whether an Error with a channel and this code ends the session. named: it names a submission (Error.Seq).
func (c Code) EndsSession(named bool) bool { return codeInfo[c.info()].ends || !named }

// Close is what the connection is closed with, where the code concerns the connection.
func (c Code) Close() CloseCode { return codeInfo[c.info()].close }

// CodeOf is the code that tells a peer of err.
func CodeOf(err error) Code {
	for _, row := range errorCodes {
		if errors.Is(err, row.err) {
			return row.code
		}
	}
	return CodeInternal
}

// errorCodes turns errors into codes; the first row that matches counts.
var errorCodes = [...]struct {
	err  error
	code Code
}{
	{doc.ErrOpenAgain, CodeOpenAgain}, // before what it wraps
	{ErrVersion, CodeUnsupportedVersion},
	{ErrTooLarge, CodeTooLarge},
	{ErrOp, CodeBadOp},
	{ErrMessage, CodeBadMessage}, // before ot's errors, which its fields share
	{doc.ErrName, CodeBadName},
	{doc.ErrKind, CodeOtherKind},
	{doc.ErrNotFound, CodeNotFound},
	{doc.ErrBusy, CodeBusy},
	{doc.ErrReplaced, CodeReplaced},
	{doc.ErrRepeat, CodeConflict},
	{doc.ErrBase, CodeBadMessage},
	{doc.ErrReadOnly, CodeReadOnly},
	{doc.ErrNoSpace, CodeNoSpace}, // before ErrUnavailable, which may be wrapped with it
	{doc.ErrTooLarge, CodeTooLarge},
	{doc.ErrOp, CodeBadOp}, // before ot's errors, which it wraps
	{doc.ErrConflict, CodeOpenAgain},
	{doc.ErrClosed, CodeOpenAgain},
	{doc.ErrUnavailable, CodeUnavailable},
	{doc.ErrDamaged, CodeDamaged},
	{ot.ErrLimit, CodeTooLarge},
	{ot.ErrEncoding, CodeBadOp},
	{ot.ErrNormalForm, CodeBadOp},
	{ot.ErrUTF8, CodeBadOp},
	{ot.ErrLength, CodeBadOp},
	{ot.ErrSurrogate, CodeBadOp},
	{ot.ErrKind, CodeBadOp},
}

// CloseCode is the status of a WebSocket close frame.
type CloseCode int

// The close codes that a server sends. 4400 to 4449: do not come back; 4450 to 4499: come back.
const (
	CloseDone               CloseCode = 1000
	CloseGoaway             CloseCode = 1001
	CloseTextFrame          CloseCode = 1003
	CloseTooLarge           CloseCode = 1009
	CloseBadMessage         CloseCode = 4400
	CloseBadToken           CloseCode = 4401
	CloseForbidden          CloseCode = 4403
	CloseUnsupportedVersion CloseCode = 4404
	CloseTooSlow            CloseCode = 4450
	CloseIdle               CloseCode = 4451
	CloseHelloTimeout       CloseCode = 4452
	CloseDraining           CloseCode = 4453
	CloseBusy               CloseCode = 4454
	CloseInternal           CloseCode = 4455
)

// closeInfo is the one table of close codes.
var closeInfo = []struct {
	code    CloseCode
	word    string
	meaning string
}{
	{CloseDone, "done", "the connection has served its purpose"},
	{CloseGoaway, "goaway", "the server stops"},
	{CloseTextFrame, "text-frame", "a text frame came; frames are binary"},
	{CloseTooLarge, "too-large", "a frame was larger than welcome allows"},
	{CloseBadMessage, "bad-message", "a message was not as the protocol says"},
	{CloseBadToken, "bad-token", "the token is missing, expired or not ours"},
	{CloseForbidden, "forbidden", "the user has not the right to be here"},
	{CloseUnsupportedVersion, "unsupported-version", "the server does not speak this version of the protocol"},
	{CloseTooSlow, "too-slow", "the client did not read fast enough for a write to end"},
	{CloseIdle, "idle", "nothing came for too long, pongs included"},
	{CloseHelloTimeout, "hello-timeout", "hello did not come in time"},
	{CloseDraining, "draining", "the server is draining and no longer waits"},
	{CloseBusy, "busy", "the server is at one of its bounds"},
	{CloseInternal, "internal", "a fault of the server"},
}

// String is the close code's word.
func (c CloseCode) String() string {
	for _, row := range closeInfo {
		if row.code == c {
			return row.word
		}
	}
	return fmt.Sprintf("close-%d", int(c))
}

// ComeBack reports whether a client should connect again after a connection was closed with c. That holds of codes that are
// not in the table too: 1005, 1006, 1011 and their like come from what stands between.
func (c CloseCode) ComeBack() bool {
	switch {
	case c == CloseDone, c == CloseTextFrame, c == CloseTooLarge:
		return false
	case c >= 4400 && c <= 4449:
		return false
	}
	return true
}
