package doc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

func TestSubmit(t *testing.T) {
	for _, row := range []struct {
		name  string
		seq   doc.Seq
		base  doc.Revision
		op    string
		err   error // nil: taken
		stays bool  // the session, where it is refused
		text  string
	}{
		{"the next", 2, 1, `[3,"d"]`, nil, true, "xabcd"},
		{"a sequence may be left out", 9, 1, `[3,"d"]`, nil, true, "xabcd"},
		{"transformed over what came since", 2, 1, `["0"]`, nil, true, "0xabc"},
		{"on the head", 2, 2, `[4,"d"]`, nil, true, "xabcd"},
		{"twice the same", 1, 0, `["abc"]`, nil, true, "xabc"},
		{"a name with other bytes", 1, 0, `["abd"]`, doc.ErrRepeat, false, "xabc"},
		{"a name with another base", 1, 1, `["abc"]`, doc.ErrRepeat, false, "xabc"},
		{"sequence 0", 0, 1, `["d"]`, doc.ErrRepeat, false, "xabc"},
		{"a sequence that JavaScript cannot count", ot.MaxInt + 1, 1, `["d"]`, doc.ErrRepeat, false, "xabc"},
		{"a base before the first revision", 2, -1, `["d"]`, doc.ErrBase, false, "xabc"},
		{"a base that is not there yet", 2, 3, `["d"]`, doc.ErrBase, false, "xabc"},
		{"a base below its own last commit", 2, 0, `["d"]`, doc.ErrBase, false, "xabc"},
		{"empty", 2, 1, `[]`, doc.ErrOp, false, "xabc"},
		{"beyond the end", 2, 1, `[4,"d"]`, doc.ErrOp, false, "xabc"},
		{"a carriage return", 2, 1, `["\r"]`, doc.ErrOp, false, "xabc"},
		{"attributes in text", 2, 1, `[[1,"bold",true]]`, doc.ErrOp, false, "xabc"},
		{"an embed in text", 2, 1, `[[null,"image","x"]]`, doc.ErrOp, false, "xabc"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, doc.StateConfig{})
			a, b := r.open(1), r.open(2)
			r.submit(sub(a, 1, 1, 0, `["abc"]`))
			r.submit(sub(b, 2, 1, 1, `["x"]`))
			effects := r.turn(doc.Inbox{Submissions: []*doc.Submission{sub(a, 1, row.seq, row.base, row.op)}})
			require.Equal(t, row.text, r.text())
			require.Equal(t, row.stays, r.state.Attached(a))
			if row.err == nil {
				require.Empty(t, effects)
				return
			}
			require.Len(t, effects, 1)
			require.ErrorIs(t, effects[0].Err, row.err)
			require.Equal(t, doc.Effect{Session: a, Err: effects[0].Err, Ended: true, Seq: row.seq}, effects[0])
		})
	}
	t.Run("too large", func(t *testing.T) {
		text, err := ot.TextOf(ot.Op{{Kind: ot.Insert, N: ot.MaxDocument, Text: strings.Repeat("x", ot.MaxDocument)}})
		require.NoError(t, err)
		r := rigOf(t, doc.StateConfig{}, &doc.Stored{Kind: doc.Text, Snapshot: doc.Snapshot{Place: place, Content: text, Hash: text.Hash()}})
		a := r.open(1)
		effects := r.turn(doc.Inbox{Submissions: []*doc.Submission{sub(a, 1, 1, 0, `["x"]`)}})
		require.ErrorIs(t, effects[0].Err, doc.ErrTooLarge)
		require.True(t, effects[0].Ended)
		require.Equal(t, ot.MaxDocument, r.state.Content().Len())
	})
	t.Run("read only", func(t *testing.T) {
		r := newRig(t, doc.StateConfig{})
		o := &doc.OpenRequest{Client: client(1), ReadOnly: true}
		r.turn(doc.Inbox{Opens: []*doc.OpenRequest{o}})
		effects := r.turn(doc.Inbox{Submissions: []*doc.Submission{sub(o.Session, 1, 1, 0, `["x"]`)}})
		require.Equal(t, []doc.Effect{{Session: o.Session, Err: doc.ErrReadOnly, Seq: 1}}, effects)
		require.True(t, r.state.Attached(o.Session))
	})
}

