package doc_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// written has n commits, each a letter at the end; those in mine are by client 9, the others by client 1.
func written(t *testing.T, cfg doc.StateConfig, n int, mine ...doc.Revision) *rig {
	r := newRig(t, cfg)
	a, own := r.open(1), r.open(9)
	seqs := map[byte]doc.Seq{}
	for i := range doc.Revision(n) {
		session, id := a, byte(1)
		if len(mine) > 0 && mine[0] == i+1 {
			session, id, mine = own, 9, mine[1:]
		}
		seqs[id]++
		op := `["a"]`
		if i > 0 {
			op = fmt.Sprintf(`[%d,"%c"]`, i, 'a'+i%26)
		}
		r.submit(sub(session, id, seqs[id], i, op))
	}
	return r
}

// stream is what a cursor reads, in short.
func stream(t *testing.T, c *doc.Cursor, v *doc.View) (out []string) {
	for {
		items, err := c.Pull(v, nil)
		require.NoError(t, err)
		if len(items) == 0 {
			return out
		}
		out = append(out, show(items)...)
	}
}

func show(items []doc.Item) (out []string) {
	for _, i := range doc.Singles(items) {
		switch {
		case i.Check != nil:
			out = append(out, fmt.Sprintf("check %d", i.Check.Rev))
		case i.Ack > 0:
			out = append(out, fmt.Sprintf("ack %d at %d", i.Ack, i.Place.Rev))
		default:
			out = append(out, fmt.Sprintf("%d+%d", i.First, i.Count))
		}
	}
	return out
}

func TestCursor(t *testing.T) {
	for _, row := range []struct {
		name string
		n    int
		mine []doc.Revision
		own  doc.Seq
		from doc.Revision
		want []string
	}{
		{"at the head", 3, nil, 0, 3, nil},
		{"one by one", 3, nil, 0, 1, []string{"2+1", "3+1"}},
		{"an ack in its place", 3, []doc.Revision{2}, 1, 0, []string{"1+1", "ack 1 at 2", "3+1"}},
		{"what was not named comes in full", 3, []doc.Revision{2}, 7, 0, []string{"1+1", "2+1", "3+1"}},
		{"composed from 64 on", 64, nil, 0, 0, []string{"1+64"}},
		{"63 come one by one", 65, nil, 0, 63, []string{"64+1", "65+1"}},
		{"composed, cut at its own", 150, []doc.Revision{71}, 1, 0, []string{"1+70", "ack 1 at 71", "72+79"}},
		{"composed, its own first", 100, []doc.Revision{1}, 1, 0, []string{"ack 1 at 1", "2+99"}},
		{"composed, its own last", 100, []doc.Revision{100}, 1, 0, []string{"1+99", "ack 1 at 100"}},
		{"cut at a check", 250, nil, 0, 0, []string{"1+200", "check 200"}},
		{"cut at a check that was passed", 250, nil, 0, 249, []string{"250+1"}},
		{"at a check", 200, nil, 0, 200, []string{"check 200"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := written(t, doc.StateConfig{}, row.n, row.mine...)
			v := r.state.View()
			c := doc.Cursor{Rev: row.from, Own: doc.Name{Client: client(9), Seq: row.own}}
			have := stream(t, &c, v)
			if row.name == "cut at a check" {
				row.want = append(row.want, have[2:]...)
				require.Len(t, have, 2+50, "what is left is less than 64")
			}
			require.Equal(t, row.want, have)
			require.Equal(t, v.Place.Rev, c.Rev)
		})
	}
}

// TestComposedIsWhatItsPartsAre, with the author's words left out.
func TestComposedIsWhatItsPartsAre(t *testing.T) {
	r := written(t, doc.StateConfig{}, 100)
	c := doc.Cursor{}
	items, err := c.Pull(r.state.View(), nil)
	require.NoError(t, err)
	require.Len(t, items, 1)
	op, err := ot.DecodeOp(items[0].Bytes, ot.StoredLimits)
	require.NoError(t, err)
	text := ot.NewText()
	require.NoError(t, text.Apply(op))
	require.Equal(t, r.text(), text.String())
	require.Equal(t, *r.at(100), items[0].Place)
	require.Zero(t, items[0].Session)
	require.Negative(t, items[0].Caret)
}

// TestPullTakesAbout64KiB, so that no reader holds up a connection's others.
func TestPullTakesAbout64KiB(t *testing.T) {
	r := newRig(t, doc.StateConfig{HistoryBytes: 1 << 24})
	a := r.open(1)
	for i := range doc.Seq(20) {
		r.submit(sub(a, 1, i+1, doc.Revision(i), fmt.Sprintf(`["%010000d"]`, i)))
	}
	c := doc.Cursor{}
	items, err := c.Pull(r.state.View(), nil)
	require.NoError(t, err)
	require.Len(t, doc.Singles(items), 7)
	require.EqualValues(t, 7, c.Rev)
}

// TestFeed: from the store, what is behind memory; then from memory.
func TestFeed(t *testing.T) {
	r := written(t, doc.StateConfig{HistoryBytes: 10_000, CheckEvery: 1000}, 200, 30)
	v := r.state.View()
	require.Greater(t, v.Base, doc.Revision(100))
	var stored []*doc.Committed
	for _, c := range r.stored.Commits[:v.Base] {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		require.NoError(t, err)
		stored = append(stored, &doc.Committed{Commit: c, Op: op, Caret: -1})
	}
	c := doc.Cursor{Own: doc.Name{Client: client(9), Seq: 1}}
	items, err := c.Feed(stored[:50], v, nil)
	require.NoError(t, err)
	require.Len(t, items, 50, "fewer than 64 come one by one")
	require.EqualValues(t, 1, items[29].Ack)
	require.EqualValues(t, 50, c.Rev)
	items, err = c.Feed(stored[50:], v, nil)
	require.NoError(t, err)
	require.Equal(t, []string{fmt.Sprintf("51+%d", v.Base-50)}, show(items))
	require.NotEmpty(t, stream(t, &c, v))
	require.Equal(t, v.Place.Rev, c.Rev)
}
