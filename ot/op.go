package ot

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// An Op is a whole change: a list of components in normal form (doc.go, N1–N5). It is a value: no function of this
// package changes an Op that it was given, and components may be shared between Ops.
type Op []Component

// Kind tells what a Component does.
type Kind uint8

// The three kinds of component.
const (
	Retain Kind = 1 + iota
	Insert
	Delete
)

func (k Kind) String() string {
	switch k {
	case Retain:
		return "retain"
	case Insert:
		return "insert"
	case Delete:
		return "delete"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Component is one piece of an Op.
type Component struct {
	Kind Kind
	// N is the length in UTF-16 code units: of what is kept, of the inserted text, or of what goes. An embed counts 1.
	N int
	// Text is what an Insert inserts; empty for an embed.
	Text string
	// Embed is set on an Insert of an embed only.
	Embed *Embed
	// Attrs are set (a null: removed) on what a Retain keeps, or given to what an Insert inserts.
	Attrs Attrs
}

// An Embed is an object in the text that counts as one code unit: an image, a mention, a formula.
type Embed struct{ Type, Value string }

// Equal reports whether two components are the same.
func (c Component) Equal(d Component) bool {
	return c.Kind == d.Kind && c.N == d.N && c.Text == d.Text && c.Embed.equal(d.Embed) && c.Attrs.Equal(d.Attrs)
}

// plain reports whether the component is a Retain that changes nothing.
func (c *Component) plain() bool { return c.Kind == Retain && len(c.Attrs) == 0 }

func (e *Embed) equal(f *Embed) bool {
	if e == nil || f == nil {
		return e == f
	}
	return *e == *f
}

// Equal reports whether two ops are the same, component by component.
func (o Op) Equal(p Op) bool { return slices.EqualFunc(o, p, Component.Equal) }

// BaseLen is the base length: how many code units of the document the op speaks of. What lies beyond is kept.
func (o Op) BaseLen() int {
	n := 0
	for _, c := range o {
		if c.Kind != Insert {
			n += c.N
		}
	}
	return n
}

// TargetLen is the target length: what the base length becomes.
func (o Op) TargetLen() int {
	n := 0
	for _, c := range o {
		if c.Kind != Delete {
			n += c.N
		}
	}
	return n
}

// String is the op in the notation of the vectors, for tests and errors: [3,"abc",-2]. It shows the document's text:
// it must not reach a log.
func (o Op) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, c := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		c.writeTo(&b)
	}
	b.WriteByte(']')
	return b.String()
}

func (c Component) writeTo(b *strings.Builder) {
	bracket := len(c.Attrs) > 0 || c.Embed != nil
	if bracket {
		b.WriteByte('[')
	}
	switch {
	case c.Embed != nil:
		fmt.Fprintf(b, "null,%q,%q", c.Embed.Type, c.Embed.Value)
	case c.Kind == Insert:
		fmt.Fprintf(b, "%q", c.Text)
	case c.Kind == Delete:
		fmt.Fprintf(b, "-%d", c.N)
	default:
		fmt.Fprintf(b, "%d", c.N)
	}
	for _, a := range c.Attrs {
		fmt.Fprintf(b, ",%q,%s", a.Key, a.Value)
	}
	if bracket {
		b.WriteByte(']')
	}
}

// UTF16Len is the length of s in UTF-16 code units. s must be valid UTF-8.
func UTF16Len(s string) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		// A continuation byte adds no unit; a four-byte sequence makes two.
		if b := s[i]; b >= utf8.RuneSelf {
			switch {
			case b < 0xC0:
				n--
			case b >= 0xF0:
				n++
			}
		}
	}
	return n
}
