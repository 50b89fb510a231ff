package ot

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const (
	fanout  = 32 // kids of an inner node at most
	minKids = fanout / 2

	// The weight of a leaf is its bytes, and runWeight for each run.
	maxLeaf   = 1024
	minLeaf   = maxLeaf / 4
	fillLeaf  = maxLeaf * 3 / 4 // what a leaf gets when a text is built: room for the edits to come
	runWeight = 16
)

// placeholder stands in a leaf's text for an embed. Only the run tells it from the same character typed by somebody.
const placeholder = "\uFFFC"

// A node is a leaf (height 0) or an inner node. Every leaf below an inner node is equally far away. All but the root have
// at least minKids kids, or the weight minLeaf; no node is empty.
type node struct {
	token  *token
	units  int // UTF-16 code units
	bytes  int // of UTF-8
	sum    sum // valid when hashed
	hashed bool
	height uint8

	// Of a leaf.
	text []byte
	runs []run // together they cover the text; nil when there are no attributes and no embeds

	// Of an inner node.
	kids *kids
}

type kids struct {
	n     int
	units [fanout]int32 // the kids' units, so that a search stays in this node; 0 where there is no kid
	node  [fanout]*node
}

// A run is a piece of a leaf with one set of attributes, or one embed. Neighbouring runs differ, or are embeds.
type run struct {
	units, bytes int32
	attrs        Attrs
	embed        *Embed
}

// A span is what a reader gets: a run, or a part of it, with its text (the placeholder, if it is an embed). The text is
// the leaf's own and must not be written to.
type span struct {
	text  []byte
	units int
	attrs Attrs
	embed *Embed
}

func (n *node) ascii() bool { return n.units == n.bytes }

func (n *node) weight() int { return len(n.text) + runWeight*len(n.runs) }

func (r *run) plain() bool { return len(r.attrs) == 0 && r.embed == nil }

// joins reports whether two runs become one when they meet.
func (r *run) joins(s *run) bool { return r.embed == nil && s.embed == nil && r.attrs.Equal(s.attrs) }

// live is the kids in use.
func (k *kids) live() []*node { return k.node[:k.n] }

// find is the kid that holds n code units (0 or 1) from offset on, and how many units are before it. Of two kids that meet
// at offset, n = 0 takes the left one.
func (k *kids) find(offset, n int) (kid, before int) {
	rest := int32(offset + n)
	for u := &k.units; kid+4 < fanout; kid += 4 { // past the last kid they are 0
		four := u[kid] + u[kid+1] + u[kid+2] + u[kid+3]
		if rest <= four {
			break
		}
		rest -= four
	}
	for kid < k.n-1 && rest > k.units[kid] {
		rest -= k.units[kid]
		kid++
	}
	return kid, offset + n - int(rest)
}

// own is n itself when t may write to it, and otherwise a copy.
func (t *Text) own(n *node) *node {
	if n.token == t.token {
		return n
	}
	c := *n
	c.token = t.token
	if n.height > 0 {
		k := *n.kids
		c.kids = &k
		return &c
	}
	c.text = append(make([]byte, 0, maxLeaf), n.text...)
	c.runs = slices.Clone(n.runs)
	return &c
}

// spliceText puts text in at the byte offset p.
func (n *node) spliceText(p int, text string) {
	old, size := len(n.text), len(text)
	if cap(n.text) < old+size {
		n.text = append(make([]byte, 0, maxLeaf), n.text...)
	}
	n.text = n.text[:old+size]
	copy(n.text[p+size:], n.text[p:old])
	copy(n.text[p:], text)
}

// byteAt is the byte offset of the code unit at offset in a leaf. Inside a surrogate pair there is none: Check comes first.
func (n *node) byteAt(offset int) int {
	if n.ascii() {
		return offset
	}
	p, exact := byteOf(n.text, offset)
	if !exact {
		panic(fmt.Sprintf("ot: offset %d of %d in a leaf is inside a surrogate pair", offset, n.units))
	}
	return p
}

// byteOf is the byte offset of the code unit at offset; exact is false when it is the second one of a pair, and then
// the result is behind the pair.
func byteOf(text []byte, offset int) (p int, exact bool) {
	at := 0
	for len(text)-p >= 8 {
		units := unitsOf8(binary.LittleEndian.Uint64(text[p:]))
		if at+units > offset {
			break
		}
		at += units
		p += 8
	}
	for p < len(text) {
		b := text[p]
		if utf8.RuneStart(b) {
			if at >= offset {
				break
			}
			at++
			if b >= 0xF0 {
				at++
			}
		}
		p++
	}
	return p, at == offset
}

// countUnits is UTF16Len of bytes.
func countUnits(text []byte) int {
	n := 0
	for len(text) >= 8 {
		n += unitsOf8(binary.LittleEndian.Uint64(text))
		text = text[8:]
	}
	for _, b := range text {
		if utf8.RuneStart(b) {
			n++
			if b >= 0xF0 {
				n++
			}
		}
	}
	return n
}

// unitsOf8 counts the code units that begin in eight bytes: one for each byte that is not 10xxxxxx, and one more for each
// 1111xxxx. Shifting brings a byte's lower bits under its highest; what crosses into the next byte is masked away.
func unitsOf8(x uint64) int {
	const high = 0x8080808080808080
	if x&high == 0 {
		return 8
	}
	following := x & ^(x << 1) & high
	astral := x & (x << 1) & (x << 2) & (x << 3) & high
	return 8 - bits.OnesCount64(following) + bits.OnesCount64(astral)
}
