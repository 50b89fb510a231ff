package ot

import (
	"fmt"

	"tandem/ot/pack"
)

// AppendOp appends the one encoding of an op to buf. The op must be valid.
func AppendOp(buf []byte, op Op) []byte {
	w := pack.Append(buf)
	WriteOp(&w, op)
	return w.Done()
}

// WriteOp writes an op as AppendOp does.
func WriteOp(w *pack.Writer, op Op) {
	w.Array(len(op))
	for i := range op {
		writeComponent(w, &op[i])
	}
}

func writeComponent(w *pack.Writer, c *Component) {
	switch {
	case c.Embed != nil:
		w.Array(3 + 2*len(c.Attrs))
		w.Nil()
		w.Str(c.Embed.Type)
		w.Str(c.Embed.Value)
	case len(c.Attrs) > 0:
		w.Array(1 + 2*len(c.Attrs))
		fallthrough
	default:
		switch c.Kind {
		case Retain:
			w.Int(int64(c.N))
		case Delete:
			w.Int(int64(-c.N))
		default:
			w.Str(c.Text)
		}
	}
	for i := range c.Attrs {
		w.Str(c.Attrs[i].Key)
		writeValue(w, c.Attrs[i].Value)
	}
}

func writeValue(w *pack.Writer, v Value) {
	switch v.kind {
	case nullValue:
		w.Nil()
	case boolValue:
		w.Bool(v.num == 1)
	case intValue:
		w.Int(v.num)
	case stringValue:
		w.Str(v.str)
	}
}

// DecodeOp reads an op that is all of data: ErrEncoding, ErrUTF8, ErrNormalForm or ErrLimit say what is wrong. Nothing of data is kept.
func DecodeOp(data []byte, lim Limits) (Op, error) {
	r := pack.NewReader(data)
	op := ReadOp(&r, &lim)
	if err := r.End(); err != nil {
		return nil, err
	}
	return op, nil
}

// ReadOp reads an op as DecodeOp does; what is wrong becomes the Reader's error.
func ReadOp(r *pack.Reader, lim *Limits) Op {
	n := r.Array(lim.Components)
	if r.Err() != nil {
		return nil
	}
	// The claim was held against the bytes that are there; a component takes more in memory than its least byte.
	op := make(Op, min(n, 64))
	k := checker{lim: lim}
	for i := range n {
		if i == len(op) {
			op = append(op, Component{})
		}
		c := &op[i]
		if r.Peek() == pack.Array {
			readAttributed(r, lim, c)
		} else {
			readPlain(r, lim, c)
		}
		if r.Err() != nil {
			return nil
		}
		if err := k.add(op, i); err != nil {
			r.Fail(err)
			return nil
		}
	}
	if err := op.checkEnd(); err != nil {
		r.Fail(err)
		return nil
	}
	return op
}

// readAttributed reads a component in brackets: with attributes, or an embed.
func readAttributed(r *pack.Reader, lim *Limits, c *Component) {
	at := r.Pos()
	n := r.Array(3 + 2*lim.Attributes)
	switch {
	case r.Nil():
		*c = Component{Kind: Insert, N: 1, Embed: &Embed{Type: r.Str(lim.EmbedType), Value: r.Str(lim.Embed)}}
		n -= 3
	default:
		readPlain(r, lim, c)
		n--
		if n == 0 {
			r.Fail(fmt.Errorf("%w: a component without attributes in brackets, at byte %d", ErrEncoding, at))
		}
	}
	if n < 0 || n%2 != 0 {
		r.Fail(fmt.Errorf("%w: a key without a value, at byte %d", ErrEncoding, at))
	}
	if r.Err() != nil || n == 0 {
		return
	}
	c.Attrs = make(Attrs, 0, n/2)
	for range n / 2 {
		c.Attrs = append(c.Attrs, Attr{Key: r.Str(lim.Key), Value: readValue(r, lim)})
	}
}

// readPlain reads a length or a text into c, which is empty.
func readPlain(r *pack.Reader, lim *Limits, c *Component) {
	if r.Peek() == pack.Str {
		c.Kind, c.Text = Insert, r.Str(lim.Text)
		c.N = UTF16Len(c.Text)
		return
	}
	c.Kind, c.N = Retain, int(r.Int(-pack.MaxInt, pack.MaxInt))
	if c.N < 0 {
		c.Kind, c.N = Delete, -c.N
	}
}

func readValue(r *pack.Reader, lim *Limits) Value {
	switch r.Peek() {
	case pack.Nil:
		r.Nil()
		return Null()
	case pack.Bool:
		return Bool(r.Bool())
	case pack.Str:
		return String(r.Str(lim.Value))
	}
	return Int(r.Int(-pack.MaxInt, pack.MaxInt))
}