// TestSubmitBelowTheFloor is nobody's fault: the floor may have risen since.
func TestSubmitBelowTheFloor(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a := r.open(1)
	r.submit(sub(a, 1, 1, 0, `["abc"]`))
	r.stored.Floor = 1
	r.load()
	b := r.open(2)
	effects := r.turn(doc.Inbox{Submissions: []*doc.Submission{sub(b, 2, 1, 0, `["x"]`)}})
	require.ErrorIs(t, effects[0].Err, doc.ErrOpenAgain)
}

// TestSubmitFromBehindMemory: history in memory is short, and what is older is brought up from the store.
func TestSubmitFromBehindMemory(t *testing.T) {
	r := newRig(t, doc.StateConfig{HistoryBytes: 1})
	a, b := r.open(1), r.open(2)
	r.submit(sub(a, 1, 1, 0, `["abc"]`))
	r.submit(sub(a, 1, 2, 1, `["-"]`))
	require.EqualValues(t, 2, r.state.View().Base)

	effects := r.turn(doc.Inbox{Submissions: []*doc.Submission{sub(b, 2, 1, 1, `[3,"d"]`)}})
	require.ErrorIs(t, effects[0].Err, doc.ErrOpenAgain, "whom nobody brought up has to open again")
	require.True(t, effects[0].Ended)

	b = r.open(2)
	s := sub(b, 2, 1, 1, `[3,"d"]`)
	s.Moved = &doc.Moved{Op: ot.Transform(s.Op, ot.Op{{Kind: ot.Insert, N: 1, Text: "-"}}, ot.Left), Caret: -1, To: 2}
	r.submit(s)
	require.Equal(t, "-abcd", r.text())
}

func TestCaretIsTransformedAndClamped(t *testing.T) {
	for _, row := range []struct {
		caret, want int
	}{{0, 0}, {1, 1}, {4, 8}, {-1, -1}, {99, 8}, {1 << 52, 8}} { // 1: left of what others insert at its place
		r := newRig(t, doc.StateConfig{})
		a, b := r.open(1), r.open(2)
		r.submit(sub(a, 1, 1, 0, `["abc"]`))
		r.submit(sub(a, 1, 2, 1, `[1,"1234"]`))
		s := sub(b, 2, 1, 1, `[3,"d"]`)
		s.Caret = row.caret
		r.submit(s)
		commits := r.state.View().Commits
		require.Equal(t, row.want, commits[len(commits)-1].Caret, "caret %d", row.caret)
	}
}

