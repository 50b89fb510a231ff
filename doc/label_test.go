package doc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/ot/ottest"
)

// TestLabels: B1 and B2, on sequences of random operations, in every grouping of three.
func TestLabels(t *testing.T) {
	rng := seeded(t, 1)
	g := ottest.Gen{Choices: rng}
	for range 300 {
		content := g.Doc()
		var ops, labelled []ot.Op
		for _, author := range []string{"Ada", "Bob", ""} {
			op := g.Op(content)
			label := doc.Label(op, author)
			require.NoError(t, label.Validate(ot.StoredLimits))
			if len(op) > 0 {
				require.Equal(t, op, doc.Strip(label), "B1")
			}
			ops, labelled = append(ops, op), append(labelled, label)
			var err error
			content, err = ot.Apply(content, op)
			require.NoError(t, err)
		}
		for range 2 { // (ab)c and a(bc)
			whole, parts := compose(t, ops...), compose(t, labelled...)
			require.NoError(t, parts.Validate(ot.StoredLimits))
			require.Equal(t, whole.String(), doc.Strip(parts).String(), "B2 of %v", ops)
			ops = []ot.Op{ops[0], compose(t, ops[1:]...)}
			labelled = []ot.Op{labelled[0], compose(t, labelled[1:]...)}
		}
	}
}

func compose(t *testing.T, ops ...ot.Op) (op ot.Op) {
	for _, next := range ops {
		var err error
		op, err = ot.Compose(op, next)
		require.NoError(t, err)
	}
	return op
}

func TestKeysOfTheServer(t *testing.T) {
	for _, op := range []string{`[["x","\u0000by","Ada"]]`, `[[1,"\u0000by",null]]`, `[[null,"image","a","\u0000",true]]`} {
		require.ErrorIs(t, doc.CheckKeys(ottest.MustParse(op)), doc.ErrOp, op)
		r := rigOf(t, doc.StateConfig{}, &doc.Stored{Kind: doc.Rich, Snapshot: doc.Snapshot{Place: place, Content: ot.NewText()}, Clients: map[doc.ClientID]doc.Record{}})
		a := r.open(1)
		r.submit(sub(a, 1, 1, 0, `["y"]`))
		effects := r.turn(doc.Inbox{Submissions: []*doc.Submission{sub(a, 1, 2, 1, op)}})
		require.ErrorIs(t, effects[0].Err, doc.ErrOp)
		require.True(t, effects[0].Ended)
	}
	require.NoError(t, doc.CheckKeys(ottest.MustParse(`[["x","by","Ada","x\u0000",1]]`)))
}
