package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server"
	"tandem/server/wire"
)

// away is a client whose connection was cut: what it holds goes on with another peer.
func (p *peer) away(r *rig) *peer {
	_ = p.conn.Close()
	q := r.join()
	q.copies = p.copies
	return q
}

// reopen is an open with what a channel's replica holds. seq 0: nothing is outstanding.
func (p *peer) reopen(name string, id doc.ClientID, held doc.Place, seq doc.Seq, op ot.Op) wire.Open {
	m := wire.Open{Channel: 1, Document: name, DocKind: doc.Text, Client: id, Held: wire.Some(held)}
	if seq > 0 {
		m.Outstanding = wire.Some(wire.Outstanding{Client: id, Seq: seq, Base: held, Op: op})
	}
	return m
}

func writeMany(p *peer, from doc.Seq, n int) {
	for i := range n {
		p.edit(1, from+doc.Seq(i), insert(0, "x"))
	}
}

// TestAckLost: the submission was committed, its author did not hear of it, and much happened before and after it.
func TestAckLost(t *testing.T) {
	r := newRig(t, server.Config{})
	other := r.join()
	other.open(1, "lost", clientID(9))
	for _, row := range []struct {
		name          string
		before, after int
		commits       int // messages of them; a hundred come composed
	}{{"at once", 0, 0, 0}, {"a few", 2, 3, 5}, {"many", 100, 100, 2}} {
		t.Run(row.name, func(t *testing.T) {
			id := clientID(byte(row.before))
			a := r.join()
			a.open(1, "lost", id)
			held := a.copies[1].place
			seq := doc.Seq(other.copies[1].place.Rev)
			writeMany(other, seq+1, row.before)
			a.submit(1, 1, insert(0, "mine"))
			for want := held.Rev + doc.Revision(row.before) + 1; other.copies[1].place.Rev < want; {
				other.receive()
			}
			writeMany(other, seq+doc.Seq(row.before)+1, row.after)

			b := a.away(r) // what came to the old connection was not read
			b.ask(b.reopen("lost", id, held, 1, insert(0, "mine")))
			opened := next[wire.Opened](b)
			require.True(t, opened.Resume)
			require.Equal(t, wire.OutcomeCommitted, opened.Outcome)
			require.Equal(t, wire.Some(held.Rev+doc.Revision(row.before)+1), opened.OutcomeRev)
			require.EqualValues(t, 1, opened.LastSeq)
			commits, acks := 0, 0
			for c := b.copies[1]; c.place.Rev < c.goal; {
				switch m := b.receive().(type) {
				case wire.Commits:
					commits++
				case wire.Ack:
					require.Equal(t, held.Rev+doc.Revision(row.before)+1, m.Place.Rev)
					acks++
				}
			}
			require.Equal(t, 1, acks)
			require.Equal(t, row.commits, commits)
			require.Equal(t, other.text(1), b.text(1))
			b.edit(1, 2, insert(0, "!"))
			other.textBecomes(1, b.text(1))
		})
	}
}

// TestOutstandingIsCommittedByOpen: it never arrived.
func TestOutstandingIsCommittedByOpen(t *testing.T) {
	r := newRig(t, server.Config{})
	other := r.join()
	other.open(1, "never", clientID(9))
	a := r.join()
	a.open(1, "never", clientID(1))
	a.edit(1, 1, insert(0, "a"))
	writeMany(other, 1, 3)
	a.textBecomes(1, other.text(1))
	held := a.copies[1].place
	writeMany(other, 4, 70)

	b := r.join()
	b.copies[1] = &replica{place: held, text: a.copies[1].text.Snapshot(), own: map[doc.Seq]ot.Op{}}
	_ = a.conn.Close()
	// It was frozen by a page that is gone: another client id opens.
	m := b.reopen("never", clientID(1), held, 5, insert(1, "mine"))
	m.Client = clientID(2)
	b.ask(m)
	opened := next[wire.Opened](b)
	require.True(t, opened.Resume)
	require.Equal(t, wire.OutcomeCommitted, opened.Outcome)
	require.Equal(t, opened.Place.Rev, opened.OutcomeRev.Value)
	require.Zero(t, opened.LastSeq, "of the client id that opens")
	b.catchUp(1)
	other.textBecomes(1, b.text(1))
	b.edit(1, 1, insert(0, "under the new id"))
}

// TestForeignPlace: nothing is resumed from it, and what was outstanding there is void.
func TestForeignPlace(t *testing.T) {
	r := newRig(t, server.Config{})
	a := r.join()
	a.open(1, "foreign", clientID(1))
	writeMany(a, 1, 3)
	ours := a.copies[1].place
	for name, change := range map[string]func(p *doc.Place){
		"another document":   func(p *doc.Place) { p.ID[0]++ },
		"another epoch":      func(p *doc.Place) { p.Epoch[0]++ },
		"another lineage":    func(p *doc.Place) { p.Lineage[0]++ },
		"a revision to come": func(p *doc.Place) { p.Rev += 1000 },
	} {
		t.Run(name, func(t *testing.T) {
			place := ours
			change(&place)
			b := r.join()
			opened := b.openWith(b.reopen("foreign", clientID(2), place, 1, insert(0, "mine")))
			require.False(t, opened.Resume)
			require.Equal(t, wire.OutcomeVoid, opened.Outcome)
			require.False(t, opened.OutcomeRev.OK)
			require.Equal(t, ours, opened.Place)
			require.Equal(t, a.text(1), b.text(1))
		})
	}
	b := r.join()
	b.copies[1] = &replica{place: ours, text: a.copies[1].text.Snapshot(), own: map[doc.Seq]ot.Op{}}
	require.True(t, b.openWith(b.reopen("foreign", clientID(2), ours, 0, nil)).Resume)
}

// TestCatchUpFromTheStore: history in memory does not reach back to what is held.
func TestCatchUpFromTheStore(t *testing.T) {
	r := newRig(t, server.Config{Documents: doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 4 << 10}}})
	a := r.join()
	a.open(1, "past", clientID(1))
	a.edit(1, 1, insert(0, "start"))
	held, text := a.copies[1].place, a.copies[1].text.Snapshot()
	writeMany(a, 2, 300)
	b := r.join()
	b.copies[1] = &replica{place: held, text: text, own: map[doc.Seq]ot.Op{}}
	opened := b.openWith(b.reopen("past", clientID(2), held, 1, insert(5, " mine")))
	require.True(t, opened.Resume)
	require.Equal(t, wire.OutcomeCommitted, opened.Outcome)
	a.textBecomes(1, b.text(1))
	// A submission of before, too.
	c := r.join()
	c.open(1, "past", clientID(3))
	c.send(wire.Submit{Channel: 1, Seq: 1, Base: 1, Op: insert(5, "?")})
	require.EqualValues(t, 303, next[wire.Commits](b).First)
	require.Contains(t, b.text(1), "start? mine")
}
