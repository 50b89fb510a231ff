package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
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

// types is the type that each first byte begins. (The codes of msgpcode are variables: asking them one by one takes longer
// than reading the value.)
var types = func() (all [256]Type) {
	for i := range all {
		switch c := byte(i); {
		case msgpcode.IsFixedNum(c), c >= msgpcode.Uint8 && c <= msgpcode.Int64:
			all[i] = Int
		case msgpcode.IsString(c):
			all[i] = Str
		case msgpcode.IsFixedArray(c), c == msgpcode.Array16, c == msgpcode.Array32:
			all[i] = Array
		case c == msgpcode.Nil:
			all[i] = Nil
		case c == msgpcode.False, c == msgpcode.True:
			all[i] = Bool
		case msgpcode.IsBin(c):
			all[i] = Bin
		}
	}
	return all
}()

// Peek is the type of the next value, which it does not read.
func (r *Reader) Peek() Type {
	if r.err != nil || r.pos >= len(r.data) {
		return None
	}
	return types[r.data[r.pos]]
}

// next reads the first byte of a value of the type that is wanted; 0, with an error, where there is none.
func (r *Reader) next(want Type) byte {
	if r.err == nil && r.pos < len(r.data) {
		if c := r.data[r.pos]; types[c] == want {
			r.pos++
			return c
		}
	}
	r.missing(want)
	return 0
}

func (r *Reader) missing(want Type) {
	switch got := r.Peek(); {
	case r.err != nil:
	case r.pos == len(r.data):
		r.fail("ends where %s should be, at byte %d", want, r.pos)
	case got == None:
		r.fail("byte %#x at %d is of no accepted type", r.data[r.pos], r.pos)
	default:
		r.fail("%s where %s should be, at byte %d", got, want, r.pos)
	}
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

// The short form of a value, one byte or one byte before a few, is nearly all that comes: Int, StrBytes and Array read it
// themselves. The rest, and whatever is wrong, is for integer, longStr and longArray.

// Int reads an integer from lo to hi.
func (r *Reader) Int(lo, hi int64) int64 {
	if r.err == nil && r.pos < len(r.data) {
		if n := int64(int8(r.data[r.pos])); n >= -32 && n >= lo && n <= hi {
			r.pos++
			return n
		}
	}
	at := r.pos
	n := r.integer()
	if r.err == nil && n >= lo && n <= hi {
		return n
	}
	if r.err == nil {
		r.Fail(fmt.Errorf("%w: %d at byte %d is not within %d and %d", ErrLimit, n, at, lo, hi))
	}
	return 0
}

// firstSized is msgpcode.Uint8, the first of the codes of integers behind which the number stands: unsigned in 1, 2, 4 and 8
// bytes, then signed. (A constant, so that a switch can jump.)
const firstSized = 0xcc

// integer reads an integer in its shortest form.
func (r *Reader) integer() (n int64) {
	c := r.next(Int)
	form := c - firstSized
	if r.err != nil || form > 7 {
		return int64(int8(c)) // the byte is the number
	}
	size := 1 << (form & 3)
	b := r.data[r.pos:]
	if len(b) < size {
		r.short(size)
		return 0
	}
	r.pos += size
	shortest := true
	switch form {
	case 0:
		n = int64(b[0])
		shortest = n > math.MaxInt8
	case 1:
		n = int64(binary.BigEndian.Uint16(b))
		shortest = n > math.MaxUint8
	case 2:
		n = int64(binary.BigEndian.Uint32(b))
		shortest = n > math.MaxUint16
	case 3:
		u := binary.BigEndian.Uint64(b)
		if u > MaxInt {
			r.fail("%d is beyond 2^53-1", u)
			return 0
		}
		n = int64(u)
		shortest = n > math.MaxUint32
	case 4:
		n = int64(int8(b[0]))
		shortest = n < -32
	case 5:
		n = int64(int16(binary.BigEndian.Uint16(b)))
		shortest = n < math.MinInt8
	case 6:
		n = int64(int32(binary.BigEndian.Uint32(b)))
		shortest = n < math.MinInt16
	case 7:
		n = int64(binary.BigEndian.Uint64(b))
		shortest = n < math.MinInt32
	}
	if !shortest {
		r.fail("%d is not in its shortest form", n)
	} else if n < -MaxInt {
		r.fail("%d is beyond -(2^53-1)", n)
	}
	return n
}

// take reads n bytes; nil, with an error, where there are not as many.
func (r *Reader) take(n int) []byte {
	if r.err == nil && n <= len(r.data)-r.pos {
		r.pos += n
		return r.data[r.pos-n : r.pos : r.pos]
	}
	r.short(n)
	return nil
}

func (r *Reader) short(n int) {
	if r.err == nil {
		r.fail("%d bytes claimed at byte %d, %d are left", n, r.pos, len(r.data)-r.pos)
	}
}

// Str reads a string of at most limit bytes.
func (r *Reader) Str(limit int) string { return string(r.StrBytes(limit)) }

// StrBytes reads a string like Str: as a part of the Reader's data, not a copy.
func (r *Reader) StrBytes(limit int) []byte {
	if r.err == nil && r.pos < len(r.data) {
		from, n := r.pos+1, int(r.data[r.pos]^0xa0)
		if n < 32 && n <= limit && n <= len(r.data)-from {
			if b := r.data[from : from+n : from+n]; utf8.Valid(b) {
				r.pos = from + n
				return b
			}
		}
	}
	return r.longStr(limit)
}

func (r *Reader) longStr(limit int) []byte {
	at := r.pos
	c := r.next(Str)
	if r.err != nil {
		return nil
	}
	n := int(c & 0x1f)
	if !msgpcode.IsFixedString(c) {
		n = r.length(c-msgpcode.Str8, [...]int{32, 1 << 8, 1 << 16})
	}
	b := r.take(n)
	switch {
	case r.err != nil:
		return nil
	case n > limit:
		r.Fail(fmt.Errorf("%w: %d bytes at byte %d, at most %d are allowed", ErrLimit, n, at, limit))
		return nil
	case !utf8.Valid(b):
		r.Fail(fmt.Errorf("%w: the string at byte %d is not UTF-8", ErrUTF8, at))
		return nil
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
	if r.err == nil && r.pos < len(r.data) {
		if n := int(r.data[r.pos] ^ 0x90); n < 16 && n <= limit && n < len(r.data)-r.pos {
			r.pos++
			return n
		}
	}
	return r.longArray(limit)
}

func (r *Reader) longArray(limit int) int {
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
	b := r.take(1 << size)
	if b == nil {
		return 0
	}
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	if n < least[size] {
		r.fail("the length %d is not in its shortest form", n)
	}
	return n
}
