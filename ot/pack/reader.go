package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// What can be wrong with the bytes. Each is wrapped with the place and the value.
var (
	ErrEncoding = errors.New("encoding") // not the strict form, not the type asked for, cut short, or bytes left over
	ErrUTF8     = errors.New("utf8")     // a string that is not UTF-8
	ErrLimit    = errors.New("limit")    // beyond the limit that the caller gave
)

// MaxInt is the largest integer: 2^53−1.
const MaxInt = 1<<53 - 1

// A Reader is a cursor over strict msgpack. The first error stays: every call after it returns zero values, so that a
// decoder may read all its fields and ask Err once. The zero Reader is at the end of nothing.
type Reader struct {
	data []byte
	pos  int
	err  error
}

// NewReader is a Reader at the start of data, which must not change while it is read.
func NewReader(data []byte) Reader { return Reader{data: data} }

// Err is the first error.
func (r *Reader) Err() error { return r.err }

// Pos is the number of bytes read.
func (r *Reader) Pos() int { return r.pos }

// More reports whether there are bytes left and no error.
func (r *Reader) More() bool { return r.err == nil && r.pos < len(r.data) }

// Since is what was read from the position from on: a part of the Reader's data, not a copy.
func (r *Reader) Since(from int) []byte { return r.data[from:r.pos:r.pos] }

// Fail makes err the Reader's error, unless it has one.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// End is the error, also where bytes are left.
func (r *Reader) End() error {
	if r.err == nil && r.pos < len(r.data) {
		r.fail("%d bytes left over at byte %d", len(r.data)-r.pos, r.pos)
	}
	return r.err
}

func (r *Reader) fail(format string, args ...any) {
	r.Fail(fmt.Errorf("%w: "+format, append([]any{ErrEncoding}, args...)...))
}

// Type is the type of a value.
type Type uint8

// The types. None is what stands behind the last byte, or is no accepted type.
const (
	None Type = iota
	Nil
	Bool
	Int
	Str
	Bin
	Array
)

func (t Type) String() string {
	return [...]string{"nothing", "nil", "boolean", "integer", "string", "binary", "array"}[t]
}

// Peek is the type of the next value, which it does not read.
func (r *Reader) Peek() Type {
	if r.err != nil || r.pos == len(r.data) {
		return None
	}
	switch c := r.data[r.pos]; {
	case msgpcode.IsFixedNum(c), c >= msgpcode.Uint8 && c <= msgpcode.Int64:
		return Int
	case msgpcode.IsFixedString(c), c == msgpcode.Str8, c == msgpcode.Str16, c == msgpcode.Str32:
		return Str
	case msgpcode.IsFixedArray(c), c == msgpcode.Array16, c == msgpcode.Array32:
		return Array
	case c == msgpcode.Nil:
		return Nil
	case c == msgpcode.False, c == msgpcode.True:
		return Bool
	case c == msgpcode.Bin8, c == msgpcode.Bin16, c == msgpcode.Bin32:
		return Bin
	}
	return None
}

// next reads the first byte of a value of the type that is wanted.
func (r *Reader) next(want Type) byte {
	if r.err != nil {
		return 0
	}
	if got := r.Peek(); got != want {
		switch {
		case r.pos == len(r.data):
			r.fail("ends where %s should be, at byte %d", want, r.pos)
		case got == None:
			r.fail("byte %#x at %d is of no accepted type", r.data[r.pos], r.pos)
		default:
			r.fail("%s where %s should be, at byte %d", got, want, r.pos)
		}
		return 0
	}
	c := r.data[r.pos]
	r.pos++
	return c
}

// Nil reads a nil if there is one, and reports whether there was.
func (r *Reader) Nil() bool {
	if r.Peek() != Nil {
		return false
	}
	r.pos++
	return true
}

// Bool reads a boolean.
func (r *Reader) Bool() bool { return r.next(Bool) == msgpcode.True }