// TestOpen holds each outcome.
func TestOpen(t *testing.T) {
	foreignID, foreignEpoch, foreignLineage := place, place, place
	foreignID.ID[0] = 9
	foreignEpoch.Epoch[0] = 9
	foreignLineage.Rev, foreignLineage.Lineage = 1, doc.Lineage{9}
	at := func(rev doc.Revision) func(r *rig) *doc.Place {
		return func(r *rig) *doc.Place { return r.at(rev) }
	}
	is := func(p doc.Place) func(*rig) *doc.Place { return func(*rig) *doc.Place { return &p } }
	nothing := func(*rig) *doc.Place { return nil }
	type result struct {
		outcome doc.Outcome
		rev     doc.Revision // of the outcome
		resume  bool
		text    string // afterwards
		lastSeq doc.Seq
	}
	// Client 1 committed "a" as 1, client 2 committed "b" as 2.
	for _, row := range []struct {
		name     string
		n        byte // the client
		held     func(r *rig) *doc.Place
		base     func(r *rig) *doc.Place // of what is outstanding; nothing: nothing is
		seq      doc.Seq
		op       string
		readOnly bool
		prepare  func(s *doc.Stored)
		want     result
		err      error
	}{
		{name: "nothing held", n: 3, held: nothing, want: result{text: "ba"}},
		{name: "resume", n: 3, held: at(1), want: result{resume: true, text: "ba"}},
		{name: "resume at the head", n: 1, held: at(2), want: result{resume: true, text: "ba", lastSeq: 1}},
		{name: "held of another document", n: 3, held: is(foreignID), want: result{text: "ba"}},
		{name: "held of another epoch", n: 3, held: is(foreignEpoch), want: result{text: "ba"}},
		{name: "held of another lineage", n: 3, held: is(foreignLineage), want: result{text: "ba"}},
		{name: "held below the floor", n: 3, held: at(0), prepare: func(s *doc.Stored) { s.Floor = 1 }, want: result{text: "ba"}},

		{name: "committed", n: 1, held: at(0), base: at(0), seq: 1, op: `["a"]`, want: result{doc.OutcomeCommitted, 1, true, "ba", 1}},
		{
			name: "committed, and not ahead of what is held", n: 1, held: at(1), base: at(0), seq: 1, op: `["a"]`,
			want: result{doc.OutcomeCommitted, 1, false, "ba", 1},
		},
		{
			name: "committed, a later one is known", n: 1, held: at(0), base: at(0), seq: 1, op: `["a"]`,
			prepare: func(s *doc.Stored) { s.Clients[client(1)] = doc.Record{Seq: 4, Rev: 2} },
			want:    result{doc.OutcomeCommitted, 0, false, "ba", 4},
		},
		{
			name: "committed in a history that is gone", n: 1, held: at(0), base: at(0), seq: 1, op: `["a"]`,
			prepare: func(s *doc.Stored) { r := s.Clients[client(1)]; r.Rev = 0; s.Clients[client(1)] = r },
			want:    result{doc.OutcomeCommitted, 0, false, "ba", 1},
		},
		{name: "committed, with other bytes", n: 1, held: at(0), base: at(0), seq: 1, op: `["z"]`, err: doc.ErrRepeat},

		{name: "committed now", n: 3, held: at(1), base: at(1), seq: 1, op: `[1,"c"]`, want: result{doc.OutcomeCommitted, 3, true, "bac", 1}},
		{name: "committed now, nothing held", n: 3, held: nothing, base: at(1), seq: 1, op: `[1,"c"]`, want: result{doc.OutcomeCommitted, 3, false, "bac", 1}},
		{name: "committed now, above its record", n: 1, held: at(1), base: at(1), seq: 2, op: `[1,"c"]`, want: result{doc.OutcomeCommitted, 3, true, "bac", 2}},
		{
			name: "committed now, its record is of a history that is gone", n: 1, held: at(0), base: at(0), seq: 2, op: `["c"]`,
			prepare: func(s *doc.Stored) { s.Clients[client(1)] = doc.Record{Seq: 1} },
			want:    result{doc.OutcomeCommitted, 3, true, "cba", 2},
		},
		{
			name: "committed now, at the records floor", n: 3, held: at(2), base: at(2), seq: 1, op: `["c"]`,
			prepare: func(s *doc.Stored) { s.Floor, s.RecordsFloor = 2, 2 }, want: result{doc.OutcomeCommitted, 3, true, "cba", 1},
		},
		{name: "invalid", n: 3, held: at(1), base: at(1), seq: 1, op: `[9,"c"]`, err: doc.ErrOp},
		{name: "empty", n: 3, held: at(1), base: at(1), seq: 1, op: `[]`, err: doc.ErrOp},

		{name: "void by id", n: 3, held: is(foreignID), base: is(foreignID), seq: 1, op: `["c"]`, want: result{doc.OutcomeVoid, 0, false, "ba", 0}},
		{name: "void by epoch", n: 3, held: is(foreignEpoch), base: is(foreignEpoch), seq: 1, op: `["c"]`, want: result{doc.OutcomeVoid, 0, false, "ba", 0}},
		{name: "void by lineage, held is ours", n: 3, held: at(1), base: is(foreignLineage), seq: 1, op: `["c"]`, want: result{doc.OutcomeVoid, 0, true, "ba", 0}},
		{
			name: "void below the floor", n: 1, held: at(1), base: at(0), seq: 2, op: `["c"]`,
			prepare: func(s *doc.Stored) { s.Floor = 1 }, want: result{doc.OutcomeVoid, 0, true, "ba", 1},
		},
		{
			name: "void below the floor, no record", n: 3, held: at(1), base: at(0), seq: 1, op: `["c"]`,
			prepare: func(s *doc.Stored) { s.Floor = 1 }, want: result{doc.OutcomeVoid, 0, true, "ba", 0},
		},
		{
			name: "unknown", n: 3, held: at(1), base: at(1), seq: 1, op: `["c"]`,
			prepare: func(s *doc.Stored) { s.Floor, s.RecordsFloor = 2, 2 }, want: result{doc.OutcomeUnknown, 0, false, "ba", 0},
		},

		{name: "refused", n: 3, held: at(1), base: at(1), seq: 1, op: `["c"]`, readOnly: true, want: result{doc.OutcomeRefused, 0, true, "ba", 0}},
		{name: "refused, but it is committed", n: 1, held: at(0), base: at(0), seq: 1, op: `["a"]`, readOnly: true, want: result{doc.OutcomeCommitted, 1, true, "ba", 1}},
		{name: "refused, and no snapshot can be given", n: 3, held: nothing, base: at(1), seq: 1, op: `["c"]`, readOnly: true, err: doc.ErrReadOnly},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, doc.StateConfig{})
			a, b := r.open(1), r.open(2)
			r.submit(sub(a, 1, 1, 0, `["a"]`))
			r.submit(sub(b, 2, 1, 1, `["b"]`))
			if row.prepare != nil {
				row.prepare(r.stored)
			}
			r.load()
			o := &doc.OpenRequest{Client: client(row.n), Held: row.held(r), ReadOnly: row.readOnly}
			if row.base != nil {
				base := row.base(r)
				o.Outstanding = &doc.Outstanding{Base: *base, Submission: *sub(0, row.n, row.seq, base.Rev, row.op)}
			}
			effects := r.turn(doc.Inbox{Opens: []*doc.OpenRequest{o}})
			require.Len(t, effects, 1)
			require.Same(t, o, effects[0].Open)
			if row.err != nil {
				require.ErrorIs(t, o.Err, row.err)
				require.Zero(t, r.state.Sessions())
				return
			}
			require.NoError(t, o.Err)
			require.True(t, r.state.Attached(o.Session))
			require.Equal(t, row.want, result{o.Opened.Outcome, o.Opened.OutcomeRev, o.Opened.Resume, r.text(), o.Opened.LastSeq})
			require.Equal(t, r.stored.Place(), o.Opened.Place)
			require.Equal(t, row.want.outcome == doc.OutcomeRefused, o.Opened.Refusal != nil)
			if row.want.resume {
				require.Nil(t, o.Opened.Content)
				require.Equal(t, o.Held.Rev, o.Opened.Cursor.Rev)
			} else {
				require.Equal(t, row.want.text, o.Opened.Content.String())
				require.Equal(t, o.Opened.Place.Rev, o.Opened.Cursor.Rev)
			}
		})
	}
}

