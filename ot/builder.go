package ot

// A Builder makes an Op in normal form from components in order. The zero Builder is ready.
type Builder struct {
	op Op
	// kept is the plain retain that comes next. It is written only when something follows it (N3).
	kept int
	// joined is the text of the last component while long texts are joined to it: concatenating strings one by one would copy a
	// text that was edited in many places as many times.
	joined []byte
}

// newBuilder is a Builder for an op of about n components.
func newBuilder(n int) Builder { return Builder{op: make(Op, 0, n)} }

// Op ends the op: a trailing plain retain goes. The Builder must not be used after it.
func (b *Builder) Op() Op {
	if len(b.joined) > 0 {
		b.settle()
	}
	return b.op
}

// Retain keeps n code units, and sets attrs on them.
func (b *Builder) Retain(n int, attrs Attrs) {
	if len(attrs) == 0 {
		b.kept += n
		return
	}
	b.add(Retain, n, "", nil, attrs)
}

// InsertText inserts text, which must be valid UTF-8, with attrs, in which there is no null.
func (b *Builder) InsertText(text string, attrs Attrs) {
	b.add(Insert, UTF16Len(text), text, nil, attrs.orNil())
}

// InsertEmbed inserts an embed with attrs, in which there is no null.
func (b *Builder) InsertEmbed(e Embed, attrs Attrs) {
	b.add(Insert, 1, "", &e, attrs.orNil())
}

// Delete deletes n code units.
func (b *Builder) Delete(n int) { b.add(Delete, n, "", nil, nil) }

// Push appends a component, joined with the last one where normal form asks for it. A component of length 0 is nothing.
func (b *Builder) Push(c Component) {
	if c.plain() {
		b.kept += c.N
		return
	}
	b.add(c.Kind, c.N, c.Text, c.Embed, c.Attrs)
}

// rest appends what is left of it at its head, and goes on.
func (b *Builder) rest(it *iter) {
	if c := it.head(); c.plain() {
		b.kept += it.n
	} else {
		b.add(c.Kind, it.n, c.Text[it.cut:], c.Embed, c.Attrs)
	}
	it.next()
}

// add is Push of anything but a plain retain. The fields come one by one: they fit into registers, and a Component does not.
func (b *Builder) add(kind Kind, n int, text string, embed *Embed, attrs Attrs) {
	if n == 0 {
		return
	}
	if last := len(b.op) - 1; b.kept == 0 && last >= 0 && b.op[last].joins(kind, embed, attrs) {
		b.op[last].N += n
		if text != "" {
			b.join(text)
		}
		return
	}
	if len(b.joined) > 0 {
		b.settle()
	}
	if b.kept > 0 {
		b.op = append(b.op, Component{Kind: Retain, N: b.kept})
		b.kept = 0
	}
	b.op = append(b.op, Component{kind, n, text, embed, attrs})
}

// shortText is up to how many bytes two texts are simply concatenated.
const shortText = 128

// join appends text to that of the last component.
func (b *Builder) join(text string) {
	last := &b.op[len(b.op)-1]
	if len(b.joined) == 0 {
		if len(last.Text)+len(text) <= shortText {
			last.Text += text
			return
		}
		b.joined = append(b.joined, last.Text...)
	}
	b.joined = append(b.joined, text...)
}

// settle gives the last component the text that was joined.
func (b *Builder) settle() {
	b.op[len(b.op)-1].Text = string(b.joined)
	b.joined = b.joined[:0]
}

// joins reports whether normal form has c and what comes after it as one component.
func (c *Component) joins(kind Kind, embed *Embed, attrs Attrs) bool {
	return c.Kind == kind && c.Embed == nil && embed == nil && c.Attrs.Equal(attrs)
}
