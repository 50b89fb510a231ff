package ot

// A change is an op of one plain insert or delete: [retain at,] insert or [retain at,] delete. Nearly everything that people
// type is one, and so is nearly everything that it is moved over.
type change struct {
	at int
	c  *Component
}

// change is the op as a change; false: it is more than that, or nothing.
func (o Op) change() (change, bool) {
	switch {
	case len(o) == 1 && o[0].Kind != Retain:
		return change{0, &o[0]}, true
	case len(o) == 2 && o[0].plain() && o[1].Kind != Retain:
		return change{o[0].N, &o[1]}, true
	}
	return change{}, false
}

// over is Transform of a change over another one: where it begins then, and how much is left of a delete. False where the
// result is not a change: an insert splits the delete, or nothing is left of it.
func (c change) over(o change, side Side) (at, n int, ok bool) {
	at, n = c.at, c.c.N
	start, end := o.at, o.at+o.c.N // of what o deletes
	switch {
	case o.c.Kind == Insert && c.c.Kind == Insert:
		if start < at || start == at && side == Right {
			at += o.c.N
		}
	case o.c.Kind == Insert:
		if start <= at {
			at += o.c.N
		} else if start < at+n {
			return 0, 0, false
		}
	case c.c.Kind == Insert:
		at -= max(0, min(at, end)-start)
	default:
		n -= max(0, min(at+n, end)-max(at, start))
		at -= max(0, min(at, end)-start)
	}
	return at, n, n > 0
}

// split is Transform of a delete over an insert that falls inside of it; false where it does not.
func (c change) split(o change) (Op, bool) {
	before := o.at - c.at
	if c.c.Kind != Delete || o.c.Kind != Insert || before <= 0 || before >= c.c.N {
		return nil, false
	}
	first, rest := Component{Kind: Delete, N: before}, Component{Kind: Delete, N: c.c.N - before}
	return change{c.at, &first}.before(o.c.N, &rest), true
}

// then is Compose of a change and another one after it. False where the two touch, other than by typing on.
func (c change) then(o change) (Op, bool) {
	end, oEnd := c.at, o.at // of what c leaves behind, of what o deletes
	if c.c.Kind == Insert {
		end += c.c.N
	}
	if o.c.Kind == Delete {
		oEnd += o.c.N
	}
	switch {
	case oEnd < c.at:
		return o.before(c.at-oEnd, c.c), true
	case end < o.at:
		return c.before(o.at-end, o.c), true
	case c.c.Kind == Insert && o.c.Kind == Insert && c.c.joins(Insert, o.c.Embed, o.c.Attrs):
		switch o.at {
		case end:
			return c.typed(o.c, c.c.Text+o.c.Text), true
		case c.at:
			return c.typed(o.c, o.c.Text+c.c.Text), true
		}
	}
	return nil, false
}

// op is the change, moved to at, with the length n, as an op.
func (c change) op(at, n int) Op {
	if at == 0 {
		op := Op{*c.c}
		op[0].N = n
		return op
	}
	op := Op{{Kind: Retain, N: at}, *c.c}
	op[1].N = n
	return op
}

// typed is the insert with more text that joins it, which then reads as a whole.
func (c change) typed(more *Component, whole string) Op {
	op := c.op(c.at, c.c.N+more.N)
	op[len(op)-1].Text = whole
	return op
}

// before is the change, and next after gap code units that stay.
func (c change) before(gap int, next *Component) Op {
	if c.at == 0 {
		return Op{*c.c, {Kind: Retain, N: gap}, *next}
	}
	return Op{{Kind: Retain, N: c.at}, *c.c, {Kind: Retain, N: gap}, *next}
}
