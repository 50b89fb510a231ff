package doctest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// openArchive opens a rig's store, which must be an archive.
func openArchive(t testing.TB, rig Rig) doc.Archive {
	archive, ok := rig.Open().(doc.Archive)
	require.True(t, ok, "the store is no archive")
	return archive
}

// reopen closes an archive and opens it again.
func reopen(t testing.TB, rig Rig, archive doc.Archive) doc.Archive {
	require.NoError(t, archive.Close())
	return openArchive(t, rig)
}

// at is the place of a revision.
func (a *author) at(rev doc.Revision) doc.Place {
	p := a.place
	p.Rev, p.Lineage = rev, doc.Lineage{}
	if rev > 0 {
		p.Lineage = a.commits[rev-1].Lineage
	}
	return p
}

// label is an attribute as the authors of inserts are kept in: its key is one that no client may use.
func label(c doc.Commit) ot.Attrs { return ot.Attrs{{Key: "\x00by", Value: ot.String(c.Author)}} }

// inserted is what an author's operation inserts; nothing, where it was erased.
func inserted(op ot.Op) string {
	if len(op) == 0 {
		return ""
	}
	return op[0].Text
}

// content is the text of a revision; labelled: with the author of each commit.
func (a *author) content(t testing.TB, rev doc.Revision, labelled bool) *ot.Text {
	var b ot.Builder
	for _, c := range slices.Backward(a.commits[:rev]) { // each stands before those that were there
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		require.NoError(t, err)
		var attrs ot.Attrs
		if labelled {
			attrs = label(c)
		}
		b.InsertText(inserted(op), attrs)
	}
	text, err := ot.TextOf(b.Op())
	require.NoError(t, err)
	return text
}

// trimming moves the floor to a revision, and forgets clients. It does not change the author.
func (a *author) trimming(t testing.TB, floor doc.Revision, forget ...doc.ClientID) *doc.Trimming {
	trim := &doc.Trimming{Floor: a.at(floor), Base: a.content(t, floor, true), Forget: forget, RecordsFloor: a.recordsFloor}
	for _, client := range forget {
		trim.RecordsFloor = max(trim.RecordsFloor, a.clients[client].Rev)
	}
	return trim
}

// trimmed notes that a trimming is there.
func (a *author) trimmed(trim *doc.Trimming) {
	a.floor, a.recordsFloor = trim.Floor.Rev, trim.RecordsFloor
	for _, client := range trim.Forget {
		delete(a.clients, client)
	}
}

// trim trims an archive that must take it. The snapshot that this takes is saved first.
func (a *author) trim(t testing.TB, archive doc.Archive, floor doc.Revision, forget ...doc.ClientID) {
	require.NoError(t, saveAndWait(archive, a.snapshot(t)))
	trim := a.trimming(t, floor, forget...)
	require.NoError(t, archive.Trim(background, trim))
	a.trimmed(trim)
}

// rewriting makes the commits up to a revision empty, but for one that has what they did. It does not change the author.
func (a *author) rewriting(t testing.TB, epoch doc.Epoch, from, to doc.Revision) (*doc.Rewriting, []doc.Commit) {
	commits := slices.Clone(a.commits)
	at := a.at(a.floor)
	var erased []string
	for i := a.floor; i < a.place.Rev; i++ {
		c := &commits[i]
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		require.NoError(t, err)
		switch {
		case i >= from && i < to-1:
			erased = append(erased, inserted(op))
			c.Bytes, c.Digest, c.Author = ot.AppendOp(nil, nil), doc.Digest{}, ""
		case i == to-1:
			var b ot.Builder
			b.InsertText(inserted(op), nil)
			for _, text := range slices.Backward(erased) {
				b.InsertText(text, nil)
			}
			c.Bytes, c.Digest, c.Author = ot.AppendOp(nil, b.Op()), doc.Digest{}, ""
		}
		c.Lineage = at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		at.Rev, at.Lineage = c.Rev, c.Lineage
	}
	at.Epoch = epoch
	text := a.content(t, a.place.Rev, false)
	return &doc.Rewriting{
		Prev: a.place, Epoch: epoch, Snapshot: &doc.Snapshot{Place: at, Content: text.Snapshot(), Hash: text.Hash()},
		Commits: func(yield func(doc.Commit, error) bool) {
			for _, c := range commits[a.floor:] {
				if !yield(c, nil) {
					return
				}
			}
		},
	}, commits
}

// rewritten notes that a rewriting is there.
func (a *author) rewritten(r *doc.Rewriting, commits []doc.Commit) {
	a.place, a.commits = r.Snapshot.Place, commits
	for client, record := range a.clients {
		record.Digest = doc.Digest{}
		a.clients[client] = record
	}
}

// checkArchive holds all that an archive says of the document against what the author knows.
func (a *author) checkArchive(t testing.TB, archive doc.Archive) *doc.Stored {
	stored := a.check(t, archive)
	info, err := archive.Info(background, a.name)
	require.NoError(t, err)
	require.GreaterOrEqual(t, info.HistoryBytes, int64(0))
	require.Equal(t, &doc.Info{
		Name: a.name, Kind: doc.Text, Created: stored.Created, Place: a.place,
		Floor: a.floor, FloorLineage: a.at(a.floor).Lineage, RecordsFloor: a.recordsFloor,
		SnapshotRev: stored.Snapshot.Place.Rev, Clients: len(a.clients), HistoryBytes: info.HistoryBytes,
	}, info)
	base, err := archive.Base(background, a.place.ID)
	require.NoError(t, err)
	want := a.content(t, a.floor, true).Content()
	require.True(t, want.Equal(base.Content()), "the base is %v, not %v", base.Content(), want)
	if a.place.Rev > a.floor {
		got, err := archive.Read(background, a.place.ID, a.floor+1, a.place.Rev, 1<<30)
		require.NoError(t, err)
		require.Equal(t, a.commits[a.floor:], got)
	}
	for _, first := range []doc.Revision{a.floor, a.floor - 1, 1, 0} {
		if first <= a.floor {
			_, err := archive.Read(background, a.place.ID, first, a.place.Rev, 100)
			require.Error(t, err, "from revision %d, the floor is %d", first, a.floor)
		}
	}
	return stored
}

func saveSpanAndWait(archive doc.Archive, id doc.ID, epoch doc.Epoch, s doc.Span, op []byte) error {
	done := make(chan error, 1)
	archive.SaveSpan(id, epoch, s, op, func(err error) { done <- err })
	return <-done
}
