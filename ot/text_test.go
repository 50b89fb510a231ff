package ot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// element is one code unit of the model: a document that is a plain slice and shares no code with the rope.
type element struct {
	unit  uint16
	attrs Attrs
	embed *Embed
}

func elementsOf(c Component) []element {
	if c.Embed != nil {
		return []element{{0, c.Attrs, c.Embed}}
	}
	var out []element
	for _, u := range utf16.Encode([]rune(c.Text)) {
		out = append(out, element{u, c.Attrs, nil})
	}
	return out
}

func modelApply(doc []element, op Op) []element {
	at := 0
	for _, c := range op {
		switch c.Kind {
		case Retain:
			for i := at; i < at+c.N && len(c.Attrs) > 0; i++ {
				set := map[string]Value{}
				for _, a := range append(slices.Clone(doc[i].attrs), c.Attrs...) {
					set[a.Key] = a.Value
				}
				var list []Attr
				for k, v := range set {
					if !v.IsNull() {
						list = append(list, Attr{k, v})
					}
				}
				doc[i].attrs = NewAttrs(list...)
			}
			at += c.N
		case Insert:
			doc = slices.Insert(doc, at, elementsOf(c)...)
			at += c.N
		case Delete:
			doc = slices.Delete(doc, at, at+c.N)
		}
	}
	return doc
}

func modelContent(doc []element) Op {
	var op Op
	for i := 0; i < len(doc); {
		if doc[i].embed != nil {
			op = append(op, Component{Kind: Insert, N: 1, Embed: doc[i].embed, Attrs: doc[i].attrs})
			i++
			continue
		}
		j := i
		var units []uint16
		for j < len(doc) && doc[j].embed == nil && doc[j].attrs.Equal(doc[i].attrs) {
			units = append(units, doc[j].unit)
			j++
		}
		op = append(op, Component{Kind: Insert, N: j - i, Text: string(utf16.Decode(units)), Attrs: doc[i].attrs})
		i = j
	}
	return op
}

func modelSplits(doc []element, offset int) bool {
	return offset > 0 && offset < len(doc) && doc[offset].embed == nil && doc[offset].unit&0xFC00 == 0xDC00
}

// randomDoc makes random ops for a model.
type randomDoc struct {
	*rand.Rand
	letters  []rune
	rich     bool
	longest  int // inserted text, in characters
	farthest int // deleted or formatted, in units
}

func newRandom(seed uint64, rich bool) *randomDoc {
	return &randomDoc{
		Rand: rand.New(rand.NewPCG(seed, 1)), rich: rich, longest: 40, farthest: 60,
		letters: []rune("ab\nxé漢\uFFFC😀🍎"),
	}
}

func (r *randomDoc) text(n int) string {
	var b strings.Builder
	ascii := r.IntN(3) == 0
	for range n {
		if ascii {
			b.WriteByte(byte('a' + r.IntN(26)))
		} else {
			b.WriteRune(r.letters[r.IntN(len(r.letters))])
		}
	}
	return b.String()
}

func (r *randomDoc) attrs(withNull bool) Attrs {
	if !r.rich || r.IntN(2) == 0 {
		return nil
	}
	var list []Attr
	for _, key := range []string{"bold", "ø", "link"} {
		switch r.IntN(6) {
		case 0:
			list = append(list, Attr{key, Bool(true)})
		case 1:
			list = append(list, Attr{key, Int(int64(r.IntN(3)) - 1)})
		case 2:
			if withNull {
				list = append(list, Attr{key, Null()})
			}
		}
	}
	return NewAttrs(list...)
}

// offset is a place at or after from, outside of pairs, seldom far away.
func (r *randomDoc) offset(doc []element, from, most int) int {
	to := min(len(doc), from+r.IntN(most+1))
	if modelSplits(doc, to) {
		to++
	}
	return to
}

