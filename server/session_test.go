package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

func TestTwoTypeAtOnce(t *testing.T) {
	r := newRig(t, server.Config{})
	a, b := r.join(), r.join()
	opened := a.open(1, "notes/today", clientID(1))
	require.False(t, opened.Resume)
	require.Equal(t, wire.Write, opened.Access)
	require.Zero(t, opened.Place.Rev)
	require.NotZero(t, opened.Session)
	other := b.open(7, "notes/today", clientID(2))
	require.Equal(t, opened.Place.ID, other.Place.ID)
	require.NotEqual(t, opened.Session, other.Session)

	a.edit(1, 1, insert(0, "Hello"))
	b.textBecomes(7, "Hello")
	a.submit(1, 2, insert(5, " 🦊"))
	b.submit(7, 1, insert(0, "> "))
	a.textBecomes(1, "> Hello 🦊")
	b.textBecomes(7, "> Hello 🦊")
	require.Equal(t, a.copies[1].place, b.copies[7].place, "acks and commits tell the same place")
}

func TestCommitNamesItsAuthor(t *testing.T) {
	r := newRig(t, server.Config{})
	a, b := r.join(), r.join()
	opened := a.open(1, "author", clientID(1))
	b.open(1, "author", clientID(2))
	a.copies[1].own[1] = insert(0, "ab")
	a.send(wire.Submit{Channel: 1, Seq: 1, Op: insert(0, "ab"), Caret: wire.Some(1)})
	c := next[wire.Commits](b)
	require.Equal(t, wire.Some(opened.Session), c.Session)
	require.Equal(t, wire.Some(1), c.Caret)
	require.EqualValues(t, 1, c.Count)
	require.Equal(t, next[wire.Ack](a).Place.Lineage, c.Lineage.Value)
}

// TestAuthorsAreKnownFromTheOpenOn: a session's first submission, and the one that its open names, are kept under its user's name.
func TestAuthorsAreKnownFromTheOpenOn(t *testing.T) {
	const name = "authors"
	r := newRig(t, server.Config{})
	as := func(name string) wire.Opt[wire.User] { return wire.Some(wire.User{Name: name, Color: "#3366cc"}) }
	open := func(id byte, user wire.Opt[wire.User]) (*peer, wire.Opened) {
		p := r.join()
		return p, p.openWith(wire.Open{Channel: 1, Document: name, DocKind: doc.Text, Client: clientID(id), User: user})
	}
	a, ada := open(1, as("A\u202eda\n")) // without what acts on a line that shows it
	b, _ := open(2, wire.Opt[wire.User]{})
	b.peopleBecome(map[doc.SessionNumber]wire.Peer{}, wire.Peer{Session: ada.Session, User: wire.User{Name: "Ada", Color: "#3366cc"}})
	a.edit(1, 1, insert(0, "a"))
	held := a.copies[1].place

	again := a.away(r)
	m := again.reopen(name, clientID(1), held, 2, insert(1, "b"))
	m.User = as("Bea") // she changed it meanwhile
	require.Equal(t, wire.OutcomeCommitted, again.openWith(m).Outcome)
	again.edit(1, 3, insert(2, "c"))
	again.send(wire.Presence{Channel: 1, Rev: 3, User: as("Cleo")})
	again.edit(1, 4, insert(3, "d"))
	b.textBecomes(1, "abcd")
	b.edit(1, 1, insert(4, "e"))

	entries, err := r.server.Documents().History().Log(t.Context(), name, 0, 5, 0)
	require.NoError(t, err)
	var authors []string
	for _, e := range entries {
		authors = append(authors, e.Author)
	}
	require.Equal(t, []string{"Ada", "Bea", "Bea", "Cleo", ""}, authors)
}

// TestOpenRefused: an open that fails ends that channel and nothing else.
func TestOpenRefused(t *testing.T) {
	r := newRig(t, server.Config{})
	p := r.join()
	p.open(1, "text", clientID(1))
	for channel, row := range []struct {
		name string
		kind doc.Kind
		code wire.Code
	}{
		{"text", doc.Rich, wire.CodeOtherKind},
		{"", doc.Text, wire.CodeBadName},
		{"a//b", doc.Text, wire.CodeBadName},
		{"../etc", doc.Text, wire.CodeBadName},
		{"a\nb", doc.Text, wire.CodeBadName},
	} {
		p.send(wire.Open{Channel: wire.Channel(10 + channel), Document: row.name, DocKind: row.kind, Client: clientID(1)})
		e := next[wire.Error](p)
		require.Equal(t, wire.Channel(10+channel), e.Channel)
		require.Equal(t, row.code, e.Code, "%q", row.name)
		require.False(t, e.Code.MayRetry())
	}
	p.edit(1, 1, insert(0, "still here"))
}

