package ops

import "unicode/utf8"

// unfinished is how many bytes at the end of a slice may belong to what follows: the beginning of a character, or a CR.
func unfinished(b []byte) int {
	if len(b) > 0 && b[len(b)-1] == '\r' {
		return 1
	}
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			break
		}
	}
	return 0
}

// invalid is the offset of the first byte that is not UTF-8; negative: there is none.
func invalid(b []byte) int {
	if utf8.Valid(b) { // which is quick
		return -1
	}
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
