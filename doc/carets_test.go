package doc_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// spot is where a session's caret is; nil stands for nowhere.
type spot = *ot.Range

// carets are the slow model of everybody's: each is moved over each commit, at once.
type carets map[doc.SessionNumber]spot

// follow moves all over a commit. Readers do not know that its author may stand to the right of what was typed: silent says so.
func (c carets) follow(commit *doc.Committed, silent ot.Side) {
	for n, at := range c {
		switch own := n == commit.Session; {
		case own && commit.Caret >= 0:
			c[n] = &ot.Range{Anchor: commit.Caret, Head: commit.Caret}
		case at == nil:
		case own:
			*at = ot.TransformRange(commit.Op, *at, silent)
		default:
			*at = ot.TransformRange(commit.Op, *at, ot.Left)
		}
	}
}

// hear takes in changes, or everybody.
func (c carets) hear(peers []doc.Presence, left []doc.SessionNumber) {
	for _, p := range peers {
		c[p.Session] = nil
		if p.Shown {
			at := p.Range
			c[p.Session] = &at
		}
	}
	for _, n := range left {
		delete(c, n)
	}
}

// crowd is a document with people who type and move at random.
type crowd struct {
	*rig
	random *rand.Rand
	people []doc.SessionNumber // [client-1]
	seqs   []doc.Seq
	model  carets
	rev    doc.Revision
	typing bool // and hardly anything else
}

func newCrowd(t *testing.T, seed uint64, cfg doc.StateConfig) *crowd {
	c := &crowd{
		rig: newRig(t, cfg), random: rand.New(rand.NewPCG(seed, 0)),
		people: make([]doc.SessionNumber, 5), seqs: make([]doc.Seq, 5), model: carets{},
	}
	for who := range c.people {
		c.enter(who)
	}
	return c
}

func (c *crowd) enter(who int) {
	c.people[who] = c.open(byte(who + 1))
	c.model[c.people[who]] = nil
}

// leave has somebody leave, and come back as another session.
func (c *crowd) leave(who int) {
	c.turn(doc.Inbox{Leaves: []doc.SessionNumber{c.people[who]}})
	delete(c.model, c.people[who])
	c.enter(who)
}

// step is a turn in which some of them move and some type, a third of them without a word of where their caret is after it.
func (c *crowd) step() []*doc.Committed {
	in := doc.Inbox{}
	length, head := c.state.Content().Len(), c.state.View().Place.Rev
	for who, n := range c.people {
		if c.random.IntN(60) == 0 && !c.typing {
			m := doc.Move{Session: n, Rev: head, Shown: c.random.IntN(4) > 0, Range: ot.Range{Anchor: c.random.IntN(length + 1), Head: c.random.IntN(length + 1)}}
			in.Moves = append(in.Moves, m)
			if c.model[n] = nil; m.Shown {
				c.model[n] = &m.Range
			}
		}
		if c.random.IntN(3) == 0 {
			c.seqs[who]++
			s := sub(n, byte(who+1), c.seqs[who], head, c.edit(n, length))
			if c.random.IntN(3) > 0 || c.typing {
				s.Caret = c.random.IntN(s.Op.TargetLen() + 1)
			}
			in.Submissions = append(in.Submissions, s)
		}
	}
	require.Empty(c.t, c.turn(in))
	commits := c.state.View().Commits
	commits = commits[len(commits)-int(c.state.View().Place.Rev-c.rev):]
	c.rev = c.state.View().Place.Rev
	for _, commit := range commits {
		c.model.follow(commit, ot.Right)
	}
	return commits
}

// edit is mostly something somewhere, or else typed where the caret is.
func (c *crowd) edit(n doc.SessionNumber, length int) string {
	at, what := c.random.IntN(length+1), `"abc"`
	switch own := c.model[n]; {
	case own != nil && c.random.IntN(3) == 0:
		at = own.Head
	case length > 20 && at < length && c.random.IntN(2) == 0:
		what = fmt.Sprint(-1 - c.random.IntN(length-at))
	}
	if at == 0 {
		return fmt.Sprintf("[%s]", what)
	}
	return fmt.Sprintf("[%d,%s]", at, what)
}

// TestCaretsAreWhereTheModelHasThem: however long nobody asks for them, and whatever history in memory is left, carets are where
// those are that were moved commit by commit; and a reader who moves them by the commits that it reads, and hears now and then of what
// changed otherwise, has them there too.
func TestCaretsAreWhereTheModelHasThem(t *testing.T) {
	for seed := range uint64(40) {
		cfg := doc.StateConfig{}
		if seed%2 == 1 {
			cfg.HistoryBytes = 6000 // about 15 commits
		}
		c := newCrowd(t, seed, cfg)
		reader, known := carets{}, int64(0)
		for step := range 300 {
			c.typing = step%100 < 50
			if c.random.IntN(50) == 0 && !c.typing {
				c.leave(c.random.IntN(len(c.people)))
			}
			for _, commit := range c.step() {
				reader.follow(commit, ot.Left)
			}
			p := c.state.View().Presence
			require.Equal(t, c.rev, p.Rev)
			require.LessOrEqual(t, p.LeftToMove(), 64, "what is left to readers")
			if c.random.IntN(40) == 0 {
				told := p.Since(known, false)
				require.Equal(t, c.rev, told.Rev)
				reader.hear(told.Peers, told.Left)
				known = p.Version
				require.Equal(t, c.model, reader, "seed %d, step %d: a reader's", seed, step)
			}
			if c.random.IntN(40) == 0 {
				have := carets{}
				have.hear(p.Peers(), nil)
				require.Equal(t, c.model, have, "seed %d, step %d", seed, step)
			}
		}
	}
}

// TestCommitsMoveNobody: a commit costs the same however many are there; who asks has the carets moved, once for all.
func TestCommitsMoveNobody(t *testing.T) {
	r := newRig(t, doc.StateConfig{})
	a := r.open(1)
	for n := byte(2); n < 250; n++ {
		r.move(r.open(n), 0, 0, 0)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const commits = 60
	for i := range doc.Revision(commits) {
		s := sub(a, 1, doc.Seq(i+1), i, `["x"]`)
		s.Caret = 1
		r.submit(s)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/commits, uint64(8<<10), "a presence for each of 250 people has 18 KiB")
	p := r.state.View().Presence
	require.Equal(t, ot.Range{Anchor: 1, Head: 1}, p.Peers()[0].Range)
	require.Same(t, &p.Peers()[0], &p.Peers()[0])
}
