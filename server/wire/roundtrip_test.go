package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tandem/doc"
	"tandem/ot"
	"tandem/ot/ottest"
)

// choices lets rapid decide for ottest's generator.
type choices struct{ t *rapid.T }

func (c choices) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "choice") }

// A drawer makes random fields. What may be nil is so about half of the time.
type drawer struct{ t *rapid.T }

func (d drawer) int(lo int64) int64 { return rapid.Int64Range(lo, 1<<53-1).Draw(d.t, "int") }
func (d drawer) offset() int        { return int(d.int(0)) }
func (d drawer) channel() Channel   { return Channel(d.int(1)) }
func (d drawer) seq() doc.Seq       { return doc.Seq(d.int(1)) }
func (d drawer) rev() doc.Revision  { return doc.Revision(d.int(0)) }
func (d drawer) bool() bool         { return rapid.Bool().Draw(d.t, "bool") }
func (d drawer) access() Access     { return rapid.SampledFrom([]Access{Read, Write}).Draw(d.t, "access") }

func (d drawer) str(limit int) string { return rapid.StringN(-1, -1, limit).Draw(d.t, "string") }

func (d drawer) bytes(to []byte) {
	copy(to, rapid.SliceOfN(rapid.Byte(), len(to), len(to)).Draw(d.t, "bytes"))
}

func (d drawer) client() (c doc.ClientID)   { d.bytes(c[:]); return c }
func (d drawer) lineage() (l doc.Lineage)   { d.bytes(l[:]); return l }
func (d drawer) session() doc.SessionNumber { return doc.SessionNumber(d.int(0)) }

func (d drawer) place() (p doc.Place) {
	d.bytes(p.ID[:])
	d.bytes(p.Epoch[:])
	p.Rev, p.Lineage = d.rev(), d.lineage()
	return p
}

func (d drawer) user() User { return User{Name: d.str(MaxUserName), Color: d.str(MaxColor)} }

func (d drawer) selection() Selection { return Selection{Anchor: d.offset(), Head: d.offset()} }

func (d drawer) peer() Peer {
	return Peer{Session: d.session(), Selection: drawOpt(d, d.selection), User: d.user()}
}

func (d drawer) content() ot.Op { return ottest.Gen{Choices: choices(d)}.Doc() }

func (d drawer) op() ot.Op {
	g := ottest.Gen{Choices: choices(d)}
	return g.Op(g.Doc())
}

func drawOpt[T any](d drawer, value func() T) Opt[T] {
	if d.bool() {
		return Opt[T]{}
	}
	return Some(value())
}

func (d drawer) fromClient(kind Kind) Message {
	switch kind {
	case KindHello:
		return Hello{Token: drawOpt(d, func() string { return d.str(MaxToken) }), Software: d.str(MaxSoftware)}
	case KindOpen:
		return Open{
			Channel: d.channel(), Document: d.str(doc.MaxName), DocKind: rapid.SampledFrom([]doc.Kind{doc.Text, doc.Rich}).Draw(d.t, "kind"),
			Client: d.client(), Held: drawOpt(d, d.place), Outstanding: drawOpt(d, func() Outstanding {
				return Outstanding{Client: d.client(), Seq: d.seq(), Base: d.place(), Op: d.op()}
			}),
			User: drawOpt(d, d.user),
		}
	case KindSubmit:
		return Submit{Channel: d.channel(), Seq: d.seq(), Base: d.rev(), Op: d.op(), Caret: drawOpt(d, d.offset)}
	case KindPresence:
		return Presence{Channel: d.channel(), Rev: d.rev(), Selection: drawOpt(d, d.selection), User: drawOpt(d, d.user)}
	case KindRefresh:
		return Refresh{Token: d.str(MaxToken)}
	case KindClose:
		return Close{Channel: d.channel()}
	case KindPing:
		return Ping{N: d.int(0)}
	}
	return Pong{N: d.int(0)}
}

