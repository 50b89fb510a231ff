package doctest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

func testSnapshots(t *testing.T, rig Rig) {
	store := rig.Open()
	a, other := open(t, store, "a"), open(t, store, "other")
	require.NoError(t, saveAndWait(store, a.snapshot(t)), "of revision 0")
	a.write(t, store, a.small(1, 4))
	other.write(t, store, other.small(1, 4))
	first := a.snapshot(t)
	a.write(t, store, a.small(2, 3))
	require.NoError(t, saveAndWait(store, first), "of a revision in the middle of history")
	require.EqualValues(t, 4, a.check(t, store).Snapshot.Place.Rev)
	for _, row := range []struct {
		name string
		harm func(s *doc.Snapshot)
	}{
		{"no such document", func(s *doc.Snapshot) { s.Place.ID[0]++ }},
		{"another document", func(s *doc.Snapshot) { s.Place.ID = other.place.ID; s.Place.Rev = 4 }},
		{"another epoch", func(s *doc.Snapshot) { s.Place.Epoch[0]++ }},
		{"another lineage", func(s *doc.Snapshot) { s.Place.Lineage[0]++ }},
		{"another lineage of an older revision", func(s *doc.Snapshot) { s.Place.Rev-- }},
		{"beyond what is there", func(s *doc.Snapshot) { s.Place.Rev++ }},
		{"a negative revision", func(s *doc.Snapshot) { s.Place.Rev = -1 }},
	} {
		s := a.snapshot(t)
		row.harm(s)
		require.ErrorIs(t, saveAndWait(store, s), doc.ErrConflict, row.name)
		require.EqualValues(t, 4, a.check(t, store).Snapshot.Place.Rev, row.name)
	}
	for range 2 {
		require.NoError(t, saveAndWait(store, a.snapshot(t)))
		require.Empty(t, a.check(t, store).Commits)
		require.NoError(t, saveAndWait(store, first), "an older one does not replace it")
		require.Empty(t, a.check(t, store).Commits)
		require.NoError(t, store.Close())
		store = rig.Open()
		require.Empty(t, a.check(t, store).Commits)
	}
	a.write(t, store, a.small(3, 2))
	require.EqualValues(t, 7, a.check(t, store).Snapshot.Place.Rev)
	other.check(t, store)
	got, err := store.Read(background, a.place.ID, 1, 100, 1<<20)
	require.NoError(t, err)
	require.Equal(t, a.commits, got, "history stays")
	require.NoError(t, store.Close())
}

func testLargeSnapshot(t *testing.T, rig Rig) {
	store := rig.Open()
	a, beside := open(t, store, "a"), open(t, store, "beside")
	for i := range 5 { // 560 kB: three pieces
		a.write(t, store, a.batch(edit{clientNumber(i), strings.Repeat(fmt.Sprintf("%d😀é.", i), 14_000)}))
	}
	for range 2 { // edits go on beside
		a.write(t, store, a.batch(edit{clientNumber(1), "more"}))
		saved := make(chan error, 1)
		store.Save(a.snapshot(t), func(err error) { saved <- err })
		for i := range 3 {
			beside.write(t, store, beside.small(i, 1))
		}
		require.NoError(t, <-saved)
		require.Empty(t, a.check(t, store).Commits)
	}
	require.NoError(t, store.Close())
	store = rig.Open()
	require.Empty(t, a.check(t, store).Commits)
	beside.check(t, store)
	require.NoError(t, store.Close())
}

func testRichSnapshot(t *testing.T, rig Rig) {
	store := rig.Open()
	stored, err := store.Load(background, "rich", doc.Rich)
	require.NoError(t, err)
	var b ot.Builder
	b.InsertText("bold", ot.Attrs{{Key: "bold", Value: ot.Bool(true)}})
	b.InsertEmbed(ot.Embed{Type: "image", Value: "a.png"}, ot.Attrs{{Key: "width", Value: ot.Int(300)}})
	b.InsertEmbed(ot.Embed{Type: "image", Value: "a.png"}, nil)
	b.InsertText("plain 😀\n", nil)
	content := b.Op()
	at := stored.Place()
	c := doc.Commit{Rev: 1, Client: clientNumber(1), Seq: 1, Bytes: ot.AppendOp(nil, content)}
	c.Lineage = at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
	require.NoError(t, appendAndWait(store, &doc.Batch{Prev: at, Commits: []doc.Commit{c}}))
	at.Rev, at.Lineage = 1, c.Lineage
	text, err := ot.TextOf(content)
	require.NoError(t, err)
	require.NoError(t, saveAndWait(store, &doc.Snapshot{Place: at, Content: text.Snapshot(), Hash: text.Hash()}))
	require.NoError(t, store.Close())
	store = rig.Open()
	stored, err = store.Load(background, "rich", 0)
	require.NoError(t, err)
	require.Equal(t, at, stored.Snapshot.Place)
	require.True(t, content.Equal(stored.Snapshot.Content.Content()))
	require.NoError(t, store.Close())
}

