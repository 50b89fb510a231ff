package sim

import (
	"slices"
	"time"
	"unicode/utf16"

	client "tandem/client-go"
	"tandem/doc"
	"tandem/ot"
)

// user is somebody at a computer: pages come and go, and some of them leave what they have in the browser's storage.
type user struct {
	w        *World
	number   int
	browser  *browser // nil: its pages store nothing, and stay open
	pages    []*page  // that are open
	opened   int      // pages so far
	mayWrite bool
}

func newUser(w *World, n int) *user {
	u := &user{w: w, number: n, mayWrite: true}
	if n%4 != 3 {
		u.browser = newBrowser(w)
	}
	w.after(w.between(0, time.Second), func() { u.open(false) })
	w.after(w.between(time.Second, 30*time.Second), u.trouble)
	w.after(w.between(time.Second, 60*time.Second), u.rights)
	return u
}

// open opens a page. It takes up what a page that has ended left in storage, or what it takes for that: steal, where the page
// lives, but did not answer.
func (u *user) open(steal bool) *page {
	u.opened++
	u.w.stats.Pages++
	id := doc.ClientID{byte(u.number + 1), byte(u.opened >> 8), byte(u.opened)}
	p := &page{w: u.w, user: u, number: u.opened, pending: client.NewPending(id, doc.Text)}
	if left := u.orphans(); len(left) > 0 {
		p.claim(left[0])
	} else if steal && u.browser != nil && len(u.pages) > 0 {
		p.claim(u.pages[0].number)
	}
	p.plant()
	u.pages = append(u.pages, p)
	p.reconnect("opened")
	u.w.after(u.w.between(0, time.Second), p.edits)
	u.w.after(u.w.between(time.Second, 30*time.Second), p.trouble)
	return p
}

// orphans are the pages that left something in storage and are not open any more.
func (u *user) orphans() (left []int) {
	if u.browser == nil {
		return nil
	}
	for _, n := range u.browser.keys() {
		if !slices.ContainsFunc(u.pages, func(p *page) bool { return p.number == n }) {
			left = append(left, n)
		}
	}
	return left
}

// close ends a page. Where nothing else is open, the user comes back some time.
func (u *user) close(p *page) {
	p.closed = true
	if p.conn != nil {
		p.conn.cut()
	}
	u.pages = slices.DeleteFunc(u.pages, func(q *page) bool { return p == q })
	u.comeBack()
}

func (u *user) comeBack() {
	if len(u.pages) > 0 {
		return
	}
	u.w.after(u.w.between(100*time.Millisecond, 20*time.Second), func() {
		if len(u.pages) == 0 {
			u.open(false)
		}
	})
}

// trouble happens to a user's pages now and then.
func (u *user) trouble() {
	if u.w.calm {
		return
	}
	u.w.after(u.w.between(5*time.Second, 60*time.Second), u.trouble)
	if u.browser == nil || len(u.pages) == 0 {
		return
	}
	p := u.pages[u.w.rng.IntN(len(u.pages))]
	switch {
	case u.w.chance(0.08):
		u.powerCut()
	case u.w.chance(0.12):
		u.w.tracef("page %s: closed", p)
		p.store()
		u.close(p)
	case u.w.chance(0.12):
		u.w.tracef("page %s: crashes", p)
		p.leaveBehind(u.browser.latest.records[p.number])
		u.close(p)
	case u.w.chance(0.15) && len(u.pages) < 3:
		u.w.stats.Copies++
		u.w.tracef("page %s: copied", p)
		u.open(u.w.chance(0.3))
	case u.w.chance(0.3) && len(u.pages) > 1:
		u.w.tracef("page %s: closed, another is open", p)
		p.store()
		u.close(p)
	}
}

// powerCut ends all pages; storage is what it was when it was last durable.
func (u *user) powerCut() {
	u.w.stats.PowerCuts++
	u.w.tracef("user %d: power cut", u.number)
	u.browser.powerCut()
	for _, p := range slices.Clone(u.pages) {
		p.leaveBehind(u.browser.latest.records[p.number])
		u.close(p)
	}
}

// rights to write go and come back.
func (u *user) rights() {
	if u.w.calm {
		u.mayWrite = true
		return
	}
	wait := u.w.between(100*time.Millisecond, u.w.mood.rights)
	if u.mayWrite = !u.w.chance(0.4); !u.mayWrite {
		wait = u.w.between(100*time.Millisecond, min(u.w.mood.rights, 20*time.Second))
		u.w.tracef("user %d: may read only", u.number)
	}
	u.w.after(wait, u.rights)
}

// calmDown has everything that is left taken up, and everybody connect once more.
func (u *user) calmDown() {
	u.mayWrite = true
	for _, p := range u.pages {
		p.asleep = false
		p.reconnect("calm")
	}
	for range u.orphans() {
		u.open(false)
	}
	if len(u.pages) == 0 {
		u.open(false)
	}
}

// edit is an edit of the user's: it inserts a token of its own, with some letters, and deletes letters, but never a token.
func (u *user) edit(content *ot.Text) ot.Op {
	text := utf16.Encode([]rune(content.String()))
	at := 0 // often where others type as well
	if u.w.rng.IntN(3) > 0 && len(text) > 0 {
		at = u.w.rng.IntN(len(text) + 1)
	}
	if at < len(text) && isLow(text[at]) {
		at++
	}
	to := at
	if u.w.rng.IntN(3) == 0 {
		for to < len(text) && !isToken(text[to]) && to-at < 8 {
			to++
		}
		if to < len(text) && isLow(text[to]) {
			to--
		}
	}
	typed := string(u.w.newToken(u).char())
	u.w.edits++
	filler := []string{"", "a", "bc", "é", "😀", "line\n"}[u.w.rng.IntN(6)]
	var b ot.Builder
	b.Retain(at, nil)
	if u.w.rng.IntN(2) == 0 {
		b.InsertText(typed+filler, nil)
		b.Delete(max(0, to-at))
	} else {
		b.Delete(max(0, to-at))
		b.InsertText(filler+typed, nil)
	}
	return b.Op()
}

func isLow(unit uint16) bool { return unit >= 0xDC00 && unit <= 0xDFFF }

func isToken(unit uint16) bool { return unit >= firstToken && unit < 0xA000 }
