package client

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// holding is a Pending that holds a text at a revision.
func holding(t *testing.T, rev doc.Revision, text string) *Pending {
	t.Helper()
	p := NewPending(doc.ClientID{1}, doc.Text)
	require.ErrorIs(t, p.Edit(insert(0, "x"), -1), ErrNotReady)
	require.NoError(t, p.Opened(Opened{Place: at(rev)}))
	_, err := p.Snapshot(insert(0, text), false)
	require.NoError(t, err)
	require.Equal(t, at(rev), *p.Held())
	return p
}

func TestAPasteOverTheLimitGoesInParts(t *testing.T) {
	p := holding(t, 5, "<>")
	text := strings.Repeat("abc😀ü", 50)
	require.NoError(t, p.Edit(insert(1, text), 1+ot.UTF16Len(text)))
	lim := Limits{Text: 90, Components: 10, Message: 200}
	server := "<>"
	rev := doc.Revision(5)
	for n := 1; ; n++ {
		s := p.Freeze(lim)
		if s == nil {
			require.Greater(t, n, 5)
			break
		}
		require.Nil(t, p.Freeze(lim), "one at a time")
		require.Equal(t, doc.Seq(n), s.Seq)
		require.Equal(t, at(rev), s.Base)
		require.Equal(t, ot.AppendOp(nil, s.Op), s.Bytes)
		limits := ot.DefaultLimits
		limits.Text = lim.Text
		require.NoError(t, s.Op.Validate(limits))
		require.Equal(t, 1, p.Edits(), "until the last part is acknowledged")
		content, err := ot.TextOf(insert(0, server))
		require.NoError(t, err)
		require.NoError(t, content.Apply(s.Op))
		server = content.String()
		rev++
		require.NoError(t, p.Ack(s.Seq, at(rev)))
	}
	require.Equal(t, "<"+text+">", server)
	require.Equal(t, server, p.Content().String())
	require.True(t, p.Saved())
	require.Zero(t, p.Edits())
}

func TestABufferThatBecomesEmptyIsNotSent(t *testing.T) {
	p := holding(t, 5, "hello")
	require.NoError(t, p.Edit(insert(0, "x"), 1))
	require.NoError(t, p.Edit(remove(0, 1), 0))
	require.True(t, p.Saved())
	require.Nil(t, p.Freeze(DefaultLimits))
	require.NoError(t, p.Edit(remove(0, 5), 0))
	_, err := p.Commits(6, 1, remove(0, 5), at(6).Lineage)
	require.NoError(t, err)
	require.True(t, p.Saved(), "others have deleted the same")
}

func TestEditsThatDoNotApply(t *testing.T) {
	p := holding(t, 5, "a😀")
	for name, op := range map[string]ot.Op{
		"beyond the end": remove(3, 1), "through a pair": insert(2, "x"), "CR": insert(0, "\r"),
		"not normal": {{Kind: ot.Delete}}, "rich": {{Kind: ot.Insert, N: 1, Text: "x", Attrs: ot.NewAttrs(ot.Attr{Key: "bold", Value: ot.Bool(true)})}},
	} {
		require.ErrorIs(t, p.Edit(op, -1), ErrEdit, name)
		require.Equal(t, "a😀", p.Content().String(), name)
		require.True(t, p.Saved(), name)
	}
}

// TestEditsOfTheServersAttributes: keys that begin with NUL.
func TestEditsOfTheServersAttributes(t *testing.T) {
	p := NewPending(doc.ClientID{1}, doc.Rich)
	require.NoError(t, p.Opened(Opened{Place: at(0)}))
	_, err := p.Snapshot(nil, false)
	require.NoError(t, err)
	attrs := func(key string) ot.Op {
		return ot.Op{{Kind: ot.Insert, N: 1, Text: "x", Attrs: ot.NewAttrs(ot.Attr{Key: key, Value: ot.Bool(true)})}}
	}
	require.ErrorIs(t, p.Edit(attrs("\x00by"), -1), ErrEdit)
	require.NoError(t, p.Edit(attrs("by"), -1))
}

// pendingTwo has an outstanding " one" and a buffered " two" on "hello" at 5.
func pendingTwo(t *testing.T) (*Pending, Submission) {
	p := holding(t, 5, "hello")
	require.NoError(t, p.Edit(insert(5, " one"), -1))
	s := p.Freeze(DefaultLimits)
	require.NoError(t, p.Edit(insert(9, " two"), -1))
	require.Equal(t, 2, p.Edits())
	return p, *s
}

