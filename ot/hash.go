package ot

import "unicode/utf8"

// The content hash is a pair of polynomial hashes over the document's elements, modulo two primes below 2^26, so that
// JavaScript computes it in doubles and it combines: hash(ab) follows from hash(a), hash(b) and the length of b. It finds
// replicas that differ by accident; it does not stop somebody who wants two texts with one hash.
const (
	prime1, base1 = 67108859, 31415927
	prime2, base2 = 67108837, 27182819

	embedElement = 65537 // above every code unit + 1
)

// ContentHash is the hash of an insert-only op's content, straight from the definition. It panics on another op.
func ContentHash(content Op) uint64 {
	s := sum{pow1: 1, pow2: 1}
	for i := range content {
		c := &content[i]
		if c.Kind != Insert {
			panic("ot: content hash of an operation with a " + c.Kind.String())
		}
		a := attrsPoly(c.Attrs)
		if c.Embed != nil {
			s.add(embedElement+a.h1+embedPoly(c.Embed).h1, embedElement+a.h2+embedPoly(c.Embed).h2)
			continue
		}
		for _, r := range c.Text {
			if r >= 0x10000 {
				r -= 0x10000
				high, low := uint64(0xD800+r>>10), uint64(0xDC00+r&0x3FF)
				s.add(high+1+a.h1, high+1+a.h2)
				s.add(low+1+a.h1, low+1+a.h2)
				continue
			}
			s.add(uint64(r)+1+a.h1, uint64(r)+1+a.h2)
		}
	}
	return s.hash()
}

// A sum is the hash of a piece of content, with base^length, by which a hash is multiplied that comes before it.
type sum struct{ h1, h2, pow1, pow2 uint32 }

func (s sum) hash() uint64 { return uint64(s.h1)<<26 + uint64(s.h2) }

// add appends one element to the hash. The powers are left alone.
func (s *sum) add(e1, e2 uint64) {
	s.h1 = uint32((uint64(s.h1)*base1 + e1) % prime1)
	s.h2 = uint32((uint64(s.h2)*base2 + e2) % prime2)
}

// then is the sum of what s stands for, followed by what next stands for.
func (s sum) then(next sum) sum {
	return sum{
		h1:   uint32((uint64(s.h1)*uint64(next.pow1) + uint64(next.h1)) % prime1),
		h2:   uint32((uint64(s.h2)*uint64(next.pow2) + uint64(next.h2)) % prime2),
		pow1: uint32(uint64(s.pow1) * uint64(next.pow1) % prime1),
		pow2: uint32(uint64(s.pow2) * uint64(next.pow2) % prime2),
	}
}

// refresh makes the sums valid from n down. It writes to no node whose sum is valid, and so to no shared one (R2).
func (n *node) refresh() {
	if n.hashed {
		return
	}
	if n.height > 0 {
		s := sum{pow1: 1, pow2: 1}
		for _, kid := range n.kids.live() {
			kid.refresh()
			s = s.then(kid.sum)
		}
		n.sum, n.hashed = s, true
		return
	}
	var s sum
	text := n.text
	for i := range n.runs {
		r := &n.runs[i]
		a := attrsPoly(r.attrs)
		if r.embed != nil {
			s.add(embedElement+a.h1+embedPoly(r.embed).h1, embedElement+a.h2+embedPoly(r.embed).h2)
		} else {
			s.addText(text[:r.bytes], a)
		}
		text = text[r.bytes:]
	}
	if n.runs == nil {
		s.addText(text, poly{})
	}
	s.pow1 = power(base1, n.units, prime1)
	s.pow2 = power(base2, n.units, prime2)
	n.sum, n.hashed = s, true
}

// Powers of the bases, for eight elements in one step.
const (
	p12 = base1 * base1 % prime1
	p13 = p12 * base1 % prime1
	p14 = p13 * base1 % prime1
	p15 = p14 * base1 % prime1
	p16 = p15 * base1 % prime1
	p17 = p16 * base1 % prime1
	p18 = p17 * base1 % prime1
	// ones1 is what a 1 in each of the eight elements adds.
	ones1 = (p17 + p16 + p15 + p14 + p13 + p12 + base1 + 1) % prime1

	p22   = base2 * base2 % prime2
	p23   = p22 * base2 % prime2
	p24   = p23 * base2 % prime2
	p25   = p24 * base2 % prime2
	p26   = p25 * base2 % prime2
	p27   = p26 * base2 % prime2
	p28   = p27 * base2 % prime2
	ones2 = (p27 + p26 + p25 + p24 + p23 + p22 + base2 + 1) % prime2
)

