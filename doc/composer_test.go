package doc_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

// onlyStore hides that a store is an Archive.
type onlyStore struct{ doc.Store }

// between holds what a composer makes of a range against the model.
func (c *chronicle) between(composer *doc.Composer, from, to doc.Revision, label bool) {
	c.t.Helper()
	op, err := composer.Between(context.Background(), c.place, from, to, label)
	require.NoError(c.t, err)
	if want := c.composed(from, to, label); !want.Equal(op) {
		require.Equal(c.t, want.String(), op.String(), "from %d to %d", from, to)
	}
}

// TestComposeEveryRange of a history of 300; of 140 every fourth, without TANDEM_LONG.
func TestComposeEveryRange(t *testing.T) {
	n, each := 140, 4
	if os.Getenv("TANDEM_LONG") == "1" {
		n, each = 300, 1
	}
	memory := doctest.NewMemory(1)
	c := newChronicle(t, memory, doc.Text).typing(seeded(t, 2), n)
	stop := memory.Run()
	defer stop()
	composer := doc.NewComposer(memory)
	composer.Grow(c.place, 0, c.place.Rev)
	composer.Wait()
	defer composer.Close()
	for from := range c.place.Rev {
		var want ot.Op
		for to := from + 1; to <= c.place.Rev; to++ {
			want = compose(t, want, c.ops[to-1])
			if int(from+to)%each > 0 {
				continue
			}
			op, err := composer.Between(t.Context(), c.place, from, to, false)
			require.NoError(t, err)
			if !want.Equal(op) {
				require.Equal(t, want.String(), op.String(), "from %d to %d", from, to)
			}
		}
	}
}

func TestComposeRandomRanges(t *testing.T) {
	for _, row := range []struct {
		name    string
		prepare func(c *chronicle) *doc.Composer
	}{
		{"no archive", func(c *chronicle) *doc.Composer { return doc.NewComposer(onlyStore{c.memory}) }},
		{"no spans yet", func(c *chronicle) *doc.Composer { return doc.NewComposer(c.memory) }},
		{"spans made in the background", func(c *chronicle) *doc.Composer {
			composer := doc.NewComposer(c.memory)
			composer.Grow(c.place, 0, c.place.Rev)
			composer.Wait()
			return composer
		}},
		{"spans that do not decode", func(c *chronicle) *doc.Composer {
			for level := uint8(6); level < 9; level++ {
				c.saveSpan(doc.Span{Level: level, Index: 1}, []byte{0xc1})
			}
			return doc.NewComposer(c.memory)
		}},
		{"a span that speaks of more than any document", func(c *chronicle) *doc.Composer {
			c.saveSpan(doc.Span{Level: 6, Index: 2}, ot.AppendOp(nil, ot.Op{{Kind: ot.Delete, N: ot.MaxDocument + 1}}))
			return doc.NewComposer(c.memory)
		}},
		{"a span that does not fit those before it", func(c *chronicle) *doc.Composer {
			// In the middle of a pair that is inserted before.
			c.write("Ada", ot.Op{{Kind: ot.Insert, N: 2, Text: "😀"}}) // 331
			for len(c.ops) < 384 {
				c.write("Ada", nil)
			}
			for len(c.ops) < 448 {
				c.write("Ada", ot.Op{{Kind: ot.Retain, N: 2}, {Kind: ot.Insert, N: 1, Text: "x"}})
			}
			c.saveSpan(doc.Span{Level: 6, Index: 6}, ot.AppendOp(nil, ot.Op{{Kind: ot.Retain, N: 1}, {Kind: ot.Insert, N: 1, Text: "x"}}))
			return doc.NewComposer(c.memory)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			memory := doctest.NewMemory(1)
			rng := seeded(t, 3)
			c := newChronicle(t, memory, doc.Rich).random(rng, 330)
			stop := memory.Run()
			defer stop()
			composer := row.prepare(c)
			defer composer.Close()
			head := int(c.place.Rev)
			c.between(composer, 0, c.place.Rev, false)
			for range 12 {
				from := rng.IntN(head + 1)
				to := from + rng.IntN(head-from+1)
				c.between(composer, doc.Revision(from), doc.Revision(to), rng.IntN(2) == 0)
			}
			c.between(doc.NewComposer(memory), 0, c.place.Rev, true) // damage was mended, or is mended now
		})
	}
}

// saveSpan saves a span as whoever has damaged the store.
func (c *chronicle) saveSpan(s doc.Span, data []byte) {
	c.t.Helper()
	done := make(chan error, 1)
	c.memory.SaveSpan(c.place.ID, c.place.Epoch, s, data, func(err error) { done <- err })
	c.memory.Flush(doctest.Written)
	require.NoError(c.t, <-done)
}

// counting counts what is asked of an archive, and lets Read wait.
type counting struct {
	doc.Archive
	mu    sync.Mutex
	reads int
	spans map[doc.Span]int
	saved map[doc.Span]int
	gate  chan struct{} // not nil: Read waits until it is closed
}

