package load

import "encoding/binary"

// The first bytes of msgpack that a letter's message has. The library has them as variables, which are no cases of a switch.
const (
	fixInt   = 0x7f // and what is below
	fixArray = 0x90
	fixStr   = 0xa0
	null     = 0xc0
	bin8     = 0xc4
	u8       = 0xcc
	u16      = 0xcd
	u32      = 0xce
	u64      = 0xcf
)

// maxInt is the largest number that package wire takes.
const maxInt = 1<<53 - 1

// A cursor reads strict msgpack of a few forms, and says of what is not as it should be only that it is other: package wire then finds
// out what it is. It is several times as fast as package pack, whose errors have a place and a value.
type cursor struct {
	rest  []byte
	other bool // all that was read since means nothing
}

// byte is the next byte.
func (c *cursor) byte() byte {
	if len(c.rest) == 0 {
		c.other = true
		return 0
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return b
}

// want reads a byte that there should be.
func (c *cursor) want(b byte) {
	if c.byte() != b {
		c.other = true
	}
}

// nil reads a nil if there is one, and reports whether there was.
func (c *cursor) nil() bool {
	if len(c.rest) == 0 || c.rest[0] != null {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

// bin reads bytes of this number.
func (c *cursor) bin(into []byte) {
	n := len(into)
	if len(c.rest) < 2+n || c.rest[0] != bin8 || int(c.rest[1]) != n {
		c.other = true
		return
	}
	copy(into, c.rest[2:])
	c.rest = c.rest[2+n:]
}

// int reads a number from lo (not below 0) on, in its shortest form.
func (c *cursor) int(lo int64) int64 {
	b := c.byte()
	n := int64(b)
	if b > fixInt {
		n = c.long(b)
	}
	if n < lo {
		c.other = true
	}
	return n
}

// long is the number behind its first byte, where it has more; below 0 is what there should not be.
func (c *cursor) long(first byte) (n int64) {
	switch r := c.rest; {
	case first == u8 && len(r) >= 1:
		c.rest, n = r[1:], shortest(uint64(r[0]), 1<<7)
	case first == u16 && len(r) >= 2:
		c.rest, n = r[2:], shortest(uint64(binary.BigEndian.Uint16(r)), 1<<8)
	case first == u32 && len(r) >= 4:
		c.rest, n = r[4:], shortest(uint64(binary.BigEndian.Uint32(r)), 1<<16)
	case first == u64 && len(r) >= 8:
		c.rest, n = r[8:], shortest(binary.BigEndian.Uint64(r), 1<<32)
	default:
		n = -1
	}
	return n
}

// shortest is n, or -1 where it is not from least to maxInt.
func shortest(n, least uint64) int64 {
	if n < least || n > maxInt {
		return -1
	}
	return int64(n)
}