func (d drawer) fromServer(kind Kind) Message {
	switch kind {
	case KindWelcome:
		return Welcome{d.str(MaxSoftware), d.offset(), d.offset(), d.offset(), Millis(d.int(0))}
	case KindOpened:
		m := Opened{
			Channel: d.channel(), Place: d.place(), Access: d.access(), Session: d.session(),
			Outcome: Outcome(rapid.IntRange(0, 4).Draw(d.t, "outcome")), LastSeq: doc.Seq(d.int(0)), Resume: d.bool(),
		}
		if m.Outcome == OutcomeCommitted {
			m.OutcomeRev = drawOpt(d, d.rev)
		}
		if m.Outcome == OutcomeRefused {
			m.Refusal = Code(rapid.IntRange(1, 1<<31-1).Draw(d.t, "refusal"))
		}
		return m
	case KindSnapshot:
		return Snapshot{Channel: d.channel(), Op: d.content(), More: d.bool()}
	case KindCommits:
		m := Commits{Channel: d.channel(), First: d.rev(), Count: d.int(1), Op: d.op(), Lineage: drawOpt(d, d.lineage)}
		if d.bool() {
			m.Count, m.Session, m.Caret = 1, drawOpt(d, d.session), drawOpt(d, d.offset)
		}
		return m
	case KindAck:
		return Ack{Channel: d.channel(), Seq: d.seq(), Place: d.place()}
	case KindPresenceUpdate:
		m := PresenceUpdate{Channel: d.channel(), Rev: d.rev()}
		for range rapid.IntRange(0, 20).Draw(d.t, "peers") {
			m.Peers = append(m.Peers, d.peer())
		}
		for range rapid.IntRange(0, 20).Draw(d.t, "left") {
			m.Left = append(m.Left, d.session())
		}
		return m
	case KindAccess:
		return AccessChange{Channel: d.channel(), Access: d.access()}
	case KindCheck:
		return Check{Channel: d.channel(), Rev: d.rev(), Hash: uint64(d.int(0))}
	case KindError:
		return Error{
			Channel: Channel(d.int(0)), Code: Code(rapid.IntRange(1, 1<<31-1).Draw(d.t, "code")), Seq: doc.Seq(d.int(0)),
			LastSeq: drawOpt(d, d.seq), RetryAfter: drawOpt(d, func() Millis { return Millis(d.int(0)) }), Text: d.str(MaxErrorText),
		}
	}
	return Goaway{Spread: Millis(d.int(0))}
}

// TestRoundTrip: a random message is appended as the independent writer writes it, and decoded as it was.
func TestRoundTrip(t *testing.T) { // W1, W4
	rapid.Check(t, func(t *rapid.T) {
		d := drawer{t}
		var frame []byte
		var want []Message
		from := rapid.SampledFrom([]string{"client", "server"}).Draw(t, "from")
		for range rapid.IntRange(1, 3).Draw(t, "messages") {
			var m Message
			if from == "client" {
				m = d.fromClient(Kind(rapid.IntRange(1, 8).Draw(t, "kind")))
			} else {
				m = d.fromServer(Kind(rapid.IntRange(16, 25).Draw(t, "kind")))
			}
			independent, err := encodeJSON(from, describe(m))
			require.NoError(t, err)
			require.Equal(t, independent, m.Append(nil))
			frame = m.Append(frame)
			want = append(want, m)
		}
		got, err := decodeAll(from, frame)
		require.NoError(t, err)
		require.Len(t, got, len(want))
		var again []byte
		for i := range got {
			require.Equal(t, describe(want[i]), describe(got[i]))
			again = got[i].Append(again)
		}
		require.Equal(t, frame, again)
	})
}

func FuzzDecode(f *testing.F) {
	for _, file := range []string{"client.jsonl", "server.jsonl", "frames.jsonl", "refused.jsonl"} {
		for _, v := range readVectors(file) {
			if len(v.Hex) < 4000 {
				f.Add(v.From == "client", []byte(rawHex(v.Hex)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, client bool, frame []byte) {
		from := "server"
		if client {
			from = "client"
		}
		checkIdentity(t, from, frame, from)
		if len(frame)%16 == 0 { // reading the statistics stops the world
			spent := bytesSpent(func() { _, _ = decodeAll(from, frame) })
			require.Less(t, spent, allowance(frame))
		}
	})
}