func TestOutcomes(t *testing.T) {
	for _, row := range []struct {
		name    string
		outcome doc.Outcome
		resume  bool
		server  string // the snapshot, at 8
		content string
		next    string // what is sent next, inserted; empty: nothing
		lost    string
	}{
		{name: "committed, resumed", outcome: doc.OutcomeCommitted, resume: true, content: "hello one two"},
		{name: "committed, loaded", outcome: doc.OutcomeCommitted, server: "hello one!", content: "hello one two!", next: " two"},
		{name: "void, resumed", outcome: doc.OutcomeVoid, resume: true, content: "hello one two", next: " one two"},
		{name: "void, loaded", outcome: doc.OutcomeVoid, server: "he!llo", content: "he!llo one two", next: " one two"},
		{name: "unknown", outcome: doc.OutcomeUnknown, server: "hello", content: "hello two", next: " two", lost: "hello one two"},
		{name: "refused, resumed", outcome: doc.OutcomeRefused, resume: true, content: "hello one two"},
		{name: "refused, loaded", outcome: doc.OutcomeRefused, server: ">hello", content: ">hello one two"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, s := pendingTwo(t)
			require.NoError(t, p.Opened(Opened{Place: at(8), Outcome: row.outcome, LastSeq: 4, Resume: row.resume}))
			if !row.resume {
				change, err := p.Snapshot(insert(0, row.server), false)
				require.NoError(t, err)
				require.Equal(t, row.lost != "", change.Lost != nil)
				if change.Lost != nil {
					require.Equal(t, row.lost, change.Lost.String())
				}
				shown, err := ot.TextOf(insert(0, "hello one two"))
				require.NoError(t, err)
				require.NoError(t, shown.Apply(change.Op))
				require.Equal(t, row.content, shown.String())
				require.Equal(t, at(8), *p.Held())
			}
			require.Equal(t, row.content, p.Content().String())
			next := p.Freeze(DefaultLimits)
			if row.next == "" {
				require.Nil(t, next)
				require.Equal(t, s, *p.Outstanding(), "neither its name nor its bytes change")
				return
			}
			require.Equal(t, doc.Seq(5), next.Seq, "after the last that is known")
			require.Equal(t, row.next, next.Op[len(next.Op)-1].Text)
		})
	}
}

func TestOutcomesThatNoServerGives(t *testing.T) {
	p, _ := pendingTwo(t)
	require.ErrorIs(t, p.Opened(Opened{Place: at(5), Resume: true}), ErrProtocol)
	require.ErrorIs(t, p.Opened(Opened{Place: at(5), Outcome: doc.OutcomeUnknown, Resume: true}), ErrProtocol)
	p = holding(t, 5, "hello")
	require.ErrorIs(t, p.Opened(Opened{Place: at(5), Outcome: doc.OutcomeCommitted, Resume: true}), ErrProtocol)
	require.ErrorIs(t, NewPending(doc.ClientID{1}, doc.Text).Opened(Opened{Place: at(5), Resume: true}), ErrProtocol)
	require.ErrorIs(t, p.Ack(1, at(6)), ErrProtocol)
	_, err := p.Snapshot(insert(0, "x"), false)
	require.ErrorIs(t, err, ErrProtocol)
	require.NoError(t, p.Opened(Opened{Place: at(5)}))
	_, err = p.Snapshot(remove(0, 1), false)
	require.ErrorIs(t, err, ErrProtocol)
	require.Equal(t, "hello", p.Content().String())
}

func TestAnotherDocumentIsNotMerged(t *testing.T) {
	p, _ := pendingTwo(t)
	other := at(9)
	other.ID = doc.ID{7}
	require.ErrorIs(t, p.Opened(Opened{Place: other, Outcome: doc.OutcomeVoid}), ErrForeign)
	require.Equal(t, "hello one two", p.Content().String())
	require.Equal(t, at(5), *p.Held())
	require.NotNil(t, p.Outstanding())
}

