package model

import (
	"maps"
	"reflect"
	"sort"
	"unicode/utf16"
)

// An element is one code unit or one embed of a document. Its attributes are never changed in place.
type element struct {
	unit  uint16
	embed []string // type and value; nil for a code unit
	attrs map[string]any
	// unknown marks an element of a document of which only the length is known.
	unknown bool
}

// An action is what an operation does to one base element: take it away, or set attributes (nil: remove).
type action struct {
	gone bool
	set  map[string]any
}

func (a action) equal(b action) bool {
	return a.gone == b.gone && sameAttrs(a.set, b.set)
}

// A gapOp is an operation on a base of len(acts) elements; inserts[g] stands before base element g, and the last one after
// all of them.
type gapOp struct {
	inserts [][]element
	acts    []action
}

func newGapOp(base int) gapOp {
	return gapOp{make([][]element, base+1), make([]action, base)}
}

// padded is op with a base of at least n elements; those beyond stay as they are.
func (op gapOp) padded(n int) gapOp {
	out := newGapOp(max(n, len(op.acts)))
	copy(out.inserts, op.inserts)
	copy(out.acts, op.acts)
	return out
}

// expand is the operation in gaps. It forgives whatever has a meaning, and ignores what has none.
func expand(op []any) gapOp {
	out := newGapOp(0)
	for _, c := range op {
		list, ok := c.([]any)
		if !ok {
			list = []any{c}
		}
		switch head := list[0].(type) {
		case int64:
			for range max(head, -head) {
				out.acts = append(out.acts, action{gone: head < 0, set: attrMap(list[1:])})
				out.inserts = append(out.inserts, nil)
			}
		case string:
			last := len(out.acts)
			for _, u := range utf16.Encode([]rune(head)) {
				out.inserts[last] = append(out.inserts[last], element{unit: u, attrs: overlay(nil, attrMap(list[1:]), false)})
			}
		case nil:
			last := len(out.acts)
			embed := []string{list[1].(string), list[2].(string)}
			out.inserts[last] = append(out.inserts[last], element{embed: embed, attrs: overlay(nil, attrMap(list[3:]), false)})
		}
	}
	return out
}

// shape writes the gaps in the one canonical way: step by step, each step joined to the one before where that is of
// the same sort.
func (op gapOp) shape() []any {
	var steps []step
	for g, inserted := range op.inserts {
		for _, e := range inserted {
			steps = append(steps, step{sort: 'i', element: e})
		}
		if g < len(op.acts) {
			if op.acts[g].gone {
				steps = append(steps, step{sort: 'd'})
			} else {
				steps = append(steps, step{sort: 'r', element: element{attrs: op.acts[g].set}})
			}
		}
	}
	for len(steps) > 0 && steps[len(steps)-1].sort == 'r' && len(steps[len(steps)-1].attrs) == 0 {
		steps = steps[:len(steps)-1]
	}
	out := []any{}
	for len(steps) > 0 {
		n := 1
		for n < len(steps) && steps[n].joins(steps[0]) {
			n++
		}
		out = append(out, component(steps[:n]))
		steps = steps[n:]
	}
	return out
}

// A step is an operation's smallest part: one element inserted ('i'), kept ('r') or deleted ('d').
type step struct {
	sort byte
	element
}

func (s step) joins(t step) bool {
	return s.sort == t.sort && s.embed == nil && t.embed == nil && sameAttrs(s.attrs, t.attrs)
}

func component(steps []step) any {
	first := steps[0]
	var out []any
	switch {
	case first.sort == 'd':
		return int64(-len(steps))
	case first.sort == 'r':
		out = []any{int64(len(steps))}
	case first.embed != nil:
		out = []any{nil, first.embed[0], first.embed[1]}
	default:
		units := make([]uint16, len(steps))
		for i, s := range steps {
			units[i] = s.unit
		}
		out = []any{string(utf16.Decode(units))}
	}
	out = append(out, attrList(first.attrs)...)
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func attrMap(list []any) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(list); i += 2 {
		out[list[i].(string)] = list[i+1]
	}
	return out
}

func attrList(attrs map[string]any) []any {
	keys := make([]string, 0, len(attrs))
	for k := range attrs {
		keys = append(keys, k)
	}
	sort.Strings(keys) // by bytes
	var out []any
	for _, k := range keys {
		out = append(out, k, attrs[k])
	}
	return out
}

// overlay is under with over put on top.
func overlay(under, over map[string]any, keepNull bool) map[string]any {
	out := map[string]any{}
	maps.Copy(out, under)
	maps.Copy(out, over)
	if !keepNull {
		maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	}
	return out
}

func sameAttrs(a, b map[string]any) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}
