package doctest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// Rig is one disk for a test of the suite.
type Rig struct {
	// Open opens the store on it: empty at first, then with what was there. At most one is open.
	Open func() doc.Store
	// Kill ends an open store as a crash of its process does: nothing that waits is reported any more, or as unknown.
	Kill func(doc.Store)
}

// Run tests a store: everything that doc.Store promises. Each subtest has a rig of its own.
func Run(t *testing.T, rig func(t *testing.T) Rig) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Rig)
	}{
		{"names", testNames},
		{"kinds", testKinds},
		{"append", testAppend},
		{"conditions", testConditions},
		{"sequences", testSequences},
		{"many documents", testGroup},
		{"read", testRead},
		{"snapshots", testSnapshots},
		{"large snapshot", testLargeSnapshot},
		{"rich snapshot", testRichSnapshot},
		{"large batch", testLargeBatch},
		{"close", testClose},
		{"restart", testRestart},
		{"crash", testCrash},
		{"crash while saving", testCrashSaving},
		{"concurrency", testConcurrency},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, rig(t)) })
	}
}

var background = context.Background()

func testNames(t *testing.T, rig Rig) {
	store := rig.Open()
	_, err := store.Load(background, "notes", 0)
	require.ErrorIs(t, err, doc.ErrNotFound)
	for _, name := range []string{"", "/", "a//b", "a/../b", "bell\a", "\xff", strings.Repeat("x", doc.MaxName+1)} {
		_, err := store.Load(background, name, doc.Text)
		require.ErrorIs(t, err, doc.ErrName, "%q", name)
	}
	names := []string{"notes", "Notes", "notes/today", "note", "nötes", "😀", " ", strings.Repeat("x", doc.MaxName)}
	ids := map[doc.ID]string{}
	epochs := map[doc.Epoch]string{}
	places := map[string]doc.Place{}
	for _, name := range names {
		stored, err := store.Load(background, name, doc.Text)
		require.NoError(t, err, name)
		require.Equal(t, name, stored.Name)
		require.Empty(t, stored.Commits)
		require.Empty(t, stored.Clients)
		require.Zero(t, stored.Snapshot.Content.Len())
		at := stored.Place()
		require.Equal(t, doc.Place{ID: at.ID, Epoch: at.Epoch}, at)
		require.NotContains(t, ids, at.ID)
		require.NotContains(t, epochs, at.Epoch)
		require.NotZero(t, at.ID)
		require.NotZero(t, at.Epoch)
		ids[at.ID], epochs[at.Epoch], places[name] = name, name, at
	}
	for range 2 {
		for _, name := range names {
			stored, err := store.Load(background, name, 0)
			require.NoError(t, err, name)
			require.Equal(t, places[name], stored.Place(), name)
		}
		require.NoError(t, store.Close())
		store = rig.Open()
	}
	require.NoError(t, store.Close())
}

func testKinds(t *testing.T, rig Rig) {
	store := rig.Open()
	_, err := store.Load(background, "d", doc.Kind(3))
	require.ErrorIs(t, err, doc.ErrKind)
	for _, kind := range []doc.Kind{doc.Text, doc.Rich} {
		other := doc.Text + doc.Rich - kind
		_, err := store.Load(background, kind.String(), kind)
		require.NoError(t, err)
		for range 2 {
			_, err = store.Load(background, kind.String(), other)
			require.ErrorIs(t, err, doc.ErrKind)
			for _, asked := range []doc.Kind{kind, 0} {
				stored, err := store.Load(background, kind.String(), asked)
				require.NoError(t, err)
				require.Equal(t, kind, stored.Kind)
			}
			require.NoError(t, store.Close())
			store = rig.Open()
		}
	}
	require.NoError(t, store.Close())
}

func testAppend(t *testing.T, rig Rig) {
	store := rig.Open()
	a := open(t, store, "a")
	a.check(t, store)
	for n := 1; n <= 12; n++ {
		b := a.small(n%3, n)
		given := copyCommits(b.Commits)
		require.NoError(t, appendAndWait(store, b))
		for i := range b.Commits { // the store must not have kept them
			clear(b.Commits[i].Bytes)
		}
		b.Commits = given
		a.took(t, b)
		a.check(t, store)
	}
	require.NoError(t, store.Close())
	store = rig.Open()
	a.check(t, store)
	a.write(t, store, a.small(1, 2))
	a.check(t, store)
	require.NoError(t, store.Close())
}

