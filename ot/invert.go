package ot

// Invert is what undoes op on the document before it: apply(apply(d, op), invert(op, d)) = d. The errors are those of
// (*Text).Check.
func Invert(op Op, before *Text) (Op, error) {
	if err := before.Check(op); err != nil {
		return nil, err
	}
	out := newBuilder(len(op) + 1)
	at := 0
	for _, c := range op {
		switch {
		case c.Kind == Insert:
			out.Delete(c.N)
			continue
		case c.plain():
			out.Push(c)
		case c.Kind == Retain:
			for _, old := range before.Slice(at, at+c.N) {
				out.Retain(old.N, old.Attrs.undo(c.Attrs))
			}
		default:
			for _, old := range before.Slice(at, at+c.N) {
				out.Push(old)
			}
		}
		at += c.N
	}
	return out.Op(), nil
}
