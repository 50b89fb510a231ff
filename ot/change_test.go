package ot

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// changes are all changes of a document of n elements: inserts of four kinds at every gap, and deletes of everything.
func changes(n int) []Op {
	inserts := []Component{
		{Kind: Insert, N: 1, Text: "x"},
		{Kind: Insert, N: 2, Text: "😀"},
		{Kind: Insert, N: 1, Text: "y", Attrs: Attrs{{"k", Int(1)}}},
		{Kind: Insert, N: 1, Embed: &Embed{"t", "v"}},
	}
	var out []Op
	for at := 0; at <= n; at++ {
		for size := 0; size < len(inserts)+n-at; size++ {
			c := Component{Kind: Delete, N: size - len(inserts) + 1}
			if size < len(inserts) {
				c = inserts[size]
			}
			var b Builder
			b.Retain(at, nil)
			b.Push(c)
			out = append(out, b.Op())
		}
	}
	return out
}

// What is computed for changes is what walking over them finds, for each pair on up to six elements.
func TestChangesAreMovedAsAnyOps(t *testing.T) {
	moved, split, all := 0, 0, changes(6)
	for _, a := range all {
		first, ok := a.change()
		require.True(t, ok, a)
		for _, b := range all {
			second, ok := b.change()
			require.True(t, ok, b)
			for _, side := range []Side{Left, Right} {
				want := transformAny(a, b, side)
				if at, n, ok := first.over(second, side); ok {
					moved++
					require.Equal(t, want, first.op(at, n), "%v over %v, %v", a, b, side)
				}
				if op, ok := first.split(second); ok {
					split++
					require.Equal(t, want, op, "%v over %v, %v", a, b, side)
				}
				require.True(t, Transform(a, b, side).Equal(want), "%v over %v, %v", a, b, side)
			}
			over := transformAny(b, a, Right)
			for caret := range 6 + a.TargetLen() - a.BaseLen() + 1 {
				require.Equal(t, TransformOffset(over, caret, Left), TransformCaret(a, b, caret), "%d after %v over %v", caret, a, b)
			}
		}
	}
	require.Positive(t, split)
	require.Greater(t, moved, len(all)*len(all), "of %d pairs, two sides", len(all)*len(all))
}

func TestChangesAreComposedAsAnyOps(t *testing.T) {
	joined, all := 0, changes(6)
	for _, a := range all {
		first, _ := a.change()
		for _, b := range all {
			second, _ := b.change()
			want, wantErr := composeAny(a, b)
			if op, ok := first.then(second); ok {
				joined++
				require.NoError(t, wantErr, "%v and %v", a, b)
				require.Equal(t, want, op, "%v and %v", a, b)
			}
			op, err := Compose(a, b)
			require.Equal(t, wantErr, err, "%v and %v", a, b)
			require.True(t, op.Equal(want), "%v and %v", a, b)
		}
	}
	require.Greater(t, joined, len(all)*len(all)/2, "of %d pairs", len(all)*len(all))
}

func TestWhatIsNoChange(t *testing.T) {
	x := Component{Kind: Insert, N: 1, Text: "x"}
	bold := Component{Kind: Retain, N: 1, Attrs: Attrs{{"bold", Bool(true)}}}
	for _, op := range []Op{{}, {bold}, {bold, x}, {x, x}, {{Kind: Delete, N: 1}, x}, {{Kind: Retain, N: 1}, bold}, {{Kind: Retain, N: 1}, x, bold}} {
		_, ok := op.change()
		require.False(t, ok, op)
	}
}

// A result takes one allocation; text that is joined takes another.
func TestChangesAllocateTheirResult(t *testing.T) {
	for _, p := range pairs {
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { Transform(p.a, p.b, Left) }), 1.0, p.name)
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = Compose(p.a, p.b) }), 2.0, p.name)
	}
}
