package ot

import (
	"slices"
	"strconv"
	"strings"
)

// Attrs are attributes: sorted by the UTF-8 bytes of their keys, each key once. Nil means none. Like an Op they are
// never changed in place.
type Attrs []Attr

// An Attr is one attribute.
type Attr struct {
	Key   string
	Value Value
}

// A Value is an attribute's value: null, a boolean, an integer within ±(2^53−1), or a string. The zero Value is null.
// Values compare with ==.
type Value struct {
	kind valueKind
	num  int64
	str  string
}

type valueKind uint8

const (
	nullValue valueKind = iota
	boolValue
	intValue
	stringValue
)

// MaxInt is the largest integer that every language of the protocol holds exactly: 2^53−1.
const MaxInt = 1<<53 - 1

// Null is the value that removes an attribute.
func Null() Value { return Value{} }

// Bool is a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{kind: boolValue, num: 1}
	}
	return Value{kind: boolValue}
}

// Int is an integer value; encoding refuses one beyond ±MaxInt.
func Int(n int64) Value { return Value{kind: intValue, num: n} }

// String is a string value.
func String(s string) Value { return Value{kind: stringValue, str: s} }

// IsNull reports whether v removes an attribute.
func (v Value) IsNull() bool { return v.kind == nullValue }

// Any is v as nil, bool, int64 or string.
func (v Value) Any() any {
	switch v.kind {
	case boolValue:
		return v.num == 1
	case intValue:
		return v.num
	case stringValue:
		return v.str
	}
	return nil
}

func (v Value) String() string {
	switch v.kind {
	case boolValue:
		return strconv.FormatBool(v.num == 1)
	case intValue:
		return strconv.FormatInt(v.num, 10)
	case stringValue:
		return strconv.Quote(v.str)
	}
	return "null"
}

// NewAttrs sorts what it is given; of two values for one key the last one stays.
func NewAttrs(attrs ...Attr) Attrs {
	if len(attrs) == 0 {
		return nil
	}
	sorted := slices.Clone(attrs)
	slices.SortStableFunc(sorted, func(a, b Attr) int { return strings.Compare(a.Key, b.Key) })
	out := sorted[:0]
	for i, a := range sorted {
		if i+1 < len(sorted) && sorted[i+1].Key == a.Key {
			continue
		}
		out = append(out, a)
	}
	return Attrs(out)
}

// Equal reports whether a and b are the same attributes.
func (a Attrs) Equal(b Attrs) bool { return slices.Equal(a, b) }

// Get is the value of key, and whether there is one.
func (a Attrs) Get(key string) (Value, bool) {
	for _, at := range a {
		if at.Key == key {
			return at.Value, true
		}
	}
	return Value{}, false
}

// overlay is a with the values of b put over it; nulls are kept where keepNull is set, and otherwise remove their key.
func (a Attrs) overlay(b Attrs, keepNull bool) Attrs {
	if len(b) == 0 {
		return a
	}
	out := make(Attrs, 0, len(a)+len(b))
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case j == len(b) || i < len(a) && a[i].Key < b[j].Key:
			out = append(out, a[i])
			i++
			continue
		case i < len(a) && a[i].Key == b[j].Key:
			i++
		}
		if keepNull || !b[j].Value.IsNull() {
			out = append(out, b[j])
		}
		j++
	}
	return out.orNil()
}

// without is a less the keys that b sets.
func (a Attrs) without(b Attrs) Attrs {
	if len(a) == 0 || len(b) == 0 {
		return a
	}
	out := make(Attrs, 0, len(a))
	for _, at := range a {
		if _, set := b.Get(at.Key); !set {
			out = append(out, at)
		}
	}
	return out.orNil()
}

// undo is what brings text that had the attributes a back to them after change was put over it: the old value of each key
// that change sets, null where there was none.
func (a Attrs) undo(change Attrs) Attrs {
	out := make(Attrs, len(change))
	for i, at := range change {
		old, _ := a.Get(at.Key)
		out[i] = Attr{at.Key, old}
	}
	return out.orNil()
}

// orNil keeps "no attributes" in one form.
func (a Attrs) orNil() Attrs {
	if len(a) == 0 {
		return nil
	}
	return a
}