func (r *randomDoc) op(doc []element) Op {
	var b Builder
	at := r.offset(doc, 0, len(doc))
	b.Retain(at, nil)
	for range 1 + r.IntN(3) {
		switch k := r.IntN(10); {
		case k < 4:
			b.InsertText(r.text(1+r.IntN(r.longest)), r.attrs(false))
		case k < 5 && r.rich:
			b.InsertEmbed(Embed{"image", fmt.Sprint(r.IntN(3))}, r.attrs(false))
		case k < 8:
			to := r.offset(doc, at, r.farthest)
			b.Delete(to - at)
			at = to
		default:
			to := r.offset(doc, at, r.farthest)
			b.Retain(to-at, r.attrs(true))
			at = to
		}
	}
	return b.Op()
}

// checkTree checks what text_node.go promises about a Text's nodes.
func checkTree(t *testing.T, text *Text) {
	t.Helper()
	if text.root == nil {
		return
	}
	var visit func(n *node) sum
	visit = func(n *node) sum {
		var want sum
		require.Positive(t, n.units)
		if text.token == nil {
			require.True(t, n.hashed, "R2")
		}
		if n.height > 0 {
			require.LessOrEqual(t, n.kids.n, fanout)
			require.GreaterOrEqual(t, n.kids.n, 2)
			require.True(t, n == text.root || n.kids.n >= minKids, "%d kids", n.kids.n)
			want = sum{pow1: 1, pow2: 1}
			units, bytes := 0, 0
			for i, kid := range n.kids.live() {
				require.Equal(t, n.height, kid.height+1)
				require.Equal(t, int(n.kids.units[i]), kid.units)
				require.True(t, n.token == text.token || kid.token != text.token || text.token == nil, "own below a shared node")
				want = want.then(visit(kid))
				units, bytes = units+kid.units, bytes+kid.bytes
			}
			require.Equal(t, n.units, units)
			require.Equal(t, n.bytes, bytes)
		} else {
			want = checkLeaf(t, n, n == text.root)
		}
		if n.hashed {
			require.Equal(t, want, n.sum)
		}
		return want
	}
	visit(text.root)
}

func checkLeaf(t *testing.T, n *node, root bool) sum {
	t.Helper()
	require.True(t, utf8.Valid(n.text))
	require.Equal(t, len(n.text), n.bytes)
	require.Equal(t, UTF16Len(string(n.text)), n.units)
	require.LessOrEqual(t, n.weight(), maxLeaf)
	require.True(t, root || n.weight() >= minLeaf, "weight %d", n.weight())
	if len(n.runs) == 1 {
		require.False(t, n.runs[0].plain())
	}
	require.True(t, n.runs == nil || len(n.runs) > 0)
	units, bytes := 0, 0
	for i, r := range n.runs {
		require.Positive(t, r.units)
		text := string(n.text[bytes : bytes+int(r.bytes)])
		require.Equal(t, UTF16Len(text), int(r.units))
		require.True(t, r.embed == nil || text == placeholder)
		require.False(t, i > 0 && n.runs[i-1].joins(&r))
		units, bytes = units+int(r.units), bytes+int(r.bytes)
	}
	if n.runs != nil {
		require.Equal(t, n.units, units)
		require.Equal(t, n.bytes, bytes)
	}
	again := *n
	again.hashed = false
	again.refresh()
	return again.sum
}

func requireContent(t *testing.T, doc []element, text *Text) {
	t.Helper()
	content := text.Content()
	require.True(t, modelContent(doc).Equal(content))
	require.NoError(t, content.Validate(StoredLimits))
	require.Equal(t, len(doc), text.Len())
	require.Equal(t, ContentHash(content), text.Hash())
	require.Equal(t, len(text.String()), text.Size())
	checkTree(t, text)
}

