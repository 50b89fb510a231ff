package ot

import (
	"fmt"
	"slices"
)

// Compose is a and then b as one op. An insert of b that falls on text deleted by a stands after those deletes: L7 rests on it.
//
// It is ErrSurrogate where b has a boundary inside a surrogate pair that a inserts; there is no such b on a document
// that Check accepted.
func Compose(a, b Op) (Op, error) {
	if first, ok := a.change(); ok {
		if second, ok := b.change(); ok {
			if op, ok := first.then(second); ok {
				return op, nil
			}
		}
	}
	return composeAny(a, b)
}

// ComposeTo is Compose into the memory of room, an op that nobody needs any more, neither a nor b; nil will do. Where commit after
// commit is composed, two rooms that take turns cost no memory.
func ComposeTo(room, a, b Op) (Op, error) {
	out := Builder{op: slices.Grow(room[:0], len(a)+len(b)+1)}
	return out.compose(a, b)
}

// composeAny is Compose of whatever the ops are.
func composeAny(a, b Op) (Op, error) {
	out := newBuilder(len(a) + len(b) + 1)
	return out.compose(a, b)
}

// compose is first and then second, in an empty Builder.
func (b *Builder) compose(first, second Op) (Op, error) {
	ia, ib := iterate(first), iterate(second)
	for {
		switch {
		case ia.kind == Delete:
			b.rest(&ia)
		case ib.kind == Insert:
			b.rest(&ib)
		case ib.kind == 0: // b keeps everything that is left
			if ia.kind == 0 {
				return b.Op(), nil
			}
			b.rest(&ia)
		case ia.kind == 0: // a kept everything that is left
			b.rest(&ib)
		default:
			if err := b.pair(&ia, &ib); err != nil {
				return nil, err
			}
		}
	}
}

// pair appends what becomes of what a retains or inserts when b retains or deletes it.
func (b *Builder) pair(ia, ib *iter) error {
	n := min(ia.n, ib.n)
	was, becomes := ia.head(), ib.head()
	ib.skip(n)
	if was.Kind == Retain {
		ia.skip(n)
		if becomes.Kind == Delete {
			b.Delete(n)
		} else {
			b.Retain(n, was.Attrs.overlay(becomes.Attrs, true))
		}
		return nil
	}
	text, err := ia.text(n)
	if err == nil && becomes.Kind == Retain {
		b.add(Insert, n, text, was.Embed, was.Attrs.overlay(becomes.Attrs, false))
	}
	return err
}

// Apply is a document's content after op. Content is an Op of inserts only; the document's own, faster form is Text.
// It is ErrLength where op reaches past the end, ErrSurrogate where it has a boundary inside a surrogate pair.
func Apply(content, op Op) (Op, error) {
	if have, want := content.TargetLen(), op.BaseLen(); want > have {
		return nil, fmt.Errorf("%w: the op speaks of %d code units, the document has %d", ErrLength, want, have)
	}
	return Compose(content, op)
}

// Split cuts an op in two, to be submitted one after the other: compose(head, rest) = op. head has at most maxComponents
// components and inserts at most maxUnits code units, where an embed counts 1 and the bytes of its value; yet it always has
// something in it, at least one whole character or embed. rest is empty where op fits. Below 1 unit or 2 components it panics.
func Split(op Op, maxUnits, maxComponents int) (head, rest Op) {
	if maxUnits < 1 || maxComponents < 2 {
		panic(fmt.Sprintf("ot: a split at %d units, %d components", maxUnits, maxComponents))
	}
	units := 0
	for i, c := range op {
		if i >= maxComponents {
			return cut(op, i, 0)
		}
		if c.Kind != Insert {
			continue
		}
		cost := c.N
		if c.Embed != nil {
			cost += len(c.Embed.Value)
		}
		if left := maxUnits - units; cost > left {
			return cut(op, i, insertFitting(&c, left, units == 0))
		}
		units += cost
	}
	return op, nil
}

// insertFitting is how many code units of an insert fit into left: whole characters only. must: at least one.
func insertFitting(c *Component, left int, must bool) int {
	n := 0
	if c.Embed == nil {
		n = left
		if _, whole := byteOffset(c.Text, c.N, left); !whole {
			n--
		}
	}
	switch {
	case n > 0 || !must:
		return n
	case c.Embed != nil:
		return 1
	}
	return 2 // a pair
}

// cut is op up to its component i and units code units of that one, and what follows, made to follow it.
func cut(op Op, i, units int) (head, rest Op) {
	first, second := newBuilder(i+1), newBuilder(len(op)-i+1)
	kept := 0
	keep := func(c Component) {
		first.Push(c)
		if c.Kind != Delete {
			kept += c.N
		}
	}
	for _, c := range op[:i] {
		keep(c)
	}
	it := iterate(op[i:])
	if units > 0 {
		c := *it.head()
		c.N = min(units, it.n)
		text, err := it.text(c.N)
		if err != nil {
			panic(err) // insertFitting counts whole characters
		}
		c.Text = text
		keep(c)
	}
	second.Retain(kept, nil)
	for it.kind != 0 {
		second.rest(&it)
	}
	return first.Op(), second.Op()
}
