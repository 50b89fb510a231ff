package doc_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
	"tandem/trace"
)

// recorded commits the first n transactions of a recorded session (all: n is 0), by turns of three authors. The content is not kept:
// it is returned, and who wrote what of it.
func recorded(t testing.TB, memory *doctest.Memory, file string, n int) (c *chronicle, content ot.Op, runs []doc.Run) {
	folder := os.Getenv("TANDEM_TRACES")
	if folder == "" {
		t.Skip("TANDEM_TRACES is not set: it names the folder of the recorded sessions")
	}
	seq, err := trace.ReadSeq(filepath.Join(folder, file))
	require.NoError(t, err)
	if n == 0 || n > len(seq.Transactions) {
		n = len(seq.Transactions)
	}
	c = newChronicle(t, memory, doc.Text)
	c.lean = true
	var wrote []string // patched in place: the dumb model, at the speed of a large session
	text := ot.NewText()
	for done := 0; done < n; {
		author := []string{"Ada", "Bob", "Eve"}[done/500%3]
		var ops []ot.Op
		for _, tx := range seq.Transactions[done:min(n, done+500)] {
			op, err := trace.Op(tx)
			require.NoError(t, err)
			ops = append(ops, op)
			require.NoError(t, text.Apply(op))
			wrote = splice(wrote, op, author)
		}
		c.write(author, ops...)
		done += len(ops)
	}
	for i, author := range wrote {
		if n := len(runs); n > 0 && runs[n-1].Author == author {
			runs[n-1].To++
		} else {
			runs = append(runs, doc.Run{From: i, To: i + 1, Author: author})
		}
	}
	return c, text.Content(), runs
}

// splice is credit in place, for operations that change little.
func splice(wrote []string, op ot.Op, author string) []string {
	at := 0
	for _, c := range op {
		switch c.Kind {
		case ot.Retain:
			at += c.N
		case ot.Delete:
			wrote = append(wrote[:at], wrote[at+c.N:]...)
		case ot.Insert:
			wrote = append(wrote, make([]string, c.N)...)
			copy(wrote[at+c.N:], wrote[at:])
			for i := range c.N {
				wrote[at+i] = author
			}
			at += c.N
		}
	}
	return wrote
}

// TestRecordedSession: content, blame and composed ranges of what a person really typed.
func TestRecordedSession(t *testing.T) {
	memory := doctest.NewMemory(1)
	c, content, runs := recorded(t, memory, "sveltecomponent.seq.jsonl.gz", 6000)
	stop := memory.Run()
	defer stop()
	r := doc.NewRegistry(memory, doc.Config{Logger: slog.New(slog.DiscardHandler)})
	defer r.Close(context.Background())
	m, err := r.History().Content(t.Context(), "d", -1)
	require.NoError(t, err)
	require.Equal(t, content.String(), m.Content.Content().String())
	got, err := r.History().Blame(t.Context(), "d", -1)
	require.NoError(t, err)
	require.Equal(t, runs, got)

	rng := seeded(t, 1)
	text := ot.NewText()
	at := doc.Revision(0)
	for at < c.place.Rev {
		to := min(c.place.Rev, at+1+doc.Revision(rng.IntN(2000)))
		op, err := r.History().Diff(t.Context(), "d", at, to)
		require.NoError(t, err)
		require.NoError(t, text.Apply(op))
		at = to
	}
	require.Equal(t, content.String(), text.Content().String())
}

func benchRegistry(b *testing.B, file string) (*chronicle, *doc.History) {
	memory := doctest.NewMemory(1)
	c, _, _ := recorded(b, memory, file, 0)
	b.Cleanup(memory.Run())
	composer := doc.NewComposer(memory)
	composer.Grow(c.place, 0, c.place.Rev)
	composer.Wait()
	composer.Close()
	r := doc.NewRegistry(memory, doc.Config{Logger: slog.New(slog.DiscardHandler)})
	b.Cleanup(func() { _ = r.Close(context.Background()) })
	return c, r.History()
}

// BenchmarkContentAt is the content at a random revision of a session of 260,000.
func BenchmarkContentAt(b *testing.B) {
	c, h := benchRegistry(b, "automerge-paper.seq.jsonl.gz")
	rng := rand.New(rand.NewPCG(1, 0))
	for b.Loop() {
		_, err := h.Content(b.Context(), "d", doc.Revision(rng.IntN(int(c.place.Rev)+1)))
		require.NoError(b, err)
	}
}

// BenchmarkBlame is who wrote what of the newest content of the same session.
func BenchmarkBlame(b *testing.B) {
	_, h := benchRegistry(b, "automerge-paper.seq.jsonl.gz")
	for b.Loop() {
		runs, err := h.Blame(b.Context(), "d", -1)
		require.NoError(b, err)
		b.ReportMetric(float64(len(runs)), "runs")
	}
}

// BenchmarkComposeRange is what a reader missed who was 10,000 and 100,000 commits away, of the same session.
func BenchmarkComposeRange(b *testing.B) {
	memory := doctest.NewMemory(1)
	c, _, _ := recorded(b, memory, "automerge-paper.seq.jsonl.gz", 250_000)
	b.Cleanup(memory.Run())
	composer := doc.NewComposer(memory)
	b.Cleanup(composer.Close)
	composer.Grow(c.place, 0, c.place.Rev)
	composer.Wait()
	for _, missed := range []doc.Revision{10_000, 100_000} {
		b.Run(fmt.Sprint(missed), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 0))
			for b.Loop() {
				from := doc.Revision(rng.IntN(int(c.place.Rev - missed)))
				op, err := composer.Between(b.Context(), c.place, from, from+missed, false)
				require.NoError(b, err)
				b.ReportMetric(float64(len(ot.AppendOp(nil, op))), "bytes")
			}
		})
	}
}
