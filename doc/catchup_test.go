package doc_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

// reader opens a chronicle's document with a registry, and is what a correct client is.
type reader struct {
	t        *testing.T
	session  *doc.Session
	opened   doc.Opened
	place    doc.Place
	base     *ot.Text
	out      ot.Op // outstanding, moved to place
	buffer   ot.Op
	checks   int
	items    []string
	sizes    []int
	received int
}

// inArchive runs a test in virtual time with a Memory that works by itself.
func inArchive(t *testing.T, cfg doc.Config, test func(t *testing.T, memory *doctest.Memory, r *doc.Registry)) {
	t.Helper()
	cfg.Logger = slog.New(slog.DiscardHandler)
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		stop := memory.Run()
		defer stop()
		r := doc.NewRegistry(memory, cfg)
		defer func() { assert.NoError(t, r.Close(context.Background())) }()
		test(t, memory, r)
	})
}

// at is a reader that holds a revision.
func (c *chronicle) at(rev doc.Revision, place doc.Place) *reader {
	text, err := ot.TextOf(c.content[rev])
	require.NoError(c.t, err)
	return &reader{t: c.t.(*testing.T), place: place, base: text}
}

// placeAt is the place of a revision above the floor.
func (c *chronicle) placeAt(rev doc.Revision) doc.Place {
	p := c.place
	p.Rev, p.Lineage = rev, doc.Lineage{}
	if rev > 0 {
		commits, err := c.memory.Read(c.t.Context(), p.ID, rev, rev, 1)
		require.NoError(c.t, err)
		p.Lineage = commits[0].Lineage
	}
	return p
}

// open opens with what the reader holds, and names what is outstanding.
func (p *reader) open(r *doc.Registry, client doc.ClientID, out *doc.Outstanding) {
	p.t.Helper()
	var err error
	held := p.place
	p.session, err = r.Open(p.t.Context(), "d", 0, &doc.OpenRequest{Client: client, Held: &held, Outstanding: out}, func() {})
	require.NoError(p.t, err)
	p.opened = p.session.Opened()
	if content := p.session.TakeContent(); content != nil {
		p.base, p.place = content, p.opened.Place
	}
}

// next reads once; true: there is more.
func (p *reader) next() bool {
	p.t.Helper()
	u, err := p.session.Next(p.t.Context(), nil)
	require.NoError(p.t, err)
	require.NoError(p.t, u.Ended)
	for _, item := range doc.Singles(u.Items) {
		p.take(item)
	}
	p.items = append(p.items, show(u.Items)...)
	return u.More
}

func (p *reader) take(item doc.Item) {
	p.t.Helper()
	switch {
	case item.Check != nil:
		p.checks++
		require.Equal(p.t, p.place.Rev, item.Check.Rev)
		require.Equal(p.t, item.Check.Hash, p.base.Hash(), "at revision %d", p.place.Rev)
		return
	case item.Ack > 0:
		require.NoError(p.t, p.base.Apply(p.out))
		p.out = nil
	default:
		require.Equal(p.t, p.place.Rev+1, item.First)
		require.Equal(p.t, item.First+doc.Revision(item.Count)-1, item.Place.Rev)
		op, err := ot.DecodeOp(item.Bytes, ot.StoredLimits)
		require.NoError(p.t, err)
		require.NoError(p.t, p.base.Apply(op))
		p.out, op = ot.Transform(p.out, op, ot.Left), ot.Transform(op, p.out, ot.Right)
		p.buffer = ot.Transform(p.buffer, op, ot.Left)
		p.sizes = append(p.sizes, len(item.Bytes))
		p.received += len(item.Bytes)
	}
	p.place = item.Place
}

// caughtUp reads to the end, which must be the newest content.
func (p *reader) caughtUp(c *chronicle) {
	p.t.Helper()
	for p.next() {
	}
	stored, err := c.memory.Load(p.t.Context(), "d", 0)
	require.NoError(p.t, err)
	require.Equal(p.t, stored.Place(), p.place)
	state, err := doc.NewState(stored, doc.StateConfig{})
	require.NoError(p.t, err)
	require.Equal(p.t, state.Content().Hash(), p.base.Hash())
	require.Positive(p.t, p.checks)
}

func insert(at int, text string) ot.Op {
	var b ot.Builder
	b.Retain(at, nil)
	b.InsertText(text, nil)
	return b.Op()
}

func outstanding(base doc.Place, name doc.Name, op ot.Op) *doc.Outstanding {
	return &doc.Outstanding{Base: base, Submission: doc.Submission{Name: name, Base: base.Rev, Op: op, Bytes: ot.AppendOp(nil, op), Caret: -1}}
}

