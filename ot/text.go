package ot

import "fmt"

// A Text is the content of one document: a B-tree rope. Leaves hold UTF-8 text with its length in UTF-16 code units,
// attribute runs and embeds; inner nodes hold the lengths of what is below them. Reaching an offset and changing what is
// there costs O(log n); typing on where one typed last costs less, because the Text keeps a finger on that leaf.
//
// A Text has one owner at a time. Snapshot hands out a second Text at no cost: the two share their nodes, and a node is
// copied when one of them writes to it. A Text that nobody writes to may be read by any number of goroutines as soon as
// it is the result of Snapshot, or Snapshot has been called on it after the last Apply.
//
// How sharing stays safe:
//
//	R1  A node is written to only by the Text whose token it carries; Snapshot makes the Text forget its token.
//	R2  What is reachable from a Text without a token has valid hashes, so that reading it never writes.
//	R3  Only the edits inside one leaf (text_leaf.go) write in place; cutting and joining (text_tree.go) makes new nodes.
type Text struct {
	root   *node  // nil: empty
	token  *token // nil: every node may be shared
	finger finger
}

// A token tells whose node it is, by its address. It must not be of size zero.
type token struct{ _ byte }

// A finger is the way to the leaf that was written to last. All nodes on the way carry the token.
type finger struct {
	leaf  *node // nil: it points nowhere
	start int   // offset of the leaf's first code unit
	path  []step
}

// A step is one inner node on the way down, and which of its kids comes next.
type step struct {
	node *node
	kid  int
}

// NewText is the empty content.
func NewText() *Text { return &Text{} }

// TextOf is the content that an insert-only op describes. Any other component is ErrNormalForm.
func TextOf(content Op) (*Text, error) {
	t := &Text{token: new(token)}
	b := leafBuilder{token: t.token}
	for i := range content {
		c := &content[i]
		if c.Kind != Insert {
			return nil, fmt.Errorf("%w: content has a %v at component %d", ErrNormalForm, c.Kind, i)
		}
		b.add(c.content(), c.Attrs, c.Embed)
	}
	t.root = t.grow(b.done())
	return t, nil
}

// Len is the length in UTF-16 code units.
func (t *Text) Len() int {
	if t.root == nil {
		return 0
	}
	return t.root.units
}

// Size is the size of the text in bytes of UTF-8. An embed counts three; what it and the attributes hold is not counted.
func (t *Text) Size() int {
	if t.root == nil {
		return 0
	}
	return t.root.bytes
}

// Splits reports whether offset lies inside a surrogate pair. Beyond the text there are none.
func (t *Text) Splits(offset int) bool {
	if offset <= 0 || offset >= t.Len() {
		return false
	}
	n := t.root
	if f := &t.finger; f.leaf != nil && offset >= f.start && offset <= f.start+f.leaf.units {
		n, offset = f.leaf, offset-f.start
	}
	for n.height > 0 && !n.ascii() {
		i, before := n.kids.find(offset, 0)
		offset -= before
		n = n.kids.node[i]
	}
	if n.ascii() {
		return false
	}
	_, exact := byteOf(n.text, offset)
	return !exact
}

// Check tells what Apply would say: ErrLength when op reaches past the end, ErrSurrogate when one of its boundaries lies
// inside a surrogate pair, or nil.
func (t *Text) Check(op Op) error {
	base := op.BaseLen()
	if base > t.Len() {
		return fmt.Errorf("%w: the operation's base length is %d, the document's length %d", ErrLength, base, t.Len())
	}
	if t.root == nil || t.root.ascii() {
		return nil
	}
	offset := 0
	for i := range op {
		if op[i].Kind == Insert {
			continue
		}
		offset += op[i].N
		if t.Splits(offset) {
			return fmt.Errorf("%w: component %d ends at offset %d, inside a pair", ErrSurrogate, i, offset)
		}
	}
	return nil
}

// Apply changes the content. op must be valid (its Ns are trusted). What Check refuses leaves the content as it was.
func (t *Text) Apply(op Op) error {
	if err := t.Check(op); err != nil {
		return err
	}
	if t.token == nil {
		t.token = new(token)
	}
	offset := 0
	for i := range op {
		c := &op[i]
		switch c.Kind {
		case Retain:
			if len(c.Attrs) > 0 {
				t.format(offset, c.N, c.Attrs)
			}
			offset += c.N
		case Insert:
			t.insert(offset, c)
			offset += c.N
		case Delete:
			t.remove(offset, c.N)
		}
	}
	return nil
}

// Snapshot is a second Text with the same content; both may be written to from now on, each by its owner. It costs as much
// as refreshing the hashes of what has changed since the last one.
func (t *Text) Snapshot() *Text {
	if t.token != nil { // a Text without one may have other readers: nothing is written to it
		t.refresh()
		t.token = nil
		t.letGo()
	}
	return &Text{root: t.root}
}

// Hash is the content hash (hash.go); 0 is the empty document's.
func (t *Text) Hash() uint64 {
	if t.root == nil {
		return 0
	}
	if t.token != nil {
		t.refresh()
	}
	return t.root.sum.hash()
}