// TestOpenBehindMemory: what memory does not have is looked up, and asked again.
func TestOpenBehindMemory(t *testing.T) {
	r := newRig(t, doc.StateConfig{HistoryBytes: 1})
	a := r.open(1)
	r.submit(sub(a, 1, 1, 0, `["abc"]`))
	r.submit(sub(a, 1, 2, 1, `["-"]`))

	o := &doc.OpenRequest{Client: client(2), Held: r.at(1)}
	open := func() { r.turn(doc.Inbox{Opens: []*doc.OpenRequest{o}}) }
	open()
	require.Equal(t, doc.ErrBehind, o.Err)
	require.Zero(t, o.Session)
	o.HeldLineage = &r.at(1).Lineage
	open()
	require.NoError(t, o.Err)
	require.True(t, o.Opened.Resume)

	o.Held, o.HeldLineage = r.at(1), &doc.Lineage{9}
	open()
	require.NoError(t, o.Err)
	require.False(t, o.Opened.Resume, "another history")

	o = &doc.OpenRequest{Client: client(3), Outstanding: &doc.Outstanding{Base: *r.at(1), Submission: *sub(0, 3, 1, 1, `[3,"d"]`)}}
	open()
	require.Equal(t, doc.ErrBehind, o.Err)
	o.BaseLineage = &r.at(1).Lineage
	open()
	require.Equal(t, doc.ErrBehind, o.Err, "the place is ours, but the operation is not brought up")
	require.Equal(t, 2, r.state.Sessions(), "no session is left of it")
	o.Outstanding.Moved = &doc.Moved{Op: ot.Transform(o.Outstanding.Op, ot.Op{{Kind: ot.Insert, N: 1, Text: "-"}}, ot.Left), Caret: -1, To: 2}
	open()
	require.NoError(t, o.Err)
	require.Equal(t, "-abcd", o.Opened.Content.String())
}

func TestOpenReplacesTheGhost(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	ghost, other := r.open(1), r.open(2)
	o := &doc.OpenRequest{Client: client(1)}
	effects := r.turn(doc.Inbox{Opens: []*doc.OpenRequest{o}, Submissions: []*doc.Submission{sub(ghost, 1, 1, 0, `["late"]`)}})
	require.Equal(t, []doc.Effect{{Session: ghost, Err: doc.ErrReplaced, Ended: true}, {Open: o, Session: o.Session}}, effects)
	require.False(t, r.state.Attached(ghost))
	require.True(t, r.state.Attached(other))
	require.Empty(t, r.text(), "what a ghost submitted in this turn is not taken")
}

