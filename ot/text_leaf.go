package ot

import "slices"

// Edits inside one leaf that its Text owns. They change text and runs; the counts follow in Text.resized. Offsets count
// from the start of the leaf.

// hasRoom reports whether c, whose content is text, can go into the leaf wherever it is put.
func (n *node) hasRoom(text string, c *Component) bool {
	if n.runs == nil && len(c.Attrs) == 0 && c.Embed == nil {
		return len(n.text)+len(text) <= maxLeaf
	}
	return n.weight()+len(text)+3*runWeight <= maxLeaf
}

// insert puts c, whose content is text, in at offset. There must be room.
func (n *node) insert(offset int, text string, c *Component) {
	p := n.byteAt(offset)
	if n.runs != nil || len(c.Attrs) > 0 || c.Embed != nil {
		n.insertRun(offset, p, run{int32(c.N), int32(len(text)), c.Attrs, c.Embed})
	}
	n.spliceText(p, text)
}

// insertRun puts r in at offset, where the byte offset is p.
func (n *node) insertRun(offset, p int, r run) {
	if n.runs == nil {
		n.runs = []run{{units: int32(n.units), bytes: int32(n.bytes)}}
	}
	left, leftBytes := int32(offset), int32(p)
	i := 0
	for left > n.runs[i].units {
		left -= n.runs[i].units
		leftBytes -= n.runs[i].bytes
		i++
	}
	at := &n.runs[i]
	switch {
	case at.joins(&r):
		at.units += r.units
		at.bytes += r.bytes
	case left == 0: // the start of the leaf
		n.runs = slices.Insert(n.runs, 0, r)
	case left < at.units:
		rest := run{at.units - left, at.bytes - leftBytes, at.attrs, at.embed}
		at.units, at.bytes = left, leftBytes
		n.runs = slices.Insert(n.runs, i+1, r, rest)
	case i+1 < len(n.runs) && n.runs[i+1].joins(&r):
		n.runs[i+1].units += r.units
		n.runs[i+1].bytes += r.bytes
	default:
		n.runs = slices.Insert(n.runs, i+1, r)
	}
}

// remove takes count units out, from offset on, and returns how many bytes they were. Something must stay.
func (n *node) remove(offset, count int) (size int) {
	p, q := n.byteAt(offset), n.byteAt(offset+count)
	if n.runs != nil {
		n.removeRuns(offset, offset+count, p, q)
	}
	n.text = n.text[:p+copy(n.text[p:], n.text[q:])]
	return q - p
}

func (n *node) removeRuns(from, to, p, q int) {
	kept := n.runs[:0] // never longer than what has been read
	at, atByte := 0, 0
	for _, r := range n.runs {
		end, endByte := at+int(r.units), atByte+int(r.bytes)
		r.units -= int32(max(0, min(end, to)-max(at, from)))
		r.bytes -= int32(max(0, min(endByte, q)-max(atByte, p)))
		kept = pushRun(kept, r)
		at, atByte = end, endByte
	}
	clear(n.runs[len(kept):])
	n.runs = plainRuns(kept)
}

// format puts attrs over count units from offset on, and reports whether there was room for the new runs.
func (n *node) format(offset, count int, attrs Attrs) bool {
	if n.weight()+3*runWeight > maxLeaf {
		return false
	}
	old := n.runs
	if old == nil {
		old = []run{{units: int32(n.units), bytes: int32(n.bytes)}}
	}
	from, to := int32(offset), int32(offset+count)
	p, q := int32(n.byteAt(offset)), int32(n.byteAt(offset+count))
	out := make([]run, 0, len(old)+2)
	var at, atByte int32
	for _, r := range old {
		// Of r, before units stay as they are, then come middle, then the rest.
		before, beforeBytes := clamp(from-at, r.units), clamp(p-atByte, r.bytes)
		middle, middleBytes := clamp(to-at, r.units)-before, clamp(q-atByte, r.bytes)-beforeBytes
		out = pushRun(out, run{before, beforeBytes, r.attrs, r.embed})
		if middle > 0 {
			out = pushRun(out, run{middle, middleBytes, r.attrs.overlay(attrs, false), r.embed})
		}
		out = pushRun(out, run{r.units - before - middle, r.bytes - beforeBytes - middleBytes, r.attrs, r.embed})
		at += r.units
		atByte += r.bytes
	}
	n.runs = plainRuns(out)
	return true
}

func clamp(n, most int32) int32 { return max(0, min(n, most)) }

// pushRun appends r, joined to the last run where the two are alike. An empty r is dropped.
func pushRun(runs []run, r run) []run {
	if r.units == 0 {
		return runs
	}
	if len(runs) > 0 {
		if last := &runs[len(runs)-1]; last.joins(&r) {
			last.units += r.units
			last.bytes += r.bytes
			return runs
		}
	}
	return append(runs, r)
}

// plainRuns is nil in place of one run that says nothing.
func plainRuns(runs []run) []run {
	if len(runs) == 0 || len(runs) == 1 && runs[0].plain() {
		return nil
	}
	return runs
}
