package trace

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"tandem/ot"
)

// MorningNotesName, MorningNotesSeed and MorningNotesLength make the session in testdata/traces.
const (
	MorningNotesName   = "morning-notes"
	MorningNotesSeed   = 1
	MorningNotesLength = 2000
)

// MorningNotes is the session of our own: somebody writes notes for the day, and corrects them. The same everywhere.
func MorningNotes() (*Seq, error) {
	source := fmt.Sprintf("typed by the seeded model of package trace, seed %d", MorningNotesSeed)
	return NewSeq(MorningNotesName, source, Type(MorningNotesSeed, MorningNotesLength))
}

// Type lets the seeded model type at least n transactions, and finish its sentence. It exercises what the recorded sessions
// lack, all of their text being ASCII: characters of two code units and more, alone, joined and deleted whole, and
// replacements in several places in one transaction.
func Type(seed uint64, n int) [][]Patch {
	t := &typist{rand: rand.New(rand.NewPCG(seed, 0))}
	t.write("# Morning notes\n\n")
	for len(t.done) < n {
		switch roll := t.rand.IntN(100); {
		case roll < 20 || len(t.text) < 200:
			t.sentence()
		case roll < 40:
			t.insertWord()
		case roll < 54:
			t.replaceWord()
		case roll < 62:
			t.paste()
		case roll < 82:
			t.decorate()
		case roll < 91:
			t.removePicture()
		default:
			t.renameEverywhere()
		}
	}
	t.goTo(len(t.text))
	t.write("Done for today 👋\n")
	return t.done
}

// A typist is the model of a person: a text, a caret that never stands inside a character, and what was done so far.
type typist struct {
	rand  *rand.Rand
	text  []uint16
	caret int
	done  [][]Patch
}

// do carries out one patch and leaves the caret behind what it inserted.
func (t *typist) do(p Patch) Patch {
	inserted := utf16.Encode([]rune(p.Inserted))
	text := make([]uint16, 0, len(t.text)+len(inserted)-p.Deleted)
	text = append(text, t.text[:p.Offset]...)
	text = append(text, inserted...)
	t.text = append(text, t.text[p.Offset+p.Deleted:]...)
	t.caret = p.Offset + len(inserted)
	return p
}

func (t *typist) commit(p Patch) { t.done = append(t.done, []Patch{t.do(p)}) }

func (t *typist) pick(from []string) string { return from[t.rand.IntN(len(from))] }

func (t *typist) chance(percent int) bool { return t.rand.IntN(100) < percent }

// write types s character by character, slipping now and then.
func (t *typist) write(s string) {
	for _, c := range characters(s) {
		if c >= "a" && c <= "z" && t.chance(3) {
			t.slip(c)
			continue
		}
		t.commit(Patch{Offset: t.caret, Inserted: c})
	}
}

// slip types wrong letters, notices, takes them back one by one, and types what was meant.
func (t *typist) slip(meant string) {
	wrong := 1 + t.rand.IntN(3)
	for range wrong {
		t.commit(Patch{Offset: t.caret, Inserted: string(rune('a' + t.rand.IntN(26)))})
	}
	for range wrong {
		t.backspace()
	}
	t.commit(Patch{Offset: t.caret, Inserted: meant})
}

// backspace takes the character before the caret, whole.
func (t *typist) backspace() {
	n := t.characterBefore(t.caret)
	t.commit(Patch{Offset: t.caret - n, Deleted: n})
}

// characterBefore is the length of the character that ends at offset: that of a picture where one ends there, or 1. The model
// writes no other character of two units.
func (t *typist) characterBefore(offset int) int {
	for _, p := range pictures {
		if n := ot.UTF16Len(p); n <= offset && string(utf16.Decode(t.text[offset-n:offset])) == p {
			return n
		}
	}
	return 1
}

func (t *typist) goTo(offset int) { t.caret = offset }

