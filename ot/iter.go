package ot

import (
	"fmt"
	"unicode/utf8"
)

// iter walks over an op's components, cutting them where the other op's end.
type iter struct {
	op   Op
	head Component // what is left of the component at the head; Kind 0 at the end
}

func iterate(op Op) iter {
	it := iter{op: op}
	it.next()
	return it
}

// next goes on to the next component.
func (it *iter) next() {
	if len(it.op) == 0 {
		it.head = Component{}
		return
	}
	it.head, it.op = it.op[0], it.op[1:]
}

// skip drops n code units of the head, which must not be inserted text.
func (it *iter) skip(n int) {
	if it.head.N -= n; it.head.N == 0 {
		it.next()
	}
}

// take is the first n code units of the head, which it drops. It is ErrSurrogate where that cuts a pair in two.
func (it *iter) take(n int) (Component, error) {
	c := it.head
	if n < c.N && c.Kind == Insert {
		at, ok := byteOffset(c.Text, c.N, n)
		if !ok {
			return Component{}, fmt.Errorf("%w: offset %d of an inserted text lies inside a pair", ErrSurrogate, n)
		}
		c.Text, it.head.Text = c.Text[:at], c.Text[at:]
	}
	c.N = n
	it.skip(n)
	return c, nil
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