// TestTwoOpensInOneTurn: of which one commits. The other's snapshot does not have what is not durable yet (D3).
func TestTwoOpensInOneTurn(t *testing.T) {
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprintf("the one that commits is first: %t", first), func(t *testing.T) {
			r := newRig(t, doc.StateConfig{})
			commits := &doc.OpenRequest{Client: client(1), Outstanding: &doc.Outstanding{Base: place, Submission: *sub(0, 1, 1, 0, `["a"]`)}}
			reads := &doc.OpenRequest{Client: client(2)}
			opens := []*doc.OpenRequest{commits, reads}
			if !first {
				opens = []*doc.OpenRequest{reads, commits}
			}
			batch, effects := r.state.Turn(&doc.Inbox{Opens: opens})
			require.NotNil(t, batch)
			require.Equal(t, []doc.Effect{{Open: reads, Session: reads.Session}}, effects)
			require.Empty(t, reads.Opened.Content.String())
			require.Equal(t, place, reads.Opened.Place)
			require.Equal(t, place, r.state.View().Place)
			require.Nil(t, r.state.SnapshotDue(true))

			effects = r.state.Committed()
			require.Equal(t, []doc.Effect{{Open: commits, Session: commits.Session}}, effects)
			require.Equal(t, "a", commits.Opened.Content.String())
			require.EqualValues(t, 1, r.state.View().Place.Rev)
		})
	}
}

// TestTwoOpensOfOneSubmission: a copied tab. It is committed once, and both hear so.
func TestTwoOpensOfOneSubmission(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	var opens []*doc.OpenRequest
	for n := range byte(2) {
		opens = append(opens, &doc.OpenRequest{
			Client: client(n + 7), Held: r.at(0), Outstanding: &doc.Outstanding{Base: place, Submission: *sub(0, 1, 1, 0, `["a"]`)},
		})
	}
	r.turn(doc.Inbox{Opens: opens})
	for _, o := range opens {
		require.NoError(t, o.Err)
		require.Equal(t, doc.OutcomeCommitted, o.Opened.Outcome)
		items, err := o.Opened.Cursor.Pull(r.state.View(), nil)
		require.NoError(t, err)
		require.EqualValues(t, 1, items[0].Ack)
	}
	require.Equal(t, "a", r.text())
}

func TestSnapshotDue(t *testing.T) {
	r := newRig(t, doc.StateConfig{SnapshotCommits: 3, SnapshotBytes: 100})
	a := r.open(1)
	require.Nil(t, r.state.SnapshotDue(true), "there is nothing to save")
	for i := range doc.Seq(3) {
		require.Nil(t, r.state.SnapshotDue(false))
		r.submit(sub(a, 1, i+1, doc.Revision(i), `["x"]`))
	}
	snapshot := r.state.SnapshotDue(false)
	require.NotNil(t, snapshot)
	require.Equal(t, *r.at(3), snapshot.Place)
	require.Equal(t, snapshot.Content.Hash(), snapshot.Hash)
	require.Nil(t, r.state.SnapshotDue(true), "it was taken")
	r.submit(sub(a, 1, 4, 3, `["`+strings.Repeat("y", 100)+`"]`))
	require.Equal(t, "xxx", snapshot.Content.String(), "a snapshot does not change")
	require.NotNil(t, r.state.SnapshotDue(false), "by bytes")
	r.submit(sub(a, 1, 5, 4, `["z"]`))
	require.Nil(t, r.state.SnapshotDue(false))
	require.NotNil(t, r.state.SnapshotDue(true))
}

// TestSnapshotsOfAPaste: what is written of snapshots grows with the text, not with its square.
func TestSnapshotsOfAPaste(t *testing.T) {
	const pieces, letters = 64, 1000
	r := newRig(t, doc.StateConfig{SnapshotBytes: letters})
	a := r.open(1)
	written := 0
	for i := range pieces {
		r.submit(sub(a, 1, doc.Seq(i+1), doc.Revision(i), `["`+strings.Repeat("x", letters)+`"]`))
		if snapshot := r.state.SnapshotDue(false); snapshot != nil {
			written += snapshot.Content.Len()
		}
	}
	require.Positive(t, written)
	require.LessOrEqual(t, written, 4*pieces*letters)
}

