package ottest

import (
	"bytes"
	"fmt"

	"tandem/ot"
)

// Laws holds one example against the laws L1 to L8 of package ot, and says which one fails. a and b are concurrent
// operations on the document doc, c comes after b. It compares only ot with ot, and is quick.
func Laws(doc, a, b, c ot.Op) error {
	l := &laws{doc: doc}
	afterB := l.apply(doc, b)
	bc := l.compose(b, c)
	l.same("L1", l.apply(afterB, c), l.apply(doc, bc), b, c)
	l.tp1(a, b)
	l.tp1(b, a)
	l.overComposition(a, b, c, bc)
	for _, op := range []ot.Op{a, b, bc} {
		l.invert(doc, op)
		l.identity(op)
		l.codec(op)
	}
	return l.err
}

// laws keeps the first failure; results of functions that fail are nil, and do not matter then.
type laws struct {
	doc ot.Op
	err error
}

func (l *laws) fail(law, format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf("%s on %v: %s", law, l.doc, fmt.Sprintf(format, args...))
	}
}

func (l *laws) same(law string, x, y ot.Op, from ...ot.Op) {
	if !x.Equal(y) {
		l.fail(law, "%v is not %v; from %v", x, y, from)
	}
}

// normal is L5: op came out of the function that the text names.
func (l *laws) normal(op ot.Op, what string, from ...ot.Op) ot.Op {
	if err := op.Validate(ot.DefaultLimits); err != nil {
		l.fail("L5", "%s of %v is %v: %v", what, from, op, err)
	}
	return op
}

func (l *laws) apply(doc, op ot.Op) ot.Op {
	out, err := ot.Apply(doc, op)
	if err != nil {
		l.fail("L1", "apply %v to %v: %v", op, doc, err)
	}
	return l.normal(out, "apply", doc, op)
}

func (l *laws) compose(a, b ot.Op) ot.Op {
	out, err := ot.Compose(a, b)
	if err != nil {
		l.fail("L1", "compose %v and %v: %v", a, b, err)
	}
	room := make(ot.Op, (len(a)+len(b))%5) // enough, too little, none
	if same, err := ot.ComposeTo(room, a, b); err != nil || !same.Equal(out) {
		l.fail("L1", "compose %v and %v: %v, into room for %d: %v (%v)", a, b, out, len(room), same, err)
	}
	return l.normal(out, "compose", a, b)
}

func (l *laws) transform(a, over ot.Op, side ot.Side) ot.Op {
	return l.normal(ot.Transform(a, over, side), "transform "+side.String(), a, over)
}

// tp1 is L3, where late arrives later.
func (l *laws) tp1(early, late ot.Op) {
	one := l.apply(l.apply(l.doc, early), l.transform(late, early, ot.Left))
	earlyAfter := l.transform(early, late, ot.Right)
	two := l.apply(l.apply(l.doc, late), earlyAfter)
	for offset := range l.doc.TargetLen() + late.TargetLen() + 2 {
		want, got := ot.TransformOffset(earlyAfter, offset, ot.Left), ot.TransformCaret(late, early, offset)
		if want != got {
			l.fail("L3", "offset %d in what %v makes, over %v, is %d; over %v it is %d", offset, late, early, got, earlyAfter, want)
		}
	}
	l.same("L3", one, two, early, late)
}

// overComposition is L7, which holds with side left, of operations and of offsets.
func (l *laws) overComposition(a, b, c, bc ot.Op) {
	l.same("L7", l.transform(a, bc, ot.Left), l.transform(l.transform(a, b, ot.Left), c, ot.Left), a, b, c)
	for offset := 0; offset <= l.doc.TargetLen(); offset++ {
		whole := ot.TransformOffset(bc, offset, ot.Left)
		parts := ot.TransformOffset(c, ot.TransformOffset(b, offset, ot.Left), ot.Left)
		if whole != parts {
			l.fail("L7", "offset %d over %v is %d, over %v and %v it is %d", offset, bc, whole, b, c, parts)
		}
	}
}

// invert is L4.
func (l *laws) invert(doc, op ot.Op) {
	text, err := ot.TextOf(doc)
	if err != nil {
		l.fail("L4", "TextOf: %v", err)
		return
	}
	back, err := ot.Invert(op, text)
	if err != nil {
		l.fail("L4", "invert %v: %v", op, err)
	}
	l.normal(back, "invert", op)
	l.same("L4", l.apply(l.apply(doc, op), back), doc, op, back)
}

// identity is L8.
func (l *laws) identity(op ot.Op) {
	l.same("L8", l.compose(op, nil), op)
	l.same("L8", l.compose(nil, op), op)
	for _, side := range []ot.Side{ot.Left, ot.Right} {
		l.same("L8", l.transform(op, nil, side), op)
		l.same("L8", l.transform(nil, op, side), nil)
	}
}

// codec is L6.
func (l *laws) codec(op ot.Op) {
	data := ot.AppendOp(nil, op)
	back, err := ot.DecodeOp(data, ot.DefaultLimits)
	if err != nil {
		l.fail("L6", "decode %x of %v: %v", data, op, err)
	}
	l.same("L6", back, op)
	if again := ot.AppendOp(nil, back); !bytes.Equal(again, data) {
		l.fail("L6", "%x was %x", again, data)
	}
}

// Sequence is L2, and L1 once more: a, b and c come one after the other on doc.
func Sequence(doc, a, b, c ot.Op) error {
	l := &laws{doc: doc}
	ab, bc := l.compose(a, b), l.compose(b, c)
	whole := l.compose(ab, c)
	l.same("L2", whole, l.compose(a, bc), a, b, c)
	l.same("L1", l.apply(doc, whole), l.apply(l.apply(l.apply(doc, a), b), c), a, b, c)
	return l.err
}
