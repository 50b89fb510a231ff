package model

import "maps"

// Side is the side argument of transform and of the offsets: "left" or "right".
type Side string

// The sides.
const (
	Left  Side = "left"
	Right Side = "right"
)

// Normal is an operation in normal form that does what op does; op may be anything whose grammar is right.
func Normal(op []any) []any { return expand(op).shape() }

// BaseLen is how many elements of the document the operation speaks of.
func BaseLen(op []any) int { return len(expand(op).acts) }

// DocLen is how many elements a document has.
func DocLen(doc []any) int { return len(elements(doc)) }

// elements is a document, given as an operation that only inserts.
func elements(doc []any) []element {
	op := expand(doc)
	if len(op.acts) > 0 {
		panic("model: not a document: " + FormatJSON(doc))
	}
	return op.inserts[0]
}

func document(list []element) []any {
	return gapOp{inserts: [][]element{list}}.shape()
}

// Apply is the document after the operation, or Length or Surrogate.
func Apply(doc, op []any) ([]any, error) {
	base := elements(doc)
	g, err := fit(base, expand(op))
	if err != nil {
		return nil, err
	}
	var out []element
	for i, inserted := range g.inserts {
		out = append(out, inserted...)
		if i < len(base) && !g.acts[i].gone {
			kept := base[i]
			kept.attrs = overlay(kept.attrs, g.acts[i].set, false)
			out = append(out, kept)
		}
	}
	return document(out), nil
}

// fit is op padded to the base that it meets, or Length or Surrogate.
func fit(base []element, op gapOp) (gapOp, error) {
	if len(op.acts) > len(base) {
		return op, Length
	}
	op = op.padded(len(base))
	for i := 1; i < len(base); i++ {
		high, low := base[i-1], base[i]
		pair := high.embed == nil && low.embed == nil &&
			high.unit >= 0xD800 && high.unit < 0xDC00 && low.unit >= 0xDC00 && low.unit < 0xE000
		if pair && (len(op.inserts[i]) > 0 || !op.acts[i-1].equal(op.acts[i])) {
			return op, Surrogate
		}
	}
	return op, nil
}

// Compose is the operation that does a and then b, or Surrogate. An insert of b belongs to the element of the middle
// document that follows it: so it comes after whatever a deleted there, and after what a inserted before that element.
func Compose(a, b []any) ([]any, error) {
	first := expand(a).padded(len(expand(a).acts) + len(expand(b).acts)) // long enough for whatever b reaches
	var middle []element
	for g, inserted := range first.inserts {
		middle = append(middle, inserted...)
		if g < len(first.acts) && !first.acts[g].gone {
			middle = append(middle, element{unknown: true})
		}
	}
	second, err := fit(middle, expand(b))
	if err != nil {
		return nil, err
	}
	out := newGapOp(len(first.acts))
	m := 0 // the next element of the middle document
	for g, inserted := range first.inserts {
		for _, e := range inserted {
			out.inserts[g] = append(out.inserts[g], second.inserts[m]...)
			if !second.acts[m].gone {
				e.attrs = overlay(e.attrs, second.acts[m].set, false)
				out.inserts[g] = append(out.inserts[g], e)
			}
			m++
		}
		switch {
		case g == len(first.acts):
			out.inserts[g] = append(out.inserts[g], second.inserts[m]...)
		case first.acts[g].gone:
			out.acts[g] = action{gone: true}
		default:
			out.inserts[g] = append(out.inserts[g], second.inserts[m]...)
			out.acts[g] = action{second.acts[m].gone, overlay(first.acts[g].set, second.acts[m].set, true)}
			if out.acts[g].gone {
				out.acts[g].set = nil
			}
			m++
		}
	}
	return out.shape(), nil
}

// Transform is a, changed so that it can be applied after over. Side Left: a arrived later, its inserts stand to the left
// and its attributes win; Right: over did.
func Transform(a, over []any, side Side) []any {
	ga, gover := expand(a), expand(over)
	base := max(len(ga.acts), len(gover.acts))
	ga, gover = ga.padded(base), gover.padded(base)

	out := newGapOp(gover.before(base) + len(gover.inserts[base]))
	for g, inserted := range ga.inserts {
		place := gover.before(g)
		if side == Right {
			place += len(gover.inserts[g])
		}
		out.inserts[place] = append(out.inserts[place], inserted...)
	}
	for i, act := range ga.acts {
		if gover.acts[i].gone {
			continue
		}
		if side == Right && !act.gone {
			set := maps.Clone(act.set)
			maps.DeleteFunc(set, func(k string, _ any) bool { _, taken := gover.acts[i].set[k]; return taken })
			act.set = set
		}
		out.acts[gover.before(i)+len(gover.inserts[i])] = act
	}
	return out.shape()
}

// before counts what stands, in op's target, before the inserts of gap g.
func (op gapOp) before(g int) int {
	n := 0
	for i := range g {
		n += len(op.inserts[i])
		if !op.acts[i].gone {
			n++
		}
	}
	return n
}

// Invert is the operation that brings doc back after op, or Length or Surrogate.
func Invert(op, doc []any) ([]any, error) {
	base := elements(doc)
	g, err := fit(base, expand(op))
	if err != nil {
		return nil, err
	}
	out := newGapOp(0)
	target := func(act action) {
		out.acts = append(out.acts, act)
		out.inserts = append(out.inserts, nil)
	}
	for i, inserted := range g.inserts {
		for range inserted {
			target(action{gone: true})
		}
		if i == len(base) {
			break
		}
		if g.acts[i].gone {
			last := len(out.inserts) - 1
			out.inserts[last] = append(out.inserts[last], base[i])
			continue
		}
		old := map[string]any{}
		for k := range g.acts[i].set {
			old[k] = base[i].attrs[k] // nil where there was none
		}
		target(action{set: old})
	}
	return out.shape(), nil
}

// Offset is where an offset of the base document stands after op: behind what is kept before it and what is
// inserted before it, and with side Right behind what is inserted at its very place.
func Offset(op []any, offset int, side Side) int {
	g := expand(op)
	g = g.padded(max(offset, len(g.acts)))
	n := g.before(offset)
	if side == Right {
		n += len(g.inserts[offset])
	}
	return n
}

// Range is both ends of a selection after op.
func Range(op []any, anchor, head int, side Side) (int, int) {
	return Offset(op, anchor, side), Offset(op, head, side)
}
