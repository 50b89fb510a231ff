package pack

import (
	"bytes"
	"encoding/hex"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// write is what f writes, behind a byte that was there before.
func write(f func(*Writer)) []byte {
	w := Append([]byte{0xaa})
	f(&w)
	out := w.Done()
	if out[0] != 0xaa {
		panic("the Writer changed what was there")
	}
	return out[1:]
}

// integers has every boundary between two forms, in the bytes that the msgpack specification gives them.
var integers = []struct {
	n   int64
	hex string
}{
	{0, "00"},
	{1, "01"},
	{127, "7f"},
	{128, "cc80"},
	{255, "ccff"},
	{256, "cd0100"},
	{65535, "cdffff"},
	{65536, "ce00010000"},
	{1<<32 - 1, "ceffffffff"},
	{1 << 32, "cf0000000100000000"},
	{MaxInt, "cf001fffffffffffff"},
	{-1, "ff"},
	{-32, "e0"},
	{-33, "d0df"},
	{-128, "d080"},
	{-129, "d1ff7f"},
	{-32768, "d18000"},
	{-32769, "d2ffff7fff"},
	{-1 << 31, "d280000000"},
	{-1<<31 - 1, "d3ffffffff7fffffff"},
	{-MaxInt, "d3ffe0000000000001"},
}

func TestIntegers(t *testing.T) {
	for _, c := range integers {
		require.Equal(t, c.hex, hex.EncodeToString(write(func(w *Writer) { w.Int(c.n) })), "%d", c.n)
		r := NewReader(unhex(c.hex))
		require.Equal(t, Int, r.Peek())
		require.Equal(t, c.n, r.Int(-MaxInt, MaxInt))
		require.NoError(t, r.End())

		r = NewReader(unhex(c.hex))
		require.Equal(t, c.n, r.Int(c.n, c.n))
		require.NoError(t, r.End())
		for _, bounds := range [][2]int64{{c.n + 1, math.MaxInt64}, {math.MinInt64, c.n - 1}} {
			r = NewReader(unhex(c.hex))
			require.Zero(t, r.Int(bounds[0], bounds[1]))
			require.ErrorIs(t, r.End(), ErrLimit)
		}
	}
}

// TestLengths has the heads of strings, binary strings and arrays at every boundary.
func TestLengths(t *testing.T) {
	cases := []struct {
		name, head string
		n          int
	}{
		{"str", "a0", 0},
		{"str", "bf", 31},
		{"str", "d920", 32},
		{"str", "d9ff", 255},
		{"str", "da0100", 256},
		{"str", "daffff", 65535},
		{"str", "db00010000", 65536},
		{"bin", "c400", 0},
		{"bin", "c410", 16},
		{"bin", "c4ff", 255},
		{"bin", "c50100", 256},
		{"bin", "c5ffff", 65535},
		{"bin", "c600010000", 65536},
		{"array", "90", 0},
		{"array", "9f", 15},
		{"array", "dc0010", 16},
		{"array", "dcffff", 65535},
		{"array", "dd00010000", 65536},
	}
	for _, c := range cases {
		body := strings.Repeat("a", c.n)
		data := append(unhex(c.head), body...)
		var got []byte
		switch r := NewReader(data); c.name {
		case "str":
			got = write(func(w *Writer) { w.Str(body) })
			require.Equal(t, body, r.Str(c.n))
			require.NoError(t, r.End())
			if c.n > 0 {
				r = NewReader(data)
				require.Empty(t, r.Str(c.n-1))
				require.ErrorIs(t, r.Err(), ErrLimit)
			}
		case "bin":
			got = write(func(w *Writer) { w.Bin([]byte(body)) })
			require.Equal(t, body, string(r.Bin(c.n)))
			require.NoError(t, r.End())
			r = NewReader(data)
			require.Nil(t, r.Bin(c.n+1))
			require.ErrorIs(t, r.Err(), ErrEncoding)
		case "array":
			got = append(write(func(w *Writer) { w.Array(c.n) }), body...)
			require.Equal(t, c.n, r.Array(c.n))
			require.NoError(t, r.Err())
			require.Equal(t, len(data)-c.n, r.Pos())
			if c.n > 0 {
				r = NewReader(data)
				require.Zero(t, r.Array(c.n-1))
				require.ErrorIs(t, r.Err(), ErrLimit)
				r = NewReader(data[:len(data)-1]) // one byte fewer than elements
				require.Zero(t, r.Array(c.n))
				require.ErrorIs(t, r.Err(), ErrEncoding)
			}
		}
		require.Equal(t, hex.EncodeToString(data), hex.EncodeToString(got), "%s of %d", c.name, c.n)
		if c.n > 0 && c.name != "array" {
			r := NewReader(data[:len(data)-1])
			read(&r)
			require.ErrorIs(t, r.Err(), ErrEncoding, "%s of %d, cut short", c.name, c.n)
		}
	}
}

// The Writer writes what the library's Encoder writes, at every boundary between two forms and beside it.
func TestWriterIsTheEncoder(t *testing.T) {
	check := func(what string, n int64, write func(*Writer), encode func(*msgpack.Encoder) error) {
		var want bytes.Buffer
		require.NoError(t, encode(msgpack.NewEncoder(&want)))
		w := Append(nil)
		write(&w)
		require.True(t, bytes.Equal(want.Bytes(), w.Done()), "%s of %d", what, n)
	}
	for bit := range 53 {
		for near := int64(-2); near <= 2; near++ {
			for _, n := range []int64{1<<bit + near, -1<<bit + near} {
				check("integer", n, func(w *Writer) { w.Int(n) }, func(e *msgpack.Encoder) error { return e.EncodeInt(n) })
			}
		}
	}
	for _, n := range []int{0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536} {
		text := strings.Repeat("a", n)
		check("string", int64(n), func(w *Writer) { w.Str(text) }, func(e *msgpack.Encoder) error { return e.EncodeString(text) })
		check("binary", int64(n), func(w *Writer) { w.Bin([]byte(text)) }, func(e *msgpack.Encoder) error { return e.EncodeBytes([]byte(text)) })
		check("array", int64(n), func(w *Writer) { w.Array(n) }, func(e *msgpack.Encoder) error { return e.EncodeArrayLen(n) })
	}
	check("nil", 0, (*Writer).Nil, (*msgpack.Encoder).EncodeNil)
	for i, b := range []bool{false, true} {
		check("boolean", int64(i), func(w *Writer) { w.Bool(b) }, func(e *msgpack.Encoder) error { return e.EncodeBool(b) })
	}
	var zero Writer
	zero.Int(7)
	require.Equal(t, []byte{7}, zero.Done())
}

func TestNilAndBool(t *testing.T) {
	data := write(func(w *Writer) { w.Nil(); w.Bool(false); w.Bool(true); w.Raw([]byte{0x07}) })
	require.Equal(t, "c0c2c307", hex.EncodeToString(data))
	r := NewReader(data)
	require.True(t, r.Nil())
	require.False(t, r.Nil(), "a boolean is not nil")
	require.False(t, r.Bool())
	require.True(t, r.Bool())
	require.False(t, r.Nil())
	require.True(t, r.More())
	require.EqualValues(t, 7, r.Int(0, 9))
	require.False(t, r.More())
	require.Equal(t, data[2:], r.Since(2))
	require.NoError(t, r.End())
}

// read reads the next value, whatever it is, with limits that do not matter.
func read(r *Reader) {
	switch r.Peek() {
	case Nil:
		r.Nil()
	case Bool:
		r.Bool()
	case Str:
		r.StrBytes(math.MaxInt)
	case Bin:
		r.Bin(16)
	case Array:
		r.Array(math.MaxInt)
	default:
		r.Int(-MaxInt, MaxInt)
	}
}

func TestRefused(t *testing.T) {
	cases := []struct {
		name, hex string
		is        error
	}{
		{"nothing", "", ErrEncoding},
		{"the byte that is never used", "c1", ErrEncoding},
		{"float32", "ca3f800000", ErrEncoding},
		{"float64", "cb3ff0000000000000", ErrEncoding},
		{"fixmap", "80", ErrEncoding},
		{"map16", "de0000", ErrEncoding},
		{"map32", "df00000000", ErrEncoding},
		{"fixext1", "d40100", ErrEncoding},
		{"fixext16", "d801" + strings.Repeat("00", 16), ErrEncoding},
		{"ext8", "c7010100", ErrEncoding},
		{"ext32", "c900000001 01 00", ErrEncoding},
		{"uint8 of 127", "cc7f", ErrEncoding},
		{"uint16 of 255", "cd00ff", ErrEncoding},
		{"uint32 of 65535", "ce0000ffff", ErrEncoding},
		{"uint64 of 2^32-1", "cf00000000ffffffff", ErrEncoding},
		{"uint64 of 2^53", "cf0020000000000000", ErrEncoding},
		{"uint64 of 2^63", "cf8000000000000000", ErrEncoding},
		{"uint64 of 2^64-1", "cfffffffffffffffff", ErrEncoding},
		{"int8 of -32", "d0e0", ErrEncoding},
		{"int8 of 1", "d001", ErrEncoding},
		{"int16 of -128", "d1ff80", ErrEncoding},
		{"int16 of 300", "d1012c", ErrEncoding},
		{"int32 of -32768", "d2ffff8000", ErrEncoding},
		{"int32 of 70000", "d200011170", ErrEncoding},
		{"int64 of -2^31", "d3ffffffff80000000", ErrEncoding},
		{"int64 of 2^40", "d30000010000000000", ErrEncoding},
		{"int64 of -2^53", "d3ffe0000000000000", ErrEncoding},
		{"int64 of -2^63", "d38000000000000000", ErrEncoding},
		{"uint16 cut short", "cd01", ErrEncoding},
		{"int64 cut short", "d3ffffffff7fffff", ErrEncoding},
		{"fixstr cut short", "a261", ErrEncoding},
		{"str8 of 31", "d91f" + strings.Repeat("61", 31), ErrEncoding},
		{"str16 of 255", "da00ff" + strings.Repeat("61", 255), ErrEncoding},
		{"str32 of 1", "db0000000161", ErrEncoding},
		{"str32 of 65535", "db0000ffff" + strings.Repeat("61", 65535), ErrEncoding},
		{"str32 that claims 4 GiB", "dbffffffff", ErrEncoding},
		{"str8 without a length", "d9", ErrEncoding},
		{"bin16 of 16", "c50010" + strings.Repeat("00", 16), ErrEncoding},
		{"bin32 of 16", "c600000010" + strings.Repeat("00", 16), ErrEncoding},
		{"bin8 of 15 where 16 should be", "c40f" + strings.Repeat("00", 15), ErrEncoding},
		{"bin8 cut short", "c41000", ErrEncoding},
		{"bin32 that claims 4 GiB", "c6ffffffff", ErrEncoding},
		{"array16 of 15", "dc000f" + strings.Repeat("00", 15), ErrEncoding},
		{"array32 of 16", "dd00000010" + strings.Repeat("00", 16), ErrEncoding},
		{"array32 that claims 2^32-1", "ddffffffff", ErrEncoding},
		{"array32 that claims 2^31", "dd8000000000", ErrEncoding},
		{"array of more than bytes are left", "9300 00", ErrEncoding},
		{"UTF-8: a byte that is none", "a1ff", ErrUTF8},
		{"UTF-8: cut in a character", "a2c3", ErrEncoding},
		{"UTF-8: ends in a character", "a1c3", ErrUTF8},
		{"UTF-8: overlong", "a2c080", ErrUTF8},
		{"UTF-8: a lone surrogate", "a3eda080", ErrUTF8},
		{"UTF-8: a pair of surrogates", "a6eda0bdedb880", ErrUTF8},
		{"UTF-8: beyond U+10FFFF", "a4f4908080", ErrUTF8},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := NewReader(unhex(c.hex))
			read(&r)
			require.ErrorIs(t, r.Err(), c.is)
		})
	}
}

