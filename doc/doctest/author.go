package doctest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// author writes one document, and remembers all that is known to be there.
type author struct {
	name    string
	place   doc.Place
	commits []doc.Commit // all there ever were, from revision 1 on
	clients map[doc.ClientID]doc.Record
	text    string

	// Of an archive.
	floor, recordsFloor doc.Revision
}

// open loads a document, creating it, and begins to write it from what is there.
func open(t testing.TB, store doc.Store, name string) *author {
	stored, err := store.Load(context.Background(), name, doc.Text)
	require.NoError(t, err)
	require.Zero(t, stored.Place().Rev, "a new document")
	return &author{name: name, place: stored.Place(), clients: map[doc.ClientID]doc.Record{}}
}

func clientNumber(n int) doc.ClientID { return doc.ClientID{15: byte(n), 14: byte(n >> 8), 0: 0xC1} }

// edit is what one commit says.
type edit struct {
	client doc.ClientID
	text   string // put before everything else
}

// batch makes a batch of edits, each with its client's next sequence. It does not change the author.
func (a *author) batch(edits ...edit) *doc.Batch {
	b := &doc.Batch{Prev: a.place}
	at := a.place
	next := map[doc.ClientID]doc.Seq{}
	for _, e := range edits {
		if next[e.client] == 0 {
			next[e.client] = a.clients[e.client].Seq
		}
		next[e.client]++
		c := doc.Commit{Rev: at.Rev + 1, Client: e.client, Seq: next[e.client], Time: 1700000000000 + int64(at.Rev)}
		c.Author = "author " + e.client.String()
		var op ot.Builder
		op.InsertText(e.text, nil)
		c.Bytes = ot.AppendOp(nil, op.Op())
		c.Digest = doc.DigestOf(at.Rev, c.Bytes)
		c.Lineage = at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		at.Rev, at.Lineage = c.Rev, c.Lineage
		b.Commits = append(b.Commits, c)
	}
	return b
}

// small is a batch of n commits by n clients, from the given one on.
func (a *author) small(client, n int) *doc.Batch {
	edits := make([]edit, n)
	for i := range edits {
		edits[i] = edit{clientNumber(client + i), fmt.Sprintf("%s/%d.", a.name, int(a.place.Rev)+i)}
	}
	return a.batch(edits...)
}

// took notes that a batch is there.
func (a *author) took(t testing.TB, b *doc.Batch) {
	for _, c := range b.Commits {
		a.commits = append(a.commits, c)
		a.place.Rev, a.place.Lineage = c.Rev, c.Lineage
		a.clients[c.Client] = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		require.NoError(t, err)
		a.text = op[0].Text + a.text
	}
}

// write appends a batch that must be taken.
func (a *author) write(t testing.TB, store doc.Store, b *doc.Batch) {
	require.NoError(t, appendAndWait(store, b))
	a.took(t, b)
}

// appendAndWait appends and waits for the outcome.
func appendAndWait(store doc.Store, b *doc.Batch) error {
	done := make(chan error, 1)
	store.Append(b, func(err error) { done <- err })
	return <-done
}

// snapshot is what the document is now.
func (a *author) snapshot(t testing.TB) *doc.Snapshot {
	var op ot.Builder
	op.InsertText(a.text, nil)
	text, err := ot.TextOf(op.Op())
	require.NoError(t, err)
	return &doc.Snapshot{Place: a.place, Content: text.Snapshot(), Hash: text.Hash()}
}

func saveAndWait(store doc.Store, s *doc.Snapshot) error {
	done := make(chan error, 1)
	store.Save(s, func(err error) { done <- err })
	return <-done
}

// check holds the stored document against what the author knows.
func (a *author) check(t testing.TB, store doc.Store) *doc.Stored {
	stored, err := store.Load(context.Background(), a.name, 0)
	require.NoError(t, err)
	a.same(t, stored)
	return stored
}

func (a *author) same(t testing.TB, stored *doc.Stored) {
	require.Equal(t, a.name, stored.Name)
	require.Equal(t, doc.Text, stored.Kind)
	require.Equal(t, a.place, stored.Place())
	require.Equal(t, a.floor, stored.Floor)
	require.Equal(t, a.recordsFloor, stored.RecordsFloor)
	require.Equal(t, a.clients, stored.Clients)
	at := int(stored.Snapshot.Place.Rev)
	require.Len(t, stored.Commits, len(a.commits)-at)
	for i, c := range stored.Commits {
		require.Equal(t, a.commits[at+i], c)
	}
	if at > 0 {
		require.Equal(t, a.commits[at-1].Lineage, stored.Snapshot.Place.Lineage)
	}
	require.Equal(t, a.text, contentOf(t, stored))
}

// contentOf is the text of a stored document: the snapshot, with the commits applied.
func contentOf(t testing.TB, stored *doc.Stored) string {
	require.Equal(t, stored.Snapshot.Hash, stored.Snapshot.Content.Hash())
	text := stored.Snapshot.Content.Snapshot()
	for _, c := range stored.Commits {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		require.NoError(t, err)
		require.NoError(t, text.Apply(op))
	}
	return text.String()
}
