package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// A msgpack writer and reader of their own, which share no code with package pack: the vectors and the examples of
// PROTOCOL.md are made with them, and package wire is held against that. Values are nil, bool, int64, string, bin,
// []any, and raw.
type (
	bin []byte // a binary string
	raw []byte // bytes as they are, for what should be refused
)

func arr(values ...any) []any { return values }

// rawHex is raw bytes from hex digits; spaces are for the reader.
func rawHex(s string) raw {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func enc(value any) []byte {
	var b bytes.Buffer
	encTo(&b, value)
	return b.Bytes()
}

func encTo(b *bytes.Buffer, value any) {
	switch v := value.(type) {
	case nil:
		b.WriteByte(0xc0)
	case bool:
		b.WriteByte(map[bool]byte{false: 0xc2, true: 0xc3}[v])
	case int:
		encInt(b, int64(v))
	case int64:
		encInt(b, v)
	case string:
		encHead(b, len(v), 0xa0, 32, 0xd9, 0xda, 0xdb)
		b.WriteString(v)
	case bin:
		encHead(b, len(v), 0, 0, 0xc4, 0xc5, 0xc6)
		b.Write(v)
	case []any:
		encHead(b, len(v), 0x90, 16, 0, 0xdc, 0xdd)
		for _, e := range v {
			encTo(b, e)
		}
	case raw:
		b.Write(v)
	default:
		panic(fmt.Sprintf("no msgpack for %T", value))
	}
}

// encHead writes the head of a string or array of n: within the first byte below fixed, else with 1, 2 or 4 bytes of length.
func encHead(b *bytes.Buffer, n int, fix byte, fixed int, one, two, four byte) {
	switch {
	case n < fixed:
		b.WriteByte(fix | byte(n))
	case n < 1<<8 && one != 0:
		b.Write([]byte{one, byte(n)})
	case n < 1<<16:
		b.WriteByte(two)
		_ = binary.Write(b, binary.BigEndian, uint16(n))
	default:
		b.WriteByte(four)
		_ = binary.Write(b, binary.BigEndian, uint32(n))
	}
}

func encInt(b *bytes.Buffer, n int64) {
	if -32 <= n && n < 128 {
		b.WriteByte(byte(n))
		return
	}
	for size := 0; size < 4; size++ {
		bits := 8 << size
		if n >= 0 && (bits == 64 || n < 1<<bits) {
			b.WriteByte(0xcc + byte(size))
			writeLow(b, n, bits)
			return
		}
		if n < 0 && n >= -1<<(bits-1) {
			b.WriteByte(0xd0 + byte(size))
			writeLow(b, n, bits)
			return
		}
	}
}

func writeLow(b *bytes.Buffer, n int64, bits int) {
	for shift := bits - 8; shift >= 0; shift -= 8 {
		b.WriteByte(byte(n >> shift))
	}
}

// dec reads one value of what enc writes, without any strictness.
func dec(r *bytes.Reader) (any, error) {
	c, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	number := func(size int) int64 {
		var n int64
		for range size {
			d, _ := r.ReadByte()
			n = n<<8 | int64(d)
		}
		return n
	}
	text := func(n int64) []byte {
		b := make([]byte, n)
		_, err = io.ReadFull(r, b)
		return b
	}
	list := func(n int64) any {
		l := make([]any, n)
		for i := range l {
			if l[i], err = dec(r); err != nil {
				break
			}
		}
		return l
	}
	var value any
	switch {
	case c < 0x80 || c >= 0xe0:
		value = int64(int8(c))
	case c >= 0xa0 && c < 0xc0:
		value = string(text(int64(c & 0x1f)))
	case c >= 0x90 && c < 0xa0:
		value = list(int64(c & 0x0f))
	case c == 0xc0:
	case c == 0xc2 || c == 0xc3:
		value = c == 0xc3
	case c >= 0xc4 && c <= 0xc6:
		value = bin(text(number(1 << (c - 0xc4))))
	case c >= 0xcc && c <= 0xcf:
		value = number(1 << (c - 0xcc))
	case c >= 0xd0 && c <= 0xd3:
		size := 1 << (c - 0xd0)
		shift := 64 - 8*size
		value = number(size) << shift >> shift
	case c >= 0xd9 && c <= 0xdb:
		value = string(text(number(1 << (c - 0xd9))))
	case c == 0xdc || c == 0xdd:
		value = list(number(2 << (c - 0xdc)))
	default:
		return nil, fmt.Errorf("byte %#x", c)
	}
	return value, err
}

// notation is a value as PROTOCOL.md writes it: JSON, with binary strings as h'…'.
func notation(value any) string {
	switch v := value.(type) {
	case bin:
		return "h'" + hex.EncodeToString(v) + "'"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = notation(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return string(marshal(value))
}

// grouped is the hex of a message with a space between its fields.
func grouped(message []byte) string {
	r := bytes.NewReader(message)
	head, _ := r.ReadByte()
	parts := []string{fmt.Sprintf("%02x", head)}
	for r.Len() > 0 {
		from := len(message) - r.Len()
		if _, err := dec(r); err != nil {
			panic(err)
		}
		parts = append(parts, hex.EncodeToString(message[from:len(message)-r.Len()]))
	}
	return strings.Join(parts, " ")
}

// marshal is JSON as people write it: no HTML escapes, no line end.
func marshal(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// unmarshal reads JSON with integers as int64; a fraction is an error.
func unmarshal(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more behind the JSON value")
	}
	return integers(v)
}

func integers(value any) (any, error) {
	var err error
	switch v := value.(type) {
	case json.Number:
		return v.Int64()
	case []any:
		for i := range v {
			if v[i], err = integers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = integers(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

func readFile(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return string(data)
}
