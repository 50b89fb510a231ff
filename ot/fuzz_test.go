package ot_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"tandem/ot"
	"tandem/ot/ottest"
	"tandem/ot/ottest/model"
)

// FuzzDecode: no bytes make it panic; what is accepted encodes to the same bytes (L6), is valid, and is accepted by the
// model, and what is refused is refused by the model.
func FuzzDecode(f *testing.F) {
	for _, vectors := range readVectors(f) {
		for _, v := range vectors {
			if text, ok := v["hex"].(string); ok {
				data, _ := hex.DecodeString(text)
				f.Add(data)
			} else if op, ok := v["op"]; ok {
				f.Add(model.Encode(op))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		op, err := ot.DecodeOp(data, ot.DefaultLimits)
		shape, wantErr := model.Decode(data)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%x: ot says %v, the model says %v", data, err, wantErr)
		}
		if err != nil {
			return
		}
		if again := ot.AppendOp(nil, op); !bytes.Equal(again, data) {
			t.Fatalf("%x comes back as %x", data, again)
		}
		if err := op.Validate(ot.DefaultLimits); err != nil {
			t.Fatalf("%x: %v was decoded and is not valid: %v", data, op, err)
		}
		if want, got := model.FormatJSON(shape), model.FormatJSON(ottest.Shape(op)); want != got {
			t.Fatalf("%x: the model reads %s, ot reads %s", data, want, got)
		}
		if (op.CheckPlain() == nil) != (model.CheckPlain(shape) == nil) {
			t.Fatalf("%v: plain to one of ot and the model", op)
		}
	})
}

// FuzzLaws lets the bytes decide on a document and operations, and checks them.
func FuzzLaws(f *testing.F) {
	for _, vectors := range readVectors(f) {
		for _, v := range vectors {
			if op, ok := v["op"]; ok {
				if data := model.Encode(op); len(data) < 200 {
					f.Add(data)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		checkGenerated(t, ottest.Gen{Choices: &ottest.Bytes{Data: data[1:]}, Plain: data[0]%2 == 0})
	})
}

// FuzzMeeting decodes two operations from the bytes and lets them meet on a document, fitting or not: ot and the model
// say the same, errors included.
func FuzzMeeting(f *testing.F) {
	for _, vectors := range readVectors(f) {
		for _, v := range vectors {
			doc, ok := v["doc"]
			if op, isOp := v["op"]; ok && isOp {
				f.Add(model.Encode(doc), model.Encode(op))
			}
			if a, ok := v["a"]; ok && v["b"] != nil {
				f.Add(model.Encode(a), model.Encode(v["b"]))
			}
		}
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		a, errA := ot.DecodeOp(first, ot.DefaultLimits)
		b, errB := ot.DecodeOp(second, ot.DefaultLimits)
		const most = 2000 // the model counts every unit
		if errA != nil || errB != nil || a.BaseLen()+a.TargetLen()+b.BaseLen()+b.TargetLen() > most {
			return
		}
		checkOutcome(t, "compose", ottest.Shape(a), ottest.Shape(b), a, b, ot.Compose, model.Compose)
		if a.BaseLen() == 0 {
			checkOutcome(t, "apply", ottest.Shape(a), ottest.Shape(b), a, b, ot.Apply, model.Apply)
			text, err := ot.TextOf(a)
			if err != nil {
				t.Fatalf("TextOf(%v): %v", a, err)
			}
			_, want := ot.Apply(a, b)
			if err := text.Apply(b); (err == nil) != (want == nil) {
				t.Fatalf("rope: apply %v to %v: %v, Apply says %v", b, a, err, want)
			}
		}
		for side, name := range map[ot.Side]model.Side{ot.Left: model.Left, ot.Right: model.Right} {
			want := model.FormatJSON(model.Transform(ottest.Shape(a), ottest.Shape(b), name))
			if got := model.FormatJSON(ottest.Shape(ot.Transform(a, b, side))); got != want {
				t.Fatalf("transform %v over %v, %s: the model has %s, ot has %s", a, b, name, want, got)
			}
		}
	})
}

func checkOutcome(t *testing.T, what string, x, y []any, a, b ot.Op,
	got func(a, b ot.Op) (ot.Op, error), want func(a, b []any) ([]any, error),
) {
	t.Helper()
	op, err := got(a, b)
	shape, wantErr := want(x, y)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%s %v and %v: ot says %v, the model says %v", what, a, b, err, wantErr)
	}
	if err != nil {
		return
	}
	if g, w := model.FormatJSON(ottest.Shape(op)), model.FormatJSON(shape); g != w {
		t.Fatalf("%s %v and %v: the model has %s, ot has %s", what, a, b, w, g)
	}
}