// TestCatchUpOfManyCommits is two items: one for the past, composed, and one for memory's end; with a check.
func TestCatchUpOfManyCommits(t *testing.T) {
	inArchive(t, doc.Config{}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text)
		c.novel(seeded(t, 1), 6000)
		c.snapshot()
		p := c.at(500, c.placeAt(500))
		p.open(r, doc.ClientID{1}, nil)
		require.True(t, p.opened.Resume)
		p.caughtUp(c)
		require.Equal(t, []string{"501+5500", "check 6000"}, p.items)
	})
}

// TestCatchUpIsCutAtOnesOwn: a submission that was committed in the middle of what was missed, with a buffer behind it.
func TestCatchUpIsCutAtOnesOwn(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  doc.Config
		head int
		own  int // its revision; 0: it is committed by the open
	}{
		{"in the middle of 10,000", doc.Config{}, 10_100, 5000},
		{"right at the beginning", doc.Config{}, 5000, 101},
		{"in memory", doc.Config{}, 5000, 4900},
		{"nothing in memory", doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, 3000, 2000},
		{"committed now", doc.Config{}, 3000, 0},
		{"committed now, nothing in memory", doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, 3000, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			inArchive(t, row.cfg, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
				rng := seeded(t, 2)
				c := newChronicle(t, memory, doc.Text).typing(rng, 100)
				p := c.at(100, c.place)
				c.lean = true
				p.out, p.buffer = insert(10, "mine"), insert(12, "more")
				out := outstanding(c.place, doc.Name{Client: clientOf("me"), Seq: 1}, p.out)
				if row.own > 0 {
					c.typing(rng, row.own-1)
					moved := p.out
					for _, op := range c.ops[100:] {
						moved = ot.Transform(moved, op, ot.Left)
					}
					c.writeAs(out, "me", moved)
				}
				c.typing(rng, row.head)
				want := c.buffered(p, row.own)
				p.open(r, clientOf("me"), out)
				require.Equal(t, doc.OutcomeCommitted, p.opened.Outcome)
				require.True(t, p.opened.Resume)
				p.caughtUp(c)
				require.Empty(t, p.out)
				require.Less(t, len(p.items), 8, "%v", p.items)
				if row.own > 0 {
					require.Contains(t, p.items, fmt.Sprintf("ack 1 at %d", row.own))
				}
				require.Equal(t, want.String(), p.buffer.String(), "as if each commit had come by itself")
			})
		})
	}
}

// writeAs commits an outstanding submission, moved.
func (c *chronicle) writeAs(out *doc.Outstanding, author string, moved ot.Op) {
	c.digest = doc.DigestOf(out.Base.Rev, out.Bytes)
	c.write(author, moved)
	c.digest = doc.Digest{}
}

// buffered is what becomes of a reader's buffer when the commits come one by one; own is the revision of its own, or 0.
func (c *chronicle) buffered(p *reader, own int) ot.Op {
	out, buffer := p.out, p.buffer
	for rev := int(p.place.Rev) + 1; rev <= len(c.ops); rev++ {
		if rev == own {
			out = nil
			continue
		}
		op := c.ops[rev-1]
		out, op = ot.Transform(out, op, ot.Left), ot.Transform(op, out, ot.Right)
		buffer = ot.Transform(buffer, op, ot.Left)
	}
	return buffer
}

// TestCatchUpInPieces: what is too large for one item is cut into ones of 64 KiB.
func TestCatchUpInPieces(t *testing.T) {
	inArchive(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		rng := seeded(t, 3)
		c := newChronicle(t, memory, doc.Text)
		var ops []ot.Op
		for i := range 1000 {
			text := strings.Repeat(string(rune('a'+i%26)), 300+rng.IntN(900))
			if i == 500 {
				text = strings.Repeat("B", 100_000)
			}
			ops = append(ops, insert(rng.IntN(max(1, i*200)), text))
		}
		c.lean = true
		c.write("Ada", ops...)
		c.content = []ot.Op{nil}
		p := c.at(0, c.placeAt(0))
		p.open(r, doc.ClientID{1}, outstanding(doc.Place{}, doc.Name{Client: doc.ClientID{1}, Seq: 1}, nil)) // no snapshot
		require.True(t, p.opened.Resume)
		p.caughtUp(c)
		large := 0
		for _, size := range p.sizes {
			if size > 64<<10 {
				large++
				require.Greater(t, size, 100_000)
				require.Less(t, size, 101_000)
			}
		}
		require.Equal(t, 1, large, "%v", p.sizes)
		require.Less(t, len(p.sizes), 60, "%v", p.sizes)
	})
}

