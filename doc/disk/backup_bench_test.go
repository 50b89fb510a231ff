package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkBackup measures a backup of 1 GB (of 64 MB without TANDEM_LONG=1) while 20 documents append a letter each as soon as their last
// one is durable; and what these wait for meanwhile, and when nothing else happens.
func BenchmarkBackup(b *testing.B) {
	size := 64 << 20
	if os.Getenv("TANDEM_LONG") != "" {
		size = 1 << 30
	}
	dir := b.TempDir()
	s, err := Open(filepath.Join(dir, "data"), Config{})
	require.NoError(b, err)
	long := strings.Repeat("0123456789abcdef", 8<<10)
	for i := 0; i*8*len(long) < size; i++ {
		p := newPage(b, s, fmt.Sprint("large ", i))
		require.NoError(b, p.append(s, p.batch(8, long)))
	}
	require.NoError(b, s.checkpointer.now(background))
	waits := map[string][]time.Duration{} // b.Loop forgets what was reported before
	measure := func(what string, during func()) {
		var stop atomic.Bool
		times := make(chan []time.Duration)
		for i := range 20 {
			p := newPage(b, s, fmt.Sprint("small ", i))
			go func() {
				var took []time.Duration
				for !stop.Load() {
					began := time.Now()
					if err := p.append(s, p.batch(1, "x")); err != nil {
						b.Error(err)
						break
					}
					took = append(took, time.Since(began))
				}
				times <- took
			}()
		}
		during()
		stop.Store(true)
		var all []time.Duration
		for range 20 {
			all = slices.Concat(all, <-times)
		}
		slices.Sort(all)
		waits[what] = all
	}
	quiet := time.NewTimer(3 * time.Second)
	measure("alone", func() { <-quiet.C })
	var info BackupInfo
	took := time.Duration(0)
	n := 0
	measure("backup", func() {
		for b.Loop() {
			began := time.Now()
			n++
			info, err = s.Backup(background, filepath.Join(dir, fmt.Sprint("backup ", n)))
			require.NoError(b, err)
			took += time.Since(began)
			require.NoError(b, os.Remove(filepath.Join(dir, fmt.Sprint("backup ", n))))
		}
	})
	for what, all := range waits {
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1e3, what+"-p50-ms")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1e3, what+"-p99-ms")
		b.ReportMetric(float64(all[len(all)-1].Microseconds())/1e3, what+"-max-ms")
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(info.Bytes)/1e6, "MB")
	b.ReportMetric(took.Seconds()/float64(n), "s")
	require.NoError(b, s.Close())
}
