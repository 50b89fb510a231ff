package doc_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

func TestErase(t *testing.T) {
	for seed := range uint64(4) {
		inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
			rng := seeded(t, 10+seed)
			c := newChronicle(t, memory, doc.Rich).credited().random(rng, 100)
			c.snapshot()
			h := r.History()
			floor := 0
			if seed%2 == 1 {
				floor = 30
				_, err := h.Trim(t.Context(), "d", doc.Retention{MaxCommits: 100 - floor})
				require.NoError(t, err)
			}
			from := floor + rng.IntN(40)
			to := from + 1 + rng.IntN(100-from)
			_, err := h.NameVersion(t.Context(), "d", doc.Revision((from+to)/2), "between", "Ada")
			require.NoError(t, err)
			before := c.place
			units, err := h.Erase(t.Context(), "d", doc.Revision(from), doc.Revision(to))
			require.NoError(t, err)
			require.Equal(t, c.erased(from, to), units)
			c.knowsErased(h, floor, from, to)

			stored, err := memory.Load(t.Context(), "d", 0)
			require.NoError(t, err)
			require.NotEqual(t, before.Epoch, stored.Place().Epoch)
			require.Equal(t, before.Rev, stored.Place().Rev)
			for author, seq := range c.seqs {
				require.Equal(t, seq, stored.Clients[clientOf(author)].Seq)
				require.Zero(t, stored.Clients[clientOf(author)].Digest)
			}
			// Who comes back from before has to reload; what was acknowledged is known to be.
			p := c.at(doc.Revision(to), before)
			p.open(r, client(1), outstanding(before, doc.Name{Client: clientOf("Ada"), Seq: c.seqs["Ada"]}, nil))
			require.False(t, p.opened.Resume)
			require.Equal(t, doc.OutcomeCommitted, p.opened.Outcome)
			p.caughtUp(c)
		})
	}
}

// erased is how many code units that were inserted after a revision are gone at a later one.
func (c *chronicle) erased(from, to int) (units int) {
	for _, op := range c.ops[from:to] {
		for _, component := range op {
			if component.Kind == ot.Insert {
				units += component.N
			}
		}
	}
	for _, component := range c.composed(doc.Revision(from), doc.Revision(to), false) {
		if component.Kind == ot.Insert {
			units -= component.N
		}
	}
	return units
}

// knowsErased is what is to be known after an erasure: as before, but for what lies between.
func (c *chronicle) knowsErased(h *doc.History, floor, from, to int) {
	c.t.Helper()
	unknown := map[string]bool{}
	for _, author := range c.authors[from:to] {
		unknown[author] = true
	}
	for rev := floor; rev <= len(c.ops); rev++ {
		m, err := h.Content(c.t.Context(), "d", doc.Revision(rev))
		require.NoError(c.t, err)
		want := rev
		if rev > from && rev < to {
			want = from
		}
		require.Equal(c.t, c.content[want].String(), m.Content.Content().String(), "revision %d", rev)
	}
	if len(unknown) == 1 { // then it is known who wrote all of it
		for _, rev := range []int{from, to, len(c.ops)} {
			runs, err := h.Blame(c.t.Context(), "d", doc.Revision(rev))
			require.NoError(c.t, err)
			require.Equal(c.t, c.runs(rev), runs)
		}
	}
	commits, err := c.memory.Read(c.t.Context(), c.place.ID, doc.Revision(to), doc.Revision(to), 1)
	require.NoError(c.t, err)
	require.Zero(c.t, commits[0].Digest)
	if len(unknown) == 1 {
		require.Equal(c.t, c.authors[to-1], commits[0].Author)
	} else {
		require.Empty(c.t, commits[0].Author)
	}
	for rev := from + 1; rev < to; rev++ {
		commits, err := c.memory.Read(c.t.Context(), c.place.ID, doc.Revision(rev), doc.Revision(rev), 1)
		require.NoError(c.t, err)
		require.Equal(c.t, ot.AppendOp(nil, nil), commits[0].Bytes)
		require.Zero(c.t, commits[0].Digest)
		require.Equal(c.t, c.times[rev-1], commits[0].Time)
	}
}

// meddling calls a function in the middle of the next reading of commits.
type meddling struct {
	doc.Archive
	meddle func()
}

