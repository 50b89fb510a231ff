package ot

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits bound what one op may hold.
type Limits struct {
	Components int // components
	Attributes int // attributes of a component
	Key        int // bytes of an attribute's key
	Value      int // bytes of an attribute's string
	Text       int // bytes of inserted text and embeds' values, together
	EmbedType  int // bytes of an embed's type
	Embed      int // bytes of an embed's value
	Length     int // code units of one component
}

// MaxDocument is the largest document, in UTF-16 code units.
const MaxDocument = 16 << 20

// DefaultLimits are the limits of one submission.
var DefaultLimits = Limits{
	Components: 4096, Attributes: 16, Key: 64, Value: 1024,
	Text: 128 << 10, EmbedType: 64, Embed: 16 << 10, Length: MaxDocument,
}

// StoredLimits are the limits of what the server itself made from ops within DefaultLimits: a piece of a document's content, or
// many commits composed. They bound a component as DefaultLimits do, and the whole by what memory bears.
var StoredLimits = Limits{
	Components: 4 * MaxDocument, Attributes: 1024, Key: 64, Value: 1024,
	Text: 4 * MaxDocument, EmbedType: 64, Embed: 16 << 10, Length: 4 * MaxDocument,
}

// checker holds the components of an op, one after the other, against normal form and Limits.
type checker struct {
	lim  *Limits
	n    int // components so far
	text int // bytes that they insert
}

// add refuses the component op[i] where it must not follow those before it. What nearly every component is, one without attributes
// and of another kind than the last, is accepted here.
func (k *checker) add(op Op, i int) error {
	c, lim := &op[i], k.lim
	k.n++
	if c.Embed == nil && len(c.Attrs) == 0 && c.N >= 1 && c.N <= lim.Length && k.n <= lim.Components &&
		k.text+len(c.Text) <= lim.Text && (i == 0 || op[i-1].Kind != c.Kind) {
		k.text += len(c.Text)
		return nil
	}
	if k.n > lim.Components {
		return fmt.Errorf("%w: more than %d components", ErrLimit, lim.Components)
	}
	if err := k.length(c); err != nil {
		return err
	}
	if err := k.inserted(c); err != nil {
		return err
	}
	if len(c.Attrs) > 0 {
		if err := k.attrs(c); err != nil {
			return err
		}
	}
	if i > 0 && op[i-1].joins(c.Kind, c.Embed, c.Attrs) {
		return fmt.Errorf("%w: component %d is one with the %s before it", ErrNormalForm, k.n, c.Kind)
	}
	return nil
}

func (k *checker) length(c *Component) error {
	if c.N < 1 {
		return fmt.Errorf("%w: component %d has the length %d", ErrNormalForm, k.n, c.N)
	}
	if c.N > k.lim.Length {
		return fmt.Errorf("%w: component %d has the length %d, at most %d is allowed", ErrLimit, k.n, c.N, k.lim.Length)
	}
	return nil
}

func (k *checker) inserted(c *Component) error {
	switch {
	case c.Kind != Insert:
		return nil
	case c.Embed != nil:
		k.text += len(c.Embed.Value)
		switch e := c.Embed; {
		case e.Type == "":
			return fmt.Errorf("%w: component %d has an embed without a type", ErrNormalForm, k.n)
		case len(e.Type) > k.lim.EmbedType:
			return fmt.Errorf("%w: an embed's type has %d bytes, at most %d are allowed", ErrLimit, len(e.Type), k.lim.EmbedType)
		case len(e.Value) > k.lim.Embed:
			return fmt.Errorf("%w: an embed has %d bytes, at most %d are allowed", ErrLimit, len(e.Value), k.lim.Embed)
		}
	default:
		k.text += len(c.Text)
	}
	if k.text > k.lim.Text {
		return fmt.Errorf("%w: the op inserts more than %d bytes", ErrLimit, k.lim.Text)
	}
	return nil
}

