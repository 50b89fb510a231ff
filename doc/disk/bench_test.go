package disk

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkCommit measures one keystroke from Append to done, with documents that each append as soon as their last batch is
// done. p50 and p99 are of one append; commits/s counts all of them; written-B/op is what the disk wrote, closing the store
// included.
func BenchmarkCommit(b *testing.B) {
	for _, documents := range []int{1, 200, 2000} {
		b.Run(fmt.Sprintf("%d documents", documents), func(b *testing.B) {
			dir := b.TempDir()
			s, err := Open(dir, Config{})
			require.NoError(b, err)
			pages := make([]*page, documents)
			for i := range pages {
				pages[i] = newPage(b, s, fmt.Sprint("doc ", i))
			}
			times := make(chan []time.Duration, documents)
			b.ReportAllocs()
			before := deviceBytes(dir)
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
				b.ReportMetric(float64(deviceBytes(dir)-before)/float64(len(all)), "written-B/op")
			}
		})
	}
}

// deviceBytes is how much the device below a directory was made to write, by whoever; 0 where that is not known. What the kernel counts for
// a process counts a large folio of the page cache whole, of which a small write dirties a page.
func deviceBytes(dir string) (n int64) {
	info, err := os.Stat(dir)
	if err != nil {
		return 0
	}
	device := uint64(info.Sys().(*syscall.Stat_t).Dev)
	text, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/stat", device>>8&0xfff, device&0xff|device>>12&^0xff))
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 6 {
		n, _ = strconv.ParseInt(fields[6], 10, 64)
	}
	return n * 512
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
