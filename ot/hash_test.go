package ot

import (
	"bytes"
	"math/big"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
)

// slowHash is the definition with big numbers and a library's msgpack.
func slowHash(t *testing.T, content Op) uint64 {
	horner := func(h *big.Int, base, prime, x int64) *big.Int {
		h = new(big.Int).Add(new(big.Int).Mul(h, big.NewInt(base)), big.NewInt(x))
		return h.Mod(h, big.NewInt(prime))
	}
	encode := func(values ...any) []byte {
		var b bytes.Buffer
		e := msgpack.NewEncoder(&b)
		e.UseCompactInts(true)
		for _, v := range values {
			require.NoError(t, e.Encode(v))
		}
		return b.Bytes()
	}
	var out [2]int64
	for i, c := range [2][2]int64{{31415927, 67108859}, {27182819, 67108837}} {
		poly := func(data []byte) int64 {
			h := new(big.Int)
			for _, x := range data {
				h = horner(h, c[0], c[1], int64(x)+1)
			}
			return h.Int64()
		}
		h := new(big.Int)
		for _, part := range content {
			var attrs []any
			for _, a := range part.Attrs {
				attrs = append(attrs, a.Key, a.Value.Any())
			}
			a := poly(encode(attrs...))
			if part.Embed != nil {
				h = horner(h, c[0], c[1], 65537+poly(encode(part.Embed.Type, part.Embed.Value))+a)
				continue
			}
			for _, u := range utf16.Encode([]rune(part.Text)) {
				h = horner(h, c[0], c[1], int64(u)+1+a)
			}
		}
		out[i] = h.Int64()
	}
	return uint64(out[0]<<26 + out[1])
}

func TestContentHash(t *testing.T) {
	long := string(bytes.Repeat([]byte("x"), 70000))
	var values []Attr
	for _, n := range []int64{0, 127, 128, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, MaxInt, -1, -32, -33, -128, -129, -32768, -32769, -1 << 31, -1<<31 - 1, -MaxInt} {
		values = append(values, Attr{"n", Int(n)})
	}
	values = append(values, Attr{"b", Bool(true)}, Attr{"b", Bool(false)}, Attr{"ключ", String("")})
	for _, n := range []int{31, 32, 255, 256, 65535, 65536} {
		values = append(values, Attr{"s", String(long[:n])})
	}
	content := Op{{Kind: Insert, N: 12, Text: "0123456789😀"}}
	for _, a := range values {
		content = append(content, Component{Kind: Insert, N: 9, Text: "12345678é", Attrs: NewAttrs(a, Attr{"a", Bool(true)})})
		content = append(content, Component{Kind: Insert, N: 1, Embed: &Embed{"image", "a.png"}, Attrs: NewAttrs(a)})
	}
	require.Equal(t, slowHash(t, content), ContentHash(content))
	text, err := TextOf(content)
	require.NoError(t, err)
	require.Equal(t, ContentHash(content), text.Hash())

	require.Zero(t, ContentHash(nil))
	require.Zero(t, NewText().Hash())
	require.Panics(t, func() { ContentHash(Op{{Kind: Delete, N: 1}}) })

	r := newRandom(9, true)
	for range 50 {
		op := Op{{Kind: Insert, Text: r.text(1 + r.IntN(90)), Attrs: r.attrs(false)}}
		op[0].N = UTF16Len(op[0].Text)
		text, err := TextOf(op)
		require.NoError(t, err)
		require.Equal(t, slowHash(t, op), text.Hash())
		require.Less(t, text.Hash(), uint64(1)<<53)
	}
}
