package trace

import (
	"errors"
	"fmt"
	"unicode/utf16"
)

// A splicer is a text under plain splices: a gap buffer of UTF-16 code units, and nothing else. It is what package ot is held
// against (R3). The zero splicer is the empty text.
type splicer struct {
	before []uint16 // the text before the gap
	behind []uint16 // the text behind the gap, backwards
}

func (s *splicer) len() int { return len(s.before) + len(s.behind) }

func (s *splicer) splice(p Patch) error {
	if p.Offset < 0 || p.Deleted < 0 || p.Offset+p.Deleted > s.len() {
		return fmt.Errorf("the patch takes [%d, %d) of a text of %d units", p.Offset, p.Offset+p.Deleted, s.len())
	}
	for len(s.before) > p.Offset {
		s.behind = append(s.behind, s.before[len(s.before)-1])
		s.before = s.before[:len(s.before)-1]
	}
	for len(s.before) < p.Offset {
		s.before = append(s.before, s.behind[len(s.behind)-1])
		s.behind = s.behind[:len(s.behind)-1]
	}
	s.behind = s.behind[:len(s.behind)-p.Deleted]
	for _, r := range p.Inserted {
		s.before = utf16.AppendRune(s.before, r)
	}
	return nil
}

var errHalf = errors.New("the text holds half a surrogate pair")

// text decodes by hand: utf16.Decode would make U+FFFD of half a pair.
func (s *splicer) text() (string, error) {
	units := make([]uint16, 0, s.len())
	units = append(units, s.before...)
	for i := len(s.behind) - 1; i >= 0; i-- {
		units = append(units, s.behind[i])
	}
	runes := make([]rune, 0, len(units))
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			if i+1 == len(units) {
				return "", errHalf
			}
			if r = utf16.DecodeRune(r, rune(units[i+1])); r == '\uFFFD' {
				return "", errHalf
			}
			i++
		}
		runes = append(runes, r)
	}
	return string(runes), nil
}
