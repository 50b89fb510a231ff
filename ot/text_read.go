package ot

import (
	"fmt"
	iters "iter"
	"strings"
	"unicode/utf8"
)

// content is the text of an insert, the placeholder for an embed.
func (c *Component) content() string {
	if c.Embed != nil {
		return placeholder
	}
	return c.Text
}

// String is the text; each embed shows as U+FFFC.
func (t *Text) String() string {
	var b strings.Builder
	b.Grow(t.Size())
	t.root.walk(0, t.Len(), func(s span) bool {
		b.Write(s.text)
		return true
	})
	return b.String()
}

// Content is the whole content as an insert-only op.
func (t *Text) Content() Op { return t.Slice(0, t.Len()) }

// Slice is the content from one offset to another as an insert-only op. It panics when the offsets are out of order, out
// of the text, or inside a surrogate pair.
func (t *Text) Slice(from, to int) Op {
	if from < 0 || from > to || to > t.Len() {
		panic(fmt.Sprintf("ot: slice %d:%d of a text of %d", from, to, t.Len()))
	}
	if t.Splits(from) || t.Splits(to) {
		panic(fmt.Sprintf("ot: slice %d:%d cuts a surrogate pair", from, to))
	}
	var g gatherer
	if from == 0 && to == t.Len() {
		g.text.Grow(t.Size())
	} else {
		g.text.Grow(min(to-from, t.Size())) // most letters are a byte
	}
	t.root.walk(from, to, func(s span) bool {
		g.add(s)
		return true
	})
	return g.op()
}

// maxPieceComponents keeps a piece below Limits.Components.
const maxPieceComponents = 4000

// Pieces is the content in insert-only ops, each of about maxBytes when encoded; a single character or embed may take
// more. Joined, they are Content. The Text must not be written to meanwhile: take a Snapshot.
func (t *Text) Pieces(maxBytes int) iters.Seq[Op] {
	return func(yield func(Op) bool) {
		var g gatherer
		left := t.Size()
		g.text.Grow(min(maxBytes, left))
		size := 0 // about what g takes when encoded
		flush := func() bool {
			if len(g.parts) == 0 {
				return true
			}
			left -= g.text.Len()
			op := g.op()
			g, size = gatherer{}, 0
			g.text.Grow(min(maxBytes, left))
			return yield(op)
		}
		stopped := !t.root.walk(0, t.Len(), func(s span) bool {
			for s.units > 0 {
				around := overhead(s)
				take := fitting(s.text, maxBytes-size-around)
				if len(g.parts) == maxPieceComponents || take == 0 && size > 0 {
					if !flush() {
						return false
					}
					continue
				}
				if take == 0 { // alone in a piece and still too big
					_, take = utf8.DecodeRune(s.text)
				}
				head := s
				head.text, s.text = s.text[:take], s.text[take:]
				head.units = countUnits(head.text)
				s.units -= head.units
				g.add(head)
				size += around + take
			}
			return true
		})
		if !stopped {
			flush()
		}
	}
}

// overhead is about what a span's encoding takes besides its text.
func overhead(s span) int {
	const header = 5 // of a string, at most
	n := header
	if s.embed != nil {
		n += 2*header + len(s.embed.Type) + len(s.embed.Value)
	}
	for i := range s.attrs {
		n += 2*header + len(s.attrs[i].Key) + max(8, len(s.attrs[i].Value.str))
	}
	return n
}

// fitting is how many bytes of text, in whole characters, fit into room.
func fitting(text []byte, room int) int {
	if room >= len(text) {
		return len(text)
	}
	n := max(0, room)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// walk yields the content between two offsets, which must not split a pair, until yield says no; then it returns false.
func (n *node) walk(from, to int, yield func(span) bool) bool {
	if from >= to {
		return true
	}
	if n.height > 0 {
		at := 0
		for _, kid := range n.kids.live() {
			if at >= to {
				break
			}
			if at+kid.units > from && !kid.walk(max(0, from-at), min(kid.units, to-at), yield) {
				return false
			}
			at += kid.units
		}
		return true
	}
	p, q := 0, n.bytes
	if from > 0 {
		p = n.byteAt(from)
	}
	if to < n.units {
		q = n.byteAt(to)
	}
	if n.runs == nil {
		return yield(span{text: n.text[p:q], units: to - from})
	}
	at, atByte := 0, 0
	for i := range n.runs {
		r := &n.runs[i]
		end, endByte := at+int(r.units), atByte+int(r.bytes)
		if lo, hi := max(at, from), min(end, to); lo < hi {
			text := n.text[max(atByte, p):min(endByte, q)]
			if !yield(span{text, hi - lo, r.attrs, r.embed}) {
				return false
			}
		}
		at, atByte = end, endByte
	}
	return true
}

// A gatherer makes an insert-only op of spans. All its components' texts are parts of one string.
type gatherer struct {
	text  strings.Builder
	parts Op
	sizes []int // bytes of each part in text
}

func (g *gatherer) add(s span) {
	if s.embed != nil {
		g.parts = append(g.parts, Component{Kind: Insert, N: 1, Embed: s.embed, Attrs: s.attrs})
		g.sizes = append(g.sizes, 0)
		return
	}
	g.text.Write(s.text)
	if last := len(g.parts) - 1; last >= 0 && g.parts[last].Embed == nil && g.parts[last].Attrs.Equal(s.attrs) {
		g.parts[last].N += s.units
		g.sizes[last] += len(s.text)
		return
	}
	g.parts = append(g.parts, Component{Kind: Insert, N: s.units, Attrs: s.attrs})
	g.sizes = append(g.sizes, len(s.text))
}

func (g *gatherer) op() Op {
	text := g.text.String()
	for i, size := range g.sizes {
		g.parts[i].Text, text = text[:size], text[size:]
	}
	return g.parts
}