func TestTooManyChannels(t *testing.T) {
	r := newRig(t, server.Config{Limits: server.Limits{Channels: 3}})
	p := r.join()
	for c := range wire.Channel(3) {
		p.open(c+1, fmt.Sprintf("doc %d", c), clientID(byte(c)))
	}
	one := wire.Open{Channel: 4, Document: "one too many", DocKind: doc.Text, Client: clientID(9)}
	p.send(one)
	e := next[wire.Error](p)
	require.Equal(t, wire.CodeBusy, e.Code)
	require.Equal(t, wire.Channel(4), e.Channel)
	require.True(t, e.RetryAfter.OK)
	p.send(wire.Close{Channel: 2})
	p.openWith(one)
	p.edit(1, 1, insert(0, "x"))
}

// TestOpenAndCloseInOneFrame: a channel that is closed before it is open leaves nobody behind.
func TestOpenAndCloseInOneFrame(t *testing.T) {
	r := newRig(t, server.Config{Limits: server.Limits{Channels: 4}})
	p := r.join()
	var all []wire.Message
	for c := range wire.Channel(500) {
		all = append(all, wire.Open{Channel: c + 1, Document: "brief", DocKind: doc.Text, Client: clientID(1)}, wire.Close{Channel: c + 1})
	}
	p.send(append(all, wire.Ping{N: 1})...)
	busy := 0
	for {
		m := p.receiveRaw()
		if _, ok := m.(wire.Pong); ok {
			break
		}
		if e, ok := m.(wire.Error); ok {
			require.Equal(t, wire.CodeBusy, e.Code, "no more than 4 are under way at once")
			busy++
		}
	}
	require.NotZero(t, busy)
	other := r.join()
	other.open(1, "brief", clientID(2))
	other.edit(1, 1, insert(0, "x"))
	for range 1000 { // until nobody but the two is there
		third := r.join()
		third.open(1, "brief", clientID(3))
		peers := next[wire.PresenceUpdate](third).Peers
		_ = third.ws.Close()
		if len(peers) == 1 {
			return
		}
	}
	require.Fail(t, "somebody stayed")
}

// TestBadSubmissions: each ends its session, tells why, and touches neither the document nor other sessions.
func TestBadSubmissions(t *testing.T) {
	r := newRig(t, server.Config{})
	for i, row := range []struct {
		name string
		m    wire.Submit
		code wire.Code
	}{
		{"a base above the head", wire.Submit{Seq: 2, Base: 99, Op: insert(0, "x")}, wire.CodeBadMessage},
		{"a base before its own last commit", wire.Submit{Seq: 2, Base: 0, Op: insert(0, "x")}, wire.CodeBadMessage},
		{"behind the end", wire.Submit{Seq: 2, Base: 1, Op: insert(5, "x")}, wire.CodeBadOp},
		{"deletes behind the end", wire.Submit{Seq: 2, Base: 1, Op: ot.Op{{Kind: ot.Delete, N: 5}}}, wire.CodeBadOp},
		{"through a surrogate pair", wire.Submit{Seq: 2, Base: 1, Op: insert(2, "x")}, wire.CodeBadOp},
		{"empty", wire.Submit{Seq: 2, Base: 1}, wire.CodeBadOp},
		{"a carriage return", wire.Submit{Seq: 2, Base: 1, Op: insert(0, "a\r\n")}, wire.CodeBadOp},
		{
			"attributes", wire.Submit{Seq: 2, Base: 1, Op: ot.Op{{
				Kind: ot.Insert, N: 1, Text: "x", Attrs: ot.Attrs{{Key: "bold", Value: ot.Bool(true)}},
			}}}, wire.CodeBadOp,
		},
		{"an embed", wire.Submit{Seq: 2, Base: 1, Op: ot.Op{{Kind: ot.Insert, N: 1, Embed: &ot.Embed{Type: "image", Value: "a.png"}}}}, wire.CodeBadOp},
		{"an old name with other bytes", wire.Submit{Seq: 1, Base: 0, Op: insert(0, "other")}, wire.CodeConflict},
		{"a sequence of before", wire.Submit{Seq: 1, Base: 1, Op: insert(0, "a🦊b")}, wire.CodeConflict},
	} {
		t.Run(row.name, func(t *testing.T) {
			name := fmt.Sprintf("bad %d", i)
			a, b := r.join(), r.join()
			a.open(1, name, clientID(1))
			b.open(1, name, clientID(2))
			a.edit(1, 1, insert(0, "a🦊b"))
			b.textBecomes(1, "a🦊b")
			row.m.Channel = 1
			a.send(row.m)
			e := next[wire.Error](a)
			require.Equal(t, row.code, e.Code, e.Text)
			require.Equal(t, wire.Channel(1), e.Channel)
			require.True(t, e.Code.EndsSession(e.Seq != 0))
			require.NotContains(t, e.Text, "🦊", "no text of the document")

			a.send(row.m, wire.Presence{Channel: 1}, wire.Close{Channel: 1}, wire.Ping{N: 1}) // of a session that has ended
			next[wire.Pong](a)
			b.edit(1, 1, insert(4, "!"))
			a.open(2, name, clientID(1))
			require.Equal(t, "a🦊b!", a.text(2))
		})
	}
}

