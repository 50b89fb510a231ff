package ot

// A Builder makes an Op in normal form from components in order. The zero Builder is ready.
type Builder struct {
	op Op
	// joined is the text of the last component while long texts are joined to it: concatenating strings one by one would copy a
	// text that was edited in many places as many times.
	joined []byte
}

// Op ends the op: a trailing plain retain goes. The Builder must not be used after it.
func (b *Builder) Op() Op {
	b.settle()
	for n := len(b.op); n > 0 && b.op[n-1].plain(); n-- {
		b.op = b.op[:n-1]
	}
	return b.op
}

// Retain keeps n code units, and sets attrs on them.
func (b *Builder) Retain(n int, attrs Attrs) {
	b.Push(Component{Kind: Retain, N: n, Attrs: attrs.orNil()})
}

// InsertText inserts text, which must be valid UTF-8, with attrs, in which there is no null.
func (b *Builder) InsertText(text string, attrs Attrs) {
	b.Push(Component{Kind: Insert, N: UTF16Len(text), Text: text, Attrs: attrs.orNil()})
}

// InsertEmbed inserts an embed with attrs, in which there is no null.
func (b *Builder) InsertEmbed(e Embed, attrs Attrs) {
	b.Push(Component{Kind: Insert, N: 1, Embed: &e, Attrs: attrs.orNil()})
}

// Delete deletes n code units.
func (b *Builder) Delete(n int) { b.Push(Component{Kind: Delete, N: n}) }

// Push appends a component, joined with the last one where normal form asks for it. A component of length 0 is nothing.
func (b *Builder) Push(c Component) {
	if c.N == 0 {
		return
	}
	if n := len(b.op); n > 0 && joins(&b.op[n-1], &c) {
		b.op[n-1].N += c.N
		b.join(c.Text)
		return
	}
	b.settle()
	b.op = append(b.op, c)
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
	if len(b.joined) > 0 {
		b.op[len(b.op)-1].Text = string(b.joined)
		b.joined = b.joined[:0]
	}
}

// joins reports whether normal form has c and d, side by side, as one component.
func joins(c, d *Component) bool {
	return c.Kind == d.Kind && c.Embed == nil && d.Embed == nil && c.Attrs.Equal(d.Attrs)
}

// newBuilder is a Builder for an op of about n components.
func newBuilder(n int) Builder { return Builder{op: make(Op, 0, n)} }