// addText appends the code units of text, which have attributes with the hash a. ASCII goes eight at a time with one
// division: h·B⁸ + Σ xᵢ·B⁷⁻ⁱ + (1+a)·Σ Bⁱ stays far below 2^64.
func (s *sum) addText(text []byte, a poly) {
	a.h1++
	a.h2++
	h1, h2 := uint64(s.h1), uint64(s.h2)
	ones := [2]uint64{a.h1 * ones1 % prime1, a.h2 * ones2 % prime2}
	for len(text) > 0 {
		if len(text) >= 8 && ascii8(text) {
			x0, x1, x2, x3 := uint64(text[0]), uint64(text[1]), uint64(text[2]), uint64(text[3])
			x4, x5, x6, x7 := uint64(text[4]), uint64(text[5]), uint64(text[6]), uint64(text[7])
			h1 = (h1*p18 + x0*p17 + x1*p16 + x2*p15 + x3*p14 + x4*p13 + x5*p12 + x6*base1 + x7 + ones[0]) % prime1
			h2 = (h2*p28 + x0*p27 + x1*p26 + x2*p25 + x3*p24 + x4*p23 + x5*p22 + x6*base2 + x7 + ones[1]) % prime2
			text = text[8:]
			continue
		}
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if r >= 0x10000 {
			r -= 0x10000
			high := uint64(0xD800 + r>>10)
			h1 = (h1*base1 + high + a.h1) % prime1
			h2 = (h2*base2 + high + a.h2) % prime2
			r = 0xDC00 + r&0x3FF
		}
		h1 = (h1*base1 + uint64(r) + a.h1) % prime1
		h2 = (h2*base2 + uint64(r) + a.h2) % prime2
	}
	s.h1, s.h2 = uint32(h1), uint32(h2)
}

func ascii8(text []byte) bool {
	_ = text[7]
	return (text[0]|text[1]|text[2]|text[3]|text[4]|text[5]|text[6]|text[7])&0x80 == 0
}

// power is base^n mod prime.
func power(base uint64, n int, prime uint64) uint32 {
	out := uint64(1)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			out = out * base % prime
		}
		base = base * base % prime
	}
	return uint32(out)
}

// A poly is the pair of hashes of a string of bytes. What it is fed are the bytes of the codec (op by op the same in every
// language), made on the fly.
type poly struct{ h1, h2 uint64 }

func attrsPoly(attrs Attrs) poly {
	var p poly
	for i := range attrs {
		p.str(attrs[i].Key)
		p.hashValue(attrs[i].Value)
	}
	return p
}

func embedPoly(e *Embed) poly {
	var p poly
	p.str(e.Type)
	p.str(e.Value)
	return p
}

func (p *poly) byte(x byte) {
	p.h1 = (p.h1*base1 + uint64(x) + 1) % prime1
	p.h2 = (p.h2*base2 + uint64(x) + 1) % prime2
}

// big feeds a format byte, and then the lowest bytes of n, the highest of them first.
func (p *poly) big(format byte, n uint64, bytes int) {
	p.byte(format)
	for shift := 8 * (bytes - 1); shift >= 0; shift -= 8 {
		p.byte(byte(n >> shift))
	}
}

func (p *poly) str(s string) {
	switch n := uint64(len(s)); {
	case n < 32:
		p.byte(0xa0 | byte(n))
	case n < 1<<8:
		p.big(0xd9, n, 1)
	case n < 1<<16:
		p.big(0xda, n, 2)
	default:
		p.big(0xdb, n, 4)
	}
	for i := range len(s) {
		p.byte(s[i])
	}
}

func (p *poly) hashValue(v Value) {
	switch v.kind {
	case nullValue:
		p.byte(0xc0)
	case boolValue:
		p.byte(0xc2 + byte(v.num))
	case intValue:
		p.int(v.num)
	case stringValue:
		p.str(v.str)
	}
}

func (p *poly) int(n int64) {
	u := uint64(n)
	switch {
	case n >= 0 && n < 1<<7, n < 0 && n >= -1<<5:
		p.byte(byte(n))
	case n >= 0 && n < 1<<8:
		p.big(0xcc, u, 1)
	case n >= 0 && n < 1<<16:
		p.big(0xcd, u, 2)
	case n >= 0 && n < 1<<32:
		p.big(0xce, u, 4)
	case n >= 0:
		p.big(0xcf, u, 8)
	case n >= -1<<7:
		p.big(0xd0, u, 1)
	case n >= -1<<15:
		p.big(0xd1, u, 2)
	case n >= -1<<31:
		p.big(0xd2, u, 4)
	default:
		p.big(0xd3, u, 8)
	}
}