func TestSubmitWithoutSession(t *testing.T) {
	r := newRig(t, server.Config{})
	p := r.join()
	p.send(wire.Submit{Channel: 5, Seq: 1, Op: insert(0, "x")}, wire.Presence{Channel: 5}, wire.Close{Channel: 5}, wire.Ping{N: 3})
	require.Equal(t, wire.Pong{N: 3}, p.receive(), "what comes for a channel that is not open is passed over")
}

// TestSameSubmissionTwice: it is committed once.
func TestSameSubmissionTwice(t *testing.T) {
	r := newRig(t, server.Config{})
	p, other := r.join(), r.join()
	p.open(1, "twice", clientID(1))
	other.open(1, "twice", clientID(2))
	p.edit(1, 1, insert(0, "x"))
	p.send(wire.Submit{Channel: 1, Seq: 1, Base: 0, Op: insert(0, "x")}, wire.Ping{N: 1})
	next[wire.Pong](p) // it has been handed over, and is taken before what comes from now on
	other.textBecomes(1, "x")
	other.edit(1, 1, insert(1, "z"))
	p.textBecomes(1, "xz")
	p.edit(1, 2, insert(1, "y"))
	require.Equal(t, "xyz", p.text(1))
	require.EqualValues(t, 3, p.copies[1].place.Rev)
}

// TestManyAtOnce: a client that does not wait for its ack breaks the protocol, and only its own session.
func TestManyAtOnce(t *testing.T) {
	r := newRig(t, server.Config{})
	other := r.join()
	other.open(1, "hasty", clientID(1))
	for i := range 30 {
		p := r.join()
		p.open(1, "hasty", clientID(byte(10+i)))
		var all []wire.Message
		for seq := range doc.Seq(50) {
			all = append(all, wire.Submit{Channel: 1, Seq: seq + 1, Base: p.copies[1].place.Rev, Op: insert(0, "x")})
			p.copies[1].own[seq+1] = insert(0, "x")
		}
		p.send(all...)
		for {
			if e, ok := p.receiveRaw().(wire.Error); ok {
				require.True(t, e.Code.EndsSession(e.Seq != 0))
				break
			}
		}
		p.send(wire.Ping{N: 1})
		for p.receiveRaw() != (wire.Pong{N: 1}) {
		}
		_ = p.ws.Close()
	}
	other.edit(1, 1, insert(0, "y"))
}

func TestLaterOpenTakesOver(t *testing.T) {
	r := newRig(t, server.Config{})
	a := r.join()
	a.open(1, "ghost", clientID(1))
	a.open(2, "another", clientID(1))
	b := r.join()
	b.open(1, "ghost", clientID(1))
	e := next[wire.Error](a)
	require.Equal(t, wire.CodeReplaced, e.Code)
	require.Equal(t, wire.Channel(1), e.Channel)
	require.False(t, e.Code.MayRetry())
	a.edit(2, 1, insert(0, "the connection lives"))
	b.edit(1, 1, insert(0, "x"))
	b.ask(wire.Open{Channel: 2, Document: "ghost", DocKind: doc.Text, Client: clientID(1)}) // on the same connection as well
	ended := false
	for c := b.copies[2]; !c.whole || !ended; {
		if e, ok := b.receive().(wire.Error); ok {
			require.Equal(t, wire.Error{Channel: 1, Code: wire.CodeReplaced, Text: e.Text}, e)
			ended = true
		}
	}
	require.Equal(t, "x", b.text(2))
}