// goToWord puts the caret at the beginning of a word somewhere, and tells its length; 0 where the text has no word.
func (t *typist) goToWord() (length int) {
	starts := t.words()
	if len(starts) == 0 {
		return 0
	}
	t.goTo(starts[t.rand.IntN(len(starts))])
	for end := t.caret; end < len(t.text) && isLetter(t.text[end]); end++ {
		length++
	}
	return length
}

// words are the offsets at which a word begins, of plain letters and behind a space or a line's end.
func (t *typist) words() []int {
	var starts []int
	for i := 1; i < len(t.text); i++ {
		if isLetter(t.text[i]) && (t.text[i-1] == ' ' || t.text[i-1] == '\n') {
			starts = append(starts, i)
		}
	}
	return starts
}

func isLetter(u uint16) bool { return u >= 'a' && u <= 'z' || u >= 'A' && u <= 'Z' }

// sentence goes on at the end.
func (t *typist) sentence() {
	t.goTo(len(t.text))
	s := t.pick(subjects) + " " + t.pick(verbs) + " " + t.pick(objects)
	if t.chance(50) {
		s += " " + t.pick(times)
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	switch t.rand.IntN(4) {
	case 0:
		s = "- " + s + "\n"
	case 1:
		s += " " + t.pick(pictures) + "\n"
	default:
		s += ". "
	}
	t.write(s)
}

func (t *typist) insertWord() {
	if t.goToWord() > 0 {
		t.write(t.pick(adverbs) + " ")
	}
}

// replaceWord selects a word and types over it: one patch that deletes and inserts, then letters.
func (t *typist) replaceWord() {
	n := t.goToWord()
	if n == 0 {
		return
	}
	word := characters(t.pick(adverbs))
	t.commit(Patch{Offset: t.caret, Deleted: n, Inserted: word[0]})
	t.write(strings.Join(word[1:], ""))
}

// paste puts a snippet, or a line copied from the text itself, at the end.
func (t *typist) paste() {
	t.goTo(len(t.text))
	s := t.pick(snippets)
	if lines := strings.SplitAfter(string(utf16.Decode(t.text)), "\n"); t.chance(40) && len(lines) > 3 {
		s = lines[2+t.rand.IntN(len(lines)-3)]
	}
	t.commit(Patch{Offset: t.caret, Inserted: s})
}

// decorate puts a picture before a word, and often thinks better of it at once.
func (t *typist) decorate() {
	if t.goToWord() == 0 {
		return
	}
	t.write(t.pick(pictures))
	if t.chance(40) {
		t.backspace()
		t.write(t.pick(pictures))
	}
	t.write(" ")
}

// removePicture deletes one of the text's pictures, whole, wherever it is.
func (t *typist) removePicture() {
	var ends []int
	for i := 2; i <= len(t.text); i++ {
		// The middle of a picture may be the end of another: 👍 begins 👍🏽.
		if t.characterBefore(i) > 1 && (i == len(t.text) || t.text[i] == ' ' || t.text[i] == '\n') {
			ends = append(ends, i)
		}
	}
	if len(ends) > 0 {
		t.goTo(ends[t.rand.IntN(len(ends))])
		t.backspace()
	}
}

// renameEverywhere replaces a name in every place at once: one transaction of several patches, each on what the one before left.
func (t *typist) renameEverywhere() {
	from, to := utf16.Encode([]rune(t.pick(names))), t.pick(names)
	var transaction []Patch
	for i := 0; i+len(from) <= len(t.text); i++ {
		if string(utf16.Decode(t.text[i:i+len(from)])) == string(utf16.Decode(from)) {
			transaction = append(transaction, t.do(Patch{Offset: i, Deleted: len(from), Inserted: to}))
			i = t.caret - 1
		}
	}
	if len(transaction) > 0 {
		t.done = append(t.done, transaction)
	}
}

// characters cuts s into what a person takes for one character, as far as the model writes them.
func characters(s string) []string {
	var out []string
next:
	for s != "" {
		for _, p := range pictures {
			if strings.HasPrefix(s, p) {
				out, s = append(out, p), s[len(p):]
				continue next
			}
		}
		_, size := utf8.DecodeRuneInString(s)
		out, s = append(out, s[:size]), s[size:]
	}
	return out
}
