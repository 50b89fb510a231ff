package ot

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

func mustText(t testing.TB, content Op) *Text {
	text, err := TextOf(content)
	require.NoError(t, err)
	return text
}

func plainText(t testing.TB, s string) *Text {
	var b Builder
	b.InsertText(s, nil)
	return mustText(t, b.Op())
}

// requireDiff checks what holds of every diff, and returns it.
func requireDiff(t testing.TB, a, b *Text) Op {
	op := Diff(a, b)
	require.NoError(t, op.Validate(StoredLimits))
	got := a.Snapshot()
	require.NoError(t, got.Apply(op))
	require.True(t, b.Content().Equal(got.Content()))
	require.Equal(t, b.Hash(), got.Hash())
	return op
}

func TestDiffExamples(t *testing.T) {
	bold := NewAttrs(Attr{"bold", Bool(true)})
	for _, row := range []struct {
		name string
		a, b Op
		want string
	}{
		{"nothing", nil, nil, `[]`},
		{"equal", Op{{Kind: Insert, N: 2, Text: "ab"}}, Op{{Kind: Insert, N: 2, Text: "ab"}}, `[]`},
		{"from nothing", nil, Op{{Kind: Insert, N: 2, Text: "ab"}}, `["ab"]`},
		{"to nothing", Op{{Kind: Insert, N: 2, Text: "ab"}}, nil, `[-2]`},
		{"replaced", Op{{Kind: Insert, N: 3, Text: "abc"}}, Op{{Kind: Insert, N: 3, Text: "axc"}}, `[1,-1,"x"]`},
		{"overlapping ends", Op{{Kind: Insert, N: 2, Text: "aa"}}, Op{{Kind: Insert, N: 3, Text: "aaa"}}, `[2,"a"]`},
		{"pairs with one high half", Op{{Kind: Insert, N: 2, Text: "😀"}}, Op{{Kind: Insert, N: 2, Text: "😁"}}, `[-2,"😁"]`},
		{"pairs with one low half", Op{{Kind: Insert, N: 2, Text: "😀"}}, Op{{Kind: Insert, N: 2, Text: "\U0001FA00"}}, `[-2,"🨀"]`},
		{"bytes shared at the back", Op{{Kind: Insert, N: 1, Text: "é"}}, Op{{Kind: Insert, N: 1, Text: "©"}}, `[-1,"©"]`},
		{"attributes", Op{{Kind: Insert, N: 3, Text: "abc"}}, Op{{Kind: Insert, N: 2, Text: "ab"}, {Kind: Insert, N: 1, Text: "c", Attrs: bold}}, `[2,-1,["c","bold",true]]`},
		{"embeds", Op{{Kind: Insert, N: 1, Embed: &Embed{"i", "1"}}}, Op{{Kind: Insert, N: 1, Embed: &Embed{"i", "2"}}}, `[-1,[null,"i","2"]]`},
		{"the placeholder typed", Op{{Kind: Insert, N: 1, Embed: &Embed{"i", "1"}}}, Op{{Kind: Insert, N: 1, Text: placeholder}}, `[-1,"` + placeholder + `"]`},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.want, requireDiff(t, mustText(t, row.a), mustText(t, row.b)).String())
		})
	}
}

// edits counts the characters that an op deletes and inserts.
func edits(op Op, before *Text) (n int) {
	at := 0
	characters := func(content Op) {
		for _, c := range content {
			n += len([]rune(c.content()))
		}
	}
	for i, c := range op {
		switch c.Kind {
		case Insert:
			characters(op[i : i+1])
			continue
		case Delete:
			characters(before.Slice(at, at+c.N))
		}
		at += c.N
	}
	return n
}

// fewestEdits is by the textbook's table.
func fewestEdits(a, b []string) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		for j := range table[i] {
			switch {
			case i == 0 || j == 0:
				table[i][j] = i + j
			case a[i-1] == b[j-1]:
				table[i][j] = table[i-1][j-1]
			default:
				table[i][j] = 1 + min(table[i-1][j], table[i][j-1])
			}
		}
	}
	return table[len(a)][len(b)]
}

