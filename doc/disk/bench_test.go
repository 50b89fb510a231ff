package disk

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkCommit measures one keystroke from Append to done, with documents that each append as soon as their last batch is
// done. p50 and p99 are of one append; commits/s counts all of them; written-B/op is what the process handed to the disk, closing the
// store included.
func BenchmarkCommit(b *testing.B) {
	for _, documents := range []int{1, 200, 2000} {
		b.Run(fmt.Sprintf("%d documents", documents), func(b *testing.B) {
			s, err := Open(b.TempDir(), Config{})
			require.NoError(b, err)
			pages := make([]*page, documents)
			for i := range pages {
				pages[i] = newPage(b, s, fmt.Sprint("doc ", i))
			}
			times := make(chan []time.Duration, documents)
			b.ReportAllocs()
			before := writtenBytes()
			b.ResetTimer()
			for i, p := range pages {
				n := b.N / documents
				if i < b.N%documents {
					n++
				}
				go func() {
					took := make([]time.Duration, n)
					done := make(chan error, 1)
					for i := range took {
						batch := p.batch(1, "x")
						start := time.Now()
						s.Append(batch, func(err error) { done <- err })
						if err := <-done; err != nil {
							b.Error(err)
							break
						}
						took[i] = time.Since(start)
						p.took(batch)
					}
					times <- took
				}()
			}
			var all []time.Duration
			for range pages {
				all = append(all, <-times...)
			}
			b.StopTimer()
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "commits/s")
			require.NoError(b, s.Close())
			if before > 0 {
				b.ReportMetric(float64(writtenBytes()-before)/float64(len(all)), "written-B/op")
			}
		})
	}
}

// writtenBytes is how much this process has handed to the disk; 0 where that is not known.
func writtenBytes() (n int64) {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "write_bytes: %d", &n); err == nil {
			return n
		}
	}
	return 0
}

// BenchmarkBatch measures a commit of 100 operations in one batch.
func BenchmarkBatch(b *testing.B) {
	s, err := Open(b.TempDir(), Config{})
	require.NoError(b, err)
	p := newPage(b, s, "d")
	for b.Loop() {
		p.write(s, 100)
	}
	require.NoError(b, s.Close())
}

// BenchmarkLoad measures loading 10,000 commits, in blocks of 10, without a snapshot.
func BenchmarkLoad(b *testing.B) {
	s, err := Open(b.TempDir(), Config{})
	require.NoError(b, err)
	p := newPage(b, s, "d")
	for range 1000 {
		p.write(s, 10)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Load(background, "d", 0)
		require.NoError(b, err)
	}
	require.NoError(b, s.Close())
}
