package doc

import (
	"sync"

	"tandem/ot"
)

// A Burst is commits that follow one another and became durable together: what most readers read at once. So what a transport makes of them
// is made once, and lies in one place.
type Burst struct {
	// Commits are at least one. Several are about burstBytes at most; one that is larger stands alone.
	Commits []*Committed

	once sync.Once
	memo any

	composing sync.Once
	composed  ot.Op
	err       error
}

const (
	// burstBytes is about how much the commits of a burst take on the wire.
	burstBytes = 48 << 10
	// burstEach is what a commit takes there besides its operation, about.
	burstEach = 48
)

// Memo is what a transport makes of the burst: made once, for all readers.
func (b *Burst) Memo(make func(*Burst) any) any {
	b.once.Do(func() { b.memo = make(b) })
	return b.memo
}

// op is the burst as one operation: composed once, for all submissions that are moved over it and all readers who missed it.
func (b *Burst) op() (ot.Op, error) {
	b.composing.Do(func() { b.composed, b.err = composeCommits(b.Commits, plain) })
	return b.composed, b.err
}

// joinBursts makes bursts of commits that follow one another. It keeps the slice.
func joinBursts(commits []*Committed) {
	for len(commits) > 0 {
		n, size := 1, burstEach+len(commits[0].Bytes)
		for ; n < len(commits); n++ {
			if size += burstEach + len(commits[n].Bytes); size > burstBytes {
				break
			}
		}
		b := &Burst{Commits: commits[:n:n]}
		for _, c := range b.Commits {
			c.Burst = b
		}
		commits = commits[n:]
	}
}

// Singles has each single commit of items in an item of its own.
func Singles(items []Item) []Item {
	var out []Item
	for _, i := range items {
		if len(i.Commits) == 0 {
			out = append(out, i)
		}
		for _, c := range i.Commits {
			out = append(out, Item{
				First: c.Rev, Count: 1, Bytes: c.Bytes, Session: c.Session, Caret: c.Caret, Place: i.Place.at(c), Commits: []*Committed{c},
			})
		}
	}
	return out
}
