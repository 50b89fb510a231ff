package doc_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
	"tandem/ot/ottest"
)

// knows holds what a History tells of the revisions from a floor on against the model.
func (c *chronicle) knows(h *doc.History, floor, every int) {
	c.t.Helper()
	for rev := floor; rev <= len(c.ops); rev++ {
		if rev%every != 0 && rev != floor && rev != len(c.ops) {
			continue
		}
		m, err := h.Content(context.Background(), c.name, doc.Revision(rev))
		require.NoError(c.t, err)
		require.Equal(c.t, c.content[rev].String(), m.Content.Content().String(), "revision %d", rev)
		require.EqualValues(c.t, rev, m.Place.Rev)
		if rev > floor {
			require.Equal(c.t, c.times[rev-1], m.Time)
		}
		runs, err := h.Blame(context.Background(), c.name, doc.Revision(rev))
		require.NoError(c.t, err)
		require.Equal(c.t, c.runs(rev), runs, "revision %d", rev)
	}
}

func TestContentAndBlameAtEveryRevision(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Rich).credited().random(seeded(t, 1), 140)
		h := r.History()
		c.knows(h, 0, 1)
		m, err := h.Content(t.Context(), "d", -1)
		require.NoError(t, err)
		require.Equal(t, c.place, m.Place)
		for _, rev := range []doc.Revision{141, 1 << 50} {
			_, err = h.Content(t.Context(), "d", rev)
			require.ErrorIs(t, err, doc.ErrRevision)
		}
		_, err = h.Blame(t.Context(), "none", 0)
		require.ErrorIs(t, err, doc.ErrNotFound)
		_, err = h.Blame(t.Context(), "", 0)
		require.ErrorIs(t, err, doc.ErrName)
	})
}

func TestDiff(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		rng := seeded(t, 2)
		c := newChronicle(t, memory, doc.Rich).random(rng, 100)
		for range 60 {
			from, to := rng.IntN(101), rng.IntN(101)
			op, err := r.History().Diff(t.Context(), "d", doc.Revision(from), doc.Revision(to))
			require.NoError(t, err)
			require.NoError(t, op.Validate(ot.StoredLimits))
			got, err := ot.Apply(c.content[from], op)
			require.NoError(t, err)
			require.Equal(t, c.content[to].String(), got.String(), "from %d to %d", from, to)
		}
	})
}

func TestStoreWithoutAPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		stop := memory.Run()
		defer stop()
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 3), 500)
		r := doc.NewRegistry(onlyStore{memory}, doc.Config{Retention: doc.Retention{MaxCommits: 1}})
		_, err := r.History().Content(t.Context(), "d", 1)
		require.ErrorIs(t, err, doc.ErrNoArchive)
		_, err = r.History().Erase(t.Context(), "d", 0, 1)
		require.ErrorIs(t, err, doc.ErrNoArchive)
		p := c.at(100, c.placeAt(100))
		p.open(r, client(1), nil)
		p.caughtUp(c)
		require.NoError(t, r.Close(t.Context()))
	})
}

func TestLog(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text)
		c.write("Ada", ottest.MustParse(`["😀bc"]`))
		c.write("Bob", ottest.MustParse(`[2,-1,"xyz"]`), nil)
		log, err := r.History().Log(t.Context(), "d", 0, -1, 0)
		require.NoError(t, err)
		start := began.UnixMilli()
		require.Equal(t, []doc.Entry{
			{Rev: 1, Time: start, Author: "Ada", Inserted: 4},
			{Rev: 2, Time: start + 1000, Author: "Bob", Inserted: 3, Deleted: 1},
			{Rev: 3, Time: start + 2000, Author: "Bob"},
		}, log)
		log, err = r.History().Log(t.Context(), "d", 1, 3, 1)
		require.NoError(t, err)
		require.Len(t, log, 1)
		require.EqualValues(t, 2, log[0].Rev)
	})
}