// TestSnapshotWhereItIsSmaller than what was missed, and nothing is undecided.
func TestSnapshotWhereItIsSmaller(t *testing.T) {
	inArchive(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text)
		c.write("Ada", insert(0, strings.Repeat("x", 2000)))
		for i := range 1000 { // a letter behind every other
			c.write("Bob", insert(2*i, "y"))
		}
		p := c.at(1, c.placeAt(1))
		p.open(r, doc.ClientID{1}, nil)
		require.False(t, p.opened.Resume)
		p.caughtUp(c)
		require.Zero(t, p.received)

		p = c.at(900, c.placeAt(900))
		p.open(r, doc.ClientID{1}, nil)
		require.True(t, p.opened.Resume, "here it is not")
		p.caughtUp(c)

		p = c.at(1, c.placeAt(1))
		p.out = insert(0, "z")
		p.open(r, doc.ClientID{1}, outstanding(c.placeAt(1), doc.Name{Client: doc.ClientID{1}, Seq: 1}, p.out))
		require.True(t, p.opened.Resume, "something was undecided")
		p.caughtUp(c)
		require.Contains(t, p.items, "ack 1 at 1002")
	})
}

// TestSnapshotWhereComposingCosts: a small text that was replaced again and again is sent as it is, and its history is not read.
func TestSnapshotWhereComposingCosts(t *testing.T) {
	inArchive(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text)
		text := strings.Repeat("x", 30<<10)
		c.write("Ann", insert(0, text))
		for range 60 {
			c.write("Ann", ot.Op{{Kind: ot.Insert, N: len(text), Text: text}, {Kind: ot.Delete, N: len(text)}})
		}
		c.snapshot()
		reader := c.at(10, c.placeAt(10))
		reader.open(r, client(1), nil)
		require.False(t, reader.opened.Resume)
		// One who has something undecided gets all of it.
		out := insert(0, "mine")
		undecided := c.at(10, c.placeAt(10))
		undecided.out = out
		undecided.open(r, client(2), outstanding(undecided.place, doc.Name{Client: client(2), Seq: 1}, out))
		require.True(t, undecided.opened.Resume)
		undecided.caughtUp(c)
	})
}

// TestRandomCatchUps: whoever comes back from wherever, with whatever is outstanding, ends with the content of the server.
func TestRandomCatchUps(t *testing.T) {
	for seed := range uint64(6) {
		cfg := doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1 << (10 + 2*seed)}}
		inArchive(t, cfg, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
			rng := seeded(t, 100+seed)
			c := newChronicle(t, memory, doc.Text).typing(rng, 50+rng.IntN(1500))
			c.snapshot()
			for n := range byte(12) {
				rev := doc.Revision(rng.IntN(len(c.ops) + 1))
				p := c.at(rev, c.placeAt(rev))
				var out *doc.Outstanding
				if rng.IntN(2) == 0 {
					p.out = insert(rng.IntN(p.base.Len()+1), "mine")
					out = outstanding(p.place, doc.Name{Client: client(n), Seq: 1}, p.out)
				}
				p.open(r, client(n), out)
				p.caughtUp(c)
				p.session.Close()
			}
			time.Sleep(time.Minute)
		})
	}
}

// TestFloorPassesASlowReader: it opens again.
func TestFloorPassesASlowReader(t *testing.T) {
	inArchive(t, doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}, func(t *testing.T, memory *doctest.Memory, r *doc.Registry) {
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 4), 400)
		c.snapshot()
		slow, behind, fresh := c.at(100, c.placeAt(100)), c.at(380, c.placeAt(380)), c.at(400, c.place)
		slow.open(r, client(1), outstanding(doc.Place{}, doc.Name{}, nil))
		behind.open(r, client(2), nil)
		fresh.open(r, client(3), nil)
		floor, err := r.History().Trim(t.Context(), "d", doc.Retention{MaxCommits: 50})
		require.NoError(t, err)
		require.EqualValues(t, 350, floor)

		u, err := slow.session.Next(t.Context(), nil)
		require.NoError(t, err)
		require.ErrorIs(t, u.Ended, doc.ErrOpenAgain)
		behind.caughtUp(c)
		fresh.caughtUp(c)

		// A submission from below the floor is not its client's fault.
		op := insert(0, "x")
		require.ErrorIs(t, slow.session.Submit(t.Context(), 1, 100, op, ot.AppendOp(nil, op), -1), doc.ErrOpenAgain)
		again := c.at(380, c.placeAt(380))
		again.place.Rev, again.place.Lineage = 100, doc.Lineage{}
		again.open(r, client(1), nil)
		require.False(t, again.opened.Resume)
	})
}

// novel commits letters as people type: mostly one behind the other, now and then a jump, some deleted again.
func (c *chronicle) novel(rng *rand.Rand, n int) {
	length, at := 0, 0
	for len(c.ops) < n {
		author := []string{"Ada", "Bob", "Eve"}[rng.IntN(3)]
		var ops []ot.Op
		for range 1000 {
			if rng.IntN(40) == 0 {
				at = rng.IntN(length + 1)
			}
			if at > 0 && rng.IntN(5) == 0 {
				at--
				length--
				ops = append(ops, ot.Op{{Kind: ot.Retain, N: at}, {Kind: ot.Delete, N: 1}}[min(1, max(0, 1-at)):])
				continue
			}
			ops = append(ops, insert(at, string(rune('a'+rng.IntN(26)))))
			at++
			length++
		}
		c.write(author, ops...)
	}
}
