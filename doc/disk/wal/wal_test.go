package wal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// openDir opens a log on the real disk, and closes it when the test ends.
func openDir(t testing.TB, dir string, from Position, cfg Config) (*Log, []sample) {
	t.Helper()
	var found []sample
	l, _, err := Open(dir, from, cfg, into(&found))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l, found
}

func TestAppendAndOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wal")
	l, found := openDir(t, dir, Position{}, Config{})
	require.Empty(t, found)
	require.Equal(t, Position{}, l.End())
	var want []sample
	for i := range 100 {
		record := bytes.Repeat([]byte{byte(i)}, i*1000)
		end, err := l.Append(record)
		require.NoError(t, err)
		require.Equal(t, end, l.End())
		want = append(want, sample{end, record})
	}
	require.Equal(t, int64(2*defaultSegmentBytes), l.Live())
	require.NoError(t, l.Close())

	l, found = openDir(t, dir, Position{}, Config{})
	require.True(t, slices.EqualFunc(want, found, sample.equal))
	require.Equal(t, want[99].end, l.End())
	end, err := l.Append(nil)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.Greater(t, end.Segment, want[99].end.Segment, "nothing is appended to a segment that was there")

	var read []sample
	replay, err := Verify(dir, want[98].end, Config{}, into(&read))
	require.NoError(t, err)
	require.Equal(t, Replay{Records: 2, Bytes: 99000}, replay)
	require.True(t, slices.EqualFunc([]sample{want[99], {end, nil}}, read, sample.equal))
}

// What a caller does when there is no more room: it stores what it has, and the log goes on.
func TestFull(t *testing.T) {
	cfg := Config{SegmentBytes: minSegmentBytes, MaxBytes: 4 * minSegmentBytes}
	l, _ := openDir(t, t.TempDir(), Position{}, cfg)
	record := make([]byte, 3000)
	var err error
	var ends []Position
	for err == nil {
		var end Position
		if end, err = l.Append(record); err == nil {
			ends = append(ends, end)
		}
	}
	require.ErrorIs(t, err, ErrFull)
	require.ErrorContains(t, err, "65536 bytes are in use, 81920 with this segment, of at most 65536")
	require.Len(t, ends, 8)
	require.Equal(t, ends[7], l.End())
	_, err = l.Append(record)
	require.ErrorIs(t, err, ErrFull)
	_, err = l.Append(make([]byte, 2000))
	require.NoError(t, err, "the current segment has room for it")

	require.NoError(t, l.Recycle(ends[3]))
	require.Equal(t, int64(3*minSegmentBytes), l.Live())
	_, err = l.Append(record)
	require.NoError(t, err)

	large := make([]byte, l.maxRecord())
	_, err = l.Append(large)
	require.ErrorIs(t, err, ErrFull)
	_, err = l.Rotate()
	require.ErrorIs(t, err, ErrFull)
	require.NoError(t, l.Recycle(l.End()))
	start, err := l.Rotate()
	require.NoError(t, err)
	require.NoError(t, l.Recycle(start))
	end, err := l.Append(large)
	require.NoError(t, err, "the largest record has room when all before it is recycled")
	require.LessOrEqual(t, l.Live(), cfg.MaxBytes)
	_, err = l.Append(append(large, 0))
	require.ErrorIs(t, err, ErrTooLarge)
	require.ErrorContains(t, err, fmt.Sprintf("%d bytes, of at most %d", len(large)+1, len(large)))
	require.NoError(t, l.Recycle(end))
}

