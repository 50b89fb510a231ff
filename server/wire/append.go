package wire

import (
	"strings"
	"unicode/utf8"

	"tandem/doc"
	"tandem/ot"
	"tandem/ot/pack"
)

// writer adds to a pack.Writer what messages are made of.
type writer struct{ pack.Writer }

func begin(buf []byte, k Kind) writer {
	w := writer{pack.Append(buf)}
	w.Array(1 + kindInfo[k].fields)
	w.Int(int64(k))
	return w
}

func (w *writer) channel(c Channel)  { w.Int(int64(c)) }
func (w *writer) access(a Access)    { w.Str(a.String()) }
func (w *writer) rev(r doc.Revision) { w.Int(int64(r)) }
func (w *writer) seq(s doc.Seq)      { w.Int(int64(s)) }

func (w *writer) optional(ok bool, n int64) {
	if ok {
		w.Int(n)
		return
	}
	w.Nil()
}

func (w *writer) selection(o Opt[Selection]) {
	w.optional(o.OK, int64(o.Value.Anchor))
	w.optional(o.OK, int64(o.Value.Head))
}

func (w *writer) user(o Opt[User]) {
	if !o.OK {
		w.Nil()
		return
	}
	w.Array(2)
	w.Str(o.Value.Name)
	w.Str(o.Value.Color)
}

func (w *writer) place(p doc.Place) {
	w.Array(4)
	w.Bin(p.ID[:])
	w.Bin(p.Epoch[:])
	w.rev(p.Rev)
	w.Bin(p.Lineage[:])
}

func (w *writer) peer(p *Peer) {
	w.Array(5)
	w.Int(int64(p.Session))
	w.selection(p.Selection)
	w.Str(p.User.Name)
	w.Str(p.User.Color)
}

func (w *writer) sessions(all []doc.SessionNumber) {
	w.Array(len(all))
	for _, s := range all {
		w.Int(int64(s))
	}
}

// op writes the encoded op where there is one (W4).
func (w *writer) op(op ot.Op, encoded []byte) {
	if encoded != nil {
		w.Raw(encoded)
		return
	}
	ot.WriteOp(&w.Writer, op)
}

// Append appends the message's bytes to buf.
func (m Hello) Append(buf []byte) []byte {
	w := begin(buf, KindHello)
	w.Int(Version)
	if m.Token.OK {
		w.Str(m.Token.Value)
	} else {
		w.Nil()
	}
	w.Str(m.Software)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Open) Append(buf []byte) []byte {
	w := begin(buf, KindOpen)
	w.channel(m.Channel)
	w.Str(m.Document)
	w.Str(m.DocKind.String())
	w.Bin(m.Client[:])
	if m.Held.OK {
		w.place(m.Held.Value)
	} else {
		w.Nil()
	}
	if o := &m.Outstanding.Value; m.Outstanding.OK {
		w.Array(4)
		w.Bin(o.Client[:])
		w.seq(o.Seq)
		w.place(o.Base)
		w.op(o.Op, o.OpBytes)
	} else {
		w.Nil()
	}
	w.user(m.User)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Submit) Append(buf []byte) []byte {
	w := begin(buf, KindSubmit)
	w.channel(m.Channel)
	w.seq(m.Seq)
	w.rev(m.Base)
	w.op(m.Op, m.OpBytes)
	w.optional(m.Caret.OK, int64(m.Caret.Value))
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Presence) Append(buf []byte) []byte {
	w := begin(buf, KindPresence)
	w.channel(m.Channel)
	w.rev(m.Rev)
	w.selection(m.Selection)
	w.user(m.User)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Refresh) Append(buf []byte) []byte {
	w := begin(buf, KindRefresh)
	w.Str(m.Token)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Close) Append(buf []byte) []byte {
	w := begin(buf, KindClose)
	w.channel(m.Channel)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Ping) Append(buf []byte) []byte {
	w := begin(buf, KindPing)
	w.Int(m.N)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Pong) Append(buf []byte) []byte {
	w := begin(buf, KindPong)
	w.Int(m.N)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Welcome) Append(buf []byte) []byte {
	w := begin(buf, KindWelcome)
	w.Int(Version)
	w.Str(m.Software)
	w.Int(int64(m.MaxOpText))
	w.Int(int64(m.MaxMessage))
	w.Int(int64(m.MaxDocument))
	w.Int(int64(m.PingInterval))
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Opened) Append(buf []byte) []byte {
	w := begin(buf, KindOpened)
	w.channel(m.Channel)
	w.place(m.Place)
	w.access(m.Access)
	w.Int(int64(m.Session))
	w.Int(int64(m.Outcome))
	w.optional(m.OutcomeRev.OK, int64(m.OutcomeRev.Value))
	w.seq(m.LastSeq)
	w.Bool(m.Resume)
	w.optional(m.Refusal != 0, int64(m.Refusal))
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Snapshot) Append(buf []byte) []byte {
	w := begin(buf, KindSnapshot)
	w.channel(m.Channel)
	w.op(m.Op, m.OpBytes)
	w.Bool(m.More)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Commits) Append(buf []byte) []byte {
	w := begin(buf, KindCommits)
	w.channel(m.Channel)
	w.rev(m.First)
	w.Int(m.Count)
	w.op(m.Op, m.OpBytes)
	w.optional(m.Session.OK, int64(m.Session.Value))
	w.optional(m.Caret.OK, int64(m.Caret.Value))
	if m.Lineage.OK {
		w.Bin(m.Lineage.Value[:])
	} else {
		w.Nil()
	}
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Ack) Append(buf []byte) []byte {
	w := begin(buf, KindAck)
	w.channel(m.Channel)
	w.seq(m.Seq)
	w.place(m.Place)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m PresenceUpdate) Append(buf []byte) []byte {
	w := begin(buf, KindPresenceUpdate)
	w.channel(m.Channel)
	w.rev(m.Rev)
	w.Array(len(m.Peers))
	for i := range m.Peers {
		w.peer(&m.Peers[i])
	}
	w.sessions(m.Left)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m AccessChange) Append(buf []byte) []byte {
	w := begin(buf, KindAccess)
	w.channel(m.Channel)
	w.access(m.Access)
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Check) Append(buf []byte) []byte {
	w := begin(buf, KindCheck)
	w.channel(m.Channel)
	w.rev(m.Rev)
	w.Int(int64(m.Hash))
	return w.Done()
}

// Append appends the message's bytes to buf.
func (m Error) Append(buf []byte) []byte {
	w := begin(buf, KindError)
	w.optional(m.Channel != 0, int64(m.Channel))
	w.Int(int64(m.Code))
	w.optional(m.Seq != 0, int64(m.Seq))
	w.optional(m.LastSeq.OK, int64(m.LastSeq.Value))
	w.optional(m.RetryAfter.OK, int64(m.RetryAfter.Value))
	w.Str(cut(m.Text, MaxErrorText))
	return w.Done()
}

// cut is the text as UTF-8 of at most limit bytes, no character of it halved.
func cut(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// Append appends the message's bytes to buf.
func (m Goaway) Append(buf []byte) []byte {
	w := begin(buf, KindGoaway)
	w.Int(int64(m.Spread))
	return w.Done()
}
