package doc_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// caret is the range of a session, and whether it is shown.
func (r *rig) caret(n doc.SessionNumber) (ot.Range, bool) {
	for _, p := range r.state.View().Presence.Peers() {
		if p.Session == n {
			return p.Range, p.Shown
		}
	}
	r.t.Fatalf("no presence of session %d", n)
	return ot.Range{}, false
}

// others are the peers of changes but for the reader itself.
func others(c *doc.Changes, own doc.SessionNumber) (peers []doc.Presence) {
	for _, p := range c.Peers {
		if p.Session != own {
			peers = append(peers, p)
		}
	}
	return peers
}

func (r *rig) move(n doc.SessionNumber, rev doc.Revision, anchor, head int) {
	r.turn(doc.Inbox{Moves: []doc.Move{{Session: n, Rev: rev, Shown: true, Range: ot.Range{Anchor: anchor, Head: head}}}})
}

func TestPresenceIsMovedOverCommits(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a, b, c := r.open(1), r.open(2), r.open(3)
	r.submit(sub(a, 1, 1, 0, `["hello world"]`))
	r.move(b, 1, 6, 11)
	r.move(c, 1, 5, 5)
	r.submit(sub(a, 1, 2, 1, `[5,","]`))
	have, shown := r.caret(b)
	require.Equal(t, ot.Range{Anchor: 7, Head: 12}, have)
	require.True(t, shown)
	have, _ = r.caret(c)
	require.Equal(t, ot.Range{Anchor: 5, Head: 5}, have, "left of what others insert at its place")

	// A move that speaks of an older revision is brought up; one of a revision that is not there is dropped.
	r.move(b, 1, 11, 11)
	have, _ = r.caret(b)
	require.Equal(t, ot.Range{Anchor: 12, Head: 12}, have)
	r.move(b, 3, 0, 0)
	r.move(b, -1, 0, 0)
	have, _ = r.caret(b)
	require.Equal(t, ot.Range{Anchor: 12, Head: 12}, have)
}

func TestPresenceIsClamped(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a := r.open(1)
	r.submit(sub(a, 1, 1, 0, `["abc"]`))
	r.move(a, 1, -5, 1<<52)
	have, _ := r.caret(a)
	require.Equal(t, ot.Range{Anchor: 0, Head: 3}, have)
	r.move(a, 0, -5, 1<<52)
	have, _ = r.caret(a)
	require.Equal(t, 3, have.Head)
}

// TestCaretsOfABatch: a caret is where it is after its own commit; that a later one of the batch makes the text shorter does not
// cut it off first.
func TestCaretsOfABatch(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a, b := r.open(1), r.open(2)
	r.submit(sub(a, 1, 1, 0, `["0123456789"]`))
	writes := sub(a, 1, 2, 1, `[10,"x"]`)
	writes.Caret = 11
	r.turn(doc.Inbox{Submissions: []*doc.Submission{writes, sub(b, 2, 1, 1, `[-8]`)}})
	require.Equal(t, "89x", r.text())
	have, shown := r.caret(a)
	require.True(t, shown)
	require.Equal(t, ot.Range{Anchor: 3, Head: 3}, have)
}

// TestCaretOfAnAuthorWhoDoesNotSay moves to the right of his own text, and readers, who move it like everybody's, are told.
func TestCaretOfAnAuthorWhoDoesNotSay(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a, b := r.open(1), r.open(2)
	r.move(a, 0, 0, 0)
	version := r.state.View().Presence.Version
	r.submit(sub(a, 1, 1, 0, `["abc"]`))
	have, _ := r.caret(a)
	require.Equal(t, ot.Range{Anchor: 3, Head: 3}, have)
	require.Len(t, others(r.state.View().Presence.Since(version, false), b), 1)
}

// TestCaretOfAnAuthorWhoSaysItOnce: it is shown from that commit on, and readers are told when the next one does not say.
func TestCaretOfAnAuthorWhoSaysItOnce(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a, b := r.open(1), r.open(2)
	says := sub(a, 1, 1, 0, `["abc"]`)
	says.Caret = 0
	r.submit(says)
	version := r.state.View().Presence.Version
	r.submit(sub(a, 1, 2, 1, `["abc"]`))
	told := others(r.state.View().Presence.Since(version, false), b)
	require.Len(t, told, 1)
	require.Equal(t, ot.Range{Anchor: 3, Head: 3}, told[0].Range)
}

func TestSince(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a, b, c := r.open(1), r.open(2), r.open(3)
	since := func(version int64, all bool) (peers, left []doc.SessionNumber) {
		c := r.state.View().Presence.Since(version, all)
		require.NotNil(t, c)
		for _, p := range others(c, a) {
			peers = append(peers, p.Session)
		}
		return peers, c.Left
	}
	peers, left := since(0, false)
	require.Equal(t, []doc.SessionNumber{b, c}, peers)
	require.Empty(t, left)

	version := r.state.View().Presence.Version
	r.move(c, 0, 0, 0)
	r.move(a, 0, 0, 0)
	r.turn(doc.Inbox{Leaves: []doc.SessionNumber{b, b}})
	peers, left = since(version, false)
	require.Equal(t, []doc.SessionNumber{c}, peers)
	require.Equal(t, []doc.SessionNumber{b}, left)
	peers, left = since(r.state.View().Presence.Version, true)
	require.Equal(t, []doc.SessionNumber{c}, peers, "all that are there")
	require.Empty(t, left, "but only who left since")
	_, left = since(0, false)
	require.Empty(t, left, "whom it never knew")
}

// TestSinceForgetsWhoLeft: more have left than are remembered.
func TestSinceForgetsWhoLeft(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	r.open(1)
	version := r.state.View().Presence.Version
	since := func(version int64) *doc.Changes { return r.state.View().Presence.Since(version, false) }
	for i := range 1023 {
		r.turn(doc.Inbox{Leaves: []doc.SessionNumber{r.open(2)}})
		require.Len(t, since(version).Left, i+1)
	}
	for range 2 {
		r.turn(doc.Inbox{Leaves: []doc.SessionNumber{r.open(2)}})
	}
	require.Nil(t, since(version))
	require.NotNil(t, since(0))
	require.Len(t, since(r.state.View().Presence.Version-1).Left, 1)
}

// TestChangesAreShared: whoever knows the same hears the same, made once; the oldest are forgotten, and made again.
func TestChangesAreShared(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	var versions []int64
	for n := byte(1); n <= 9; n++ {
		r.open(n)
		versions = append(versions, r.state.View().Presence.Version)
	}
	p := r.state.View().Presence
	tick := p.Since(versions[7], false)
	require.Len(t, tick.Peers, 1)
	require.Same(t, tick, p.Since(versions[7], false))
	require.NotSame(t, tick, p.Since(versions[7], true))
	for i, version := range versions {
		require.Len(t, p.Since(version, false).Peers, 8-i)
		require.Len(t, p.Since(version, true).Peers, 9)
	}
	require.Equal(t, tick.Peers, p.Since(versions[7], false).Peers)

	var made atomic.Int32
	var readers sync.WaitGroup
	for range 9 { // the last of them takes it out, and whoever comes then is told anew
		readers.Go(func() {
			p.Since(versions[6], false).Memo(func() any { return made.Add(1) })
		})
	}
	readers.Wait()
	require.EqualValues(t, 1, made.Load())
}