func testConditions(t *testing.T, rig Rig) {
	store := rig.Open()
	a, other := open(t, store, "a"), open(t, store, "other")
	a.write(t, store, a.small(1, 3))
	other.write(t, store, other.small(1, 3))
	for _, row := range []struct {
		name string
		harm func(b *doc.Batch)
	}{
		{"no commits", func(b *doc.Batch) { b.Commits = nil }},
		{"no such document", func(b *doc.Batch) { b.Prev.ID[3]++ }},
		{"another document", func(b *doc.Batch) { b.Prev.ID = other.place.ID }},
		{"another epoch", func(b *doc.Batch) { b.Prev.Epoch[0]++ }},
		{"another lineage", func(b *doc.Batch) { relineage(b, doc.Lineage{1}) }},
		{"a revision too low", func(b *doc.Batch) { renumber(b, -1) }},
		{"a revision too high", func(b *doc.Batch) { renumber(b, 1) }},
		{"a negative revision", func(b *doc.Batch) { renumber(b, -5) }},
		{"a gap", func(b *doc.Batch) { b.Commits[1].Rev++ }},
		{"a commit twice", func(b *doc.Batch) { b.Commits[1] = b.Commits[0] }},
		{"lineage that does not follow", func(b *doc.Batch) { b.Commits[1].Lineage[7]++ }},
		{"other bytes", func(b *doc.Batch) { b.Commits[0].Bytes = b.Commits[1].Bytes }},
	} {
		b := a.small(1, 2)
		row.harm(b)
		require.ErrorIs(t, appendAndWait(store, b), doc.ErrConflict, row.name)
		a.check(t, store)
	}
	old := a.small(1, 1)
	a.write(t, store, a.small(1, 1))
	require.ErrorIs(t, appendAndWait(store, old), doc.ErrConflict, "a lost race")
	a.write(t, store, a.small(1, 1))
	a.check(t, store)
	other.check(t, store)
	require.NoError(t, store.Close())
}

// relineage makes a batch come, rightly in itself, after another lineage.
func relineage(b *doc.Batch, l doc.Lineage) {
	b.Prev.Lineage = l
	for i := range b.Commits {
		c := &b.Commits[i]
		l = l.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		c.Lineage = l
	}
}

// renumber makes a batch come, rightly in itself, after another revision.
func renumber(b *doc.Batch, by doc.Revision) {
	b.Prev.Rev += by
	for i := range b.Commits {
		b.Commits[i].Rev += by
	}
	relineage(b, b.Prev.Lineage)
}

func testSequences(t *testing.T, rig Rig) {
	store := rig.Open()
	a := open(t, store, "a")
	one, two := clientNumber(1), clientNumber(2)
	numbered := func(edits ...doc.Seq) *doc.Batch {
		b := a.batch(make([]edit, len(edits))...)
		for i, seq := range edits {
			c := &b.Commits[i]
			c.Client, c.Seq = one, seq
			c.Bytes = ot.AppendOp(nil, ot.Op{{Kind: ot.Insert, N: 1, Text: "x"}})
		}
		relineage(b, b.Prev.Lineage)
		return b
	}
	a.write(t, store, numbered(5, 6, 9))
	a.write(t, store, a.batch(edit{two, "two"}))
	for range 2 {
		for _, seqs := range [][]doc.Seq{{9}, {8}, {1}, {0}, {-1}, {ot.MaxInt + 1}, {10, 10}, {11, 10}, {10, 9}, {9, 10}} {
			require.ErrorIs(t, appendAndWait(store, numbered(seqs...)), doc.ErrConflict, "%v after 9", seqs)
		}
		a.check(t, store)
		require.NoError(t, store.Close())
		store = rig.Open()
	}
	a.write(t, store, numbered(10))
	a.write(t, store, numbered(ot.MaxInt))
	require.ErrorIs(t, appendAndWait(store, numbered(ot.MaxInt)), doc.ErrConflict)
	a.check(t, store)
	require.NoError(t, store.Close())
}