func newCounting(a doc.Archive) *counting {
	return &counting{Archive: a, spans: map[doc.Span]int{}, saved: map[doc.Span]int{}}
}

func (c *counting) Read(ctx context.Context, id doc.ID, first, last doc.Revision, maxBytes int) ([]doc.Commit, error) {
	c.mu.Lock()
	c.reads++
	gate := c.gate
	c.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return c.Archive.Read(ctx, id, first, last, maxBytes)
}

func (c *counting) Span(ctx context.Context, id doc.ID, epoch doc.Epoch, s doc.Span) ([]byte, error) {
	c.mu.Lock()
	c.spans[s]++
	c.mu.Unlock()
	return c.Archive.Span(ctx, id, epoch, s)
}

func (c *counting) SaveSpan(id doc.ID, epoch doc.Epoch, s doc.Span, op []byte, done func(error)) {
	c.mu.Lock()
	c.saved[s]++
	c.mu.Unlock()
	c.Archive.SaveSpan(id, epoch, s, op, done)
}

// TestReadersOfAMissingSpanShareTheWork, also when the one that works is called off.
func TestReadersOfAMissingSpanShareTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 4), 512)
		want := c.composed(0, 512, false).String()
		stop := memory.Run()
		defer stop()
		archive := newCounting(memory)
		archive.gate = make(chan struct{})
		composer := doc.NewComposer(archive)
		defer composer.Close()

		first, callOff := context.WithCancel(t.Context())
		calledOff := make(chan error, 1)
		go func() {
			_, err := composer.Between(first, c.place, 0, 512, false)
			calledOff <- err
		}()
		synctest.Wait()
		results := make(chan string, 20)
		for range 20 {
			go func() {
				op, err := composer.Between(t.Context(), c.place, 0, 512, false)
				if err != nil {
					results <- err.Error()
					return
				}
				results <- op.String()
			}()
		}
		synctest.Wait()
		require.Equal(t, 1, archive.reads)
		callOff()
		require.ErrorIs(t, <-calledOff, context.Canceled)
		synctest.Wait()
		require.Equal(t, 2, archive.reads, "one of the others works now")
		close(archive.gate)
		for range 20 {
			require.Equal(t, want, <-results)
		}
		require.Equal(t, 1+8, archive.reads)
		require.Len(t, archive.saved, 8+4+2+1)
		for s, n := range archive.saved {
			require.Equal(t, 1, n, "%v", s)
		}
	})
}

// TestGrowthIsIncremental: what is made is not read again while it is remembered, and found again where it is not.
func TestGrowthIsIncremental(t *testing.T) {
	memory := doctest.NewMemory(1)
	c := newChronicle(t, memory, doc.Text).typing(seeded(t, 5), 1000)
	stop := memory.Run()
	defer stop()
	archive := newCounting(memory)
	composer := doc.NewComposer(archive)
	grow := func() (made int) {
		archive.mu.Lock()
		archive.reads, archive.saved = 0, map[doc.Span]int{}
		archive.mu.Unlock()
		composer.Grow(c.place, 0, c.place.Rev)
		composer.Wait()
		require.LessOrEqual(t, archive.reads, len(archive.saved))
		return len(archive.saved)
	}
	require.Equal(t, 15+7+3+1, grow())
	require.Zero(t, grow())
	c.typing(seeded(t, 6), 1024)
	require.Equal(t, 1+1+1+1+1, grow(), "the 16th, and all that end with it")
	composer.Close()
	composer.Grow(c.place, 0, c.place.Rev)

	composer = doc.NewComposer(archive)
	defer composer.Close()
	require.Zero(t, grow())
	c.typing(seeded(t, 7), 1100)
	require.Equal(t, 1, grow())
}

// TestSpansTooLarge are not kept; readers use their halves.
func TestSpansTooLarge(t *testing.T) {
	memory := doctest.NewMemory(1)
	c := newChronicle(t, memory, doc.Text)
	c.lean = true
	for i := range 128 { // more than 4 MiB in the second span of the lowest level
		text := "x"
		if i >= 128-45 {
			text = strings.Repeat("y", 100_000)
		}
		c.write("Ada", ot.Op{{Kind: ot.Insert, N: len(text), Text: text}})
	}
	stop := memory.Run()
	defer stop()
	archive := newCounting(memory)
	composer := doc.NewComposer(archive)
	defer composer.Close()
	composer.Grow(c.place, 0, 128)
	composer.Wait()
	require.Equal(t, map[doc.Span]int{{Level: 6, Index: 0}: 1}, archive.saved)
	for range 2 {
		op, err := composer.Between(t.Context(), c.place, 0, 128, false)
		require.NoError(t, err)
		require.Equal(t, 45*100_000+128-45, op.TargetLen())
	}
	require.Len(t, archive.saved, 1)
	require.Equal(t, 2, archive.spans[doc.Span{Level: 6, Index: 1}], "looked for, and found missing, by the first alone: that it is too large is remembered")
}