// TestOtherType asks each kind of value for every type but its own.
func TestOtherType(t *testing.T) {
	samples := map[Type]string{Nil: "c0", Bool: "c3", Int: "07", Str: "a161", Bin: "c40161", Array: "9107"}
	ask := map[Type]func(*Reader){
		Bool:  func(r *Reader) { r.Bool() },
		Int:   func(r *Reader) { r.Int(0, 9) },
		Str:   func(r *Reader) { r.Str(9) },
		Bin:   func(r *Reader) { r.Bin(1) },
		Array: func(r *Reader) { r.Array(9) },
	}
	for have, sample := range samples {
		for want, f := range ask {
			r := NewReader(unhex(sample))
			require.Equal(t, have, r.Peek())
			f(&r)
			if have == want {
				require.NoError(t, r.Err())
				continue
			}
			require.ErrorIs(t, r.Err(), ErrEncoding)
			require.ErrorContains(t, r.Err(), have.String()+" where "+want.String()+" should be")
			require.Zero(t, r.Pos())
		}
	}
}

func TestFirstErrorStays(t *testing.T) {
	r := NewReader(unhex("07 a161 c3 9100"))
	require.Empty(t, r.Str(9))
	first := r.Err()
	require.ErrorIs(t, first, ErrEncoding)
	require.Equal(t, None, r.Peek())
	require.False(t, r.More())
	require.False(t, r.Nil())
	require.False(t, r.Bool())
	require.Zero(t, r.Int(0, 9))
	require.Nil(t, r.StrBytes(9))
	require.Nil(t, r.Bin(1))
	require.Zero(t, r.Array(9))
	r.Fail(ErrLimit)
	require.Same(t, first, r.End())
	require.Zero(t, r.Pos())
}

