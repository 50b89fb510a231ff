package ot

// A script is what to delete from one row of numbers and what to insert from another to make the second of the first.
type script struct {
	a, b []uint32
	gone []bool // of a: deleted
	come []bool // of b: inserted

	steps     int     // left before the search is given up
	fore, aft []int32 // of middle: how far each diagonal has been followed from the front, and from the back
}

// compare fills in gone and come: by characters, or by lines first.
func (s *script) compare(names *namer) {
	steps := minDiffSteps + diffStepsEach*(len(s.a)+len(s.b))
	s.gone, s.come = make([]bool, len(s.a)), make([]bool, len(s.b))
	if s.steps = steps; s.search() {
		return
	}
	lines := script{steps: steps}
	var aEnds, bEnds []int
	lines.a, aEnds = names.split(s.a)
	lines.b, bEnds = names.split(s.b)
	lines.gone, lines.come = make([]bool, len(lines.a)), make([]bool, len(lines.b))
	if !lines.search() {
		lines.replace(0, len(lines.a), 0, len(lines.b))
	}
	inside := script{steps: steps} // all hunks together
	lines.hunks(func(a0, a1, b0, b1 int) {
		a0, a1 = lineStart(aEnds, a0), lineStart(aEnds, a1)
		b0, b1 = lineStart(bEnds, b0), lineStart(bEnds, b1)
		inside.a, inside.gone = s.a[a0:a1], s.gone[a0:a1]
		inside.b, inside.come = s.b[b0:b1], s.come[b0:b1]
		if !inside.search() {
			inside.replace(0, len(inside.a), 0, len(inside.b))
		}
	})
}

func lineStart(ends []int, line int) int {
	if line == 0 {
		return 0
	}
	return ends[line-1]
}

// search finds a shortest script. It returns false, and an empty script, when that takes more edits than maxDiff or more than
// the steps that are left.
func (s *script) search() bool {
	if s.box(0, len(s.a), 0, len(s.b)) {
		return true
	}
	clear(s.gone)
	clear(s.come)
	return false
}

func (s *script) replace(a0, a1, b0, b1 int) {
	for i := a0; i < a1; i++ {
		s.gone[i] = true
	}
	for j := b0; j < b1; j++ {
		s.come[j] = true
	}
}

// box searches a part of a against a part of b.
func (s *script) box(a0, a1, b0, b1 int) bool {
	for a0 < a1 && b0 < b1 && s.a[a0] == s.b[b0] {
		a0, b0 = a0+1, b0+1
	}
	for a0 < a1 && b0 < b1 && s.a[a1-1] == s.b[b1-1] {
		a1, b1 = a1-1, b1-1
	}
	if a0 == a1 || b0 == b1 {
		s.replace(a0, a1, b0, b1)
		return true
	}
	x, y, ok := s.middle(s.a[a0:a1], s.b[b0:b1])
	// Both halves differ in something: neither is the whole, and this ends.
	return ok && s.box(a0, a0+x, b0, b0+y) && s.box(a0+x, a1, b0+y, b1)
}

// middle is a place in the middle of a shortest script from a to b, which differ at the front and at the back: x in a, y in b.
// It follows the paths with d edits from both ends, for growing d, until two of them meet (Myers, section 4b). Diagonal k is where
// x−y = k; the paths from the back are counted from there, so that a's diagonal k is their diagonal len(a)−len(b)−k.
func (s *script) middle(a, b []uint32) (x, y int, ok bool) {
	n, m := len(a), len(b)
	most := (min(n+m, maxDiff) + 1) / 2
	if size := 2*most + 3; len(s.fore) < size {
		s.fore, s.aft = make([]int32, size), make([]int32, size)
	}
	zero := most + 1 // index of diagonal 0
	fore, aft := s.fore, s.aft
	delta := n - m
	odd := delta&1 != 0
	for d := 0; d <= most; d++ {
		fore[zero-d-1], fore[zero+d+1] = -1, -1
		aft[zero-d-1], aft[zero+d+1] = -1, -1
		for k := -d; k <= d; k += 2 {
			x := farthest(fore[zero+k-1], fore[zero+k+1], d, k, n, m)
			start := x
			for x >= 0 && x < n && x-k < m && a[x] == b[x-k] {
				x++
			}
			fore[zero+k] = int32(x)
			s.steps -= x - start + 1
			if back := delta - k; x >= 0 && odd && back > -d && back < d {
				if r := aft[zero+back]; r >= 0 && x+int(r) >= n {
					return x, x - k, true
				}
			}
		}
		for k := -d; k <= d; k += 2 {
			x := farthest(aft[zero+k-1], aft[zero+k+1], d, k, n, m)
			start := x
			for x >= 0 && x < n && x-k < m && a[n-1-x] == b[m-1-x+k] {
				x++
			}
			aft[zero+k] = int32(x)
			s.steps -= x - start + 1
			if front := delta - k; x >= 0 && !odd && front >= -d && front <= d {
				if r := fore[zero+front]; r >= 0 && x+int(r) >= n {
					return n - x, m - x + k, true
				}
			}
		}
		if s.steps < 0 {
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// farthest is where a path of d edits arrives on diagonal k: by a deletion from the diagonal below, or an insertion from the one
// above, whichever is farther and within n×m; −1 where there is none.
func farthest(below, above int32, d, k, n, m int) int {
	if d == 0 {
		return 0
	}
	x := -1
	if above >= 0 && int(above)-k <= m {
		x = int(above)
	}
	if below >= 0 && int(below) < n {
		x = max(x, int(below)+1)
	}
	return x
}

// hunks yields each stretch that differs, as a part of a and a part of b of which one may be empty.
func (s *script) hunks(yield func(a0, a1, b0, b1 int)) {
	for i, j := 0, 0; i < len(s.a) || j < len(s.b); {
		a0, b0 := i, j
		for i < len(s.a) && s.gone[i] {
			i++
		}
		for j < len(s.b) && s.come[j] {
			j++
		}
		if i > a0 || j > b0 {
			yield(a0, i, b0, j)
			continue
		}
		i, j = i+1, j+1
	}
}

// op is the script as an op that leads to b, behind so many units that stay.
func (s *script) op(b *Text, front int, names *namer) Op {
	var out Builder
	units := func(ids []uint32) (n int) {
		for _, id := range ids {
			n += names.units(id)
		}
		return n
	}
	out.Retain(front, nil)
	at, done := front, 0 // in b: the offset of the element done
	s.hunks(func(a0, a1, b0, b1 int) {
		kept := units(s.b[done:b0])
		at += kept
		out.Retain(kept, nil)
		out.Delete(units(s.a[a0:a1]))
		comes := units(s.b[b0:b1])
		for _, c := range b.Slice(at, at+comes) {
			out.Push(c)
		}
		at, done = at+comes, b1
	})
	return out.Op()
}
