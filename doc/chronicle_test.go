package doc_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
	"tandem/ot/ottest"
)

// chronicle is a document with a past, and a dumb model of it: every content that it had, and who wrote each code unit.
type chronicle struct {
	t       testing.TB
	memory  *doctest.Memory
	name    string
	place   doc.Place
	ops     []ot.Op  // of revision i+1
	authors []string // of revision i+1
	times   []int64
	content []ot.Op    // at revision i
	wrote   [][]string // at revision i, of each code unit; nil: that is not kept
	seqs    map[string]doc.Seq
	length  int           // of the newest content
	lean    bool          // content and wrote are not kept
	after   time.Duration // added to the times of commits
	digest  doc.Digest    // not zero: of the next commit
}

// began is when the first commit of a chronicle was made.
var began = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func newChronicle(t testing.TB, memory *doctest.Memory, kind doc.Kind) *chronicle {
	stored, err := memory.Load(context.Background(), "d", kind)
	require.NoError(t, err)
	return &chronicle{
		t: t, memory: memory, name: "d", place: stored.Place(), content: []ot.Op{nil}, seqs: map[string]doc.Seq{},
	}
}

// clientOf is the client of an author.
func clientOf(author string) (id doc.ClientID) {
	copy(id[:], "by "+author)
	return id
}

// write commits operations, each by its author, a second apart.
func (c *chronicle) write(author string, ops ...ot.Op) {
	c.t.Helper()
	batch := &doc.Batch{Prev: c.place}
	for _, op := range ops {
		c.seqs[author]++
		n := len(c.ops)
		commit := doc.Commit{
			Rev: c.place.Rev + 1, Client: clientOf(author), Seq: c.seqs[author], Author: author,
			Time: began.Add(c.after + time.Duration(n)*time.Second).UnixMilli(), Bytes: ot.AppendOp(nil, op),
		}
		if commit.Digest = c.digest; commit.Digest == (doc.Digest{}) {
			commit.Digest = doc.DigestOf(commit.Rev-1, commit.Bytes)
		}
		commit.Lineage = c.place.Lineage.Extend(commit.Rev, commit.Client, commit.Seq, commit.Bytes)
		c.place.Rev, c.place.Lineage = commit.Rev, commit.Lineage
		batch.Commits = append(batch.Commits, commit)
		c.ops, c.authors, c.times = append(c.ops, op), append(c.authors, author), append(c.times, commit.Time)
		c.length += op.TargetLen() - op.BaseLen()
		if c.lean {
			continue
		}
		content, err := ot.Apply(c.content[n], op)
		require.NoError(c.t, err)
		c.content = append(c.content, content)
		if c.wrote != nil {
			c.wrote = append(c.wrote, credit(c.wrote[n], op, author))
		}
	}
	done := make(chan error, 1)
	c.memory.Append(batch, func(err error) { done <- err })
	c.memory.Flush(doctest.Written)
	require.NoError(c.t, <-done)
}

// credited has it remembered who wrote each code unit.
func (c *chronicle) credited() *chronicle {
	c.wrote = [][]string{nil}
	return c
}

// credit is who wrote each code unit after an operation by an author.
func credit(before []string, op ot.Op, author string) (after []string) {
	at := 0
	for _, c := range op {
		switch c.Kind {
		case ot.Insert:
			for range c.N {
				after = append(after, author)
			}
		case ot.Retain:
			after = append(after, before[at:at+c.N]...)
			at += c.N
		case ot.Delete:
			at += c.N
		}
	}
	return append(after, before[at:]...)
}

// random commits n random operations by three authors.
func (c *chronicle) random(rng *rand.Rand, n int) *chronicle {
	g := ottest.Gen{Choices: rng}
	for range n {
		last := c.content[len(c.content)-1]
		op := g.Op(last)
		if last.TargetLen() > 60 {
			op = ot.Op{{Kind: ot.Delete, N: last.TargetLen()}}
		}
		c.write([]string{"Ada", "Bob", ""}[rng.IntN(3)], op)
	}
	return c
}

// typing commits n letters at random places, a hundred at a time, and deletes some again.
func (c *chronicle) typing(rng *rand.Rand, n int) *chronicle {
	length := c.length
	for len(c.ops) < n {
		author := []string{"Ada", "Bob", "Eve"}[rng.IntN(3)]
		var ops []ot.Op
		for range min(100, n-len(c.ops)) {
			var b ot.Builder
			if length > 20 && rng.IntN(4) == 0 {
				b.Retain(rng.IntN(length-4), nil)
				b.Delete(3)
				length -= 3
			} else {
				b.Retain(rng.IntN(length+1), nil)
				b.InsertText(string(rune('a'+rng.IntN(26))), nil)
				length++
			}
			ops = append(ops, b.Op())
		}
		c.write(author, ops...)
	}
	return c
}

// snapshot saves a snapshot of the newest revision.
func (c *chronicle) snapshot() {
	c.t.Helper()
	text, err := ot.TextOf(c.content[len(c.content)-1])
	require.NoError(c.t, err)
	done := make(chan error, 1)
	c.memory.Save(&doc.Snapshot{Place: c.place, Content: text.Snapshot(), Hash: text.Hash()}, func(err error) { done <- err })
	c.memory.Flush(doctest.Written)
	require.NoError(c.t, <-done)
}

// composed is the operations between two revisions, composed one by one.
func (c *chronicle) composed(from, to doc.Revision, label bool) (op ot.Op) {
	for i := from; i < to; i++ {
		next := c.ops[i]
		if label {
			next = doc.Label(next, c.authors[i])
		}
		var err error
		op, err = ot.Compose(op, next)
		require.NoError(c.t, err)
	}
	return op
}

// runs is who wrote what at a revision, as the model has it.
func (c *chronicle) runs(rev int) (runs []doc.Run) {
	for i, author := range c.wrote[rev] {
		if n := len(runs); n > 0 && runs[n-1].Author == author {
			runs[n-1].To++
		} else {
			runs = append(runs, doc.Run{From: i, To: i + 1, Author: author})
		}
	}
	return runs
}

// seeded is a random number generator whose seed a failure prints.
func seeded(t testing.TB, seed uint64) *rand.Rand {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

func textOf(op ot.Op) string {
	var b strings.Builder
	for _, c := range op {
		b.WriteString(c.Text)
	}
	return b.String()
}
