package model

import (
	"bytes"
	"fmt"
)

// Encode is the shortest msgpack of a tree of nil, bool, int64, string and []any. It does not ask whether the tree is an
// operation, so that it can also make bytes that must be refused.
func Encode(v any) []byte {
	switch v := v.(type) {
	case nil:
		return []byte{0xc0}
	case bool:
		if v {
			return []byte{0xc3}
		}
		return []byte{0xc2}
	case float64:
		return []byte{0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0} // 1.5: any float has to be refused
	case int64:
		return encodeInt(v)
	case string:
		return append(header(len(v), 0xa0, 32, []byte{0xd9, 0xda, 0xdb}), v...)
	case []any:
		out := header(len(v), 0x90, 16, []byte{0, 0xdc, 0xdd})
		for _, x := range v {
			out = append(out, Encode(x)...)
		}
		return out
	}
	panic(fmt.Sprintf("model: cannot encode %T", v))
}

// encodeInt tries the widths from the shortest on.
func encodeInt(n int64) []byte {
	if n >= -32 && n < 128 {
		return []byte{byte(n)}
	}
	for i, bits := range []uint{8, 16, 32, 64} {
		if n >= 0 && (bits == 64 || n < 1<<bits) {
			return append([]byte{0xcc + byte(i)}, bigEndian(uint64(n), bits)...)
		}
		if n < 0 && (bits == 64 || n >= -1<<(bits-1)) {
			return append([]byte{0xd0 + byte(i)}, bigEndian(uint64(n), bits)...)
		}
	}
	panic("unreachable")
}

// header is a length: in the first byte if below fix, else after one of the three codes; a code of 0 does not exist.
func header(n int, first byte, fix int, codes []byte) []byte {
	if n < fix {
		return []byte{first | byte(n)}
	}
	for i, bits := range []uint{8, 16, 32} {
		if codes[i] != 0 && n < 1<<bits {
			return append([]byte{codes[i]}, bigEndian(uint64(n), bits)...)
		}
	}
	panic("unreachable")
}

func bigEndian(n uint64, bits uint) []byte {
	var out []byte
	for shift := int(bits) - 8; shift >= 0; shift -= 8 {
		out = append(out, byte(n>>shift))
	}
	return out
}

// Decode reads an operation. It understands every form of msgpack's integers, strings and arrays, and then refuses what
// does not give the same bytes when it is written again.
func Decode(data []byte) ([]any, error) {
	r := reader{data: data}
	v := r.value(2)
	op, isList := v.([]any)
	if r.bad || !isList || !bytes.Equal(Encode(v), data) {
		return nil, Encoding
	}
	if err := Validate(op); err != nil {
		return nil, err
	}
	return op, nil
}

type reader struct {
	data []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.data)) {
		r.bad = true
		return nil
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) number(width uint64) uint64 {
	var n uint64
	for _, b := range r.take(width) {
		n = n<<8 | uint64(b)
	}
	return n
}

// value reads one value; arrays may be nested depth deep.
func (r *reader) value(depth int) any {
	first := r.take(1)
	if r.bad {
		return nil
	}
	switch code := first[0]; {
	case code < 0x80 || code >= 0xe0:
		return int64(int8(code))
	case code >= 0x90 && code < 0xa0:
		return r.list(uint64(code&15), depth)
	case code >= 0xa0 && code < 0xc0:
		return string(r.take(uint64(code & 31)))
	case code == 0xc0:
		return nil
	case code == 0xc2 || code == 0xc3:
		return code == 0xc3
	case code >= 0xcc && code <= 0xcf:
		n := r.number(1 << (code - 0xcc))
		if n > maxInt {
			r.bad = true
		}
		return int64(n)
	case code >= 0xd0 && code <= 0xd3:
		width := uint64(1) << (code - 0xd0)
		shift := 64 - 8*width
		n := int64(r.number(width)<<shift) >> shift
		if n < -maxInt {
			r.bad = true
		}
		return n
	case code >= 0xd9 && code <= 0xdb:
		return string(r.take(r.number(1 << (code - 0xd9))))
	case code == 0xdc || code == 0xdd:
		return r.list(r.number(2<<(code-0xdc)), depth)
	}
	r.bad = true
	return nil
}

func (r *reader) list(n uint64, depth int) any {
	if depth == 0 {
		r.bad = true
		return nil
	}
	out := []any{}
	for i := uint64(0); i < n && !r.bad; i++ {
		out = append(out, r.value(depth-1))
	}
	return out
}
