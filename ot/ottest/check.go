package ottest

import (
	"bytes"
	"unicode/utf8"

	"tandem/ot"
	"tandem/ot/ottest/model"
)

// T is what a test, a fuzz target and a property have in common.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

// CheckLaws ends the test unless everything that is known to hold does hold on this example: Laws, the model's results,
// the rope and Diff. a and b are concurrent operations on the document doc, c comes after b.
func CheckLaws(t T, doc, a, b, c ot.Op) {
	t.Helper()
	if err := Laws(doc, a, b, c); err != nil {
		t.Fatalf("%v", err)
	}
	// a moved over b and c comes after them: a sequence of three.
	moved := ot.Transform(ot.Transform(a, b, ot.Left), c, ot.Left)
	CheckSequence(t, doc, b, c, moved)

	for _, pair := range [][2]ot.Op{{a, b}, {b, a}} {
		for side, name := range map[ot.Side]model.Side{ot.Left: model.Left, ot.Right: model.Right} {
			want := model.Transform(Shape(pair[0]), Shape(pair[1]), name)
			same(t, want, ot.Transform(pair[0], pair[1], side), "transform %v over %v, %s", pair[0], pair[1], name)
		}
	}
	checkOp(t, doc, a)
	checkOp(t, doc, b)
	checkDiff(t, doc, a)
}

// CheckSequence does the same for operations that come one after the other on doc.
func CheckSequence(t T, doc, a, b, c ot.Op) {
	t.Helper()
	if err := Sequence(doc, a, b, c); err != nil {
		t.Fatalf("%v", err)
	}
	want, err := model.Compose(Shape(a), Shape(b))
	if err != nil {
		t.Fatalf("model: compose %v and %v: %v", a, b, err)
	}
	got, err := ot.Compose(a, b)
	if err != nil {
		t.Fatalf("compose %v and %v: %v", a, b, err)
	}
	same(t, want, got, "compose %v and %v", a, b)
	checkRope(t, doc, a, b, c)
}

func same(t T, want []any, got ot.Op, format string, args ...any) {
	t.Helper()
	if w, g := model.FormatJSON(want), model.FormatJSON(Shape(got)); w != g {
		t.Fatalf(format+": the model has %s, ot has %s", append(args, w, g)...)
	}
}

// checkOp holds what takes one operation against the model.
func checkOp(t T, doc, op ot.Op) {
	t.Helper()
	shape := Shape(op)
	if err := model.Validate(shape); err != nil {
		t.Fatalf("model: %v: %v", op, err)
	}
	if want, got := model.Encode(shape), ot.AppendOp(nil, op); !bytes.Equal(want, got) {
		t.Fatalf("encode %v: the model has %x, ot has %x", op, want, got)
	}
	text := textOf(t, doc)
	back, err := ot.Invert(op, text)
	wantBack, wantErr := model.Invert(shape, Shape(doc))
	if err != nil || wantErr != nil {
		t.Fatalf("invert %v on %v: %v, model: %v", op, doc, err, wantErr)
	}
	same(t, wantBack, back, "invert %v on %v", op, doc)
	for offset := 0; offset <= doc.TargetLen()+1; offset++ {
		for side, name := range map[ot.Side]model.Side{ot.Left: model.Left, ot.Right: model.Right} {
			want, got := model.Offset(shape, offset, name), ot.TransformOffset(op, offset, side)
			if want != got {
				t.Fatalf("offset %d over %v, %s: the model has %d, ot has %d", offset, op, name, want, got)
			}
			r := ot.Range{Anchor: offset, Head: 0}
			if moved := ot.TransformRange(op, r, side); moved.Anchor != got || moved.Head != ot.TransformOffset(op, 0, side) {
				t.Fatalf("range %v over %v, %s: %v", r, op, name, moved)
			}
		}
	}
}