func TestTextAgainstModel(t *testing.T) {
	for _, kind := range []struct {
		name                   string
		rich                   bool
		longest, farthest, ops int
		every                  int
	}{
		{"plain small", false, 40, 60, 3000, 20},
		{"rich small", true, 40, 60, 3000, 20},
		{"plain large", false, 4000, 2500, 200, 20},
		{"rich large", true, 4000, 2500, 200, 20},
		{"rich single letters", true, 1, 2, 3000, 100},
		{"shrinking", true, 100, 400, 3000, 20},
	} {
		t.Run(kind.name, func(t *testing.T) {
			seed := uint64(7)
			r := newRandom(seed, kind.rich)
			r.longest, r.farthest = kind.longest, kind.farthest
			text, doc := NewText(), []element(nil)
			if kind.name == "shrinking" {
				first := Op{{Kind: Insert, Text: r.text(30000)}}
				first[0].N = UTF16Len(first[0].Text)
				require.NoError(t, text.Apply(first))
				doc = modelApply(doc, first)
			}
			for i := range kind.ops {
				op := r.op(doc)
				require.NoError(t, text.Apply(op), "seed %d, op %d", seed, i)
				doc = modelApply(doc, op)
				if i%kind.every != 0 {
					continue
				}
				requireContent(t, doc, text)
				if r.IntN(3) == 0 {
					text = text.Snapshot()
				}
				from := r.offset(doc, 0, len(doc))
				to := r.offset(doc, from, len(doc)-from)
				require.True(t, modelContent(doc[from:to]).Equal(text.Slice(from, to)), "slice %d:%d", from, to)
				for range 20 {
					offset := r.IntN(len(doc) + 2)
					require.Equal(t, modelSplits(doc, offset), text.Splits(offset))
				}
				again, err := TextOf(text.Content())
				require.NoError(t, err)
				requireContent(t, doc, again)
			}
			require.NoError(t, text.Apply(Op{{Kind: Delete, N: len(doc)}}))
			requireContent(t, nil, text)
			require.Nil(t, text.root)
			require.Zero(t, text.Hash())
		})
	}
}

// Every length of ASCII before one astral character puts it across the places where leaves begin and end.
func TestTextPairsAtLeafBoundaries(t *testing.T) {
	for shift := range 12 {
		content := strings.Repeat("a", shift) + strings.Repeat("😀é", 700)
		text, err := TextOf(Op{{Kind: Insert, N: UTF16Len(content), Text: content}})
		require.NoError(t, err)
		doc := elementsOf(Component{Text: content})
		for offset := 0; offset <= len(doc); offset++ {
			require.Equal(t, modelSplits(doc, offset), text.Splits(offset), "shift %d, offset %d", shift, offset)
		}
		checkTree(t, text)
		for range 300 { // one letter at one place: leaves overflow and are halved
			op := Op{{Kind: Retain, N: 700 + shift - (700 % 3)}, {Kind: Insert, N: 2, Text: "🍎"}}
			if text.Splits(op[0].N) {
				op[0].N++
			}
			require.NoError(t, text.Apply(op))
			doc = modelApply(doc, op)
		}
		requireContent(t, doc, text)
	}
}

func TestTextRefuses(t *testing.T) {
	text, err := TextOf(Op{{Kind: Insert, N: 4, Text: "a😀b"}})
	require.NoError(t, err)
	for _, row := range []struct {
		name string
		op   Op
		want error
		says string
	}{
		{"past the end", Op{{Kind: Insert, N: 1, Text: "x"}, {Kind: Retain, N: 4}, {Kind: Delete, N: 3}}, ErrLength, "base length is 7, the document's length 4"},
		{"retain into a pair", Op{{Kind: Retain, N: 2}, {Kind: Insert, N: 1, Text: "x"}}, ErrSurrogate, "offset 2"},
		{"delete into a pair", Op{{Kind: Insert, N: 1, Text: "x"}, {Kind: Delete, N: 2}}, ErrSurrogate, "component 1"},
		{"delete out of a pair", Op{{Kind: Retain, N: 2}, {Kind: Delete, N: 1}}, ErrSurrogate, "component 0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := text.Apply(row.op)
			require.ErrorIs(t, err, row.want)
			require.ErrorContains(t, err, row.says)
			require.Equal(t, "a😀b", text.String())
		})
	}
	_, err = TextOf(Op{{Kind: Retain, N: 1}})
	require.ErrorIs(t, err, ErrNormalForm)
	require.PanicsWithValue(t, "ot: slice 3:5 of a text of 4", func() { text.Slice(3, 5) })
	require.PanicsWithValue(t, "ot: slice 0:2 cuts a surrogate pair", func() { text.Slice(0, 2) })
}

