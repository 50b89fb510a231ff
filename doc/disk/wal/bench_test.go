package wal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkAppend measures appends, each beside a bare write and sync of as many bytes, in a file that was filled with zeros
// before: in turns, so that both meet the same disk. What a checkpointer would do is done outside of the time that is taken.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l, _ := openDir(b, b.TempDir(), Position{}, Config{})
			file, err := os.OpenFile(filepath.Join(b.TempDir(), "bare"), os.O_RDWR|os.O_CREATE, 0o600)
			require.NoError(b, err)
			defer file.Close()
			bare := osFile{file}
			const length = 16 << 20
			require.NoError(b, writeZeros(bare, 0, length))
			require.NoError(b, bare.Sync())
			record := make([]byte, size)
			var appends, bares []time.Duration
			at := int64(0)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				start := time.Now()
				end, err := l.Append(record)
				appends = append(appends, time.Since(start))
				require.NoError(b, err)
				if l.Live() > defaultMaxBytes/2 {
					require.NoError(b, l.Recycle(end))
				}
				if at+int64(size) > length {
					at = 0
				}
				start = time.Now()
				_, err = bare.WriteAt(record, at)
				require.NoError(b, err)
				require.NoError(b, bare.Sync())
				bares = append(bares, time.Since(start))
				at += int64(size)
			}
			b.StopTimer()
			report(b, "append", appends)
			report(b, "bare", bares)
		})
	}
}

func report(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), name+"-p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), name+"-p99-µs")
}
