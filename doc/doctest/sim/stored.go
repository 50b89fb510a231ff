package sim

import (
	"slices"
	"time"

	client "tandem/client-go"
)

// What a page does with storage. Stored pending text has one owner: a page moves the record that it takes over to its own key, in one
// transaction, and whoever finds its record gone does not send anything any more.

// claim takes over what another page has stored.
func (p *page) claim(from int) {
	b := p.user.browser
	record := b.latest.records[from]
	if record == nil {
		return // it has stored nothing yet
	}
	p.w.tracef("page %s: takes over what page %d stored", p, from)
	b.transaction(false, func(records map[int]*client.Pending) {
		records[p.number] = record
		if p.w.cfg.Fault != StoredForAll {
			delete(records, from)
		}
	})
	if p.w.cfg.Fault == StoredForAll { // in a transaction of its own
		p.w.after(p.w.between(0, 2*time.Second), func() {
			b.transaction(false, func(records map[int]*client.Pending) { delete(records, from) })
		})
	}
	for _, q := range p.user.pages {
		if q.number == from {
			q.robbed = record
		}
	}
	p.pending, p.stored = record.Copy(p.pending.Client()), true
}

// persist calls then once what the page has is stored for good.
func (p *page) persist(then func()) {
	if p.user.browser == nil || !p.pending.Ready() {
		then()
		return
	}
	p.freezing = true
	life := p.user.browser.life
	p.w.after(p.w.between(time.Millisecond, 20*time.Millisecond), func() {
		if p.closed || p.user.browser.life != life {
			return
		}
		p.freezing = false
		if p.write(true) {
			then()
			p.send()
		}
	})
}

// touch has what has changed stored soon.
func (p *page) touch() {
	if p.user.browser == nil || p.dirty || !p.pending.Ready() {
		return
	}
	p.dirty = true
	p.w.after(p.w.between(0, 500*time.Millisecond), func() {
		p.dirty = false
		if !p.closed {
			p.write(false)
		}
	})
}

// store stores what a page has that is closed.
func (p *page) store() {
	if p.pending.Ready() {
		p.write(false)
	}
}

// write stores what the page has; false: another page has taken it over, and this one stops.
func (p *page) write(strict bool) bool {
	b := p.user.browser
	if p.stored && b.latest.records[p.number] == nil && p.w.cfg.Fault != StoredForAll {
		p.w.tracef("page %s: another one has taken over", p)
		p.leaveBehind(p.robbed)
		p.stop(nil)
		return false
	}
	p.stored = true
	b.transaction(strict, func(records map[int]*client.Pending) { records[p.number] = p.pending.Copy(p.pending.Client()) })
	return true
}

// stop ends a page that cannot go on, and offers the tokens to the user.
func (p *page) stop(offered []*token) {
	for _, t := range offered {
		t.offered = true
	}
	if p.stored {
		p.user.browser.transaction(false, func(records map[int]*client.Pending) { delete(records, p.number) })
	}
	if !p.closed {
		p.user.close(p)
	}
}

// leaveBehind notes which tokens end with a page, since only it had them: they are not in what is stored.
func (p *page) leaveBehind(stored *client.Pending) {
	var kept []*token
	if stored != nil {
		kept = p.w.tokensIn(stored.Content().String())
	}
	for _, t := range p.own(p.pending.Content().String()) {
		if !t.acked && !slices.Contains(kept, t) {
			t.gone = true
		}
	}
}
