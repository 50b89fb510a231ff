package ot_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/ot"
	"tandem/ot/ottest"
	"tandem/ot/ottest/model"
)

var errorWords = map[string]error{
	"encoding": ot.ErrEncoding, "normal form": ot.ErrNormalForm, "utf8": ot.ErrUTF8, "limit": ot.ErrLimit,
	"length": ot.ErrLength, "surrogate": ot.ErrSurrogate, "kind": ot.ErrKind,
}

// A vector is one line of testdata/ot; genvectors says which fields there are.
type vector map[string]any

func (v vector) str(key string) string { return v[key].(string) }

func (v vector) num(key string) int { return int(v[key].(int64)) }

func (v vector) op(tb testing.TB, key string) ot.Op {
	tb.Helper()
	shape, ok := v[key].([]any)
	require.True(tb, ok, "no field %q", key)
	op, err := ottest.FromShape(shape)
	require.NoError(tb, err)
	return op
}

func (v vector) side() ot.Side {
	if v["side"] == "left" {
		return ot.Left
	}
	return ot.Right
}

// readVectors are the vectors of each file.
func readVectors(tb testing.TB) map[string][]vector {
	tb.Helper()
	files, err := filepath.Glob("../testdata/ot/*.jsonl")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	out := map[string][]vector{}
	for _, path := range files {
		file, err := os.Open(path)
		require.NoError(tb, err)
		defer file.Close()
		family := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			v, err := model.ParseJSON(lines.Text())
			require.NoError(tb, err)
			out[family] = append(out[family], v.(map[string]any))
		}
		require.NoError(tb, lines.Err())
	}
	return out
}

func TestVectors(t *testing.T) {
	n := 0
	for family, vectors := range readVectors(t) {
		t.Run(family, func(t *testing.T) {
			for _, v := range vectors {
				n++
				t.Run(v.str("name"), func(t *testing.T) { runVector(t, v) })
			}
		})
	}
	t.Logf("%d vectors", n)
	require.GreaterOrEqual(t, n, 330)
}

func runVector(t *testing.T, v vector) {
	run, ok := vectorFuncs[v.str("fn")]
	require.True(t, ok, "unknown fn %q", v["fn"])
	run(t, v)
}

var vectorFuncs = map[string]func(*testing.T, vector){
	"apply": func(t *testing.T, v vector) {
		doc, op := v.op(t, "doc"), v.op(t, "op")
		got, err := ot.Apply(doc, op)
		require.NoError(t, err)
		requireOp(t, v.op(t, "want"), got)
		ottest.CheckLaws(t, doc, op, op, nil)
	},
	"apply-refuse": func(t *testing.T, v vector) {
		doc, op, want := v.op(t, "doc"), v.op(t, "op"), errorWords[v.str("error")]
		_, err := ot.Apply(doc, op)
		require.ErrorIs(t, err, want)
		text, err := ot.TextOf(doc)
		require.NoError(t, err)
		require.ErrorIs(t, text.Apply(op), want)
		requireOp(t, doc, text.Content())
		_, err = ot.Invert(op, text)
		require.ErrorIs(t, err, want)
	},
	"compose": func(t *testing.T, v vector) {
		a, b := v.op(t, "a"), v.op(t, "b")
		got, err := ot.Compose(a, b)
		require.NoError(t, err)
		requireOp(t, v.op(t, "want"), got)
		ottest.CheckSequence(t, letters(max(a.BaseLen(), a.BaseLen()-a.TargetLen()+b.BaseLen())), a, b, nil)
	},
	"compose-refuse": func(t *testing.T, v vector) {
		_, err := ot.Compose(v.op(t, "a"), v.op(t, "b"))
		require.ErrorIs(t, err, errorWords[v.str("error")])
	},
	"transform": func(t *testing.T, v vector) {
		a, over := v.op(t, "a"), v.op(t, "over")
		requireOp(t, v.op(t, "want"), ot.Transform(a, over, v.side()))
		ottest.CheckLaws(t, letters(max(a.BaseLen(), over.BaseLen())), a, over, nil)
	},
	"invert": func(t *testing.T, v vector) {
		doc, op := v.op(t, "doc"), v.op(t, "op")
		text, err := ot.TextOf(doc)
		require.NoError(t, err)
		back, err := ot.Invert(op, text)
		require.NoError(t, err)
		requireOp(t, v.op(t, "want"), back)
		ottest.CheckSequence(t, doc, op, back, op)
	},
	"offset": func(t *testing.T, v vector) {
		require.Equal(t, v.num("want"), ot.TransformOffset(v.op(t, "op"), v.num("offset"), v.side()))
	},
	"range": func(t *testing.T, v vector) {
		r := ot.TransformRange(v.op(t, "op"), ot.Range{Anchor: v.num("anchor"), Head: v.num("head")}, v.side())
		require.Equal(t, v["want"], []any{int64(r.Anchor), int64(r.Head)})
	},
	"encode": func(t *testing.T, v vector) {
		op := v.op(t, "op")
		require.NoError(t, op.Validate(ot.DefaultLimits))
		data := ot.AppendOp([]byte("before"), op)
		require.Equal(t, v.str("hex"), hex.EncodeToString(data[len("before"):]))
		back, err := ot.DecodeOp(data[len("before"):], ot.DefaultLimits)
		require.NoError(t, err)
		requireOp(t, op, back)
	},
	"decode-refuse": func(t *testing.T, v vector) {
		data, err := hex.DecodeString(v.str("hex"))
		require.NoError(t, err)
		_, err = ot.DecodeOp(data, ot.DefaultLimits)
		require.ErrorIs(t, err, errorWords[v.str("error")])
	},
	"refuse": func(t *testing.T, v vector) {
		want := errorWords[v.str("error")]
		require.ErrorIs(t, v.op(t, "op").Validate(ot.DefaultLimits), want)
		_, err := ot.DecodeOp(model.Encode(v["op"]), ot.DefaultLimits)
		require.ErrorIs(t, err, want)
	},
	"kind-refuse": func(t *testing.T, v vector) {
		op := v.op(t, "op")
		require.NoError(t, op.Validate(ot.DefaultLimits))
		require.ErrorIs(t, op.CheckPlain(), errorWords[v.str("error")])
	},
	"hash": func(t *testing.T, v vector) {
		text, err := ot.TextOf(v.op(t, "doc"))
		require.NoError(t, err)
		require.Equal(t, v["want"], int64(text.Hash()))
	},
}

func requireOp(t *testing.T, want, got ot.Op) {
	t.Helper()
	require.Equal(t, model.FormatJSON(ottest.Shape(want)), model.FormatJSON(ottest.Shape(got)))
	require.True(t, want.Equal(got), "%v and %v read alike and are not equal", want, got)
}

// letters is a document of n plain letters.
func letters(n int) ot.Op {
	var b ot.Builder
	for i := range n {
		b.InsertText(string(rune('A'+i%26)), nil)
	}
	return b.Op()
}

func TestVectorNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for family, vectors := range readVectors(t) {
		for _, v := range vectors {
			name := fmt.Sprintf("%s/%s", family, v["name"])
			require.False(t, seen[name], name)
			seen[name] = true
		}
	}
}