func (m *meddling) Read(ctx context.Context, id doc.ID, first, last doc.Revision, maxBytes int) ([]doc.Commit, error) {
	if f := m.meddle; f != nil {
		m.meddle = nil
		f()
	}
	return m.Archive.Read(ctx, id, first, last, maxBytes)
}

// TestPastThatIsChangedWhileItIsRead is read again: no content is made of two histories, and none of a half.
func TestPastThatIsChangedWhileItIsRead(t *testing.T) {
	for _, row := range []struct {
		name   string
		meddle func(h *doc.History) error
		want   doc.Revision // its content is that of 250
	}{
		{"erased", func(h *doc.History) error { _, err := h.Erase(context.Background(), "d", 230, 270); return err }, 230},
		{"trimmed", func(h *doc.History) error {
			_, err := h.Trim(context.Background(), "d", doc.Retention{MaxCommits: 100})
			return err
		}, 250},
	} {
		t.Run(row.name, func(t *testing.T) {
			memory := doctest.NewMemory(1)
			c := newChronicle(t, memory, doc.Text).typing(seeded(t, 9), 300)
			c.snapshot()
			t.Cleanup(memory.Run())
			archive := &meddling{Archive: memory}
			r := doc.NewRegistry(archive, doc.Config{Logger: slog.New(slog.DiscardHandler)})
			h := r.History()
			archive.meddle = func() { require.NoError(t, row.meddle(h)) }
			m, err := h.Content(t.Context(), "d", 250)
			require.NoError(t, err)
			require.Equal(t, textOf(c.content[row.want]), m.Content.String())
			info, err := memory.Info(t.Context(), "d")
			require.NoError(t, err)
			require.Equal(t, info.Place.Epoch, m.Place.Epoch)
			require.NoError(t, r.Close(t.Context()))
		})
	}
}

func TestEraseRefuses(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		newChronicle(t, memory, doc.Text).typing(seeded(t, 6), 20)
		for _, row := range []struct{ from, to doc.Revision }{{5, 5}, {6, 5}, {0, 21}, {21, 22}} {
			_, err := r.History().Erase(t.Context(), "d", row.from, row.to)
			require.ErrorIs(t, err, doc.ErrRevision, "%v", row)
		}
		_, err := r.History().Erase(t.Context(), "none", 0, 1)
		require.ErrorIs(t, err, doc.ErrNotFound)
	})
}

// TestEraseWhileOthersType: their sessions end, they open again, and what they typed is there.
func TestEraseWhileOthersType(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		rng := seeded(t, 7)
		newChronicle(t, memory, doc.Text).typing(rng, 100)
		done := make(chan *typist)
		for n := range byte(3) {
			p := &typist{t: t, r: r, client: client(n + 1), author: fmt.Sprint("typist ", n), rng: rand.New(rand.NewPCG(rng.Uint64(), 0))}
			go func() {
				p.run(100)
				done <- p
			}()
		}
		for n := range 4 {
			time.Sleep(10 * time.Millisecond)
			_, err := r.History().Erase(t.Context(), "d", doc.Revision(20*n), doc.Revision(20*n+15))
			require.NoError(t, err)
		}
		letters := map[rune]int{}
		for range 3 {
			p := <-done
			require.Greater(t, p.opens, 1)
			for _, letter := range p.wrote.String() {
				letters[letter]++
			}
		}
		m, err := r.History().Content(t.Context(), "d", -1)
		require.NoError(t, err)
		have := map[rune]int{}
		for _, letter := range m.Content.String() {
			if letter >= 'A' && letter <= 'Z' {
				have[letter]++
			}
		}
		for letter, n := range letters {
			require.GreaterOrEqual(t, have[letter], n, "an acknowledged %c is gone", letter)
		}
	})
}

func TestRemove(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 8), 20)
		p := c.at(20, c.place)
		p.open(r, client(1), nil)
		require.NoError(t, r.History().Remove(t.Context(), "d"))
		u, err := p.session.Next(t.Context(), nil)
		require.NoError(t, err)
		require.ErrorIs(t, u.Ended, doc.ErrNotFound, "whoever has it open must not make it again")
		_, err = r.Open(t.Context(), "d", 0, &doc.OpenRequest{Client: client(1)}, func() {})
		require.ErrorIs(t, err, doc.ErrNotFound)
		require.ErrorIs(t, r.History().Remove(t.Context(), "d"), doc.ErrNotFound)
	})
}
