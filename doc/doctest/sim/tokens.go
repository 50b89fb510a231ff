package sim

import (
	"fmt"
	"slices"
	"strings"

	"tandem/doc"
	"tandem/ot"
)

// token is what one edit inserts, a character of its own, and what has become of it. Being one character, no rebase over a difference of
// texts can put anything into it.
type token struct {
	author  *user
	number  int
	acked   bool // its author's page was told that it is saved
	taken   bool // it was in the document, and a restore or a removal took it
	before  bool // offered to its author, with what was on the screen before a restore
	offered bool // offered to its author, since it cannot be saved, or nobody knows
	gone    bool // with its page, before it could be stored or sent
}

// firstToken is the character of token 0. They are Chinese ones, of one code unit; nothing else that is typed is Chinese.
const firstToken = '\u4e00'

func (t *token) String() string { return fmt.Sprintf("[%d of user %d]", t.number, t.author.number) }

func (t *token) char() rune { return firstToken + rune(t.number) }

// newToken is what the next edit inserts.
func (w *World) newToken(u *user) *token {
	t := &token{author: u, number: len(w.tokens)}
	w.tokens = append(w.tokens, t)
	return t
}

// tokensIn are the tokens of a text.
func (w *World) tokensIn(text string) (tokens []*token) {
	for _, r := range text {
		if n := int(r - firstToken); n >= 0 && n < len(w.tokens) {
			tokens = append(tokens, w.tokens[n])
		}
	}
	return tokens
}

func (w *World) tokensOf(op ot.Op) (tokens []*token) {
	for _, c := range op {
		if c.Kind == ot.Insert {
			tokens = append(tokens, w.tokensIn(c.Text)...)
		}
	}
	return tokens
}

// written notes that a batch is durable.
func (w *World) written(b *doc.Batch) {
	w.stats.Commits += len(b.Commits)
	for _, c := range b.Commits {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		if err != nil {
			w.fail("S2: %w", err)
		}
		for _, t := range w.tokensOf(op) {
			t.taken = false
		}
	}
}

// own are the tokens of a text that the page's user has typed.
func (p *page) own(text string) []*token {
	return slices.DeleteFunc(p.w.tokensIn(text), func(t *token) bool { return t.author != p.user })
}

// took notes what the operator's work took from the document.
func (w *World) took(before, after string) {
	for _, t := range w.tokensIn(before) {
		if !strings.ContainsRune(after, t.char()) {
			t.taken = true
			w.stats.Taken++
		}
	}
}

// seen is what was shown of each revision: S2.
type seen map[doc.Place]doc.Lineage // by place without lineage

// saw notes what a page was shown.
func (w *World) saw(p *page, at doc.Place) {
	lineage := at.Lineage
	at.Lineage = doc.Lineage{}
	if l, known := w.seen[at]; known && l != lineage {
		w.fail("S2: page %s was shown another revision %d than somebody before", p, at.Rev)
	}
	w.seen[at] = lineage
}

// checkHistory holds what was shown, and the base, against history: before it is cut, and in the end.
func (w *World) checkHistory() {
	info := w.disk.info()
	here := info.Place
	base, err := w.disk.memory.Base(background, here.ID)
	if err != nil {
		w.fail("S2: %w", err)
		return
	}
	lineages := map[doc.Revision]doc.Lineage{info.Floor: info.FloorLineage}
	for _, c := range w.disk.read(here.ID, info.Floor, here.Rev) {
		lineages[c.Rev] = c.Lineage
		if err := base.Apply(c.Op); err != nil {
			w.fail("S7: history does not follow the base of revision %d: %w", info.Floor, err)
			return
		}
	}
	if have := w.disk.content(); have.String() != base.String() {
		w.fail("S7: the base of revision %d and history lead to %q, not to %q", info.Floor, base, have)
	}
	for at, lineage := range w.seen {
		if at.ID == here.ID && at.Epoch == here.Epoch && at.Rev >= info.Floor && lineages[at.Rev] != lineage {
			w.fail("S2: revision %d was shown and is not in the history", at.Rev)
		}
	}
}

// check holds the end of a world against S1, S2, S5 to S7.
func (w *World) check() {
	if w.failure != nil {
		return
	}
	w.checkHistory()
	end := w.disk.content().String()
	for _, u := range w.users {
		for _, p := range u.pages {
			if have := p.pending.Content().String(); have != end {
				w.fail("S1: page %s has other content than the server:\n%q\n%q", p, have, end)
				return
			}
		}
	}
	for _, t := range w.tokens {
		w.checkToken(t, end)
	}
}

func (w *World) checkToken(t *token, end string) {
	switch n := strings.Count(end, string(t.char())); {
	case n > 1:
		w.fail("S1: token %s is there %d times in\n%q", t, n, end)
	case n == 1:
	case t.taken && t.acked && !t.before && !t.offered:
		w.fail("S5: token %s was acknowledged, and taken, and not offered to its author", t)
	case t.acked && !t.taken:
		w.fail("S5: token %s was acknowledged, and is not there", t)
	case !t.before && !t.offered && !t.gone:
		w.fail("S6: token %s is neither there nor was it offered to its author", t)
	}
	if t.before || t.offered {
		w.stats.Offered++
	}
}
