package ot

import (
	"fmt"
	"unicode/utf8"
)

// iter walks over an op's components, cutting them where the other op's end. It copies none of them: a component is as large
// as a cache line.
type iter struct {
	op   Op
	at   int  // of the head in op
	kind Kind // the head's; 0 at the end
	n    int  // code units that are left of the head
	cut  int  // bytes that are gone from the text of the head
}

func iterate(op Op) iter {
	it := iter{op: op, at: -1}
	it.next()
	return it
}

// next goes on to the next component.
func (it *iter) next() {
	it.at++
	it.cut = 0
	if it.at >= len(it.op) {
		it.kind, it.n = 0, 0
		return
	}
	c := &it.op[it.at]
	it.kind, it.n = c.Kind, c.N
}

// head is the component at the head, as it is in the op.
func (it *iter) head() *Component { return &it.op[it.at] }

// skip drops n code units of the head, which must not be inserted text.
func (it *iter) skip(n int) {
	if it.n -= n; it.n == 0 {
		it.next()
	}
}

// text is the first n code units of the inserted text at the head, which it drops: none of an embed. It is ErrSurrogate where
// that cuts a pair in two.
func (it *iter) text(n int) (string, error) {
	text := it.head().Text[it.cut:]
	if n < it.n {
		size, ok := byteOffset(text, it.n, n)
		if !ok {
			return "", fmt.Errorf("%w: offset %d of an inserted text lies inside a pair", ErrSurrogate, n)
		}
		text = text[:size]
		it.cut += size
	}
	it.skip(n)
	return text, nil
}

// byteOffset is where the code unit n of s begins; s has units code units. False where n lies inside a surrogate pair.
func byteOffset(s string, units, n int) (int, bool) {
	if units == len(s) { // ASCII
		return n, true
	}
	at := 0
	for n > 0 {
		switch b := s[at]; {
		case b < utf8.RuneSelf:
			at++
		case b < 0xE0:
			at += 2
		case b < 0xF0:
			at += 3
		default:
			at += 4
			n--
		}
		n--
	}
	return at, n == 0
}