// testGroup: batches of many documents at once; a condition that fails leaves the others alone.
func testGroup(t *testing.T, rig Rig) {
	store := rig.Open()
	authors := make([]*author, 40)
	for i := range authors {
		authors[i] = open(t, store, fmt.Sprintf("doc/%d", i))
	}
	type answer struct {
		i   int
		err error
	}
	for round := range 4 {
		batches := make([]*doc.Batch, len(authors))
		answers := make(chan answer, len(authors))
		for i, a := range authors {
			batches[i] = a.small(i, 1+i%3)
			if i%5 == round {
				batches[i].Prev.Epoch[0]++
			}
			store.Append(batches[i], func(err error) { answers <- answer{i, err} })
		}
		for range authors {
			got := <-answers
			if got.i%5 == round {
				require.ErrorIs(t, got.err, doc.ErrConflict)
				continue
			}
			require.NoError(t, got.err)
			authors[got.i].took(t, batches[got.i])
		}
		require.Empty(t, answers)
	}
	for range 2 {
		for _, a := range authors {
			a.check(t, store)
		}
		require.NoError(t, store.Close())
		store = rig.Open()
	}
	require.NoError(t, store.Close())
}

func testRead(t *testing.T, rig Rig) {
	store := rig.Open()
	neighbour := open(t, store, "before")
	a := open(t, store, "a")
	for n := range 9 {
		a.write(t, store, a.small(n, 1+n*n%7))
		neighbour.write(t, store, neighbour.small(n, 2))
	}
	count := len(a.commits)
	for range 2 {
		for first := 1; first <= count; first++ {
			for _, last := range []int{first, first + 1, first + 7, count, count + 10} {
				for _, maxBytes := range []int{-1, 0, 1, 12, 40, 1 << 30} {
					got, err := store.Read(background, a.place.ID, doc.Revision(first), doc.Revision(last), maxBytes)
					require.NoError(t, err)
					require.Equal(t, readModel(a.commits[first-1:min(last, count)], maxBytes), got, "%d to %d, %d bytes", first, last, maxBytes)
				}
			}
		}
		require.NoError(t, store.Close())
		store = rig.Open()
	}
	for _, bad := range [][2]doc.Revision{{0, 1}, {-3, 1}, {2, 1}, {doc.Revision(count) + 1, 100}} {
		_, err := store.Read(background, a.place.ID, bad[0], bad[1], 100)
		require.Error(t, err, "%v", bad)
	}
	_, err := store.Read(background, doc.ID{1}, 1, 1, 100)
	require.ErrorIs(t, err, doc.ErrNotFound)
	ended, cancel := context.WithCancel(background)
	cancel()
	_, err = store.Read(ended, a.place.ID, 1, 1, 100)
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.Load(ended, "a", 0)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, store.Close())
}

func readModel(commits []doc.Commit, maxBytes int) (got []doc.Commit) {
	size := 0
	for _, c := range commits {
		got = append(got, c)
		if size += len(c.Bytes); size > maxBytes {
			break
		}
	}
	return got
}

func testLargeBatch(t *testing.T, rig Rig) {
	store := rig.Open()
	a := open(t, store, "a")
	large := strings.Repeat("0123456789abcdef", 6<<10) // 96 KiB
	var edits []edit
	for i := range 20 { // 1.9 MiB in one batch
		edits = append(edits, edit{clientNumber(i % 4), large[i:]})
	}
	a.write(t, store, a.batch(edits...))
	a.write(t, store, a.small(1, 2))
	a.check(t, store)
	got, err := store.Read(background, a.place.ID, 5, 100, 300_000)
	require.NoError(t, err)
	require.Equal(t, readModel(a.commits[4:], 300_000), got)
	require.NoError(t, store.Close())
	store = rig.Open()
	a.check(t, store)
	require.NoError(t, store.Close())
}
