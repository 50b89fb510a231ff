package ot_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/ot"
	"tandem/ot/ottest"
	"tandem/ot/ottest/model"
)

// TestJSONVectors: the JSON of an op is what stands in the vectors.
func TestJSONVectors(t *testing.T) {
	n := 0
	for _, vectors := range readVectors(t) {
		for _, v := range vectors {
			shape, ok := v["want"].([]any)
			if !ok {
				continue
			}
			op, err := ottest.FromShape(shape)
			if err != nil || op.Validate(ot.StoredLimits) != nil {
				continue // offsets, and what a row refuses
			}
			n++
			got, err := json.Marshal(op)
			require.NoError(t, err)
			back, err := model.ParseJSON(string(got))
			require.NoError(t, err)
			require.Equal(t, append([]any{}, shape...), back, "%s", got)
			var read ot.Op
			require.NoError(t, json.Unmarshal(got, &read))
			requireOp(t, op, read)
		}
	}
	require.GreaterOrEqual(t, n, 100)
}

func TestJSONRefused(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       error
	}{
		{"no array", `{}`, ot.ErrEncoding},
		{"null", `null`, ot.ErrEncoding},
		{"a fraction", `[1.5,"a"]`, ot.ErrEncoding},
		{"an exponent", `[1e3,"a"]`, ot.ErrEncoding},
		{"an object in it", `[{"insert":"a"}]`, ot.ErrEncoding},
		{"an array of one", `[["a"]]`, ot.ErrEncoding},
		{"an empty array", `[[]]`, ot.ErrEncoding},
		{"a key without a value", `[["a","bold"]]`, ot.ErrEncoding},
		{"a value that is a list", `[["a","bold",[]]]`, ot.ErrEncoding},
		{"a key that is a number", `[["a",1,true]]`, ot.ErrEncoding},
		{"an embed without a value", `[[null,"image"]]`, ot.ErrEncoding},
		{"high surrogate alone", `["\ud800"]`, ot.ErrUTF8},
		{"high surrogate before a letter", `["\ud800x\udc00"]`, ot.ErrUTF8},
		{"low surrogate alone", `["a\udc00"]`, ot.ErrUTF8},
		{"two high surrogates", `["\ud83d\ud83d"]`, ot.ErrUTF8},
		{"bytes that are no UTF-8", "[\"\xed\xa0\xbd\"]", ot.ErrUTF8},
		{"length 0", `[0,"a"]`, ot.ErrNormalForm},
		{"a trailing retain", `["a",3]`, ot.ErrNormalForm},
		{"neighbours of one kind", `["a","b"]`, ot.ErrNormalForm},
		{"keys out of order", `[["a","b",1,"a",1]]`, ot.ErrNormalForm},
		{"an integer beyond 2^53-1", `[["a","b",9007199254740992]]`, ot.ErrLimit},
	} {
		t.Run(row.name, func(t *testing.T) {
			var op ot.Op
			require.ErrorIs(t, json.Unmarshal([]byte(row.text), &op), row.want)
			require.Nil(t, op)
		})
	}
	var op ot.Op
	require.NoError(t, json.Unmarshal([]byte(` [ 1 , "<\ud83d\ude00\\ud800" , [ 2 , "k" , null ] ] `), &op))
	requireOp(t, ot.Op{
		{Kind: ot.Retain, N: 1},
		{Kind: ot.Insert, N: 9, Text: `<😀\ud800`},
		{Kind: ot.Retain, N: 2, Attrs: ot.NewAttrs(ot.Attr{Key: "k"})},
	}, op)
	text, err := op.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, `[1,"<😀\\ud800",[2,"k",null]]`, string(text))
}
