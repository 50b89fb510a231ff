package wire

import (
	"errors"
	"fmt"

	"tandem/doc"
	"tandem/ot"
	"tandem/ot/pack"
)

// What can be wrong with a frame. Each is wrapped with the message's kind, the field and the value.
var (
	// ErrMessage is every fault of a frame; the errors below come with it.
	ErrMessage = errors.New("wire: bad message")
	// ErrOp is an op that is not the strict encoding of an op in normal form.
	ErrOp = errors.New("invalid operation")
	// ErrTooLarge is a frame or an op beyond its limit.
	ErrTooLarge = errors.New("too large")
	// ErrVersion is a hello, or a welcome, of another version of the protocol; the rest of it was not read.
	ErrVersion = errors.New("unsupported version")
)

// A decoder reads the messages of one frame.
type decoder struct {
	pack.Reader
	lim   Limits
	kind  Kind
	field field // being read; where there is an error, the one that it is about
}

// fault is what is wrong with the message, as an error of this package.
func (d *decoder) fault() error {
	where := "head"
	if d.kind != 0 {
		where = d.kind.String()
	}
	err := d.Err()
	if d.field == fieldOp {
		if errors.Is(err, ot.ErrLimit) {
			err = fmt.Errorf("%w: %w", ErrTooLarge, err)
		}
		err = fmt.Errorf("%w: %w", ErrOp, err)
	}
	return fmt.Errorf("%w: %s: %s: %w", ErrMessage, where, d.field, err)
}

// at names the field that is read next.
func (d *decoder) at(f field) *decoder {
	if d.Err() == nil {
		d.field = f
	}
	return d
}

func (d *decoder) refuse(format string, args ...any) {
	d.Fail(fmt.Errorf(format, args...))
}

// head reads a message's length and kind.
func (d *decoder) head() {
	d.kind = 0
	n := d.at(fieldLength).Array(maxFields)
	kind := Kind(d.at(fieldKind).Int(1, int64(len(kindInfo)-1)))
	if d.Err() != nil {
		return
	}
	if !kind.known() {
		d.refuse("%d is no kind of message", int(kind))
		return
	}
	d.kind = kind
	if kind == KindHello || kind == KindWelcome {
		// First of all: another version may have other fields.
		if v := d.at(fieldVersion).int(); d.Err() == nil && v != Version {
			d.refuse("%w: %d, this is %d", ErrVersion, v, Version)
		}
	}
	if want := 1 + kindInfo[kind].fields; d.Err() == nil && n != want {
		d.at(fieldLength).refuse("%d elements, there should be %d", n, want)
	}
}

// client reads what follows the kind of a client's message, but a Submit.
func (d *decoder) client(kind Kind) Message {
	switch kind {
	case KindHello:
		return Hello{Token: d.token(), Software: d.at(fieldSoftware).Str(MaxSoftware)}
	case KindOpen:
		return d.open()
	case KindPresence:
		return Presence{Channel: d.channel(), Rev: d.rev(fieldRev), Selection: d.selection(), User: d.user()}
	case KindRefresh:
		return Refresh{Token: d.at(fieldToken).Str(MaxToken)}
	case KindClose:
		return Close{Channel: d.channel()}
	}
	return d.either(kind, "client")
}

// either reads what both send.
func (d *decoder) either(kind Kind, from string) Message {
	switch kind {
	case KindPing:
		return Ping{N: d.at(fieldN).int()}
	case KindPong:
		return Pong{N: d.at(fieldN).int()}
	}
	d.at(fieldKind).refuse("a %s sends no %s (%d)", from, kind, int(kind))
	return nil
}

func (d *decoder) token() Opt[string] {
	if d.at(fieldToken).Nil() {
		return Opt[string]{}
	}
	return Some(d.Str(MaxToken))
}

func (d *decoder) open() Message {
	m := Open{Channel: d.channel(), Document: d.at(fieldDocument).Str(doc.MaxName), DocKind: d.docKind(), Client: d.client16()}
	if !d.at(fieldHeld).Nil() {
		m.Held = Some(d.place(fieldHeld))
	}
	if !d.at(fieldOutstanding).Nil() {
		d.record(4)
		o := Outstanding{Client: d.client16(), Seq: d.seq(), Base: d.place(fieldBase)}
		o.Op, o.OpBytes = d.op()
		m.Outstanding = Some(o)
	}
	m.User = d.user()
	return m
}

func (d *decoder) submit(m *Submit) {
	m.Channel, m.Seq, m.Base = d.channel(), d.seq(), d.rev(fieldBase)
	m.Op, m.OpBytes = d.op()
	m.Caret = d.caret()
}

// The types of field.

func (d *decoder) int() int64       { return d.Int(0, pack.MaxInt) }
func (d *decoder) channel() Channel { return Channel(d.at(fieldChannel).Int(1, pack.MaxInt)) }
func (d *decoder) seq() doc.Seq     { return doc.Seq(d.at(fieldSeq).Int(1, pack.MaxInt)) }

func (d *decoder) rev(f field) doc.Revision { return doc.Revision(d.at(f).int()) }

// offset reads an offset that this machine can hold.
func (d *decoder) offset() int { return int(d.Int(0, min(pack.MaxInt, int64(^uint(0)>>1)))) }

func (d *decoder) caret() Opt[int] {
	if d.at(fieldCaret).Nil() {
		return Opt[int]{}
	}
	return Some(d.offset())
}

// record reads the head of an array of exactly n elements.
func (d *decoder) record(n int) {
	if got := d.Array(n); d.Err() == nil && got != n {
		d.refuse("%d elements, there should be %d", got, n)
	}
}

// bin reads a binary string as long as to.
func (d *decoder) bin(to []byte) { copy(to, d.Bin(len(to))) }

func (d *decoder) client16() (c doc.ClientID) {
	d.at(fieldClient).bin(c[:])
	return c
}

func (d *decoder) place(f field) (p doc.Place) {
	d.at(f).record(4)
	d.bin(p.ID[:])
	d.bin(p.Epoch[:])
	p.Rev = doc.Revision(d.int())
	d.bin(p.Lineage[:])
	return p
}

// op reads an op, and has its bytes (W5).
func (d *decoder) op() (ot.Op, []byte) {
	if d.at(fieldOp).Err() != nil {
		return nil, nil
	}
	from := d.Pos()
	op := ot.ReadOp(&d.Reader, &d.lim.Op)
	return op, d.Since(from)
}

func (d *decoder) docKind() doc.Kind {
	switch word := d.at(fieldKindOfDocument).StrBytes(8); string(word) {
	case "text":
		return doc.Text
	case "rich":
		return doc.Rich
	default:
		if d.Err() == nil {
			d.refuse("%q is neither %q nor %q", word, doc.Text, doc.Rich)
		}
		return 0
	}
}

func (d *decoder) selection() Opt[Selection] {
	none := d.at(fieldAnchor).Nil()
	var s Selection
	if !none {
		s.Anchor = d.offset()
	}
	if d.at(fieldHead); none != (d.Peek() == pack.Nil) && d.Err() == nil {
		d.refuse("one of anchor and head is nil")
	}
	if none {
		d.Nil()
		return Opt[Selection]{}
	}
	s.Head = d.offset()
	return Some(s)
}

func (d *decoder) user() Opt[User] {
	if d.at(fieldUser).Nil() {
		return Opt[User]{}
	}
	d.record(2)
	return Some(User{Name: d.Str(MaxUserName), Color: d.Str(MaxColor)})
}