// testClose: what was handed over is written; what comes later hears that it is too late.
func testClose(t *testing.T, rig Rig) {
	store := rig.Open()
	var authors []*author
	var batches []*doc.Batch
	answers := make(chan error, 100)
	for i := range 20 {
		a := open(t, store, fmt.Sprint("doc ", i))
		a.write(t, store, a.small(i, 2))
		authors, batches = append(authors, a), append(batches, a.small(i, 2))
	}
	for i, a := range authors {
		store.Save(a.snapshot(t), func(err error) { answers <- err })
		store.Append(batches[i], func(err error) { answers <- err })
	}
	require.NoError(t, store.Close())
	for range 2 * len(authors) {
		require.NoError(t, <-answers)
	}
	_, err := store.Load(background, "doc 1", 0)
	require.ErrorIs(t, err, doc.ErrClosed)
	_, err = store.Load(background, "new", doc.Text)
	require.ErrorIs(t, err, doc.ErrClosed)
	_, err = store.Read(background, authors[1].place.ID, 1, 1, 1)
	require.ErrorIs(t, err, doc.ErrClosed)
	require.ErrorIs(t, appendAndWait(store, batches[1]), doc.ErrClosed)
	require.ErrorIs(t, saveAndWait(store, authors[1].snapshot(t)), doc.ErrClosed)
	_ = store.Close() // again
	store = rig.Open()
	for i, a := range authors {
		a.took(t, batches[i])
		require.EqualValues(t, 2, a.check(t, store).Snapshot.Place.Rev)
	}
	require.NoError(t, store.Close())
}

// testRestart: any work, and restarts between.
func testRestart(t *testing.T, rig Rig) {
	random := rand.New(rand.NewPCG(7, 7))
	store := rig.Open()
	authors := []*author{open(t, store, "a"), open(t, store, "b"), open(t, store, "c")}
	for range 12 {
		for range random.IntN(6) {
			a := authors[random.IntN(len(authors))]
			a.write(t, store, a.small(random.IntN(20), 1+random.IntN(5)))
			if random.IntN(3) == 0 {
				require.NoError(t, saveAndWait(store, a.snapshot(t)))
			}
		}
		require.NoError(t, store.Close())
		store = rig.Open()
		for _, a := range authors {
			a.check(t, store)
		}
	}
	require.NoError(t, store.Close())
}

// testCrash: what was reported is there after a crash; what was on its way is there wholly or not at all.
func testCrash(t *testing.T, rig Rig) {
	random := rand.New(rand.NewPCG(3, 3))
	store := rig.Open()
	var authors []*author
	for i := range 4 {
		authors = append(authors, open(t, store, fmt.Sprint("doc ", i)))
	}
	for range 10 {
		reported := make([]chan error, len(authors))
		batches := make([]*doc.Batch, len(authors))
		for i, a := range authors {
			a.write(t, store, a.small(random.IntN(9), 1+random.IntN(3)))
			batches[i] = a.small(random.IntN(9), 1+random.IntN(3))
			reported[i] = make(chan error, 1)
			store.Append(batches[i], func(err error) { reported[i] <- err })
			store.Save(a.snapshot(t), func(error) {})
		}
		rig.Kill(store)
		store = rig.Open()
		for i, a := range authors {
			stored, err := store.Load(background, a.name, 0)
			require.NoError(t, err)
			there := stored.Place().Rev != a.place.Rev
			select {
			case err := <-reported[i]:
				require.True(t, err != nil || there, "it was reported")
				require.NotErrorIs(t, err, doc.ErrConflict)
			default:
			}
			if there {
				a.took(t, batches[i])
			}
			a.same(t, stored)
		}
	}
	require.NoError(t, store.Close())
}

// testCrashSaving: a snapshot of which a part was written does not count, and does not disturb the next one.
func testCrashSaving(t *testing.T, rig Rig) {
	store := rig.Open()
	a, beside := open(t, store, "a"), open(t, store, "beside")
	for i := range 3 {
		a.write(t, store, a.batch(edit{clientNumber(i), strings.Repeat("snapshot ", 12_000)}))
	}
	for i := range 4 {
		a.write(t, store, a.batch(edit{clientNumber(1), "more"}))
		store.Save(a.snapshot(t), func(error) {})
		for range i {
			beside.write(t, store, beside.small(i, 1))
		}
		rig.Kill(store)
		store = rig.Open()
		a.check(t, store)
		beside.check(t, store)
	}
	require.NoError(t, saveAndWait(store, a.snapshot(t)))
	require.Empty(t, a.check(t, store).Commits)
	require.NoError(t, store.Close())
}

// testConcurrency: every method beside every other.
func testConcurrency(t *testing.T, rig Rig) {
	store := rig.Open()
	authors := make([]*author, 6)
	var writers, readers sync.WaitGroup
	ended := make(chan struct{})
	failures := make(chan error, 100)
	fail := func(format string, args ...any) {
		select {
		case failures <- fmt.Errorf(format, args...):
		default:
		}
	}
	for i := range authors {
		a := open(t, store, fmt.Sprint("doc ", i))
		authors[i] = a
		written := make(chan doc.Revision, 1000)
		writers.Go(func() {
			for n := range 25 {
				b := a.small(n%7, 1+n%4)
				if err := appendAndWait(store, b); err != nil {
					fail("append %d: %w", n, err)
					return
				}
				a.took(t, b)
				written <- a.place.Rev
				if n%8 == 7 {
					store.Save(a.snapshot(t), func(err error) {
						if err != nil {
							fail("save: %w", err)
						}
					})
				}
			}
		})
		id, name := a.place.ID, a.name
		readers.Go(func() {
			known := doc.Revision(0)
			for {
				select {
				case known = <-written:
				case <-ended:
					return
				}
				got, err := store.Read(background, id, 1, known, 1<<20)
				if err != nil || len(got) != int(known) {
					fail("read up to %d: %d commits, %w", known, len(got), err)
				}
				stored, err := store.Load(background, name, 0)
				if err != nil || stored.Place().Rev < known {
					fail("load at %d: %w", known, err)
				}
			}
		})
	}
	writers.Wait()
	close(ended)
	readers.Wait()
	require.Empty(t, failures)
	for range 2 {
		for _, a := range authors {
			a.check(t, store)
		}
		require.NoError(t, store.Close())
		store = rig.Open()
	}
	require.NoError(t, store.Close())
	require.Empty(t, failures)
}
