package pack

import (
	"encoding/binary"
	"math"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// A Writer appends msgpack in its shortest form to a buffer. The zero Writer is ready, and begins a new one.
type Writer struct{ buf []byte }

// Append gives a Writer that appends to buf; Done ends it.
func Append(buf []byte) Writer { return Writer{buf} }

// Done is what was written, appended to the buffer that Append was given.
func (w *Writer) Done() []byte { return w.buf }

// Nil writes a nil.
func (w *Writer) Nil() { w.buf = append(w.buf, msgpcode.Nil) }

// Bool writes a boolean.
func (w *Writer) Bool(b bool) {
	if b {
		w.buf = append(w.buf, msgpcode.True)
		return
	}
	w.buf = append(w.buf, msgpcode.False)
}

// Int writes an integer; it must lie within ±MaxInt.
func (w *Writer) Int(n int64) {
	switch {
	case n >= -32 && n <= math.MaxInt8:
		w.buf = append(w.buf, byte(n))
	case n >= 0 && n <= math.MaxUint8:
		w.number(msgpcode.Uint8, uint64(n), 1)
	case n >= 0 && n <= math.MaxUint16:
		w.number(msgpcode.Uint16, uint64(n), 2)
	case n >= 0 && n <= math.MaxUint32:
		w.number(msgpcode.Uint32, uint64(n), 4)
	case n >= 0:
		w.number(msgpcode.Uint64, uint64(n), 8)
	case n >= math.MinInt8:
		w.number(msgpcode.Int8, uint64(n), 1)
	case n >= math.MinInt16:
		w.number(msgpcode.Int16, uint64(n), 2)
	case n >= math.MinInt32:
		w.number(msgpcode.Int32, uint64(n), 4)
	default:
		w.number(msgpcode.Int64, uint64(n), 8)
	}
}

// number writes a code, and behind it the lowest bytes of n: 1, 2, 4 or 8.
func (w *Writer) number(code byte, n uint64, bytes int) {
	switch bytes {
	case 1:
		w.buf = append(w.buf, code, byte(n))
	case 2:
		w.buf = append(w.buf, code, byte(n>>8), byte(n))
	case 4:
		w.buf = append(w.buf, code, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	default:
		w.buf = binary.BigEndian.AppendUint64(append(w.buf, code), n)
	}
}

// Str writes a string, which must be UTF-8.
func (w *Writer) Str(s string) {
	switch n := len(s); {
	case n < 32:
		w.buf = append(w.buf, msgpcode.FixedStrLow|byte(n))
	case n <= math.MaxUint8:
		w.number(msgpcode.Str8, uint64(n), 1)
	case n <= math.MaxUint16:
		w.number(msgpcode.Str16, uint64(n), 2)
	default:
		w.number(msgpcode.Str32, uint64(n), 4)
	}
	w.buf = append(w.buf, s...)
}

// Bin writes a binary string.
func (w *Writer) Bin(b []byte) {
	switch n := len(b); {
	case n <= math.MaxUint8:
		w.buf = append(w.buf, msgpcode.Bin8, byte(n))
	case n <= math.MaxUint16:
		w.number(msgpcode.Bin16, uint64(n), 2)
	default:
		w.number(msgpcode.Bin32, uint64(n), 4)
	}
	w.buf = append(w.buf, b...)
}

// Array writes the head of an array of n elements.
func (w *Writer) Array(n int) {
	switch {
	case n < 16:
		w.buf = append(w.buf, msgpcode.FixedArrayLow|byte(n))
	case n <= math.MaxUint16:
		w.number(msgpcode.Array16, uint64(n), 2)
	default:
		w.number(msgpcode.Array32, uint64(n), 4)
	}
}

// Raw appends bytes that are encoded already.
func (w *Writer) Raw(b []byte) { w.buf = append(w.buf, b...) }