func TestPeriods(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text)
		write := func(author string, minute int) {
			c.after = time.Duration(minute)*time.Minute - time.Duration(len(c.ops))*time.Second
			c.write(author, insert(0, "x"))
		}
		for minute := range 12 { // by turns, in slots of five minutes
			write([]string{"Ada", "Bob"}[minute%2], minute)
		}
		write("Ada", 15) // she goes on alone
		write("Ada", 18)
		write("Ada", 24) // after a pause
		want := []doc.Period{
			{First: 1, Last: 12, Authors: []string{"Ada", "Bob"}, Inserted: 12},
			{First: 13, Last: 14, Authors: []string{"Ada"}, Inserted: 2},
			{First: 15, Last: 15, Authors: []string{"Ada"}, Inserted: 1},
		}
		for i := range want {
			want[i].Begin, want[i].End = c.times[want[i].First-1], c.times[want[i].Last-1]
		}
		periods, err := r.History().Periods(t.Context(), "d", 0, -1, 0)
		require.NoError(t, err)
		require.Equal(t, want, periods)
		periods, err = r.History().Periods(t.Context(), "d", 0, -1, 2)
		require.NoError(t, err)
		require.Equal(t, want[:2], periods)
		periods, err = r.History().Periods(t.Context(), "d", periods[1].Last, -1, 2)
		require.NoError(t, err)
		require.Equal(t, want[2:], periods)
	})
}

func TestVersions(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Rich).credited().random(seeded(t, 4), 200)
		c.snapshot()
		h := r.History()
		name := func(rev doc.Revision, label string) doc.Version {
			v, err := h.NameVersion(t.Context(), "d", rev, label, "Ada")
			require.NoError(t, err)
			return v
		}
		first, mid, last := name(10, "draft"), name(100, "at the floor"), name(-1, "now")
		require.EqualValues(t, 200, last.Rev)
		require.Equal(t, time.Now().UnixMilli(), first.Time)
		for _, label := range []string{"", "  ", "a\nb", "\xff", strings.Repeat("x", doc.MaxVersionName+1)} {
			_, err := h.NameVersion(t.Context(), "d", 10, label, "Ada")
			require.ErrorIs(t, err, doc.ErrVersion, "%q", label)
		}
		_, err := h.NameVersion(t.Context(), "d", 201, "later", "Ada")
		require.ErrorIs(t, err, doc.ErrRevision)

		floor, err := h.Trim(t.Context(), "d", doc.Retention{MaxCommits: 100})
		require.NoError(t, err)
		require.EqualValues(t, 100, floor)
		versions, err := h.Versions(t.Context(), "d")
		require.NoError(t, err)
		require.Equal(t, []doc.Version{first, mid, last}, versions)
		kept := func() {
			for _, rev := range []int{10, 100, 200} {
				m, err := h.Content(t.Context(), "d", doc.Revision(rev))
				require.NoError(t, err)
				require.Equal(t, c.content[rev].String(), m.Content.Content().String())
				runs, err := h.Blame(t.Context(), "d", doc.Revision(rev))
				require.NoError(t, err)
				require.Equal(t, c.runs(rev), runs)
			}
		}
		kept()
		_, err = h.Content(t.Context(), "d", 11)
		require.ErrorIs(t, err, doc.ErrTrimmed)
		require.ErrorContains(t, err, "revision 11")
		require.ErrorContains(t, err, "floor is 100")
		_, err = h.NameVersion(t.Context(), "d", 11, "gone", "Ada")
		require.ErrorIs(t, err, doc.ErrTrimmed)
		name(10, "renamed below the floor")
		_, err = h.Trim(t.Context(), "d", doc.Retention{MaxCommits: 50})
		require.NoError(t, err)
		kept()

		require.NoError(t, h.DeleteVersion(t.Context(), "d", 10))
		require.ErrorIs(t, h.DeleteVersion(t.Context(), "d", 10), doc.ErrNotFound)
		_, err = h.Content(t.Context(), "d", 10)
		require.ErrorIs(t, err, doc.ErrTrimmed)
	})
}

// typist edits a document through the registry until it is told to stop, and reopens when its session ends.
type typist struct {
	t      *testing.T
	r      *doc.Registry
	client doc.ClientID
	author string
	seq    doc.Seq
	held   *doc.Place
	text   *ot.Text
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
		u, err := session.Next(p.t.Context())
		if err != nil {
			return false
		}
		for _, item := range u.Items {
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
	for rev := from + 1; rev < to; rev++ {
		commits, err := c.memory.Read(c.t.Context(), c.place.ID, doc.Revision(rev), doc.Revision(rev), 1)
		require.NoError(c.t, err)
		require.Equal(c.t, ot.AppendOp(nil, nil), commits[0].Bytes)
		require.Zero(c.t, commits[0].Digest)
		require.Equal(c.t, c.times[rev-1], commits[0].Time)
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
		u, err := p.session.Next(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, u.Ended, doc.ErrOpenAgain)
		_, err = r.Open(t.Context(), "d", 0, &doc.OpenRequest{Client: client(1)}, func() {})
		require.ErrorIs(t, err, doc.ErrNotFound)
		require.ErrorIs(t, r.History().Remove(t.Context(), "d"), doc.ErrNotFound)
	})
}
