//go:build !race

package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// ledger is what one author did to one document, in order. Every line is typed once in the whole run.
type ledger struct {
	mu    sync.Mutex // also held inside of the Conn's, whose goroutines write here
	edits []edit
}

// edit is one edit: lines that were typed, or a line that was removed.
type edit struct {
	typed   []string
	removed string
}

func (l *ledger) add(e edit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.edits = append(l.edits, e)
}

func (l *ledger) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.edits)
}

// pick is a line of one of the first saved edits, which may have been removed since; "" where that was no typing.
func (l *ledger) pick(rng *rand.Rand, saved int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if saved == 0 {
		return ""
	}
	if typed := l.edits[rng.IntN(saved)].typed; typed != nil {
		return typed[0]
	}
	return ""
}

// book is what all authors did to one document: what its content is held against.
type book struct {
	lines map[string]*lineState
}

// lineState is what is known of a line.
type lineState struct {
	typed, removed mark
}

// mark says how far an act has come.
type mark uint8

const (
	never mark = iota
	done       // by its author, who may not have heard that it was saved
	acked      // it was acknowledged
)

// take adds a ledger, whose first saved edits were acknowledged.
func (b *book) take(l *ledger, saved int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, e := range l.edits {
		how := done
		if i < saved {
			how = acked
		}
		for _, line := range e.typed {
			b.lines[line] = &lineState{typed: how}
		}
		if e.removed != "" {
			b.lines[e.removed].removed = how
		}
	}
}

// flaws are how a content contradicts F1 and F2.
type flaws struct {
	lost, doubled, returned, foreign []string
	acked                            int // lines that had to be there
}

func (b *book) compare(text string) flaws {
	var f flaws
	seen := map[string]int{}
	for line := range strings.Lines(text) {
		seen[line]++
		switch s := b.lines[line]; {
		case s == nil:
			f.foreign = append(f.foreign, line)
		case s.removed == acked:
			f.returned = append(f.returned, line)
		case seen[line] == 2:
			f.doubled = append(f.doubled, line)
		}
	}
	for line, s := range b.lines {
		if s.typed == acked && s.removed == never {
			f.acked++
			if seen[line] == 0 {
				f.lost = append(f.lost, line)
			}
		}
	}
	slices.Sort(f.lost)
	return f
}

// err is nil where there is no flaw.
func (f flaws) err() error {
	var out []string
	for _, kind := range []struct {
		name  string
		lines []string
	}{
		{"acknowledged and lost", f.lost},
		{"there twice", f.doubled},
		{"removed, acknowledged, and back", f.returned},
		{"typed by nobody", f.foreign},
	} {
		if n := len(kind.lines); n > 0 {
			out = append(out, fmt.Sprintf("%d lines %s: %.80q", n, kind.name, kind.lines[:min(n, 3)]))
		}
	}
	if out == nil {
		return nil
	}
	return fmt.Errorf("of %d lines that had to be there: %s", f.acked, strings.Join(out, "; "))
}