// characterNames writes each character of a content in a way that differs when anything does.
func characterNames(content Op) (out []string) {
	for _, c := range content {
		if c.Embed != nil {
			out = append(out, Op{c}.String())
			continue
		}
		for _, r := range c.Text {
			out = append(out, Op{{Kind: Insert, Text: string(r), Attrs: c.Attrs}}.String())
		}
	}
	return out
}

func TestDiffIsMinimal(t *testing.T) {
	for _, rich := range []bool{false, true} {
		for seed := range uint64(3000) {
			r := newRandom(seed, rich)
			r.letters = []rune("ab😀😁")
			make := func() *Text {
				var b Builder
				for range r.IntN(8) {
					b.InsertText(r.text(1+r.IntN(3)), r.attrs(false))
					if rich && r.IntN(4) == 0 {
						b.InsertEmbed(Embed{"i", fmt.Sprint(r.IntN(2))}, r.attrs(false))
					}
				}
				return mustText(t, b.Op())
			}
			a, b := make(), make()
			op := requireDiff(t, a, b)
			want := fewestEdits(characterNames(a.Content()), characterNames(b.Content()))
			require.Equal(t, want, edits(op, a), "seed %d: %v to %v: %v", seed, a.Content(), b.Content(), op)
		}
	}
}

func TestDiffOfEditedDocuments(t *testing.T) {
	for seed := range uint64(6) {
		r := newRandom(seed, seed%2 == 0)
		doc := elementsOf(Component{Text: r.text(20000)})
		a := mustText(t, modelContent(doc))
		for range 40 {
			doc = modelApply(doc, r.op(doc))
		}
		requireDiff(t, a, mustText(t, modelContent(doc)))
	}
}

// Beyond maxDiff: by lines, by characters inside of lines, and all at once.
func TestDiffBeyondTheBound(t *testing.T) {
	var a, b strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&a, "line %d is the same 😀 in both\n", i)
		if i%3 == 0 {
			fmt.Fprintf(&b, "Line %d is the same 😁 in both\n", i)
		} else if i%3 == 1 {
			fmt.Fprintf(&b, "line %d is the same 😀 in both\n", i)
		}
	}
	op := requireDiff(t, plainText(t, a.String()), plainText(t, b.String()))
	inserted := 0
	for _, c := range op {
		if c.Kind == Insert {
			inserted += c.N
		}
	}
	require.Less(t, inserted, 4*1200, "the lines that differ in two characters were not looked into")

	r := newRandom(1, false)
	requireDiff(t, plainText(t, r.text(100000)), plainText(t, r.text(100000)))
	// Texts made to be slow: every diagonal runs far.
	x := strings.Repeat("ab", 100000)
	y := strings.Repeat("ba", 100000)
	requireDiff(t, plainText(t, x+"x"+x), plainText(t, y+"y"+y))
	requireDiff(t, plainText(t, strings.Repeat("a", 300000)), plainText(t, strings.Repeat(strings.Repeat("a", 299)+"b", 1000)))
}

func FuzzDiff(f *testing.F) {
	f.Add("abc😀", "a😁bc")
	f.Fuzz(func(t *testing.T, s, u string) {
		valid := func(s string) string { return string(utf16.Decode(utf16.Encode([]rune(s)))) }
		requireDiff(t, plainText(t, valid(s)), plainText(t, valid(u)))
	})
}

func BenchmarkDiff(b *testing.B) {
	before := largeText(1<<20, 50)
	few := before[:1000] + "something new" + before[1000:500000] + before[500020:]
	words := strings.Fields(largeText(200000, 50))
	for i := 0; i < len(words); i += 70 {
		words[i] = "changed"
	}
	for _, row := range []struct{ name, a, b string }{
		{"1 MB, two changes", before, few},
		{"200 KB, 220 changed words", strings.Join(strings.Fields(largeText(200000, 50)), " "), strings.Join(words, " ")},
		{"nothing in common", strings.Repeat("a", 1<<20), strings.Repeat("b", 1<<20)},
	} {
		x, y := plainText(b, row.a), plainText(b, row.b)
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Diff(x, y)
			}
		})
	}
}
