package doctest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

func testVersions(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a, beside := open(t, archive, "a"), open(t, archive, "beside")
	a.write(t, archive, a.small(1, 9))
	long := strings.Repeat("0123456789abcdef", 40<<10) // 640 KiB: three pieces
	kept, err := ot.TextOf(ot.Op{{Kind: ot.Insert, N: len(long), Text: long}})
	require.NoError(t, err)
	for _, bad := range []doc.Revision{-1, 10} {
		require.Error(t, archive.SaveVersion(background, a.place.ID, doc.Version{Rev: bad, Name: "not there"}, nil))
	}
	save := func(v doc.Version, content *ot.Text) {
		require.NoError(t, archive.SaveVersion(background, a.place.ID, v, content))
	}
	save(doc.Version{Rev: 7, Name: "replaced", Author: "me", Time: 5}, kept)
	first := doc.Version{Rev: 7, Name: "sent 😀", Author: "Zoë", Time: 1700000000000}
	second := doc.Version{Rev: 2, Name: "sent 😀"}
	third := doc.Version{Rev: 0, Name: "", Author: "me", Time: 9}
	save(first, nil)
	save(second, kept)
	save(third, a.content(t, 0, false))
	require.NoError(t, archive.SaveVersion(background, a.place.ID, doc.Version{Rev: 9}, kept))
	require.NoError(t, archive.DeleteVersion(background, a.place.ID, 9))
	for range 3 {
		got, err := archive.Versions(background, a.place.ID)
		require.NoError(t, err)
		require.Equal(t, []doc.Version{third, second, first}, got, "by revision")
		got, err = archive.Versions(background, beside.place.ID)
		require.NoError(t, err)
		require.Empty(t, got)
		content, err := archive.VersionContent(background, a.place.ID, 7)
		require.NoError(t, err)
		require.Nil(t, content, "the version that was replaced had some")
		content, err = archive.VersionContent(background, a.place.ID, 2)
		require.NoError(t, err)
		require.Equal(t, long, content.String())
		content, err = archive.VersionContent(background, a.place.ID, 0)
		require.NoError(t, err)
		require.NotNil(t, content, "empty content is content")
		require.Zero(t, content.Len())
		for _, id := range []doc.ID{a.place.ID, beside.place.ID} {
			_, err = archive.VersionContent(background, id, 3)
			require.ErrorIs(t, err, doc.ErrNotFound)
			require.ErrorIs(t, archive.DeleteVersion(background, id, 3), doc.ErrNotFound)
		}
		a.trim(t, archive, min(a.floor+3, 8)) // versions outlive what they stand on
		archive = reopen(t, rig, archive)
	}
	for _, rev := range []doc.Revision{2, 0, 7} {
		require.NoError(t, archive.DeleteVersion(background, a.place.ID, rev))
		require.ErrorIs(t, archive.DeleteVersion(background, a.place.ID, rev), doc.ErrNotFound)
	}
	rig.Kill(archive)
	archive = openArchive(t, rig)
	got, err := archive.Versions(background, a.place.ID)
	require.NoError(t, err)
	require.Empty(t, got)
	_, err = archive.Versions(background, doc.ID{1})
	require.ErrorIs(t, err, doc.ErrNotFound)
	require.ErrorIs(t, archive.SaveVersion(background, doc.ID{1}, doc.Version{}, nil), doc.ErrNotFound)
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

func testRewrite(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a, beside := open(t, archive, "a"), open(t, archive, "beside")
	for n := range 6 {
		a.write(t, archive, a.small(n, 5))
		beside.write(t, archive, beside.small(n, 2))
	}
	require.NoError(t, saveAndWait(archive, beside.snapshot(t)))
	a.trim(t, archive, 4, clientNumber(0))
	for rev := range doc.Revision(31) {
		var content *ot.Text
		if rev < 4 || rev == 12 {
			content = a.content(t, rev, false)
		}
		require.NoError(t, archive.SaveVersion(background, a.place.ID, doc.Version{Rev: rev, Name: fmt.Sprint(rev)}, content))
	}
	span := doc.Span{Level: 2, Index: 3}
	require.NoError(t, saveSpanAndWait(archive, a.place.ID, a.place.Epoch, span, spanBytes(span, 3)))
	for i, cut := range [][2]doc.Revision{{10, 14}, {4, 30}, {29, 30}} {
		old := a.place
		r, commits := a.rewriting(t, doc.Epoch{byte(i + 1)}, cut[0], cut[1])
		r.ForgetVersions = []doc.Revision{12, doc.Revision(20 + i)}
		if i > 0 {
			r.ForgetVersions = r.ForgetVersions[1:]
		}
		require.NoError(t, archive.Rewrite(background, r))
		a.rewritten(r, commits)
		for range 3 {
			stored := a.checkArchive(t, archive)
			require.Empty(t, stored.Commits, "the snapshot is of the last revision")
			beside.checkArchive(t, archive)
			for _, epoch := range []doc.Epoch{old.Epoch, a.place.Epoch} {
				got, err := archive.Span(background, a.place.ID, epoch, span)
				require.NoError(t, err)
				require.Empty(t, got, "of another history")
			}
			versions, err := archive.Versions(background, a.place.ID)
			require.NoError(t, err)
			require.Len(t, versions, 31-2-i)
			require.False(t, slices.ContainsFunc(versions, func(v doc.Version) bool {
				return v.Rev == 12 || v.Rev >= 20 && v.Rev <= doc.Revision(20+i)
			}))
			content, err := archive.VersionContent(background, a.place.ID, 3)
			require.NoError(t, err)
			require.Equal(t, a.content(t, 3, false).String(), content.String())
			rig.Kill(archive)
			archive = openArchive(t, rig)
		}
	}
	require.NoError(t, archive.Scrub(background))
	a.write(t, archive, a.small(1, 3)) // it goes on, records as they were
	a.trim(t, archive, 20)
	archive = reopen(t, rig, archive)
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

func testRewriteConditions(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a, other := open(t, archive, "a"), open(t, archive, "other")
	a.write(t, archive, a.small(1, 8))
	other.write(t, archive, other.small(1, 8))
	a.trim(t, archive, 2)
	errCut := errors.New("the commits could not be read")
	for _, row := range []struct {
		name string
		harm func(*doc.Rewriting)
		err  error
	}{
		{"no such document", func(r *doc.Rewriting) { r.Prev.ID[3]++ }, doc.ErrConflict},
		{"another document", func(r *doc.Rewriting) { r.Prev.ID = other.place.ID }, doc.ErrConflict},
		{"another epoch", func(r *doc.Rewriting) { r.Prev.Epoch[0]++ }, doc.ErrConflict},
		{"another revision", func(r *doc.Rewriting) { r.Prev = a.at(7) }, doc.ErrConflict},
		{"another lineage", func(r *doc.Rewriting) { r.Prev.Lineage[0]++ }, doc.ErrConflict},
		{"no new epoch", func(r *doc.Rewriting) { r.Epoch, r.Snapshot.Place.Epoch = a.place.Epoch, a.place.Epoch }, doc.ErrConflict},
		{"too few commits", func(r *doc.Rewriting) { r.Commits = firstOf(r, 4, nil) }, doc.ErrConflict},
		{"no commits", func(r *doc.Rewriting) { r.Commits = firstOf(r, 0, nil) }, doc.ErrConflict},
		{"a snapshot of another revision", func(r *doc.Rewriting) { r.Snapshot.Place.Rev-- }, doc.ErrConflict},
		{"a snapshot with another lineage", func(r *doc.Rewriting) { r.Snapshot.Place.Lineage[0]++ }, doc.ErrConflict},
		{"commits that end with an error", func(r *doc.Rewriting) { r.Commits = firstOf(r, 4, errCut) }, errCut},
	} {
		r, _ := a.rewriting(t, doc.Epoch{1}, 3, 6)
		row.harm(r)
		require.ErrorIs(t, archive.Rewrite(background, r), row.err, row.name)
		a.checkArchive(t, archive)
		other.checkArchive(t, archive)
	}
	rig.Kill(archive) // what was written ahead does not disturb
	archive = openArchive(t, rig)
	a.checkArchive(t, archive)
	old := a.small(1, 1)
	r, commits := a.rewriting(t, doc.Epoch{1}, 3, 6)
	require.NoError(t, archive.Rewrite(background, r))
	a.rewritten(r, commits)
	require.ErrorIs(t, appendAndWait(archive, old), doc.ErrConflict, "of the old history")
	require.ErrorIs(t, archive.Rewrite(background, r), doc.ErrConflict, "again")
	a.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

// firstOf is the first n commits of a rewriting, and then an error, if there is one.
func firstOf(r *doc.Rewriting, n int, err error) func(func(doc.Commit, error) bool) {
	commits := r.Commits
	return func(yield func(doc.Commit, error) bool) {
		left := n
		for c := range commits {
			if left == 0 {
				break
			}
			left--
			if !yield(c, nil) {
				return
			}
		}
		if err != nil {
			yield(doc.Commit{}, err)
		}
	}
}

func testRemove(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	beside := open(t, archive, "beside")
	beside.write(t, archive, beside.small(1, 3))
	for n := range 3 {
		a := open(t, archive, "a") // another document, each time
		a.write(t, archive, a.batch(edit{clientNumber(n), strings.Repeat("0123456789abcdef", 5<<10)}))
		a.write(t, archive, a.small(n, 6))
		a.trim(t, archive, 3)
		require.NoError(t, archive.SaveVersion(background, a.place.ID, doc.Version{Rev: 1, Name: "one"}, a.content(t, 1, false)))
		span := doc.Span{Level: 1, Index: 2}
		require.NoError(t, saveSpanAndWait(archive, a.place.ID, a.place.Epoch, span, spanBytes(span, 3)))
		for _, harm := range []func(*doc.Place){
			func(p *doc.Place) { p.ID[0]++ },
			func(p *doc.Place) { p.Epoch[0]++ },
			func(p *doc.Place) { *p = a.at(6) },
			func(p *doc.Place) { p.Lineage[0]++ },
		} {
			at := a.place
			harm(&at)
			require.ErrorIs(t, archive.Remove(background, at), doc.ErrConflict)
		}
		a.checkArchive(t, archive)
		batch, snapshot := a.small(1, 1), a.snapshot(t)
		require.NoError(t, archive.Remove(background, a.place))
		for range 2 {
			requireGone(t, archive, a)
			require.ErrorIs(t, appendAndWait(archive, batch), doc.ErrConflict)
			require.ErrorIs(t, saveAndWait(archive, snapshot), doc.ErrConflict)
			require.ErrorIs(t, archive.Trim(background, a.trimming(t, 4)), doc.ErrConflict)
			require.ErrorIs(t, archive.Remove(background, a.place), doc.ErrConflict)
			names, err := archive.Names(background, "", 10)
			require.NoError(t, err)
			require.Equal(t, []string{"beside"}, names)
			beside.checkArchive(t, archive)
			rig.Kill(archive)
			archive = openArchive(t, rig)
		}
	}
	require.NoError(t, archive.Scrub(background))
	beside.checkArchive(t, archive)
	require.NoError(t, archive.Close())
}

// requireGone: nothing is known of a document.
func requireGone(t *testing.T, archive doc.Archive, a *author) {
	_, err := archive.Load(background, a.name, 0)
	require.ErrorIs(t, err, doc.ErrNotFound)
	_, err = archive.Info(background, a.name)
	require.ErrorIs(t, err, doc.ErrNotFound)
	_, err = archive.Read(background, a.place.ID, a.floor+1, a.place.Rev, 100)
	require.ErrorIs(t, err, doc.ErrNotFound)
	_, err = archive.Base(background, a.place.ID)
	require.ErrorIs(t, err, doc.ErrNotFound)
	_, err = archive.Versions(background, a.place.ID)
	require.ErrorIs(t, err, doc.ErrNotFound)
}

// testScrub: what was removed is gone, and nothing else is.
func testScrub(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	a, gone := open(t, archive, "a"), open(t, archive, "gone")
	for n := range 4 {
		a.write(t, archive, a.small(n, 6))
		gone.write(t, archive, gone.small(n, 6))
	}
	require.NoError(t, archive.Scrub(background), "nothing was removed")
	a.trim(t, archive, 10, clientNumber(0))
	r, commits := a.rewriting(t, doc.Epoch{1}, 12, 16)
	require.NoError(t, archive.Rewrite(background, r))
	a.rewritten(r, commits)
	require.NoError(t, archive.Remove(background, gone.place))
	for range 2 {
		require.NoError(t, archive.Scrub(background))
		a.checkArchive(t, archive)
		requireGone(t, archive, gone)
		a.write(t, archive, a.small(1, 2))
		archive = reopen(t, rig, archive)
	}
	require.NoError(t, archive.Close())
}

// testArchiveRestarts: any work, and the ends of its process between, of either kind.
func testArchiveRestarts(t *testing.T, rig Rig) {
	const seed = 11
	random := rand.New(rand.NewPCG(seed, 0))
	archive := openArchive(t, rig)
	authors := []*author{open(t, archive, "a"), open(t, archive, "b"), open(t, archive, "c")}
	for round := range 20 {
		for range 1 + random.IntN(5) {
			a := authors[random.IntN(len(authors))]
			a.write(t, archive, a.small(random.IntN(6), 1+random.IntN(5)))
			switch random.IntN(6) {
			case 0:
				floor := a.floor + doc.Revision(random.IntN(int(a.place.Rev-a.floor)+1))
				var forget []doc.ClientID
				for n := range 6 {
					if r, known := a.clients[clientNumber(n)]; known && r.Rev <= floor {
						forget = append(forget, clientNumber(n))
					}
				}
				a.trim(t, archive, floor, forget...)
			case 1:
				from := a.floor + doc.Revision(random.IntN(int(a.place.Rev-a.floor)+1))
				r, commits := a.rewriting(t, doc.Epoch{byte(round + 1), byte(random.IntN(256)), 1}, from, a.place.Rev)
				require.NoError(t, archive.Rewrite(background, r))
				a.rewritten(r, commits)
			case 2:
				require.NoError(t, archive.SaveVersion(background, a.place.ID, doc.Version{Rev: a.place.Rev}, a.content(t, a.place.Rev, false)))
			case 3:
				require.NoError(t, saveAndWait(archive, a.snapshot(t)))
			}
		}
		if random.IntN(2) == 0 {
			rig.Kill(archive)
			archive = openArchive(t, rig)
		} else {
			archive = reopen(t, rig, archive)
		}
		for _, a := range authors {
			a.checkArchive(t, archive)
		}
	}
	require.NoError(t, archive.Close())
}

// testArchiveConcurrency: the floor rises, spans come, versions are named and others' documents go, beside edits and readers.
func testArchiveConcurrency(t *testing.T, rig Rig) {
	archive := openArchive(t, rig)
	authors := make([]*author, 4)
	var workers sync.WaitGroup
	failures := make(chan error, 100)
	fail := func(format string, args ...any) {
		select {
		case failures <- fmt.Errorf(format, args...):
		default:
		}
	}
	for i := range authors {
		a := open(t, archive, fmt.Sprint("doc ", i))
		authors[i] = a
		id, epoch := a.place.ID, a.place.Epoch
		trims := make(chan *doc.Trimming, 40)
		workers.Go(func() { // the document
			defer close(trims)
			for n := range 30 {
				b := a.small(n%7, 1+n%4)
				if err := appendAndWait(archive, b); err != nil {
					fail("append %d: %w", n, err)
					return
				}
				a.took(t, b)
				if n%6 == 5 {
					if err := saveAndWait(archive, a.snapshot(t)); err != nil {
						fail("save: %w", err)
					}
					trims <- a.trimming(t, a.place.Rev-2)
				}
			}
		})
		workers.Go(func() { // whoever trims it
			for trim := range trims {
				if err := archive.Trim(background, trim); err != nil {
					fail("trim: %w", err)
				}
				a.floor = trim.Floor.Rev // read again when all is done
			}
		})
		workers.Go(func() { // whoever reads it
			for n := range 60 {
				info, err := archive.Info(background, fmt.Sprint("doc ", i))
				if err != nil || info.Floor > info.Place.Rev {
					fail("info %v: %w", info, err)
					return
				}
				span := doc.Span{Level: 1, Index: int64(n) % 20}
				archive.SaveSpan(id, epoch, span, spanBytes(span, 3), func(err error) {
					if err != nil {
						fail("save span: %w", err)
					}
				})
				if got, err := archive.Span(background, id, epoch, span); err != nil || len(got) > 0 && !slices.Equal(got, spanBytes(span, 3)) {
					fail("span: %w", err)
				}
				if err := archive.SaveVersion(background, id, doc.Version{Rev: info.Place.Rev}, nil); err != nil {
					fail("save version: %w", err)
				}
				if _, err := archive.Base(background, id); err != nil {
					fail("base: %w", err)
				}
			}
		})
	}
	workers.Go(func() {
		for n := range 10 {
			stored, err := archive.Load(background, fmt.Sprint("short ", n), doc.Text)
			if err == nil {
				err = archive.Remove(background, stored.Place())
			}
			if err != nil {
				fail("remove: %w", err)
			}
		}
	})
	workers.Wait()
	require.Empty(t, failures)
	for range 2 {
		for _, a := range authors {
			a.checkArchive(t, archive)
		}
		archive = reopen(t, rig, archive)
	}
	require.NoError(t, archive.Close())
	require.Empty(t, failures)
}