// TestChecks: after an open, and then every 200 revisions; follow compares the hash.
func TestChecks(t *testing.T) {
	r := newRig(t, server.Config{})
	a, b := r.join(), r.join()
	a.open(1, "checks", clientID(1))
	a.edit(1, 1, insert(0, "🦊"))
	b.open(1, "checks", clientID(2))
	require.EqualValues(t, 1, next[wire.Check](b).Rev)
	for seq := doc.Seq(2); seq <= 450; seq++ {
		a.edit(1, seq, insert(0, string(rune('a'+seq%26))))
	}
	var at []doc.Revision
	for b.copies[1].place.Rev < 450 {
		if check, ok := b.receive().(wire.Check); ok {
			require.Equal(t, b.copies[1].place.Rev, check.Rev, "it stands in the stream behind its revision")
			at = append(at, check.Rev)
		}
	}
	require.Equal(t, []doc.Revision{201, 401}, at)
}

// TestLargeDocumentComesInPieces: and between them comes what other channels have to say.
func TestLargeDocumentComesInPieces(t *testing.T) {
	r := newRig(t, server.Config{})
	author := r.join()
	author.open(1, "large", clientID(1))
	line := strings.Repeat("0123456789 fox 🦊\n", 6500)
	for seq := range doc.Seq(9) {
		author.edit(1, seq+1, insert(0, line))
	}
	author.open(2, "small", clientID(2))
	require.Greater(t, author.copies[1].text.Size(), 1<<20)

	reader := r.connectSilently() // so that pieces wait for it
	reader.send(hello, wire.Open{Channel: 2, Document: "small", DocKind: doc.Text, Client: clientID(3)})
	reader.copies[1], reader.copies[2] = &replica{text: ot.NewText()}, &replica{text: ot.NewText()}
	r.peers.Go(reader.read)
	next[wire.Welcome](reader)
	next[wire.Opened](reader)
	reader.catchUp(2)
	reader.send(wire.Open{Channel: 1, Document: "large", DocKind: doc.Text, Client: clientID(4)}, wire.Ping{N: 1})
	author.edit(2, 1, insert(0, "meanwhile"))
	pieces := 0
	for c := reader.copies[1]; !c.whole; {
		if m, ok := reader.receive().(wire.Snapshot); ok && m.Channel == 1 {
			require.LessOrEqual(t, len(m.Append(nil)), 64<<10)
			pieces++
		}
	}
	require.Greater(t, pieces, 16)
	reader.textBecomes(2, "meanwhile")
	require.Equal(t, author.text(1), reader.text(1))
}

// TestPiecesOfRichTextAreBounded: a character may have 16 KiB of attributes.
func TestPiecesOfRichTextAreBounded(t *testing.T) {
	r := newRig(t, server.Config{})
	author := r.join()
	author.openWith(wire.Open{Channel: 1, Document: "rich", DocKind: doc.Rich, Client: clientID(1)})
	seq := doc.Seq(0)
	for range 40 {
		var b ot.Builder
		for i := range 10 {
			var attrs ot.Attrs
			for k := range 12 {
				attrs = append(attrs, ot.Attr{Key: fmt.Sprintf("key %02d", k), Value: ot.String(strings.Repeat(string(rune('a'+i)), 1000))})
			}
			b.InsertText("x", attrs)
		}
		seq++
		author.edit(1, seq, b.Op())
	}
	reader := r.join()
	reader.ask(wire.Open{Channel: 1, Document: "rich", DocKind: doc.Rich, Client: clientID(2)})
	for c := reader.copies[1]; !c.whole; {
		if m, ok := reader.receive().(wire.Snapshot); ok {
			require.LessOrEqual(t, len(m.Append(nil)), 96<<10)
		}
	}
	require.Equal(t, author.copies[1].text.Hash(), reader.copies[1].text.Hash())
}
