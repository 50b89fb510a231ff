package ot

import "testing"

// pairs are two operations of one change each, as a server meets them all day: two people who type or delete in one text.
var pairs = []struct {
	name string
	a, b Op
}{
	{"insert, insert before it", edit(40, "x", 0), edit(3, "y", 0)},
	{"insert, insert behind it", edit(3, "x", 0), edit(40, "y", 0)},
	{"insert, insert at its place", edit(40, "x", 0), edit(40, "y", 0)},
	{"insert, insert; both at the start", edit(0, "x", 0), edit(0, "y", 0)},
	{"insert, delete before it", edit(40, "x", 0), edit(3, "", 5)},
	{"insert, delete behind it", edit(3, "x", 0), edit(40, "", 5)},
	{"insert, delete around it", edit(40, "x", 0), edit(38, "", 5)},
	{"delete, insert before it", edit(40, "", 5), edit(3, "y", 0)},
	{"delete, insert behind it", edit(3, "", 5), edit(40, "y", 0)},
	{"delete, insert inside it", edit(38, "", 5), edit(40, "y", 0)},
	{"delete, delete before it", edit(40, "", 1), edit(3, "", 1)},
	{"delete, delete of a part", edit(38, "", 5), edit(40, "", 5)},
}

// edit is an operation that inserts text, or deletes n code units, at an offset.
func edit(at int, text string, n int) Op {
	var b Builder
	b.Retain(at, nil)
	b.InsertText(text, nil)
	b.Delete(n)
	return b.Op()
}

// BenchmarkTransformPair moves an operation over another, as the later and as the earlier one.
func BenchmarkTransformPair(b *testing.B) {
	for _, p := range pairs {
		for _, side := range []Side{Left, Right} {
			b.Run(p.name+"/"+side.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Transform(p.a, p.b, side)
				}
			})
		}
	}
}

// BenchmarkComposePair joins an operation and the one after it.
func BenchmarkComposePair(b *testing.B) {
	for _, p := range pairs {
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compose(p.a, p.b); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("insert, insert after its letter", func(b *testing.B) {
		first, second := edit(40, "x", 0), edit(41, "y", 0)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Compose(first, second); err != nil {
				b.Fatal(err)
			}
		}
	})
}
