package doc

import (
	"fmt"
	"slices"
	"sync"

	"tandem/ot"
)

// A Presence is what a session shows of its user. It lives as long as the session, and is never stored.
type Presence struct {
	Session SessionNumber
	Shown   bool // there is a caret; the Range is in the document at the Presences' revision
	Range   ot.Range
	User    User
	version int64 // when it last changed by itself, not by commits that moved it
}

// A User is how a person is shown to others.
type User struct{ Name, Color string }

// Presences are everybody's presence at a published revision, for all readers together. A revision that only moved carets has the
// Presences before it, and what they are to be moved over: the first reader who asks moves them, on its own goroutine.
type Presences struct {
	// Immutable.
	Rev     Revision
	Version int64
	settled []Presence   // by session number, at the revision before commits
	commits []*Committed // up to Rev
	left    []leaving

	// Guarded by mu, which readers hold while one of them makes what the others need as well. The document does not take it.
	mu    sync.Mutex
	peers []Presence // at Rev; nil: nobody has asked yet
	told  [toldKept]*Changes
	next  int // of told: the oldest
}

// leaving is a session that is gone.
type leaving struct {
	session SessionNumber
	version int64
}

const (
	// leftKept is how many gone sessions are remembered for readers that have not heard of them yet.
	leftKept = 1024
	// toldKept is how many Changes are kept for other readers. Nearly all know what was told a tick ago; one who knows
	// less has Changes made for itself.
	toldKept = 4
)

// Changes are what a reader hears who knows a version: whom to show, and who left. All readers who know it share them, so that its own
// session is among them, which its transport leaves out.
type Changes struct {
	// Immutable.
	Rev   Revision
	Peers []Presence      // by session number
	Left  []SessionNumber // in the order in which they left
	known int64
	all   bool

	hearers int // guarded by mu of the Presences

	once sync.Once
	memo any
}

// Memo is what a transport makes of the changes: made once, for all readers.
func (c *Changes) Memo(make func() any) any {
	c.once.Do(func() { c.memo = make() })
	return c.memo
}

// Since is what changed behind a version. Nil: so many left since that not all are remembered. Version 0 stands for a reader that
// knows nobody. With all, everybody who is there is shown, changed or not.
func (p *Presences) Since(version int64, all bool) *Changes {
	if version != 0 && len(p.left) == leftKept && version < p.left[0].version {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.told {
		if c != nil && c.known == version && c.all == all {
			if c.hearers++; c.hearers >= len(p.settled) { // that is everybody
				p.told[i] = nil
			}
			return c
		}
	}
	c := &Changes{Rev: p.Rev, known: version, all: all, hearers: 1}
	for _, peer := range p.atRev() {
		if all || peer.version > version {
			c.Peers = append(c.Peers, peer)
		}
	}
	for _, l := range p.left {
		if version != 0 && l.version > version {
			c.Left = append(c.Left, l.session)
		}
	}
	if version != 0 { // who knows nobody is mostly alone
		p.told[p.next] = c
		p.next = (p.next + 1) % toldKept
	}
	return c
}

// Peers is everybody's presence, by session number. It must not be changed.
func (p *Presences) Peers() []Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.atRev()
}

// atRev is Peers. mu is held.
func (p *Presences) atRev() []Presence {
	if p.peers == nil {
		p.peers = p.settled
		if len(p.commits) > 0 {
			p.peers = slices.Clone(p.settled)
			movePresence(p.peers, p.commits)
		}
	}
	return p.peers
}

// moveAtOnce is how many commits are composed, to move carets over them in one step, and so how many are left for readers to move
// them over.
const moveAtOnce = 64

// movePresence moves everybody's carets over commits, each of which puts its author's where it says. Carets of others are moved over
// many commits in one step, which is exact: they go left at ties. Readers do the same with the commits themselves, so that the
// version stays.
func movePresence(peers []Presence, commits []*Committed) {
	for some := range slices.Chunk(commits, moveAtOnce) {
		authors := make([]SessionNumber, len(some))
		for i, c := range some {
			authors[i] = c.Session
		}
		slices.Sort(authors)
		over := sync.OnceValue(func() ot.Op { return mustCompose(some) })
		for i := range peers {
			p := &peers[i]
			if _, wrote := slices.BinarySearch(authors, p.Session); wrote {
				p.moveOneByOne(some)
			} else if p.Shown {
				p.Range = ot.TransformRange(over(), p.Range, ot.Left)
			}
		}
	}
}

// mustCompose composes commits of one history, which fit.
func mustCompose(commits []*Committed) ot.Op {
	op, err := composeAll(commits, plain)
	if err != nil {
		panic(fmt.Sprintf("doc: commits from revision %d on do not compose: %v", commits[0].Rev, err))
	}
	return op
}

// moveOneByOne moves a caret over commits some of which may be its owner's. It must not be clamped to what the last one leaves before
// it has been moved there.
func (p *Presence) moveOneByOne(commits []*Committed) {
	for _, c := range commits {
		switch own := c.Session == p.Session; {
		case own && c.Caret >= 0:
			p.Range, p.Shown = ot.Range{Anchor: c.Caret, Head: c.Caret}, true
		case !p.Shown: // there is nothing to move
		case own:
			p.Range = ot.TransformRange(c.Op, p.Range, ot.Right)
		default:
			p.Range = ot.TransformRange(c.Op, p.Range, ot.Left)
		}
	}
}
