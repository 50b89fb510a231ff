package ot

import "unicode/utf8"

// Cutting, joining and building trees. Nothing here changes a node that it is given (R3). A tree is a valid root or nil.

// cut is the tree before offset and the tree from there on.
func (t *Text) cut(n *node, offset int) (head, tail *node) {
	switch {
	case n == nil || offset == 0:
		return nil, n
	case offset == n.units:
		return n, nil
	case n.height == 0:
		p := n.byteAt(offset)
		return t.part(n, 0, offset, 0, p), t.part(n, offset, n.units, p, n.bytes)
	}
	i, before := n.kids.find(offset, 0)
	kids := n.kids.live()
	head, tail = t.cut(kids[i], offset-before)
	return t.join(t.group(kids[:i]), head), t.join(tail, t.group(kids[i+1:]))
}

// join is the tree of what is in a and then b.
func (t *Text) join(a, b *node) *node {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	x, y := t.seam(a, b)
	if y == nil {
		return x
	}
	return t.group([]*node{x, y})
}

// seam is join, except that the result may be two nodes, both as high as the higher one of a and b.
func (t *Text) seam(a, b *node) (x, y *node) {
	var kids [2*fanout + 1]*node
	list := kids[:0]
	switch {
	case a.height > b.height:
		last := a.kids.n - 1
		x, y = t.seam(a.kids.node[last], b)
		list = append(append(list, a.kids.node[:last]...), x)
		if y != nil {
			list = append(list, y)
		}
	case a.height < b.height:
		x, y = t.seam(a, b.kids.node[0])
		list = append(list, x)
		if y != nil {
			list = append(list, y)
		}
		list = append(list, b.kids.live()[1:]...)
	case a.height == 0:
		return t.seamLeaves(a, b)
	case a.kids.n >= minKids && b.kids.n >= minKids:
		return a, b
	default:
		list = append(append(list, a.kids.live()...), b.kids.live()...)
	}
	if len(list) <= fanout {
		return t.group(list), nil
	}
	half := len(list) / 2
	return t.group(list[:half]), t.group(list[half:])
}

// seamLeaves is one leaf of two, when one is too light and they fit into one; otherwise two that are heavy enough.
func (t *Text) seamLeaves(a, b *node) (x, y *node) {
	if a.weight() >= minLeaf && b.weight() >= minLeaf {
		return a, b
	}
	both := &node{token: t.token, units: a.units + b.units, bytes: a.bytes + b.bytes}
	both.text = append(append(make([]byte, 0, max(maxLeaf, both.bytes)), a.text...), b.text...)
	if a.runs != nil || b.runs != nil {
		both.runs = append(both.runs, a.allRuns()...)
		for _, r := range b.allRuns() {
			both.runs = pushRun(both.runs, r)
		}
	}
	if both.weight()+2*runWeight <= maxLeaf {
		return both, nil
	}
	offset, p := both.half()
	return t.part(both, 0, offset, 0, p), t.part(both, offset, both.units, p, both.bytes)
}

// allRuns is the runs, be there one that says nothing.
func (n *node) allRuns() []run {
	if n.runs == nil {
		return []run{{units: int32(n.units), bytes: int32(n.bytes)}}
	}
	return n.runs
}

// half is a place in a leaf (more than one character long) that halves its weight, roughly.
func (n *node) half() (offset, p int) {
	left := n.weight() / 2
	for _, r := range n.runs {
		if left <= int(r.bytes)+runWeight {
			left -= runWeight
			break
		}
		left -= int(r.bytes) + runWeight
		p += int(r.bytes)
	}
	p += max(left, 0)
	for p < n.bytes && !utf8.RuneStart(n.text[p]) {
		p++
	}
	return countUnits(n.text[:p]), p
}

// part is a new leaf with the units from … to, which are the bytes p … q.
func (t *Text) part(n *node, from, to, p, q int) *node {
	l := &node{token: t.token, units: to - from, bytes: q - p}
	l.text = append(make([]byte, 0, maxLeaf), n.text[p:q]...)
	if n.runs == nil {
		return l
	}
	at, atByte := 0, 0
	for _, r := range n.runs {
		end, endByte := at+int(r.units), atByte+int(r.bytes)
		r.units = int32(max(0, min(end, to)-max(at, from)))
		r.bytes = int32(max(0, min(endByte, q)-max(atByte, p)))
		l.runs = pushRun(l.runs, r)
		at, atByte = end, endByte
	}
	l.runs = plainRuns(l.runs)
	return l
}

// group is a tree of at most fanout trees of one height: one stays what it is, several get a node above them.
func (t *Text) group(list []*node) *node {
	if len(list) == 0 {
		return nil
	}
	if len(list) == 1 {
		return list[0]
	}
	n := &node{token: t.token, height: list[0].height + 1, kids: &kids{n: len(list)}}
	for i, kid := range list {
		n.kids.node[i] = kid
		n.kids.units[i] = int32(kid.units)
		n.units += kid.units
		n.bytes += kid.bytes
	}
	return n
}

// grow is the tree of leaves, of which only the last may be too light.
func (t *Text) grow(leaves []*node) *node {
	if last := len(leaves) - 1; last > 0 {
		x, y := t.seamLeaves(leaves[last-1], leaves[last])
		leaves[last-1] = x
		if leaves[last] = y; y == nil {
			leaves = leaves[:last]
		}
	}
	for len(leaves) > 1 {
		groups := (len(leaves) + fanout - 1) / fanout
		above := make([]*node, groups)
		for i := range above {
			above[i] = t.group(leaves[i*len(leaves)/groups : (i+1)*len(leaves)/groups])
		}
		leaves = above
	}
	if len(leaves) == 0 {
		return nil
	}
	return leaves[0]
}

// A leafBuilder makes leaves of text that it is given piece by piece.
type leafBuilder struct {
	token  *token
	leaves []*node
	leaf   *node // being filled; nil: none
}

func (b *leafBuilder) add(text string, attrs Attrs, embed *Embed) {
	for text != "" {
		room := 0
		if b.leaf != nil {
			room = fillLeaf - b.leaf.weight() - runWeight
		}
		if room < utf8.UTFMax {
			b.close()
			b.leaf = &node{token: b.token, text: make([]byte, 0, min(len(text), fillLeaf))}
			room = fillLeaf - runWeight
		}
		size := len(text)
		if size > room {
			for size = room; !utf8.RuneStart(text[size]); size-- {
			}
		}
		l := b.leaf
		l.text = append(l.text, text[:size]...)
		units := countUnits(l.text[l.bytes:])
		l.runs = pushRun(l.runs, run{int32(units), int32(size), attrs, embed})
		l.units += units
		l.bytes += size
		text = text[size:]
	}
}

func (b *leafBuilder) close() {
	if b.leaf != nil {
		b.leaf.runs = plainRuns(b.leaf.runs)
		b.leaves = append(b.leaves, b.leaf)
		b.leaf = nil
	}
}

func (b *leafBuilder) done() []*node {
	b.close()
	return b.leaves
}