func (t *Text) refresh() {
	if t.root != nil {
		t.root.refresh()
	}
}

func (t *Text) insert(offset int, c *Component) {
	text := c.content()
	leaf := t.reach(offset, 0)
	if leaf != nil && !leaf.hasRoom(text, c) && t.halve(len(text)) {
		leaf = t.reach(offset, 0)
	}
	if leaf != nil && leaf.hasRoom(text, c) {
		leaf.insert(offset-t.finger.start, text, c)
		t.resized(c.N, len(text))
		return
	}
	b := leafBuilder{token: t.token}
	b.add(text, c.Attrs, c.Embed)
	head, tail := t.cut(t.root, offset)
	t.replant(t.join(t.join(head, t.grow(b.done())), tail))
}

func (t *Text) remove(offset, n int) {
	leaf := t.reach(offset, n)
	if leaf == nil || n == leaf.units {
		head, rest := t.cut(t.root, offset)
		_, tail := t.cut(rest, n)
		t.replant(t.join(head, tail))
		return
	}
	size := leaf.remove(offset-t.finger.start, n)
	t.resized(-n, -size)
	t.mend()
}

func (t *Text) format(offset, n int, attrs Attrs) {
	if leaf := t.reach(offset, n); leaf != nil && leaf.format(offset-t.finger.start, n, attrs) {
		t.resized(0, 0)
		t.mend()
		return
	}
	head, rest := t.cut(t.root, offset)
	middle, tail := t.cut(rest, n)
	b := leafBuilder{token: t.token}
	middle.walk(0, n, func(s span) bool {
		b.add(string(s.text), s.attrs.overlay(attrs, false), s.embed)
		return true
	})
	t.replant(t.join(t.join(head, t.grow(b.done())), tail))
}

// reach puts the finger on the leaf that holds n code units from offset on, makes the way to it writable, and returns the
// leaf; nil when no single leaf holds them all. Of two leaves that meet at offset, n = 0 takes the left one.
func (t *Text) reach(offset, n int) *node {
	f := &t.finger
	if f.leaf != nil && offset >= f.start && offset+n <= f.start+f.leaf.units {
		return f.leaf
	}
	if t.root == nil {
		return nil
	}
	f.path = f.path[:0]
	t.root = t.own(t.root)
	at, rest := t.root, offset
	for at.height > 0 {
		i, before := at.kids.find(rest, min(n, 1))
		rest -= before
		kid := at.kids.node[i]
		if kid.token != t.token {
			kid = t.own(kid)
			at.kids.node[i] = kid
		}
		f.path = append(f.path, step{at, i})
		at = kid
	}
	f.leaf, f.start = at, offset-rest
	if rest+n > at.units {
		return nil
	}
	return at
}

// resized enters on the way up that the leaf under the finger has changed, and by how much.
func (t *Text) resized(units, bytes int) {
	leaf := t.finger.leaf
	leaf.units += units
	leaf.bytes += bytes
	leaf.hashed = false
	for _, s := range t.finger.path {
		s.node.units += units
		s.node.bytes += bytes
		s.node.hashed = false
		s.node.kids.units[s.kid] += int32(units)
	}
}

// mend joins the leaf under the finger to a neighbour when it has become too light.
func (t *Text) mend() {
	leaf, start := t.finger.leaf, t.finger.start
	if leaf == t.root || leaf.weight() >= minLeaf {
		return
	}
	head, rest := t.cut(t.root, start)
	leaf, tail := t.cut(rest, leaf.units)
	t.replant(t.join(t.join(head, leaf), tail))
}

// halve makes two leaves of the one under the finger, where that makes room for size bytes more and the node above has room
// for another leaf. It is the frequent case of what cutting and joining does, at a tenth of the cost.
func (t *Text) halve(size int) bool {
	leaf, last := t.finger.leaf, len(t.finger.path)-1
	if last < 0 || leaf.weight() < maxLeaf/2+4*runWeight || size > maxLeaf/4 {
		return false
	}
	above := t.finger.path[last]
	k, i := above.node.kids, above.kid
	if k.n == fanout {
		return false
	}
	offset, p := leaf.half()
	tail := t.part(leaf, offset, leaf.units, p, leaf.bytes)
	if leaf.runs != nil {
		leaf.removeRuns(offset, leaf.units, p, leaf.bytes)
	}
	leaf.text = leaf.text[:p]
	leaf.units, leaf.bytes, leaf.hashed = offset, p, false
	copy(k.node[i+2:], k.node[i+1:k.n])
	copy(k.units[i+2:], k.units[i+1:k.n])
	k.node[i+1], k.units[i+1], k.units[i] = tail, int32(tail.units), int32(offset)
	k.n++
	t.finger.leaf = nil
	return true
}

// replant sets a root that cutting and joining has made.
func (t *Text) replant(root *node) {
	t.root = root
	t.letGo()
}

// letGo takes the finger away. Its path is cleared so that it keeps no dropped nodes alive.
func (t *Text) letGo() {
	clear(t.finger.path)
	t.finger.leaf, t.finger.path = nil, t.finger.path[:0]
}