// CheckSplit splits op in many ways and holds Split to its promise: the parts make the whole, the head is within the limits
// or a single character, and it is not empty: who submits the head and splits the rest again comes to an end.
func CheckSplit(t T, op ot.Op) {
	t.Helper()
	for units := 1; units <= 6; units++ {
		for components := 2; components <= len(op)+2; components++ {
			head, rest := ot.Split(op, units, components)
			for _, part := range []ot.Op{head, rest} {
				if err := part.Validate(ot.DefaultLimits); err != nil {
					t.Fatalf("split %v at %d units, %d components: %v: %v", op, units, components, part, err)
				}
			}
			whole, err := ot.Compose(head, rest)
			if err != nil || !whole.Equal(op) {
				t.Fatalf("split %v at %d units, %d components: %v and %v make %v (%v)", op, units, components, head, rest, whole, err)
			}
			if len(head) == 0 && len(op) > 0 {
				t.Fatalf("split %v at %d units, %d components: the head is empty", op, units, components)
			}
			if cost, pieces := inserted(head); len(head) > components || cost > units && pieces > 1 {
				t.Fatalf("split %v at %d units, %d components: the head is %v", op, units, components, head)
			}
		}
	}
}

// inserted counts what op inserts: code units and bytes of embeds, and characters and embeds.
func inserted(op ot.Op) (cost, pieces int) {
	for _, c := range op {
		switch {
		case c.Kind != ot.Insert:
		case c.Embed != nil:
			cost += 1 + len(c.Embed.Value)
			pieces++
		default:
			cost += c.N
			pieces += utf8.RuneCountInString(c.Text)
		}
	}
	return cost, pieces
}

// checkDiff holds Diff to its promise between the document before and after op, both ways.
func checkDiff(t T, doc, op ot.Op) {
	t.Helper()
	before, after := textOf(t, doc), textOf(t, doc)
	if err := after.Apply(op); err != nil {
		t.Fatalf("apply %v to %v: %v", op, doc, err)
	}
	for _, pair := range [][2]*ot.Text{{before, after}, {after, before}, {before, before}} {
		diff := ot.Diff(pair[0], pair[1])
		if err := diff.Validate(ot.DefaultLimits); err != nil {
			t.Fatalf("diff from %v to %v: %v: %v", pair[0].Content(), pair[1].Content(), diff, err)
		}
		got, err := ot.Apply(pair[0].Content(), diff)
		if err != nil || !got.Equal(pair[1].Content()) {
			t.Fatalf("diff from %v to %v: %v makes %v (%v)", pair[0].Content(), pair[1].Content(), diff, got, err)
		}
		if pair[0] == pair[1] && len(diff) > 0 {
			t.Fatalf("diff of %v with itself: %v", doc, diff)
		}
	}
}

// checkRope applies the operations to one rope, and compares it after each with Apply and with the model; a snapshot
// taken before stays as it was.
func checkRope(t T, doc ot.Op, ops ...ot.Op) {
	t.Helper()
	text, content, shape := textOf(t, doc), doc, Shape(doc)
	for _, op := range ops {
		before, snapshot := content, text.Snapshot()
		if err := text.Apply(op); err != nil {
			t.Fatalf("rope: apply %v to %v: %v", op, content, err)
		}
		var err error
		if content, err = ot.Apply(content, op); err != nil {
			t.Fatalf("apply %v to %v: %v", op, before, err)
		}
		if shape, err = model.Apply(shape, Shape(op)); err != nil {
			t.Fatalf("model: apply %v to %v: %v", op, before, err)
		}
		same(t, shape, content, "apply %v to %v", op, before)
		same(t, shape, text.Content(), "rope: apply %v to %v", op, before)
		if text.Len() != content.TargetLen() {
			t.Fatalf("rope: %v on %v: length %d, not %d", op, before, text.Len(), content.TargetLen())
		}
		if want := model.Hash(shape); text.Hash() != want {
			t.Fatalf("rope: %v on %v: hash %d, the model has %d", op, before, text.Hash(), want)
		}
		if !snapshot.Content().Equal(before) || snapshot.Hash() != model.Hash(Shape(before)) {
			t.Fatalf("rope: %v on %v changed the snapshot to %v", op, before, snapshot.Content())
		}
	}
}

func textOf(t T, doc ot.Op) *ot.Text {
	t.Helper()
	text, err := ot.TextOf(doc)
	if err != nil {
		t.Fatalf("TextOf(%v): %v", doc, err)
	}
	return text
}
