package doc

import (
	"fmt"
	"slices"

	"tandem/ot"
)

// Committed is a commit as history in memory holds it. It never changes once it is published.
type Committed struct {
	Commit
	Stamps  // zero of what was loaded
	Op      ot.Op
	Session SessionNumber // of the author, while the document stays loaded; 0: not known
	Caret   int           // the author's caret after it; negative: not known

	// Burst is the commits that were committed with it, and itself. Nil: it came from the store, for a reader alone.
	Burst *Burst
}

// decode is a stored commit as history holds it.
func decode(c Commit) (*Committed, error) {
	op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
	if err != nil {
		return nil, fmt.Errorf("%w: revision %d: %w", ErrDamaged, c.Rev, err)
	}
	return &Committed{Commit: c, Op: op, Caret: -1}, nil
}

// A View is what is durable of a document, and so what may be told to anybody (D3). It never changes: readers keep it as
// long as they like.
type View struct {
	Place Place
	// Base is the revision at which history in memory begins: Commits has Base+1 up to Place.Rev.
	Base        Revision
	BaseLineage Lineage
	Commits     []*Committed
	Floor       Revision // of the stored history: below it nothing is read any more
	Size        int      // of the content, in bytes of UTF-8; attributes and embeds are not counted
	Check       Check
	Presence    *Presences
}

// A Check is the content's hash at a revision.
type Check struct {
	Rev  Revision
	Hash uint64
}

// after is the history in memory behind a revision that it reaches.
func (v *View) after(rev Revision) []*Committed { return v.Commits[rev-v.Base:] }

// LineageAt is the lineage at a revision; false where that is not in memory.
func (v *View) LineageAt(rev Revision) (Lineage, bool) {
	switch {
	case rev < v.Base || rev > v.Place.Rev:
		return Lineage{}, false
	case rev == v.Base:
		return v.BaseLineage, true
	}
	return v.Commits[rev-v.Base-1].Lineage, true
}

// A Name names a submission for ever.
type Name struct {
	Client ClientID
	Seq    Seq
}

// An Item is what a session reads next: single commits, composed ones, an ack, or a check.
type Item struct {
	First   Revision      // of the commits
	Count   int           // of commits; 0 for a check
	Commits []*Committed  // single commits, all of one burst; none where they are composed. They must not be changed
	Bytes   []byte        // the op that several commits are composed to
	Session SessionNumber // of single commits' authors: only Singles fills it in, as it does Caret and Bytes
	Caret   int
	Place   Place // after it; not of a check
	Ack     Seq   // not 0: it is the reader's own submission of this sequence, and Bytes are not for it
	Check   *Check
}

// A Cursor is how far a session has read (I6). It belongs to one goroutine.
type Cursor struct {
	Rev Revision
	// Own is the submission that this session named last: its commit comes as an ack.
	Own Name
	// checked is the last check that was read; before the first it is of revision -1.
	checked Check
	fault   Fault
}

const (
	// composeFrom is how many commits a reader must be behind to get them composed: below, they come one by one, each with its
	// author and caret.
	composeFrom = 64
	// composeMost bounds the commits composed into one item, so that no single step is long.
	composeMost = 4096
	// pullBytes is about how much one Pull reads.
	pullBytes = 64 << 10
)

// Pull reads on: what lies behind the cursor in the view, about 64 KiB of it, and appends it to items. Nothing: the cursor has
// reached the view. The cursor must not be behind v.Base (see Feed).
func (c *Cursor) Pull(v *View, items []Item) ([]Item, error) {
	items, err := c.Feed(v.after(c.Rev), v, items)
	if err != nil {
		return nil, err
	}
	return c.addCheck(items, v.Check), nil
}

// addCheck appends a check whose place the cursor has reached, unless it was read.
func (c *Cursor) addCheck(items []Item, check Check) []Item {
	if c.Rev == check.Rev && c.checked != check {
		c.checked = check
		items = append(items, Item{Check: &check})
	}
	return items
}

// Feed reads from commits that follow the cursor, be they the view's or from the store. It stops at the view's check, so that
// the check can stand at its place.
func (c *Cursor) Feed(commits []*Committed, v *View, items []Item) ([]Item, error) {
	if c.Rev < v.Check.Rev && c.checked != v.Check {
		commits = commits[:min(len(commits), int(v.Check.Rev-c.Rev))]
	}
	if len(commits) > 0 {
		items = slices.Grow(items, 4) // before and after its own, and a check
	}
	for size := 0; len(commits) > 0 && size < pullBytes; {
		n, err := c.item(commits, v, &items)
		if err != nil {
			return nil, err
		}
		size += items[len(items)-1].bytes()
		c.Rev += Revision(n)
		commits = commits[n:]
	}
	return items, nil
}

// item reads one item, of n commits.
func (c *Cursor) item(commits []*Committed, v *View, items *[]Item) (n int, err error) {
	first := commits[0]
	if c.own(first) {
		*items = append(*items, Item{First: first.Rev, Count: 1, Place: v.Place.at(first), Ack: first.Seq, Caret: -1})
		return 1, nil
	}
	n = 1
	if len(commits) < composeFrom {
		for n < len(commits) && first.Burst != nil && commits[n].Burst == first.Burst && !c.own(commits[n]) {
			n++
		}
		*items = append(*items, Item{First: first.Rev, Count: n, Commits: commits[:n:n], Place: v.Place.at(commits[n-1])})
		return n, nil
	}
	for n < min(len(commits), composeMost) && !c.own(commits[n]) {
		n++
	}
	if n == 1 {
		*items = append(*items, Item{First: first.Rev, Count: 1, Commits: commits[:1:1], Place: v.Place.at(first)})
		return 1, nil
	}
	op, err := composeAll(commits[:n], plain)
	if err != nil {
		return 0, err
	}
	*items = append(*items, Item{First: first.Rev, Count: n, Bytes: ot.AppendOp(nil, op), Caret: -1, Place: v.Place.at(commits[n-1])})
	return n, nil
}

// tellsNoCarets reports whether carets come with the item's commits that their authors put nowhere themselves.
func (i *Item) tellsNoCarets() bool {
	if len(i.Commits) > 0 { // a burst is from one life of the document
		return i.Commits[0].Session == 0
	}
	return i.Count > 0 && i.Ack == 0
}

// bytes is how much an item has of operations.
func (i *Item) bytes() int {
	n := len(i.Bytes)
	for _, c := range i.Commits {
		n += len(c.Bytes)
	}
	return n
}

func (c *Cursor) own(commit *Committed) bool {
	if c.fault == ComposeAcrossOwn {
		return false
	}
	return commit.Seq == c.Own.Seq && commit.Client == c.Own.Client
}

// at is the place of a commit of the same history.
func (p Place) at(c *Committed) Place {
	p.Rev, p.Lineage = c.Rev, c.Lineage
	return p
}
