package ottest

import (
	"tandem/ot"
	"tandem/ot/ottest/model"
)

// Choices makes decisions: a *rand.Rand, the bytes of a fuzz input (Bytes), or a property test that shrinks them.
type Choices interface {
	// IntN is a number from 0 to n−1. Smaller ones make simpler cases.
	IntN(n int) int
}

// Bytes takes its decisions from data, and always decides 0 after its end.
type Bytes struct{ Data []byte }

// IntN takes one byte, for n up to 256.
func (b *Bytes) IntN(n int) int {
	if len(b.Data) == 0 {
		return 0
	}
	x := int(b.Data[0])
	b.Data = b.Data[1:]
	return x % n
}

// Gen makes random documents and operations. Its alphabet is small, so that unlike origins look alike, and adverse:
// astral characters, combining marks, embeds, keys whose UTF-16 order is not that of their bytes.
type Gen struct {
	Choices
	// Plain leaves out attributes and embeds.
	Plain bool
	// Max is the most pieces that a document is made of. 0 means 6.
	Max int
}

var (
	letters = []any{"a", "b", "\n", "e\u0301", "😀", "𝒳", "ß", "한", "👩‍👧", "\uFEFF"}
	embeds  = []any{[]any{nil, "image", "a.png"}, []any{nil, "image", ""}, []any{nil, "😀", "\uFF5E"}}
	keys    = []string{"b", "\uFF5E", "😀", "__proto__"}
	values  = []any{true, int64(1), false, int64(-1), "", "1", int64(1<<53 - 1), "😀"}
)

// Doc is a random document, in normal form.
func (g Gen) Doc() ot.Op {
	limit := g.Max
	if limit == 0 {
		limit = 6
	}
	var loose []any
	for range g.IntN(limit + 1) {
		loose = append(loose, g.piece())
	}
	return normal(loose)
}

// Op is a random operation on doc, in normal form; it may be empty.
func (g Gen) Op(doc ot.Op) ot.Op {
	var loose []any
	for _, n := range characters(doc) {
		loose = g.inserts(loose)
		switch g.IntN(5) {
		case 0, 1:
			loose = append(loose, int64(n))
		case 2, 3:
			loose = append(loose, int64(-n))
		case 4:
			loose = append(loose, append([]any{int64(n)}, g.attrs(true)...))
		}
	}
	return normal(g.inserts(loose))
}

// inserts appends an insert or two, more often none.
func (g Gen) inserts(loose []any) []any {
	switch g.IntN(8) {
	case 5, 6:
		return append(loose, g.piece())
	case 7:
		return append(loose, g.piece(), g.piece())
	}
	return loose
}

// piece is an insert of one character or embed.
func (g Gen) piece() any {
	if g.Plain {
		return letters[g.IntN(len(letters))]
	}
	n := g.IntN(len(letters) + len(embeds))
	if n < len(letters) {
		return append([]any{letters[n]}, g.attrs(false)...)
	}
	embed := embeds[n-len(letters)].([]any)
	return append(append([]any{}, embed...), g.attrs(false)...)
}

func (g Gen) attrs(null bool) []any {
	if g.Plain {
		return nil
	}
	var out []any
	for _, k := range keys {
		n := g.IntN(3 * (len(values) + 1))
		switch {
		case n < len(values):
			out = append(out, k, values[n])
		case n == len(values) && null:
			out = append(out, k, nil)
		}
	}
	return out
}

// characters are the lengths of a document's characters and embeds, in code units.
func characters(doc ot.Op) []int {
	var out []int
	for _, c := range doc {
		if c.Embed != nil {
			out = append(out, 1)
		}
		for _, r := range c.Text {
			out = append(out, ot.UTF16Len(string(r)))
		}
	}
	return out
}

func normal(loose []any) ot.Op {
	op, err := FromShape(model.Normal(loose))
	if err != nil {
		panic(err)
	}
	return op
}
