//go:build !race

package wal

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every byte of a log is harmed: it is damage, or only the last record is missing, or nothing has changed. Where nothing
// is ever read, a byte of 61 is enough, unless there is time.
func TestExhaustiveFlips(t *testing.T) {
	w := sampleLog(t)
	files := w.contents()
	ends := map[uint64]int64{}
	for _, s := range w.acked {
		ends[s.end.Segment] = s.end.Offset
	}
	verdicts := map[string]int{}
	for name, content := range files {
		h, err := readHeader(bytes.NewReader(content))
		require.NoError(t, err)
		for i := range content {
			at := int64(i)
			head := at < dataStart && at%copyStride < headerSize
			if !head && (at < dataStart || at > ends[h.number]+frameSize) && at%61 != 0 && os.Getenv("TANDEM_LONG") == "" {
				continue
			}
			content[i] ^= 1 << (i % 8)
			found, err := w.verify(files, w.stored)
			content[i] ^= 1 << (i % 8)
			verdict := "nothing has changed"
			switch {
			case err != nil:
				require.ErrorIs(t, err, ErrCorrupt, "%s at %d", name, at)
				require.ErrorContains(t, err, name, "%s at %d", name, at)
				verdict = "damage"
			case len(found) == len(w.acked)-1:
				last := w.acked[len(w.acked)-1].end
				require.Equal(t, last.Segment, h.number, "%s at %d", name, at)
				require.Greater(t, last.Offset, at, "%s at %d", name, at)
				require.Equal(t, w.acked[:len(w.acked)-1], found, "%s at %d", name, at)
				verdict = "the last record is missing"
			default:
				require.Equal(t, w.acked, found, "%s at %d", name, at)
			}
			if head {
				require.Equal(t, "nothing has changed", verdict, "%s at %d", name, at)
			}
			verdicts[verdict]++
		}
	}
	require.Len(t, verdicts, 3)
	t.Logf("note: %v", verdicts)
}
