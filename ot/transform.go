package ot

import "fmt"

// Side says which of two concurrent ops arrives at the server later: the tie rule.
type Side uint8

const (
	// Left: the op arrives later than what it is moved over. Its inserts go to the left of the other's at the same place,
	// and its attribute values win.
	Left Side = 1 + iota
	// Right: the op is the earlier one.
	Right
)

func (s Side) String() string {
	switch s {
	case Left:
		return "left"
	case Right:
		return "right"
	}
	return fmt.Sprintf("Side(%d)", uint8(s))
}

// Transform moves op over a concurrent op: both were made on the same document, and the result does after over what op
// did before it.
func Transform(op, over Op, side Side) Op {
	if a, ok := op.change(); ok {
		if b, ok := over.change(); ok {
			if at, n, ok := a.over(b, side); ok {
				return a.op(at, n)
			}
			if split, ok := a.split(b); ok {
				return split
			}
		}
	}
	return transformAny(op, over, side)
}

// transformAny is Transform of whatever the ops are.
func transformAny(op, over Op, side Side) Op {
	out := newBuilder(len(op) + 2) // mostly it stays about as long, be what it is moved over ever so long
	it, io := iterate(op), iterate(over)
	for it.kind != 0 {
		switch {
		case it.kind == Insert && (side == Left || io.kind != Insert):
			out.rest(&it)
		case io.kind == Insert:
			out.kept += io.n
			io.next()
		case io.kind == 0: // over keeps everything that is left
			out.rest(&it)
		default:
			n := min(it.n, io.n)
			if io.kind == Retain {
				c := it.head()
				attrs := c.Attrs
				if side == Right {
					attrs = attrs.without(io.head().Attrs)
				}
				if it.kind == Retain && len(attrs) == 0 {
					out.kept += n
				} else {
					out.add(it.kind, n, "", nil, attrs)
				}
			}
			it.skip(n)
			io.skip(n)
		}
	}
	return out.Op()
}

// TransformOffset moves an offset over an op. An insert at the offset itself moves it with Right, the owner's side, and leaves
// it with Left, the side for inserts of others. An offset in text that goes falls to its left edge.
func TransformOffset(op Op, offset int, side Side) int {
	at := 0 // how far the target is written; offset is what is left to go in the base
	for _, c := range op {
		switch c.Kind {
		case Insert:
			if offset > 0 || side == Right {
				at += c.N
			}
		case Retain:
			if offset < c.N {
				return at + offset
			}
			at += c.N
			offset -= c.N
		case Delete:
			if offset < c.N {
				return at
			}
			offset -= c.N
		}
	}
	return at + offset
}

// TransformCaret moves the caret that op leaves behind, an offset in its target, over a concurrent op: op goes later, and the
// inserts of over at the caret's own place stay to its right. It is TransformOffset(Transform(over, op, Right), caret, Left), and makes
// no operation for it: what a submission is moved over may be long.
func TransformCaret(op, over Op, caret int) int {
	at := 0
	it, io := iterate(over), iterate(op)
	for it.kind != 0 {
		switch {
		case io.kind == Insert: // over keeps it
			if caret < io.n {
				return at + caret
			}
			at, caret = at+io.n, caret-io.n
			io.next()
		case it.kind == Insert:
			if caret > 0 {
				at += it.n
			}
			it.next()
		default:
			n := it.n
			if io.kind != 0 {
				n = min(n, io.n)
			}
			switch {
			case io.kind == Delete: // it is gone already
			case it.kind == Delete && caret < n:
				return at
			case it.kind == Delete:
				caret -= n
			case caret < n:
				return at + caret
			default:
				at, caret = at+n, caret-n
			}
			it.skip(n)
			if io.kind != 0 {
				io.skip(n)
			}
		}
	}
	return at + caret
}

// A Range is a selection: it reaches from Anchor, where it was begun, to Head, where the caret is.
type Range struct{ Anchor, Head int }

// TransformRange moves both ends of a range over an op.
func TransformRange(op Op, r Range, side Side) Range {
	return Range{TransformOffset(op, r.Anchor, side), TransformOffset(op, r.Head, side)}
}
