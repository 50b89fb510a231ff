package doc_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

// typist edits a document through the registry until it is told to stop, and reopens when its session ends.
type typist struct {
	t      *testing.T
	r      *doc.Registry
	client doc.ClientID
	author string
	seq    doc.Seq
	wrote  strings.Builder // everything that was acknowledged
	opens  int
	rng    *rand.Rand
}

// run types n letters, each acknowledged before the next.
func (p *typist) run(n int) {
	for i := 0; i < n; {
		session, err := p.r.Open(p.t.Context(), "d", doc.Text, &doc.OpenRequest{
			Client: p.client, User: doc.User{Name: p.author},
		}, func() {})
		require.NoError(p.t, err)
		p.opens++
		p.seq = max(p.seq, session.Opened().LastSeq)
		text := session.TakeContent()
		place := session.Opened().Place
		for i < n {
			at := 0
			if text.Len() > 0 {
				at = p.rng.IntN(text.Len() + 1)
			}
			letter := string(rune('A' + p.rng.IntN(26)))
			op := insert(at, letter)
			p.seq++
			if session.Submit(p.t.Context(), p.seq, place.Rev, op, ot.AppendOp(nil, op), -1) != nil {
				break
			}
			if !p.acked(session, text, &place, op) {
				break
			}
			p.wrote.WriteString(letter)
			i++
		}
		session.Close()
	}
}

// acked reads until the outstanding operation is acknowledged. False: the session ended before.
func (p *typist) acked(session *doc.Session, text *ot.Text, place *doc.Place, out ot.Op) (acked bool) {
	for {
		u, err := session.Next(p.t.Context(), nil)
		if err != nil {
			return false
		}
		for _, item := range doc.Singles(u.Items) {
			switch {
			case item.Check != nil:
				require.Equal(p.t, item.Check.Hash, text.Hash())
				continue
			case item.Ack > 0:
				require.NoError(p.t, text.Apply(out))
				*place, out, acked = item.Place, nil, true
				continue
			}
			op, err := ot.DecodeOp(item.Bytes, ot.StoredLimits)
			require.NoError(p.t, err)
			require.NoError(p.t, text.Apply(op))
			out = ot.Transform(out, op, ot.Left)
			*place = item.Place
		}
		if acked || u.Ended != nil {
			return acked
		}
		time.Sleep(time.Millisecond) // virtual: the store is as quick
	}
}

func TestRestore(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text).credited()
		c.write("Ada", insert(0, strings.Repeat("the quick brown fox ", 20)))
		c.write("Bob", ot.Op{{Kind: ot.Delete, N: 300}})
		c.write("Bob", insert(0, strings.Repeat("NONSENSE", 30)))
		h := r.History()
		rev, err := h.Restore(t.Context(), "d", 1, "Eve")
		require.NoError(t, err)
		require.EqualValues(t, 4, rev)
		m, err := h.Content(t.Context(), "d", -1)
		require.NoError(t, err)
		require.Equal(t, textOf(c.content[1]), m.Content.String())
		runs, err := h.Blame(t.Context(), "d", -1)
		require.NoError(t, err)
		authors := map[string]bool{}
		for _, run := range runs {
			authors[run.Author] = true
		}
		require.Equal(t, map[string]bool{"Ada": true, "Eve": true}, authors, "what had stayed is still hers")

		rev, err = h.Restore(t.Context(), "d", 1, "Eve")
		require.NoError(t, err)
		require.EqualValues(t, 4, rev, "nothing was to do")
	})
}

// TestRestoreWhileOthersType: a large one, in several submissions. What is typed meanwhile stays.
func TestRestoreWhileOthersType(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		rng := seeded(t, 5)
		c := newChronicle(t, memory, doc.Text)
		c.lean = true
		large := strings.Repeat("lorem ipsum dolor ", 12_000)
		c.write("Ada", insert(0, large))
		c.write("Ada", ot.Op{{Kind: ot.Delete, N: len(large) - 5}})
		done := make(chan *typist)
		for n := range byte(3) {
			p := &typist{t: t, r: r, client: client(n + 1), author: "Bob", rng: rand.New(rand.NewPCG(rng.Uint64(), 0))}
			go func() {
				p.run(40)
				done <- p
			}()
		}
		time.Sleep(5 * time.Millisecond)
		rev, err := r.History().Restore(t.Context(), "d", 1, "Eve")
		require.NoError(t, err)
		typed := 0
		for range 3 {
			p := <-done
			require.Equal(t, 1, p.opens, "nobody was disturbed")
			typed += p.wrote.Len()
		}
		require.Equal(t, 120, typed)
		m, err := r.History().Content(t.Context(), "d", -1)
		require.NoError(t, err)
		upper, lower := 0, strings.Builder{}
		for _, letter := range m.Content.String() {
			if letter >= 'A' && letter <= 'Z' {
				upper++
			} else {
				lower.WriteRune(letter)
			}
		}
		require.Equal(t, large, lower.String())
		require.Less(t, upper, 120, "what was typed before the restoring went")
		require.Positive(t, upper, "what was typed during it stayed")
		require.Greater(t, rev, doc.Revision(2+4), "several submissions")
		log, err := r.History().Log(t.Context(), "d", 2, -1, 0)
		require.NoError(t, err)
		parts := 0
		for _, e := range log {
			if e.Author == "Eve" {
				parts++
			}
		}
		require.GreaterOrEqual(t, parts, 5)
	})
}
