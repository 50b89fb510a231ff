package doc_test

import (
	"context"
	"log/slog"
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
		r := doc.NewRegistry(onlyStore{memory}, doc.Config{Logger: slog.New(slog.DiscardHandler), Retention: doc.Retention{MaxCommits: 1}})
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
		require.ErrorIs(t, h.DeleteVersion(t.Context(), "d", 10), doc.ErrNoVersion)
		_, err = h.Content(t.Context(), "d", 10)
		require.ErrorIs(t, err, doc.ErrTrimmed)
	})
}

// A document has only so many versions; one that is there can still be renamed.
func TestVersionsAreBounded(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		newChronicle(t, memory, doc.Text).typing(seeded(t, 9), doc.MaxVersions+1)
		for rev := range doc.Revision(doc.MaxVersions) {
			_, err := r.History().NameVersion(t.Context(), "d", rev, "v", "")
			require.NoError(t, err)
		}
		_, err := r.History().NameVersion(t.Context(), "d", doc.MaxVersions, "one more", "")
		require.ErrorIs(t, err, doc.ErrVersion)
		require.ErrorContains(t, err, "1000")
		_, err = r.History().NameVersion(t.Context(), "d", 7, "renamed", "")
		require.NoError(t, err)
	})
}