// After Scrub no byte of a recycled record is in any file.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{SegmentBytes: minSegmentBytes}
	l, _ := openDir(t, dir, Position{}, cfg)
	secret := bytes.Repeat([]byte("secret"), 500)
	for range 20 {
		end, err := l.Append(secret)
		require.NoError(t, err)
		require.NoError(t, l.Recycle(end))
	}
	start, err := l.Rotate()
	require.NoError(t, err)
	end, err := l.Append([]byte("kept"))
	require.NoError(t, err)
	require.NoError(t, l.Recycle(start))
	count := func(word string) (n int) {
		settle(l)
		names, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, name := range names {
			b, err := os.ReadFile(filepath.Join(dir, name.Name()))
			require.NoError(t, err)
			n += bytes.Count(b, []byte(word))
		}
		return n
	}
	require.NotZero(t, count("secret"))
	require.NoError(t, l.Scrub())
	require.Zero(t, count("secret"))
	require.Equal(t, 1, count("kept"))
	_, err = l.Append([]byte("more"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, found := openDir(t, dir, start, cfg)
	require.Len(t, found, 2)
	require.Equal(t, end, found[0].end)
}

// Free files are recycled, and not more are kept than two.
func TestFilesAreFew(t *testing.T) {
	dir := t.TempDir()
	l, _ := openDir(t, dir, Position{}, Config{SegmentBytes: minSegmentBytes})
	most := 0
	for i := range 60 {
		end, err := l.Append(make([]byte, 3000))
		require.NoError(t, err)
		if i%10 == 9 {
			require.NoError(t, l.Recycle(end))
		}
		names, err := os.ReadDir(dir)
		require.NoError(t, err)
		most = max(most, len(names))
	}
	require.Greater(t, l.End().Segment, uint64(20))
	require.LessOrEqual(t, most, 9)
}

// A log is opened with another size of segments: it goes on in segments of that size.
func TestOtherSegmentBytes(t *testing.T) {
	dir := t.TempDir()
	sizes := []int64{minSegmentBytes, 3 * minSegmentBytes, 2 * minSegmentBytes}
	var live int64
	for i, size := range sizes {
		l, found := openDir(t, dir, Position{}, Config{SegmentBytes: size})
		require.Len(t, found, i)
		_, err := l.Append(make([]byte, 100))
		require.NoError(t, err)
		live += size
		require.Equal(t, live, l.Live())
		settle(l)
		require.NoError(t, l.Close())
	}
}

func TestConfigAndClosed(t *testing.T) {
	for _, row := range []struct {
		cfg  Config
		says string
	}{
		{Config{SegmentBytes: 100}, "SegmentBytes is 100: it must be at least 16384"},
		{Config{MaxBytes: 1 << 20}, "MaxBytes is 1048576: it must be at least 4 segments of 4194304"},
	} {
		_, _, err := Open(t.TempDir(), Position{}, row.cfg, nil)
		require.ErrorContains(t, err, row.says)
		_, err = Verify(t.TempDir(), Position{}, row.cfg, nil)
		require.ErrorContains(t, err, row.says)
	}
	_, _, err := Open(filepath.Join(t.TempDir(), "missing", "wal"), Position{}, Config{}, nil)
	require.ErrorIs(t, err, fs.ErrNotExist, "the parent is the caller's")
	replay, err := Verify(filepath.Join(t.TempDir(), "missing"), Position{}, Config{}, nil)
	require.NoError(t, err)
	require.Zero(t, replay)
	_, err = Verify(filepath.Join(t.TempDir(), "missing"), Position{Segment: 1, Offset: dataStart + 20}, Config{}, nil)
	require.ErrorIs(t, err, ErrCorrupt)

	l, _ := openDir(t, t.TempDir(), Position{}, Config{SegmentBytes: minSegmentBytes})
	_, err = l.Append([]byte("x"))
	require.NoError(t, err)
	require.ErrorContains(t, l.Recycle(Position{Segment: 2}), "recycle before 2:8192: the log ends at 1:")
	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Close(), ErrClosed)
	_, err = l.Append(nil)
	require.ErrorIs(t, err, ErrClosed)
	_, err = l.Rotate()
	require.ErrorIs(t, err, ErrClosed)
	_, err = l.Reset()
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, l.Scrub(), ErrClosed)
	require.ErrorIs(t, l.Recycle(Position{}), ErrClosed)
}

// An error of the caller's function ends Open, and leaves the log to be opened again.
func TestCallersError(t *testing.T) {
	dir := t.TempDir()
	l, _ := openDir(t, dir, Position{}, Config{SegmentBytes: minSegmentBytes})
	_, err := l.Append([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	stop := errors.New("stop")
	_, _, err = Open(dir, Position{}, Config{}, func(_, _ Position, _ []byte) error { return stop })
	require.ErrorIs(t, err, stop)
	_, found := openDir(t, dir, Position{}, Config{})
	require.Len(t, found, 1)
}

// One appends, the others do all else that may be done beside it.
func TestBesideAppend(t *testing.T) {
	dir := t.TempDir()
	l, _ := openDir(t, dir, Position{}, Config{SegmentBytes: minSegmentBytes})
	stop := make(chan struct{})
	var others sync.WaitGroup
	beside := func(f func() error) {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := f(); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	var stored Position // by the checkpointer; read when it has ended
	beside(func() error {
		end := l.End()
		stored = end
		return l.Recycle(end)
	})
	beside(l.Scrub)
	beside(func() error {
		if l.Live() < 0 {
			return errors.New("less than nothing is live")
		}
		return nil
	})
	var last Position
	for i := range 100 {
		end, err := l.Append(make([]byte, i*40))
		require.NoError(t, err)
		require.True(t, last.Before(end))
		last = end
	}
	close(stop)
	others.Wait()
	require.NoError(t, l.Close())
	l, _ = openDir(t, dir, stored, Config{SegmentBytes: minSegmentBytes})
	require.Equal(t, last, l.End())
}

func TestAppendAllocatesNothing(t *testing.T) {
	l, _ := openDir(t, t.TempDir(), Position{}, Config{})
	record := make([]byte, 500)
	_, err := l.Append(record)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := l.Append(record); err != nil {
			t.Error(err)
		}
	}))
}

func TestPositionOrder(t *testing.T) {
	row := []Position{{}, {1, 0}, {1, dataStart}, {1, 1 << 40}, {2, 0}, {1 << 63, 5}}
	for i, p := range row {
		for j, q := range row {
			require.Equal(t, i < j, p.Before(q))
			require.Equal(t, i == j, p.Compare(q) == 0)
		}
	}
}