func TestLeftOver(t *testing.T) {
	r := NewReader(unhex("07 07"))
	r.Int(0, 9)
	require.NoError(t, r.Err())
	require.ErrorIs(t, r.End(), ErrEncoding)
	var zero Reader
	require.NoError(t, zero.End())
	require.Equal(t, None, zero.Peek())
}

func TestClaimsCostNothing(t *testing.T) { // P2
	for _, claim := range []string{"ddffffffff", "dbffffffff", "c6ffffffff", "dd7fffffff00", "db7fffffff61"} {
		data := unhex(claim)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := NewReader(data)
		read(&r)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<10), claim)
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	data := write(func(w *Writer) { w.Array(3); w.Int(-70000); w.Str("abc"); w.Bin(make([]byte, 16)) })
	require.Zero(t, testing.AllocsPerRun(100, func() {
		r := NewReader(data)
		r.Array(3)
		r.Int(-MaxInt, MaxInt)
		r.StrBytes(9)
		r.Bin(16)
		if r.End() != nil {
			panic(r.Err())
		}
	}))
}

// FuzzReader: whatever is accepted, value by value, is written back byte for byte (P1), and nothing panics.
func FuzzReader(f *testing.F) {
	for _, c := range integers {
		f.Add(unhex(c.hex))
	}
	f.Add(unhex("96 03 01 07 2a 93 05 a3616263 fd c0"))
	f.Add(unhex("dc0010 c0 c2 c3 d920" + strings.Repeat("61", 32) + "c410" + strings.Repeat("00", 16)))
	f.Add(unhex("dd80000000 07"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(data)
		w := Append(nil)
		for r.More() {
			copyValue(&r, &w)
		}
		out := w.Done()
		if r.End() == nil {
			require.Equal(t, data, append([]byte{}, out...))
		}
		require.LessOrEqual(t, r.Pos(), len(data))
	})
}

func copyValue(r *Reader, w *Writer) {
	switch r.Peek() {
	case Nil:
		r.Nil()
		w.Nil()
	case Bool:
		w.Bool(r.Bool())
	case Str:
		w.Str(r.Str(math.MaxInt))
	case Bin:
		w.Bin(r.Bin(16))
	case Array:
		w.Array(r.Array(math.MaxInt))
	default:
		w.Int(r.Int(-MaxInt, MaxInt))
	}
}