// Int reads an integer from lo to hi.
func (r *Reader) Int(lo, hi int64) int64 {
	at := r.pos
	c := r.next(Int)
	if r.err != nil {
		return 0
	}
	n := r.integer(c)
	if r.err == nil && (n < lo || n > hi) {
		r.Fail(fmt.Errorf("%w: %d at byte %d is not within %d and %d", ErrLimit, n, at, lo, hi))
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *Reader) integer(c byte) int64 {
	switch {
	case msgpcode.IsFixedNum(c):
		return int64(int8(c))
	case c <= msgpcode.Uint64:
		n := r.uint(1 << (c - msgpcode.Uint8))
		least := [...]uint64{0x80, 0x100, 0x10000, 0x100000000}[c-msgpcode.Uint8]
		if r.err == nil && n < least {
			r.fail("%d is not in its shortest form", n)
		}
		if r.err == nil && n > MaxInt {
			r.fail("%d is beyond 2^53-1", n)
		}
		return int64(n)
	}
	size := 1 << (c - msgpcode.Int8)
	shift := 64 - 8*size
	n := int64(r.uint(size)<<shift) >> shift
	most := [...]int64{-33, -129, -32769, -2147483649}[c-msgpcode.Int8]
	if r.err == nil && n > most {
		r.fail("%d is not in its shortest form", n)
	}
	if r.err == nil && n < -MaxInt {
		r.fail("%d is beyond -(2^53-1)", n)
	}
	return n
}

// uint reads size bytes as a big-endian number.
func (r *Reader) uint(size int) uint64 {
	b := r.take(size)
	if b == nil {
		return 0
	}
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	}
	return binary.BigEndian.Uint64(b)
}

// take reads n bytes; nil, with an error, where there are not as many.
func (r *Reader) take(n int) []byte {
	if left := len(r.data) - r.pos; r.err == nil && n > left {
		r.fail("%d bytes claimed at byte %d, %d are left", n, r.pos, left)
	}
	if r.err != nil {
		return nil
	}
	r.pos += n
	return r.data[r.pos-n : r.pos : r.pos]
}

// Str reads a string of at most limit bytes.
func (r *Reader) Str(limit int) string { return string(r.StrBytes(limit)) }

// StrBytes reads a string like Str: as a part of the Reader's data, not a copy.
func (r *Reader) StrBytes(limit int) []byte {
	at := r.pos
	c := r.next(Str)
	if r.err != nil {
		return nil
	}
	n := int(c & 0x1f)
	if !msgpcode.IsFixedString(c) {
		n = r.length(c-msgpcode.Str8, [...]int{32, 1 << 8, 1 << 16})
	}
	b := r.bounded(n, limit, at)
	if r.err == nil && !utf8.Valid(b) {
		r.Fail(fmt.Errorf("%w: the string at byte %d is not UTF-8", ErrUTF8, at))
	}
	return b
}

// Bin reads a binary string of exactly n bytes: a part of the Reader's data, not a copy; nil with an error.
func (r *Reader) Bin(n int) []byte {
	at := r.pos
	c := r.next(Bin)
	if r.err != nil {
		return nil
	}
	got := r.length(c-msgpcode.Bin8, [...]int{0, 1 << 8, 1 << 16})
	if r.err == nil && got != n {
		r.fail("%d bytes at byte %d, there should be %d", got, at, n)
	}
	return r.take(n)
}

// Array reads the head of an array of at most limit elements, each of which takes at least one byte.
func (r *Reader) Array(limit int) int {
	at := r.pos
	c := r.next(Array)
	if r.err != nil {
		return 0
	}
	n := int(c & 0x0f)
	if !msgpcode.IsFixedArray(c) {
		n = r.length(c-msgpcode.Array16+1, [...]int{0, 16, 1 << 16})
	}
	if r.err == nil && n > len(r.data)-r.pos {
		r.fail("%d elements claimed at byte %d, %d bytes are left", n, at, len(r.data)-r.pos)
	}
	if r.err == nil && n > limit {
		r.Fail(fmt.Errorf("%w: %d elements at byte %d, at most %d are allowed", ErrLimit, n, at, limit))
	}
	if r.err != nil {
		return 0
	}
	return n
}

// length reads a length of 1, 2 or 4 bytes (size 0, 1, 2); least has the smallest length that needs each size.
func (r *Reader) length(size byte, least [3]int) int {
	n := int(r.uint(1 << size))
	if r.err == nil && n < least[size] {
		r.fail("the length %d is not in its shortest form", n)
	}
	return n
}

func (r *Reader) bounded(n, limit, at int) []byte {
	if r.err == nil && n > len(r.data)-r.pos {
		return r.take(n)
	}
	if r.err == nil && n > limit {
		r.Fail(fmt.Errorf("%w: %d bytes at byte %d, at most %d are allowed", ErrLimit, n, at, limit))
	}
	return r.take(n)
}
