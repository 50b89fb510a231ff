package doctest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// RunArchive tests an archive: everything that doc.Archive promises beyond doc.Store. Each subtest has a rig of its own, whose stores
// are archives.
func RunArchive(t *testing.T, rig func(t *testing.T) Rig) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Rig)
	}{
		{"names of all", testNamesOfAll},
		{"info", testInfo},
		{"spans", testSpans},
		{"span conditions", testSpanConditions},
		{"trim", testTrim},
		{"trim conditions", testTrimConditions},
		{"large base", testLargeBase},
		{"forget", testForget},
		{"versions", testVersions},
		{"rewrite", testRewrite},
		{"rewrite conditions", testRewriteConditions},
		{"remove", testRemove},
		{"scrub", testScrub},
		{"archive closed", testArchiveClosed},
		{"archive restarts", testArchiveRestarts},
		{"archive concurrency", testArchiveConcurrency},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, rig(t)) })
	}
}

func testNamesOfAll(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	names, err := archive.Names(background, "", 10)
	require.NoError(t, err)
	require.Empty(t, names)
	all := []string{"notes", "Notes", "notes/today", "notes/a", "note", "nötes", "😀", " ", strings.Repeat("x", doc.MaxName)}
	for i := range 300 {
		all = append(all, fmt.Sprintf("many/%03d", i))
	}
	for _, name := range all {
		open(t, archive, name)
	}
	slices.Sort(all)
	for range 2 {
		for _, limit := range []int{1, 7, 100, len(all), len(all) + 1} {
			var got []string
			for after := ""; ; after = got[len(got)-1] {
				page, err := archive.Names(background, after, limit)
				require.NoError(t, err)
				require.LessOrEqual(t, len(page), limit)
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
			}
			require.Equal(t, all, got, "%d at a time", limit)
		}
		got, err := archive.Names(background, "many/0500", 2)
		require.NoError(t, err, "behind a name that is not there")
		require.Equal(t, []string{"many/051", "many/052"}, got)
		archive = reopen(t, rig, archive)
	}
	require.NoError(t, archive.Close())
}

func testInfo(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	_, err := archive.Info(background, "a")
	require.ErrorIs(t, err, doc.ErrNotFound)
	a, beside := open(t, archive, "a"), open(t, archive, "beside")
	before := int64(-1)
	for n := range 5 {
		a.checkArchive(t, archive)
		info, err := archive.Info(background, "a")
		require.NoError(t, err)
		require.Greater(t, info.HistoryBytes, before, "it grows with history")
		before = info.HistoryBytes
		a.write(t, archive, a.small(n, 5))
		beside.write(t, archive, beside.small(n, 1))
	}
	a.trim(t, archive, a.place.Rev-1)
	for range 2 {
		a.checkArchive(t, archive)
		beside.checkArchive(t, archive)
		info, err := archive.Info(background, "a")
		require.NoError(t, err)
		require.Less(t, info.HistoryBytes, before, "it shrinks with history")
		archive = reopen(t, rig, archive)
	}
	require.NoError(t, archive.Close())
}

