package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"tandem/ot"
	"tandem/trace"
)

// script is what one author types, and what must have come of it.
type script struct {
	separator string  // the line before the author's section
	ops       []ot.Op // one a transaction, on the section alone
	end       string  // the section's text in the end
}

// readScripts makes a script of each trace: separators number the authors from 1. A trace that is named twice is read once.
func readScripts(paths []string, limit int) ([]*script, error) {
	read := map[string]*script{}
	scripts := make([]*script, 0, len(paths))
	for i, path := range paths {
		s := read[path]
		if s == nil {
			var err error
			if s, err = readScript(path, limit); err != nil {
				return nil, err
			}
			read[path] = s
		}
		mine := *s
		mine.separator = fmt.Sprintf("── %d 😀 %s ──\n", i+1, traceName(path))
		scripts = append(scripts, &mine)
	}
	return scripts, nil
}

func readScript(path string, limit int) (*script, error) {
	seq, err := trace.ReadSeq(path)
	if err != nil {
		return nil, err
	}
	n := len(seq.Transactions)
	if limit > 0 {
		n = min(n, limit)
	}
	s := &script{ops: make([]ot.Op, n)}
	for i, transaction := range seq.Transactions[:n] {
		if s.ops[i], err = trace.Op(transaction); err != nil {
			return nil, fmt.Errorf("%s: transaction %d cannot be one operation: %w", path, i+1, err)
		}
	}
	if s.end, err = seq.Text(n); err != nil {
		return nil, fmt.Errorf("%s: after transaction %d: %w", path, n, err)
	}
	return s, nil
}

// traceName is a file's name up to its first dot.
func traceName(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}

// separators is the operation that makes the sections, all empty. In an empty document the section of author i then begins after
// separator i.
//
// What keeps the sections apart: an author inserts from its section's start to its end, which is where the next separator begins.
// Between the start of a section and any place where another author inserts or deletes stands at least one separator, whole, so
// the anchor at the start never ties with another's insert, even where sections are empty; the author's own inserts at the start
// leave it in place.
func separators(scripts []*script) ot.Op {
	var b ot.Builder
	for _, s := range scripts {
		b.InsertText(s.separator, nil)
	}
	return b.Op()
}

// expected is the document in the end.
func expected(scripts []*script) string {
	var b strings.Builder
	for _, s := range scripts {
		b.WriteString(s.separator)
		b.WriteString(s.end)
	}
	return b.String()
}

// compare says what is wrong with a document, section by section, without showing text of it.
func compare(scripts []*script, text string) (wrong []string) {
	for i, s := range scripts {
		_, section, found := strings.Cut(text, s.separator)
		if !found {
			wrong = append(wrong, fmt.Sprintf("section %d: its separator is not there", i+1))
			continue
		}
		if i+1 < len(scripts) {
			section, _, _ = strings.Cut(section, scripts[i+1].separator)
		}
		if section != s.end {
			wrong = append(wrong, fmt.Sprintf("section %d: %s", i+1, difference(section, s.end)))
		}
	}
	if len(wrong) == 0 && text != expected(scripts) {
		wrong = append(wrong, "the document: "+difference(text, expected(scripts)))
	}
	return wrong
}

// difference says where two texts part.
func difference(have, want string) string {
	if have == want {
		return "the same"
	}
	n := 0
	for n < len(have) && n < len(want) && have[n] == want[n] {
		n++
	}
	return fmt.Sprintf("it has %d bytes, expected are %d; they part at byte %d", len(have), len(want), n)
}