// The fifth story: the connection breaks between two pieces of a snapshot. Nothing has changed, what is typed meanwhile stays,
// and the next open names the same bytes.
func TestASnapshotThatIsInterrupted(t *testing.T) {
	p, s := pendingTwo(t)
	require.NoError(t, p.Opened(Opened{Place: at(8), Outcome: doc.OutcomeCommitted, LastSeq: 1}))
	change, err := p.Snapshot(insert(0, "hello"), true)
	require.NoError(t, err)
	require.Nil(t, change)
	require.NoError(t, p.Edit(insert(0, ">"), -1))
	require.Nil(t, p.Freeze(DefaultLimits))
	require.Equal(t, ">hello one two", p.Content().String())
	require.Equal(t, at(5), *p.Held())
	require.Equal(t, s, *p.Outstanding())

	require.NoError(t, p.Opened(Opened{Place: at(9), Outcome: doc.OutcomeCommitted, LastSeq: 1}))
	for _, piece := range []string{"well, ", "hello"} {
		_, err = p.Snapshot(insert(0, piece), true)
		require.NoError(t, err)
	}
	_, err = p.Snapshot(insert(0, " one"), false)
	require.NoError(t, err)
	require.Contains(t, []string{">well, hello one two", "well, >hello one two"}, p.Content().String())
	require.Equal(t, 2, p.Edits())
	require.Equal(t, doc.Seq(2), p.Freeze(DefaultLimits).Seq)
}

// An older backup takes acknowledged text away: it is offered.
func TestARestore(t *testing.T) {
	p := holding(t, 5, "hello world")
	older := at(3)
	older.Epoch = doc.Epoch{8}
	require.NoError(t, p.Opened(Opened{Place: older}))
	change, err := p.Snapshot(insert(0, "hello"), false)
	require.NoError(t, err)
	require.Equal(t, "hello world", change.Before.String())
	require.Equal(t, "hello", p.Content().String())
	require.Equal(t, older, *p.Held())
}

func TestGapsAndChecks(t *testing.T) {
	p := holding(t, 5, "hello")
	_, err := p.Commits(7, 1, insert(0, "x"), doc.Lineage{})
	require.ErrorIs(t, err, ErrGap)
	_, err = p.Commits(6, 1, remove(4, 2), doc.Lineage{})
	require.ErrorIs(t, err, ErrDiverged)
	require.NoError(t, p.Check(5, p.Content().Hash()))
	require.ErrorIs(t, p.Check(5, 1), ErrDiverged)
	require.NoError(t, p.Check(4, 1), "of another revision: it says nothing")
	p.Distrust()
	require.NotEqual(t, at(5), *p.Held())
	require.Equal(t, "hello", p.Content().String())
}

// What a page leaves behind is taken over by another: what is outstanding keeps its name, what is buffered gets one of the other's.
func TestCopy(t *testing.T) {
	p, s := pendingTwo(t)
	require.NoError(t, p.Opened(Opened{Place: at(8), Outcome: doc.OutcomeVoid}))
	q, again := p.Copy(ClientID{2}), p.Copy(ClientID{1})
	require.NoError(t, p.Edit(insert(0, "not for the copies "), -1))
	_, err := q.Snapshot(insert(0, "hello"), false)
	require.ErrorIs(t, err, ErrProtocol, "the open was not theirs")
	for _, c := range []*Pending{q, again} {
		require.Equal(t, "hello one two", c.Content().String())
		require.Equal(t, 2, c.Edits())
		require.Equal(t, s, *c.Outstanding())
		require.NoError(t, c.Ack(s.Seq, at(6)))
	}
	require.Equal(t, doc.Name{Client: ClientID{2}, Seq: 1}, q.Freeze(DefaultLimits).Name)
	require.Equal(t, doc.Name{Client: ClientID{1}, Seq: 2}, again.Freeze(DefaultLimits).Name)
	require.Equal(t, s, *p.Outstanding())
	require.Equal(t, "not for the copies hello one two", p.Content().String())
}

// Another epoch that has all that was there: nothing was taken, so nothing is offered.
func TestARestoreThatTakesNothing(t *testing.T) {
	p := holding(t, 5, "hello")
	newer := at(6)
	newer.Epoch = doc.Epoch{8}
	require.NoError(t, p.Opened(Opened{Place: newer}))
	change, err := p.Snapshot(insert(0, ">hello world"), false)
	require.NoError(t, err)
	require.Nil(t, change.Before)
	require.Equal(t, ">hello world", p.Content().String())
}