func testTrim(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a, beside := open(t, archive, "a"), open(t, archive, "beside")
	for n := range 8 {
		a.write(t, archive, a.small(n, 1+n*n%7)) // also batches that the floor cuts
		beside.write(t, archive, beside.small(n, 2))
	}
	for n, floor := range []doc.Revision{0, 1, 2, 2, 9, a.place.Rev - 1, a.place.Rev, a.place.Rev} {
		a.trim(t, archive, floor)
		a.checkArchive(t, archive)
		beside.checkArchive(t, archive)
		switch n % 3 {
		case 0:
			archive = reopen(t, rig, archive)
		case 1:
			rig.Kill(archive)
			archive = openArchive(t, rig)
		}
		a.checkArchive(t, archive)
		beside.checkArchive(t, archive)
	}
	require.Len(t, a.commits, int(a.floor), "nothing is left of history")
	for n := range 3 { // it goes on
		a.write(t, archive, a.small(n, 3))
		a.checkArchive(t, archive)
	}
	a.trim(t, archive, a.floor+4)
	archive = reopen(t, rig, archive)
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

func testTrimConditions(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a, other := open(t, archive, "a"), open(t, archive, "other")
	a.write(t, archive, a.small(1, 6))
	other.write(t, archive, other.small(1, 6))
	require.NoError(t, saveAndWait(archive, other.snapshot(t)))
	a.trim(t, archive, 3, clientNumber(1), clientNumber(2))
	require.EqualValues(t, 2, a.recordsFloor)
	a.write(t, archive, a.small(2, 4))
	for _, row := range []struct {
		name string
		harm func(*doc.Trimming)
	}{
		{"no such document", func(trim *doc.Trimming) { trim.Floor.ID[3]++ }},
		{"another document", func(trim *doc.Trimming) { trim.Floor.ID = other.place.ID }},
		{"another epoch", func(trim *doc.Trimming) { trim.Floor.Epoch[0]++ }},
		{"another lineage", func(trim *doc.Trimming) { trim.Floor.Lineage[0]++ }},
		{"down", func(trim *doc.Trimming) { trim.Floor = a.at(2) }},
		{"to the beginning", func(trim *doc.Trimming) { trim.Floor = a.at(0) }},
		{"beyond the newest snapshot", func(trim *doc.Trimming) { trim.Floor = a.at(7) }},
		{"beyond the head", func(trim *doc.Trimming) { trim.Floor.Rev = 20 }},
		{"a negative floor", func(trim *doc.Trimming) { trim.Floor.Rev = -1 }},
		{"the records floor goes down", func(trim *doc.Trimming) { trim.RecordsFloor = 1 }},
		{"a record above the floor", func(trim *doc.Trimming) {
			trim.Forget, trim.RecordsFloor = []doc.ClientID{clientNumber(3)}, 8
		}},
		{"a record above the records floor", func(trim *doc.Trimming) {
			trim.Forget, trim.RecordsFloor = []doc.ClientID{clientNumber(6)}, 5
			trim.Floor, trim.Base = a.at(6), a.content(t, 6, true)
		}},
	} {
		trim := a.trimming(t, 5)
		row.harm(trim)
		require.ErrorIs(t, archive.Trim(background, trim), doc.ErrConflict, row.name)
		a.checkArchive(t, archive)
		other.checkArchive(t, archive)
	}
	archive = reopen(t, rig, archive)
	trim := a.trimming(t, 6, clientNumber(6))
	require.NoError(t, archive.Trim(background, trim))
	a.trimmed(trim)
	require.NoError(t, archive.Trim(background, trim), "again: whoever does not know the outcome asks again")
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

// testLargeBase: a base that takes many slices, and replaces another.
func testLargeBase(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a := open(t, archive, "a")
	for i := range 5 { // 560 kB
		a.write(t, archive, a.batch(edit{clientNumber(i), strings.Repeat(fmt.Sprintf("%d😀é.", i), 14_000)}))
	}
	a.trim(t, archive, 2)
	a.trim(t, archive, 4)
	a.checkArchive(t, archive)
	rig.Kill(archive)
	archive = openArchive(t, rig)
	a.checkArchive(t, archive)
	require.NoError(t, archive.Scrub(background))
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

// testForget: a record that is forgotten is a client that never was; the records floor stays.
func testForget(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a := open(t, archive, "a")
	for range 3 {
		a.write(t, archive, a.small(0, 40)) // each of 40 clients
	}
	var some []doc.ClientID
	for i := range 15 {
		some = append(some, clientNumber(i))
	}
	a.trim(t, archive, 100, some...)
	require.EqualValues(t, 95, a.recordsFloor)
	for range 2 {
		stored := a.checkArchive(t, archive)
		require.Len(t, stored.Clients, 25)
		archive = reopen(t, rig, archive)
	}
	b := a.batch(edit{some[0], "from the beginning again"})
	require.EqualValues(t, 1, b.Commits[0].Seq)
	a.write(t, archive, b)
	a.checkArchive(t, archive)
	require.Error(t, archive.Trim(background, a.trimming(t, 100, some[0])), "its last commit is above the floor")
	a.trim(t, archive, 101, some[1], clientNumber(20), clientNumber(99)) // of one and three there is no record
	require.EqualValues(t, 101, a.recordsFloor)
	a.trim(t, archive, a.place.Rev)
	archive = reopen(t, rig, archive)
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

func testArchiveClosed(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a := open(t, archive, "a")
	a.write(t, archive, a.small(1, 4))
	require.NoError(t, saveAndWait(archive, a.snapshot(t)))
	require.NoError(t, archive.Close())
	_, err := archive.Info(background, "a")
	require.ErrorIs(t, err, doc.ErrClosed)
	_, err = archive.Names(background, "", 1)
	require.ErrorIs(t, err, doc.ErrClosed)
	_, err = archive.Span(background, a.place.ID, a.place.Epoch, doc.Span{})
	require.ErrorIs(t, err, doc.ErrClosed)
	_, err = archive.Base(background, a.place.ID)
	require.ErrorIs(t, err, doc.ErrClosed)
	_, err = archive.Versions(background, a.place.ID)
	require.ErrorIs(t, err, doc.ErrClosed)
	_, err = archive.VersionContent(background, a.place.ID, 1)
	require.ErrorIs(t, err, doc.ErrClosed)
	require.ErrorIs(t, archive.SaveVersion(background, a.place.ID, doc.Version{Rev: 1}, nil), doc.ErrClosed)
	require.ErrorIs(t, archive.DeleteVersion(background, a.place.ID, 1), doc.ErrClosed)
	require.ErrorIs(t, archive.Trim(background, a.trimming(t, 2)), doc.ErrClosed)
	r, _ := a.rewriting(t, doc.Epoch{1}, 0, 2)
	require.ErrorIs(t, archive.Rewrite(background, r), doc.ErrClosed)
	require.ErrorIs(t, archive.Remove(background, a.place), doc.ErrClosed)
	require.ErrorIs(t, archive.Scrub(background), doc.ErrClosed)
	require.ErrorIs(t, saveSpanAndWait(archive, a.place.ID, a.place.Epoch, doc.Span{Level: 1}, ot.AppendOp(nil, nil)), doc.ErrClosed)
	archive = openArchive(t, rig)
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}