func TestChecks(t *testing.T) {
	r := newRig(t, doc.StateConfig{CheckEvery: 5})
	a := r.open(1)
	text := ot.NewText()
	for i := range doc.Seq(12) {
		s := sub(a, 1, i+1, doc.Revision(i), fmt.Sprintf(`["%d."]`, i))
		require.NoError(t, text.Apply(s.Op))
		r.submit(s)
		if rev := doc.Revision(i + 1); rev%5 == 0 {
			require.Equal(t, doc.Check{Rev: rev, Hash: text.Hash()}, r.state.View().Check)
		}
	}
	require.EqualValues(t, 10, r.state.View().Check.Rev)
	r.open(2)
	require.Equal(t, doc.Check{Rev: 12, Hash: text.Hash()}, r.state.View().Check, "after each open")
}

func TestTrim(t *testing.T) {
	r := newRig(t, doc.StateConfig{HistoryBytes: 5000})
	a := r.open(1)
	moved := 0
	for i := range doc.Seq(200) {
		before := r.state.View()
		r.submit(sub(a, 1, i+1, doc.Revision(i), `["some text"]`))
		v := r.state.View()
		require.Equal(t, doc.Revision(i+1), v.Base+doc.Revision(len(v.Commits)))
		require.LessOrEqual(t, len(v.Commits), 12)
		if v.Base > 0 {
			require.Equal(t, r.at(v.Base).Lineage, v.BaseLineage)
			require.Greater(t, len(v.Commits), 7)
		}
		if v.Base != before.Base {
			moved++
		}
		require.Equal(t, before.Place.Rev, before.Base+doc.Revision(len(before.Commits)), "a view never changes")
		for rev := v.Base; rev <= v.Place.Rev; rev++ {
			lineage, ok := v.LineageAt(rev)
			require.True(t, ok)
			require.Equal(t, r.at(rev).Lineage, lineage)
		}
		_, ok := v.LineageAt(v.Base - 1)
		require.False(t, ok)
	}
	require.Less(t, moved, 150, "not at every turn")
}

// TestNothingNewIsNoNewView: whoever compares views is not woken for nothing.
func TestNothingNewIsNoNewView(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a := r.open(1)
	v := r.state.View()
	r.turn(doc.Inbox{})
	r.turn(doc.Inbox{Leaves: []doc.SessionNumber{99}})
	r.turn(doc.Inbox{Submissions: []*doc.Submission{sub(99, 9, 1, 0, `["x"]`)}})
	require.Same(t, v, r.state.View())
	r.turn(doc.Inbox{Leaves: []doc.SessionNumber{a}})
	require.NotSame(t, v, r.state.View())
}

func TestNewStateRefusesDamage(t *testing.T) {
	good := func() *doc.Stored {
		r := newRig(t, doc.StateConfig{})
		a := r.open(1)
		r.submit(sub(a, 1, 1, 0, `["abc"]`))
		r.submit(sub(a, 1, 2, 1, `["-"]`))
		return r.stored
	}
	for name, damage := range map[string]func(s *doc.Stored){
		"a hash that is not the content's": func(s *doc.Stored) { s.Snapshot.Hash++ },
		"a gap":                            func(s *doc.Stored) { s.Commits = s.Commits[1:] },
		"a commit twice":                   func(s *doc.Stored) { s.Commits[1] = s.Commits[0] },
		"another lineage":                  func(s *doc.Stored) { s.Commits[0].Lineage[0]++ },
		"other bytes":                      func(s *doc.Stored) { s.Commits[1].Bytes = ot.AppendOp(nil, ot.Op{{Kind: ot.Delete, N: 1}}) },
		"no op": func(s *doc.Stored) {
			c := &s.Commits[1]
			c.Bytes = []byte{0xc1}
			c.Lineage = s.Commits[0].Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		},
		"an op that does not fit": func(s *doc.Stored) {
			c := &s.Commits[1]
			c.Bytes = ot.AppendOp(nil, ot.Op{{Kind: ot.Delete, N: 9}})
			c.Lineage = s.Commits[0].Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		},
		"a record of what is not there": func(s *doc.Stored) { s.Clients[client(1)] = doc.Record{Seq: 2, Rev: 3} },
	} {
		t.Run(name, func(t *testing.T) {
			stored := good()
			_, err := doc.NewState(stored, doc.StateConfig{})
			require.NoError(t, err)
			damage(stored)
			_, err = doc.NewState(stored, doc.StateConfig{})
			require.ErrorIs(t, err, doc.ErrDamaged)
		})
	}
}