// The placeholder typed by somebody and an embed are not the same, and never become one.
func TestTextPlaceholderTyped(t *testing.T) {
	text := NewText()
	require.NoError(t, text.Apply(Op{
		{Kind: Insert, N: 1, Text: placeholder}, {Kind: Insert, N: 1, Embed: &Embed{"image", "a"}}, {Kind: Insert, N: 1, Text: placeholder},
	}))
	require.Equal(t, strings.Repeat(placeholder, 3), text.String())
	require.NoError(t, text.Apply(Op{{Kind: Retain, N: 1}, {Kind: Delete, N: 1}}))
	require.Equal(t, Op{{Kind: Insert, N: 2, Text: placeholder + placeholder}}, text.Content())
}

func TestTextPieces(t *testing.T) {
	r := newRandom(3, true)
	text, doc := NewText(), []element(nil)
	for range 200 {
		op := r.op(doc)
		require.NoError(t, text.Apply(op))
		doc = modelApply(doc, op)
	}
	for _, size := range []int{0, 1, 7, 64, 1000, 1 << 20} {
		var all Builder
		n := 0
		for piece := range text.Pieces(size) {
			require.NotEmpty(t, piece)
			require.NoError(t, piece.Validate(StoredLimits))
			if len(piece) > 1 {
				require.LessOrEqual(t, len(AppendOp(nil, piece)), size+5)
			}
			for _, c := range piece {
				all.Push(c)
			}
			n++
		}
		require.True(t, text.Content().Equal(all.Op()), "pieces of %d", size)
		for range text.Pieces(size) { // a reader that stops
			break
		}
	}
	for range NewText().Pieces(10) {
		t.Fatal("a piece of nothing")
	}
}

// Snapshots of snapshots are written to by their owners at once, while others read them. Run with -race.
func TestTextSnapshotsConcurrently(t *testing.T) {
	r := newRandom(11, true)
	r.longest = 600
	text, doc := NewText(), []element(nil)
	for range 60 {
		op := r.op(doc)
		require.NoError(t, text.Apply(op))
		doc = modelApply(doc, op)
	}
	var all sync.WaitGroup // this test waits for every goroutine
	for round := range 5 {
		snap, want := text.Snapshot(), modelContent(doc)
		hash := ContentHash(want)
		for range 2 { // readers of one snapshot
			all.Go(func() {
				copied := snap.Snapshot()
				if snap.Hash() != hash || copied.Hash() != hash || !snap.Content().Equal(want) {
					t.Error("a snapshot has changed")
				}
			})
		}
		own, ownDoc := snap.Snapshot(), slices.Clone(doc)
		all.Go(func() { // a writer of its own copy
			r := newRandom(uint64(100+round), true)
			for range 200 {
				op := r.op(ownDoc)
				if err := own.Apply(op); err != nil {
					t.Error(err)
				}
				ownDoc = modelApply(ownDoc, op)
				own.Hash()
			}
			if !own.Content().Equal(modelContent(ownDoc)) {
				t.Error("a copy is not what was written")
			}
		})
		for range 200 {
			op := r.op(doc)
			require.NoError(t, text.Apply(op))
			doc = modelApply(doc, op)
		}
		checkTree(t, snap)
	}
	all.Wait()
	requireContent(t, doc, text)
}

func TestTextTypingDoesNotAllocate(t *testing.T) {
	text := NewText()
	require.NoError(t, text.Apply(Op{{Kind: Insert, N: 300, Text: strings.Repeat("a", 300)}}))
	op := Op{{Kind: Retain, N: 200}, {Kind: Insert, N: 1, Text: "x"}}
	undo := Op{{Kind: Retain, N: 200}, {Kind: Delete, N: 1}}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_ = text.Apply(op)
		_ = text.Apply(undo)
	}))
}

func TestByteOf(t *testing.T) {
	r := newRandom(5, false)
	for range 300 {
		s := r.text(r.IntN(40))
		units := utf16.Encode([]rune(s))
		require.Equal(t, len(units), countUnits([]byte(s)))
		for offset := range len(units) + 1 {
			p, exact := byteOf([]byte(s), offset)
			inside := offset < len(units) && units[offset]&0xFC00 == 0xDC00
			require.Equal(t, !inside, exact, "%q %d", s, offset)
			if exact {
				require.Equal(t, len(string(utf16.Decode(units[:offset]))), p, "%q %d", s, offset)
			}
		}
	}
}
