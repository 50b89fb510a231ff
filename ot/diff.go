package ot

import (
	"encoding/binary"
	"unicode/utf8"
)

const (
	// maxDiff is how many characters may differ before Diff goes by lines, and how many lines before it gives up on them.
	maxDiff = 2000
	// Steps that the search may take: so many, and some more for each character. It bounds hostile texts; ordinary ones
	// stay far below.
	minDiffSteps  = 1 << 24
	diffStepsEach = 16
)

// Diff is the op that leads from a to b with the fewest characters deleted and inserted (E. Myers, "An O(ND) Difference
// Algorithm and Its Variations", 1986, with linear space). A character whose attributes change is deleted and inserted anew.
// Where more than maxDiff characters differ, lines are compared first and then the characters of those that differ; where that
// is too much as well, all of what differs is replaced. In one place, what goes stands before what comes.
//
// A surrogate pair is one character and never cut.
func Diff(a, b *Text) Op {
	front, back := trim(a, b)
	var names namer
	s := script{
		a: names.characters(a, front, a.Len()-back),
		b: names.characters(b, front, b.Len()-back),
	}
	s.compare(&names)
	return s.op(b, front, &names)
}

// trim is how many code units a and b share at the front, and how many of the rest at the back.
func trim(a, b *Text) (front, back int) {
	x, y := spans(a), spans(b)
	for i, j := 0, 0; i < len(x) && j < len(y) && x[i].alike(y[j]); {
		n := min(len(x[i].text), len(y[j].text))
		same := 0
		for same < n && x[i].text[same] == y[j].text[same] {
			same++
		}
		for same < n && same > 0 && !(utf8.RuneStart(x[i].text[same]) && utf8.RuneStart(y[j].text[same])) {
			same--
		}
		front += countUnits(x[i].text[:same])
		if same < n {
			break
		}
		i, j = x[i].dropFront(n, i), y[j].dropFront(n, j)
	}
	x, y = spans(a), spans(b)
	for i, j := len(x)-1, len(y)-1; i >= 0 && j >= 0 && x[i].alike(y[j]); {
		s, t := x[i].text, y[j].text
		n := min(len(s), len(t))
		same := 0
		for same < n && s[len(s)-1-same] == t[len(t)-1-same] {
			same++
		}
		for same > 0 && !utf8.RuneStart(s[len(s)-same]) {
			same--
		}
		back += countUnits(s[len(s)-same:])
		if same < n {
			break
		}
		i, j = x[i].dropBack(n, i), y[j].dropBack(n, j)
	}
	return front, min(back, min(a.Len(), b.Len())-front)
}

func spans(t *Text) []span {
	var out []span
	t.root.walk(0, t.Len(), func(s span) bool {
		out = append(out, s)
		return true
	})
	return out
}

// alike reports whether characters of s and t are equal when their texts are.
func (s *span) alike(t span) bool { return s.embed.equal(t.embed) && s.attrs.Equal(t.attrs) }

// dropFront drops n bytes, and returns the index of the span that is next: i, or the one after when nothing is left.
func (s *span) dropFront(n, i int) int {
	s.text = s.text[n:]
	if len(s.text) == 0 {
		return i + 1
	}
	return i
}

func (s *span) dropBack(n, i int) int {
	s.text = s.text[:len(s.text)-n]
	if len(s.text) == 0 {
		return i - 1
	}
	return i
}

// A namer gives numbers to characters, and to lines, so that equal ones have equal numbers. A character without
// attributes is its own number.
type namer struct {
	ids   map[name]uint32
	names []name            // by number, from firstName on
	attrs map[string]uint32 // by their encoding; 0: none
	lines map[string]uint32
}

// A name is an embed, or a character with attributes.
type name struct {
	char  rune
	embed Embed
	attrs uint32
}

const firstName = utf8.MaxRune + 1

// characters is the numbers of what is in t between two offsets.
func (n *namer) characters(t *Text, from, to int) []uint32 {
	out := make([]uint32, 0, to-from)
	t.root.walk(from, to, func(s span) bool {
		attrs := n.attrsID(s.attrs)
		if s.embed != nil {
			out = append(out, n.id(name{embed: *s.embed, attrs: attrs}))
			return true
		}
		for i := 0; i < len(s.text); {
			r, size := utf8.DecodeRune(s.text[i:])
			i += size
			id := uint32(r)
			if attrs != 0 {
				id = n.id(name{char: r, attrs: attrs})
			}
			out = append(out, id)
		}
		return true
	})
	return out
}

func (n *namer) attrsID(attrs Attrs) uint32 {
	if len(attrs) == 0 {
		return 0
	}
	// The op's encoding tells all attributes apart.
	key := AppendOp(nil, Op{{Kind: Retain, N: 1, Attrs: attrs}})
	if n.attrs == nil {
		n.attrs = map[string]uint32{}
	}
	id, ok := n.attrs[string(key)]
	if !ok {
		id = uint32(len(n.attrs) + 1)
		n.attrs[string(key)] = id
	}
	return id
}

func (n *namer) id(k name) uint32 {
	if n.ids == nil {
		n.ids = map[name]uint32{}
	}
	id, ok := n.ids[k]
	if !ok {
		id = firstName + uint32(len(n.names))
		n.ids[k] = id
		n.names = append(n.names, k)
	}
	return id
}

// char is the character of a number, 0 for an embed.
func (n *namer) char(id uint32) rune {
	if id < firstName {
		return rune(id)
	}
	return n.names[id-firstName].char
}

// units is the length of what a number stands for.
func (n *namer) units(id uint32) int {
	if n.char(id) >= 0x10000 {
		return 2
	}
	return 1
}

// split is the numbers of the lines of chars, and where each line ends.
func (n *namer) split(chars []uint32) (ids []uint32, ends []int) {
	if n.lines == nil {
		n.lines = map[string]uint32{}
	}
	var key []byte
	for i, id := range chars {
		key = binary.LittleEndian.AppendUint32(key, id)
		if n.char(id) != '\n' && i+1 < len(chars) {
			continue
		}
		line, ok := n.lines[string(key)]
		if !ok {
			line = uint32(len(n.lines))
			n.lines[string(key)] = line
		}
		ids, ends = append(ids, line), append(ends, i+1)
		key = key[:0]
	}
	return ids, ends
}