func (k *checker) attrs(c *Component) error {
	if c.Kind == Delete {
		return fmt.Errorf("%w: component %d deletes with attributes", ErrNormalForm, k.n)
	}
	if len(c.Attrs) > k.lim.Attributes {
		return fmt.Errorf("%w: %d attributes, at most %d are allowed", ErrLimit, len(c.Attrs), k.lim.Attributes)
	}
	for i, a := range c.Attrs {
		switch {
		case a.Key == "":
			return fmt.Errorf("%w: component %d has an attribute without a key", ErrNormalForm, k.n)
		case len(a.Key) > k.lim.Key:
			return fmt.Errorf("%w: a key has %d bytes, at most %d are allowed", ErrLimit, len(a.Key), k.lim.Key)
		case len(a.Value.str) > k.lim.Value:
			return fmt.Errorf("%w: the value of %q has %d bytes, at most %d are allowed", ErrLimit, a.Key, len(a.Value.str), k.lim.Value)
		case i > 0 && c.Attrs[i-1].Key >= a.Key:
			return fmt.Errorf("%w: the key %q does not belong after %q", ErrNormalForm, a.Key, c.Attrs[i-1].Key)
		case c.Kind == Insert && a.Value.IsNull():
			return fmt.Errorf("%w: component %d inserts with the attribute %q null", ErrNormalForm, k.n, a.Key)
		}
	}
	return nil
}

// checkEnd refuses what must not be the last component.
func (o Op) checkEnd() error {
	if n := len(o); n > 0 && o[n-1].plain() {
		return fmt.Errorf("%w: it ends with a retain of %d", ErrNormalForm, o[n-1].N)
	}
	return nil
}

// Validate refuses an op that is not in normal form (ErrNormalForm), has text that is not UTF-8 (ErrUTF8), an integer beyond
// ±MaxInt, or something beyond lim (ErrLimit). DecodeOp makes the same checks.
func (o Op) Validate(lim Limits) error {
	k := checker{lim: &lim}
	for i := range o {
		if err := o[i].wellFormed(); err != nil {
			return err
		}
		if err := k.add(o, i); err != nil {
			return err
		}
	}
	return o.checkEnd()
}

// wellFormed checks what a component read from bytes cannot have wrong.
func (c *Component) wellFormed() error {
	switch {
	case c.Kind < Retain || c.Kind > Delete:
		return fmt.Errorf("%w: %s is no kind of component", ErrNormalForm, c.Kind)
	case c.Kind != Insert && (c.Text != "" || c.Embed != nil):
		return fmt.Errorf("%w: a %s with text", ErrNormalForm, c.Kind)
	case c.Embed != nil && (c.Text != "" || c.N != 1):
		return fmt.Errorf("%w: an embed of length %d with the text %q", ErrNormalForm, c.N, c.Text)
	case c.Embed != nil && !(utf8.ValidString(c.Embed.Type) && utf8.ValidString(c.Embed.Value)), !utf8.ValidString(c.Text):
		return fmt.Errorf("%w: inserted text is not UTF-8", ErrUTF8)
	case c.Kind == Insert && c.Embed == nil && c.N != UTF16Len(c.Text):
		return fmt.Errorf("%w: an insert says %d code units and has %d", ErrNormalForm, c.N, UTF16Len(c.Text))
	}
	for _, a := range c.Attrs {
		switch {
		case !utf8.ValidString(a.Key) || !utf8.ValidString(a.Value.str):
			return fmt.Errorf("%w: an attribute is not UTF-8", ErrUTF8)
		case a.Value.num > MaxInt || a.Value.num < -MaxInt:
			return fmt.Errorf("%w: the value %d of %q is beyond ±(2^53-1)", ErrLimit, a.Value.num, a.Key)
		}
	}
	return nil
}

// CheckPlain refuses, with ErrKind, what a plain text cannot hold: attributes, embeds and carriage returns.
func (o Op) CheckPlain() error {
	for _, c := range o {
		switch {
		case len(c.Attrs) > 0:
			return fmt.Errorf("%w: attributes in a plain text", ErrKind)
		case c.Embed != nil:
			return fmt.Errorf("%w: an embed in a plain text", ErrKind)
		case strings.Contains(c.Text, "\r"):
			return fmt.Errorf("%w: a carriage return in a plain text, where lines end with LF", ErrKind)
		}
	}
	return nil
}
