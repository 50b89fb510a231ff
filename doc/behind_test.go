package doc_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

// replacements of pieces of a text, so many times as many as it has.
func replacements(rng *rand.Rand, length, pieces, times int) (ops []ot.Op) {
	piece := length / pieces
	for i := range times * pieces {
		var b ot.Builder
		b.Retain(rng.IntN(pieces)*piece, nil)
		b.InsertText(strings.Repeat(string(rune('a'+i%26)), piece), nil)
		b.Delete(piece)
		ops = append(ops, b.Op())
	}
	return ops
}

// submit commits operations, one after the other.
func (p *reader) submit(seq *doc.Seq, ops ...ot.Op) {
	p.t.Helper()
	for _, op := range ops {
		*seq++
		p.out = op
		require.NoError(p.t, p.session.Submit(p.t.Context(), *seq, p.place.Rev, op, ot.AppendOp(nil, op), -1))
		synctest.Wait()
		for p.next() {
		}
	}
}

// TestLiveSessionFarBehind: where composing what it missed costs more than the content, or comes to more, it opens again and gets that.
// One whose own commit is among it gets what came before that, a few commits at a time, and opens again behind it.
func TestLiveSessionFarBehind(t *testing.T) {
	for _, row := range []struct {
		name                  string
		length, pieces, times int
		own                   bool
	}{
		{"costly", 300_000, 5, 12, false},
		{"costly, its own commit ahead", 300_000, 5, 12, true},
		{"costly, a small text", 30_000, 2, 50, false},
		{"costly, a small text, its own commit ahead", 30_000, 2, 50, true},
		{"larger than the content", 300_000, 1, 2, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			inArchive(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
				rng, seq := seeded(t, 8), doc.Seq(0)
				c := newChronicle(t, memory, doc.Text)
				c.write("Ann", insert(0, strings.Repeat("x", row.length)))
				p, busy := c.at(1, c.place), c.at(1, c.place)
				p.open(r, client(1), nil)
				busy.open(r, client(2), nil)
				busy.submit(&seq, replacements(rng, row.length, row.pieces, row.times)...)
				if row.own {
					p.out = insert(7, "mine")
					require.NoError(t, p.session.Submit(t.Context(), 1, 1, p.out, ot.AppendOp(nil, p.out), -1))
					synctest.Wait()
					for busy.next() {
					}
					busy.submit(&seq, replacements(rng, row.length, row.pieces, row.times)...)
				}
				u, err := p.session.Next(t.Context(), nil)
				for ; err == nil && u.Ended == nil; u, err = p.session.Next(t.Context(), nil) {
					for _, item := range doc.Singles(u.Items) {
						p.take(item)
					}
				}
				require.NoError(t, err)
				require.ErrorIs(t, u.Ended, doc.ErrOpenAgain)
				own := doc.Revision(1)
				if row.own {
					own += doc.Revision(row.pieces*row.times) + 1
				}
				require.Equal(t, own, p.place.Rev)
				require.Empty(t, p.out)
				for _, size := range p.sizes {
					require.LessOrEqual(t, size, 320<<10, "%v", p.sizes)
				}
				p.open(r, client(1), nil)
				require.False(t, p.opened.Resume)
				require.Equal(t, busy.place, p.place)
				require.Equal(t, busy.base.Hash(), p.base.Hash())
			})
		})
	}
}

// TestOwnCommitInALiveSession that is far behind when it reads again.
func TestOwnCommitInALiveSession(t *testing.T) {
	inArchive(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text)
		c.write("Ada", insert(0, "0123456789"))
		p := c.at(1, c.place)
		p.open(r, doc.ClientID{1}, nil)
		for p.next() {
		}
		busy := c.at(1, c.place)
		busy.open(r, doc.ClientID{2}, nil)
		write := func(seq doc.Seq) {
			busy.out = insert(5, "b")
			require.NoError(t, busy.session.Submit(t.Context(), seq, busy.place.Rev, busy.out, ot.AppendOp(nil, busy.out), -1))
			synctest.Wait()
			for busy.next() {
			}
		}
		for seq := range doc.Seq(200) {
			write(seq + 1)
		}
		p.out, p.buffer = insert(7, "mine"), insert(9, "more")
		require.NoError(t, p.session.Submit(t.Context(), 1, p.place.Rev, p.out, ot.AppendOp(nil, p.out), -1))
		synctest.Wait()
		for busy.next() {
		}
		for seq := range doc.Seq(200) {
			write(seq + 201)
		}
		p.items = nil
		p.caughtUp(c)
		require.Equal(t, []string{"2+200", "ack 1 at 202", "203+199", "check 401", "402+1"}, p.items)
	})
}
