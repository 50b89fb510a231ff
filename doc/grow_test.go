package doc_test

import (
	"context"
	"log/slog"
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

// inCounted runs a test in virtual time with a registry over an archive that counts, and a reader of an empty document.
func inCounted(t *testing.T, cfg doc.Config, test func(t *testing.T, archive *counting, p *reader)) {
	t.Helper()
	cfg.Logger = slog.New(slog.DiscardHandler)
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		stop := memory.Run()
		defer stop()
		archive := newCounting(memory)
		r := doc.NewRegistry(archive, cfg)
		defer func() { assert.NoError(t, r.Close(context.Background())) }()
		c := newChronicle(t, memory, doc.Text)
		p := c.at(0, c.place)
		p.open(r, client(1), nil)
		test(t, archive, p)
	})
}

func letters(n int) (ops []ot.Op) {
	for range n {
		ops = append(ops, insert(0, "x"))
	}
	return ops
}

// TestSpansAreMadeOfMemory: those of a document that is typed in are made before their commits leave memory, and never more than is about
// to; when it unloads, of the rest.
func TestSpansAreMadeOfMemory(t *testing.T) {
	cfg := doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 400 << 10, SnapshotCommits: 100}, UnloadAfter: time.Second}
	inCounted(t, cfg, func(t *testing.T, archive *counting, p *reader) {
		seq := doc.Seq(0)
		p.submit(&seq, letters(300)...)
		require.Empty(t, archive.saved, "all of it is in memory")
		p.submit(&seq, letters(2000)...)
		require.Equal(t, 1, archive.saved[doc.Span{Level: 10}], "%v", archive.saved)
		require.Zero(t, archive.reads, "nothing was read from the store")
		p.session.Close()
		time.Sleep(2 * cfg.UnloadAfter)
		synctest.Wait()
		require.Equal(t, 1, archive.saved[doc.Span{Level: 6, Index: 2300/64 - 1}])
	})
}

// TestSpansOfLargeCommitsWait until the document unloads: they are made of what is read from the store.
func TestSpansOfLargeCommitsWait(t *testing.T) {
	cfg := doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 64 << 10}, UnloadAfter: time.Second}
	inCounted(t, cfg, func(t *testing.T, archive *counting, p *reader) {
		seq, text := doc.Seq(0), strings.Repeat("x", 4<<10)
		for range 200 {
			n := min(p.base.Len(), len(text))
			p.submit(&seq, ot.Op{{Kind: ot.Insert, N: len(text), Text: text}, {Kind: ot.Delete, N: n}}[:min(2, n+1)])
		}
		require.Empty(t, archive.saved)
		require.Zero(t, archive.reads)
		p.session.Close()
		time.Sleep(2 * cfg.UnloadAfter)
		synctest.Wait()
		require.Equal(t, 1, archive.saved[doc.Span{Level: 7}], "%v", archive.saved)
	})
}

// TestSpansDoNotWaitForEver: with few commits in memory, they are made once thousands are without.
func TestSpansDoNotWaitForEver(t *testing.T) {
	cfg := doc.Config{StateConfig: doc.StateConfig{HistoryBytes: 1}}
	inCounted(t, cfg, func(t *testing.T, archive *counting, p *reader) {
		seq := doc.Seq(0)
		p.submit(&seq, letters(4095)...)
		require.Empty(t, archive.saved)
		p.submit(&seq, letters(65)...)
		require.Equal(t, 1, archive.saved[doc.Span{Level: 12}], "%v", archive.saved)
	})
}

// TestReadersComposeOneAtATime: what the others of the document need waits.
func TestReadersComposeOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := doctest.NewMemory(1)
		c := newChronicle(t, memory, doc.Text).typing(seeded(t, 4), 60)
		stop := memory.Run()
		defer stop()
		archive := newCounting(memory)
		archive.gate = make(chan struct{})
		composer := doc.NewComposer(archive)
		defer composer.Close()
		done := make(chan error, 30)
		for i := range doc.Revision(30) {
			go func() {
				_, err := composer.Between(t.Context(), c.place, i, i+1, false)
				done <- err
			}()
		}
		calledOff, callOff := context.WithCancel(t.Context())
		go func() {
			_, err := composer.Between(calledOff, c.place, 0, 1, false)
			done <- err
		}()
		synctest.Wait()
		require.Equal(t, 1, archive.reads)
		callOff()
		close(archive.gate)
		failed := 0
		for range 31 {
			if <-done != nil {
				failed++
			}
		}
		require.Equal(t, 1, failed, "who was called off while it waited")
		require.GreaterOrEqual(t, archive.reads, 30)
	})
}
