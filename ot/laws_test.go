package ot_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tandem/ot"
	"tandem/ot/ottest"
)

func TestLawsByHand(t *testing.T) {
	for _, c := range []struct{ name, doc, a, b, c string }{
		{"nothing", `[]`, `[]`, `[]`, `[]`},
		{"doc A: y behind A, then A goes", `["A"]`, `[1,"q"]`, `[1,"y"]`, `[-1]`},
		{"doc A: A goes, then z", `["A"]`, `[1,"q"]`, `[-1]`, `["z"]`},
		{"doc A: z before A, then A goes", `["A"]`, `["q",-1,"r"]`, `["z"]`, `[1,-1]`},
		{"doc AB: B goes, then i", `["AB"]`, `[-1,1,"q"]`, `[1,-1]`, `["i"]`},
		{"all of it goes, then all anew", `["ABC"]`, `[1,"p",1,"q"]`, `[-3]`, `["xyz"]`},
		{"a pair goes", `["😀A"]`, `[2,"q",-1]`, `[-2,"b"]`, `["c",1,"d"]`},
		{"attributes, three values of one key", `["A"]`, `[[1,"k",1]]`, `[[1,"k",2]]`, `[[1,"k",null]]`},
		{"attributes on what was inserted, then null", `["A"]`, `[-1,"x"]`, `[1,["y","k",2]]`, `[[2,"k",null]]`},
		{"embeds", `[[null,"t","v","k",1]]`, `[[1,"k",2]]`, `[[null,"t","v"],-1]`, `[[1,"k",null]]`},
		{"keys of which UTF-16 sorts otherwise", `[["A","\uFF5E",1]]`, `[[1,"😀",1]]`, `[[1,"\uE000",2]]`, `[[1,"\uFF5E",null]]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, a, b, after := ottest.MustParse(c.doc), ottest.MustParse(c.a), ottest.MustParse(c.b), ottest.MustParse(c.c)
			ottest.CheckLaws(t, doc, a, b, after)
		})
	}
}

// L7 holds with side left only, the side of whatever is moved over a catch-up. With side right, what q meets one by one is
// z at its own place; composed it meets a delete first.
func TestCompositionLawDoesNotHoldToTheRight(t *testing.T) {
	q, b, c := ottest.MustParse(`["q"]`), ottest.MustParse(`[-1]`), ottest.MustParse(`["z"]`)
	bc, err := ot.Compose(b, c)
	require.NoError(t, err)
	require.Equal(t, `["q"]`, ot.Transform(q, bc, ot.Right).String())
	require.Equal(t, `[1,"q"]`, ot.Transform(ot.Transform(q, b, ot.Right), c, ot.Right).String())
}

func TestLawsRandom(t *testing.T) { checkSeeds(t, 400) }

// checkSeeds checks generated cases, and prints the seed of one that fails: it becomes a row of TestLawsByHand.
func checkSeeds(t *testing.T, n int) {
	for seed := range n {
		g := ottest.Gen{Choices: rand.New(rand.NewPCG(uint64(seed), 1)), Plain: seed%4 == 0, Max: seed % 12}
		checkGenerated(seeded{t, seed}, g)
	}
}

// seeded adds the seed to what a test says when it fails.
type seeded struct {
	*testing.T
	seed int
}

func (s seeded) Fatalf(format string, args ...any) {
	s.T.Helper()
	s.T.Fatalf("seed %d: %s", s.seed, fmt.Sprintf(format, args...))
}

// checkGenerated makes one case of a document, three operations on it and its successors, and checks it.
func checkGenerated(t ottest.T, g ottest.Gen) {
	t.Helper()
	doc := g.Doc()
	a, b := g.Op(doc), g.Op(doc)
	afterB, err := ot.Apply(doc, b)
	if err != nil {
		t.Fatalf("apply %v to %v: %v", b, doc, err)
	}
	c := g.Op(afterB)
	afterC, err := ot.Apply(afterB, c)
	if err != nil {
		t.Fatalf("apply %v to %v: %v", c, afterB, err)
	}
	ottest.CheckLaws(t, doc, a, b, c)
	ottest.CheckSplit(t, a)
	ottest.CheckSequence(t, doc, b, c, g.Op(afterC))
}

func TestLawsProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkGenerated(t, ottest.Gen{Choices: drawn{t}, Plain: rapid.Bool().Draw(t, "plain")})
	})
}

// drawn lets a property test make the decisions, so that it can shrink them.
type drawn struct{ t *rapid.T }

func (d drawn) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }

func TestSplit(t *testing.T) {
	for _, op := range []string{
		`[]`, `["abc"]`, `["😀😀"]`, `["a😀"]`, `["a",-1,"b"]`, `[-1,"ab"]`, `[["a","k",1],"b"]`, `[[3,"k",1],-2,"x"]`,
		`[2,"abc"]`, `[1,-1]`, `[1,[2,"k",1],-1]`, `[[null,"t","vvvv"]]`, `[2,[null,"t","vvvv"]]`, `["a",2,[null,"t","vvvv"]]`,
	} {
		t.Run(op, func(t *testing.T) { ottest.CheckSplit(t, ottest.MustParse(op)) })
	}
	t.Run("random", func(t *testing.T) {
		for seed := range 1000 {
			g := ottest.Gen{Choices: rand.New(rand.NewPCG(uint64(seed), 2)), Plain: seed%2 == 0}
			ottest.CheckSplit(seeded{t, seed}, g.Op(g.Doc()))
		}
	})
}
