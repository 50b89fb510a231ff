package ot_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/ot"
	"tandem/trace"
)

// ownTraces holds the session of our own, so that something is always replayed.
const ownTraces = "../testdata/traces"

// eachTrace runs f on every recorded session with the suffix, as a subtest or sub-benchmark named after the file. Without
// TANDEM_TRACES only our own are run, and a subtest that skips says what is missing.
func eachTrace[T interface {
	testing.TB
	Run(string, func(T)) bool
}](t T, suffix string, f func(t T, path string),
) {
	paths, err := filepath.Glob(filepath.Join(ownTraces, "*"+suffix))
	require.NoError(t, err)
	recorded := os.Getenv("TANDEM_TRACES")
	if recorded == "" {
		t.Run("recorded", func(t T) {
			t.Skip("TANDEM_TRACES is not set: it names the folder of the recorded sessions")
		})
	} else {
		_, err := os.Stat(recorded)
		require.False(t, errors.Is(err, fs.ErrNotExist), "TANDEM_TRACES names %s, which does not exist", recorded)
		more, err := filepath.Glob(filepath.Join(recorded, "*"+suffix))
		require.NoError(t, err)
		require.NotEmpty(t, more, "no %s file in TANDEM_TRACES=%s", suffix, recorded)
		paths = append(paths, more...)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t T) { f(t, path) })
	}
}

// TestReplaySequential types every sequential session on the rope.
func TestReplaySequential(t *testing.T) {
	eachTrace(t, ".seq.jsonl.gz", func(t *testing.T, path string) {
		s, ops := readOps(t, path)
		text := ot.NewText()
		for i, op := range ops {
			require.NoError(t, text.Apply(op), "transaction %d", i)
		}
		requireText(t, s.Header.EndSHA256, text)
	})
}

// TestReplayConcurrent puts every session with real concurrency through a central order: its agents are clients with
// several ops pending, the file's order is the order of commits, and the text published with the session comes out. One
// real tie in it decides between the tie rule and its reverse.
func TestReplayConcurrent(t *testing.T) {
	eachTrace(t, ".dag.jsonl.gz", func(t *testing.T, path string) {
		d, seen, ops := readDag(t, path)
		c := newCentral(d)
		for i, tx := range d.Transactions {
			agent := c.agents[tx.Agent]
			c.advance(t, agent, seen[i])
			require.NoError(t, agent.text.Apply(ops[i]), "transaction %d on its agent's text", i)
			agent.pending = append(agent.pending, ops[i])
			require.NoError(t, c.commit(agent), "transaction %d", i)
		}
		requireText(t, d.Header.EndSHA256, c.text)
		for _, agent := range c.agents {
			c.advance(t, agent, len(c.commits))
			require.Empty(t, agent.pending)
			requireText(t, d.Header.EndSHA256, agent.text)
		}
	})
}

func requireText(t *testing.T, sum string, text *ot.Text) {
	t.Helper()
	require.Equal(t, sum, trace.SHA256(text.String()))
}

// central is a central order of commits with its agents.
type central struct {
	text    *ot.Text
	commits []commit
	agents  []*agent
}

type commit struct {
	op    ot.Op
	agent *agent
}

// An agent is a client that has taken in the first `seen` commits, and whose own later ops wait for them.
type agent struct {
	text    *ot.Text
	seen    int
	pending []ot.Op
}

func newCentral(d *trace.Dag) *central {
	c := &central{text: ot.NewText(), agents: make([]*agent, d.Header.Agents)}
	for i := range c.agents {
		c.agents[i] = &agent{text: ot.NewText()}
	}
	return c
}

// advance brings the commits below n to an agent: its own are acknowledgements, the others arrive.
func (c *central) advance(t *testing.T, a *agent, n int) {
	for ; a.seen < n; a.seen++ {
		next := c.commits[a.seen]
		if next.agent == a {
			a.pending = a.pending[1:]
			continue
		}
		require.NoError(t, a.text.Apply(arrive(next.op, a.pending)), "commit %d", a.seen)
	}
}

// arrive takes a commit over what is pending, one by one, and what is pending over the commit (in place). It returns the
// commit as the agent applies it. Nothing is composed: the law about compositions does not hold for several ops in flight.
func arrive(op ot.Op, pending []ot.Op) ot.Op {
	for i, p := range pending {
		pending[i] = ot.Transform(p, op, ot.Left)
		op = ot.Transform(op, p, ot.Right)
	}
	return op
}

// commit brings the agent's last pending op up to the newest commit, over what the agent has not seen yet, and appends it.
func (c *central) commit(a *agent) error {
	pending := append([]ot.Op(nil), a.pending...)
	for _, next := range c.commits[a.seen:] {
		if next.agent == a {
			pending = pending[1:]
			continue
		}
		arrive(next.op, pending)
	}
	op := pending[len(pending)-1]
	c.commits = append(c.commits, commit{op, a})
	return c.text.Apply(op)
}

// readOps is a sequential session with an op for each transaction.
func readOps(t testing.TB, path string) (*trace.Seq, []ot.Op) {
	s, err := trace.ReadSeq(path)
	require.NoError(t, err)
	ops := make([]ot.Op, len(s.Transactions))
	for i, transaction := range s.Transactions {
		ops[i], err = trace.Op(transaction)
		require.NoError(t, err, "transaction %d", i)
	}
	return s, ops
}

// readDag is a session with its concurrency: what each transaction had seen, and its op.
func readDag(t testing.TB, path string) (*trace.Dag, []int, []ot.Op) {
	d, err := trace.ReadDag(path)
	require.NoError(t, err)
	seen, err := d.Seen()
	require.NoError(t, err)
	ops := make([]ot.Op, len(d.Transactions))
	for i, tx := range d.Transactions {
		ops[i], err = trace.Op(tx.Patches)
		require.NoError(t, err, "transaction %d", i)
	}
	return d, seen, ops
}

// BenchmarkTraceApply types whole sessions on the rope.
func BenchmarkTraceApply(b *testing.B) {
	eachTrace(b, ".seq.jsonl.gz", func(b *testing.B, path string) {
		_, ops := readOps(b, path)
		b.ReportAllocs()
		for b.Loop() {
			text := ot.NewText()
			for _, op := range ops {
				if err := text.Apply(op); err != nil {
					b.Fatal(err)
				}
			}
		}
		perEdit(b, len(ops))
	})
}

// BenchmarkTraceCompose joins sessions into submissions of 100 edits, as a client's buffer does.
func BenchmarkTraceCompose(b *testing.B) {
	eachTrace(b, ".seq.jsonl.gz", func(b *testing.B, path string) {
		_, ops := readOps(b, path)
		b.ReportAllocs()
		for b.Loop() {
			var buffer ot.Op
			for i, op := range ops {
				if i%100 == 0 {
					buffer = nil
				}
				var err error
				if buffer, err = ot.Compose(buffer, op); err != nil {
					b.Fatal(err)
				}
			}
		}
		perEdit(b, len(ops))
	})
}

// BenchmarkTraceTransform takes every edit of a session over the one before it.
func BenchmarkTraceTransform(b *testing.B) {
	eachTrace(b, ".seq.jsonl.gz", func(b *testing.B, path string) {
		_, ops := readOps(b, path)
		b.ReportAllocs()
		for b.Loop() {
			for i, op := range ops[1:] {
				ot.Transform(op, ops[i], ot.Left)
			}
		}
		perEdit(b, len(ops)-1)
	})
}

func perEdit(b *testing.B, edits int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*edits), "ns/edit")
	b.ReportMetric(0, "ns/op") // a whole session: says nothing
}
