package wal

import (
	"path"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// newLog is a log on a simulated disk on which nothing fails that is not said to.
func newLog(t *testing.T) *world {
	w := newWorld(0, bug{})
	w.prepare = func(*process) {}
	require.NoError(t, w.open())
	return w
}

// restarted ends the process, and opens the log in another one whose calls may fail. It says no more than that it opens: what
// is in it says the end of the test.
func (w *world) restarted(t *testing.T, fail func(c call) fault) {
	w.settle()
	w.proc.kill()
	require.NoError(t, w.log.Close())
	w.prepare = func(p *process) { p.fail = fail }
	require.NoError(t, w.open())
}

// cut ends a test: without what is not durable, the log has what was acknowledged.
func (w *world) cut(t *testing.T) {
	w.prepare = func(*process) {}
	require.NoError(t, w.end("power cut", func() { w.disk = w.disk.cutPower(func(int) int { return 0 }) }))
	require.NoError(t, w.log.Close())
}

// No space for a segment is no harm: the current one is written to up to its end, and there may be space later.
func TestNoSpaceForASegment(t *testing.T) {
	w := newLog(t)
	require.NoError(t, w.put(100))
	w.settle()
	full := true
	w.proc.fail = func(c call) fault {
		if full && path.Ext(c.path) == freshSuffix {
			return failFull
		}
		return 0
	}
	for range 2 { // one more segment was prepared before
		require.NoError(t, w.put(7900))
		w.settle()
	}
	require.Zero(t, w.counts["full"])
	for range 3 {
		_, err := w.log.Append(make([]byte, 7900))
		require.ErrorIs(t, err, ErrFull)
		require.ErrorIs(t, err, syscall.ENOSPC)
		w.settle()
	}
	require.NoError(t, w.put(100))
	require.Zero(t, w.counts["full"])
	w.settle()
	full = false
	require.NoError(t, w.put(7900))
	require.Zero(t, w.counts["full"])
	w.cut(t)
}

// A full log says so while it tries again: Ready would otherwise tell of space that nobody has found.
func TestFullWhileTryingAgain(t *testing.T) {
	w := newLog(t)
	var during []error // what Full says while a segment is prepared
	full := true
	w.proc.fail = func(c call) fault {
		if path.Ext(c.path) != freshSuffix {
			return 0
		}
		during = append(during, w.log.Full())
		if full {
			return failFull
		}
		return 0
	}
	for w.log.Full() == nil {
		require.NoError(t, w.put(7900))
		w.settle()
	}
	tries := map[string]func(){"Retry": w.log.Retry, "Recycle": func() { require.NoError(t, w.log.Recycle(Position{})) }}
	for name, again := range tries {
		during = nil
		again()
		w.settle()
		require.NotEmpty(t, during, name)
		for _, err := range during {
			require.ErrorIs(t, err, ErrFull, name)
			require.ErrorIs(t, err, syscall.ENOSPC, name)
		}
		require.ErrorIs(t, w.log.Full(), ErrFull, name)
	}
	full, during = false, nil
	w.log.Retry()
	w.settle()
	require.ErrorIs(t, during[0], ErrFull)
	require.NoError(t, w.log.Full())
	w.cut(t)
}

func TestUnsafeAndReset(t *testing.T) {
	w := newLog(t)
	for i := range 6 {
		require.NoError(t, w.put(7900))
		w.settle()
		if i%3 == 2 {
			require.NoError(t, w.storeAll())
			w.settle()
		}
	}
	require.NoError(t, w.put(100))
	w.settle()
	require.True(t, w.log.current.used)
	require.NotEmpty(t, w.log.free)
	w.proc.failAt[w.proc.calls+2] = failAfter
	_, err := w.log.Append([]byte("in doubt"))
	require.ErrorIs(t, err, ErrUnsafe)
	require.ErrorIs(t, err, errFault)
	calls := w.proc.calls
	for range 2 {
		_, again := w.log.Append([]byte("another"))
		require.Equal(t, err, again)
		_, again = w.log.Rotate()
		require.Equal(t, err, again)
	}
	require.Equal(t, calls, w.proc.calls)
	retired, end := w.log.current.name, w.log.End()
	free := w.log.free
	w.log.free = nil // they are there for the reset
	w.proc.log = nil
	require.NoError(t, w.log.Scrub())
	w.log.free = free
	there, err := w.proc.Names(simDir)
	require.NoError(t, err)

	start, err := w.log.Reset()
	require.NoError(t, err)
	require.Greater(t, start.Segment, end.Segment)
	require.Equal(t, start, w.log.End())
	require.NotContains(t, there, w.log.current.name, "it goes on in a file that was not there before")
	w.settle()
	last, err := w.log.Append([]byte("after"))
	require.NoError(t, err)
	w.settle()

	var found []sample
	_, err = Verify(simDir, w.stored, w.cfg, into(&found))
	require.NoError(t, err, "the reset was not stored: what was acknowledged counts, what was in doubt does not")
	require.True(t, slices.EqualFunc([]sample{w.acked[0], {last, []byte("after")}}, found, sample.equal), "%v", found)
	found = nil
	_, err = Verify(simDir, start, w.cfg, into(&found))
	require.NoError(t, err)
	require.True(t, slices.EqualFunc([]sample{{last, []byte("after")}}, found, sample.equal), "%v", found)

	require.NoError(t, w.log.Recycle(start))
	w.settle()
	require.Contains(t, w.proc.log, "remove "+path.Join(simDir, retired))
	require.NotContains(t, w.proc.log, "write "+path.Join(simDir, retired), "nothing goes to a file that a write has failed in")
	require.NoError(t, w.log.Close())
}

// A sync that Scrub makes and that fails may be the one that would have told an Append of its failure.
func TestScrubFails(t *testing.T) {
	w := newLog(t)
	for range 12 {
		require.NoError(t, w.put(7000))
		w.settle()
		require.NoError(t, w.storeAll())
		w.settle()
	}
	require.True(t, w.log.current.used)
	name := path.Join(simDir, w.log.current.name)
	w.proc.fail = func(c call) fault {
		if c.what == "sync" && c.path == name {
			return failBefore
		}
		return 0
	}
	require.ErrorIs(t, w.log.Scrub(), ErrUnsafe)
	_, err := w.log.Append(nil)
	require.ErrorIs(t, err, ErrUnsafe)
	w.cut(t)
}

// What a process that failed to renumber a file leaves is a file that has the number in the page cache alone. Another process
// must not count on it, also where it cannot do better.
func TestRenumberingFailsTwice(t *testing.T) {
	w := newLog(t)
	for range 4 {
		require.NoError(t, w.put(7900))
		w.settle()
	}
	w.proc.fail = renumbering
	require.NoError(t, w.store(3))  // from here on a file is free
	require.NoError(t, w.put(7900)) // takes the prepared segment, and has that file renumbered
	w.settle()
	require.NotEmpty(t, w.log.doubtful)

	w.restarted(t, renumbering)
	require.NotEmpty(t, w.log.doubtful)
	w.proc.fail = nil
	require.NoError(t, w.put(100))
	require.Zero(t, w.counts["full"])
	w.cut(t)
}

// renumbering makes the sync of a header fail.
func renumbering(c call) fault {
	if c.what == "sync" && path.Ext(c.path) == segmentSuffix && c.at >= 0 && c.at < dataStart {
		return failBefore
	}
	return 0
}

// The segment that the stored position names stays, whatever else becomes of it.
func TestRenumberingFailsWhereTheLogEnds(t *testing.T) {
	w := newLog(t)
	require.NoError(t, w.put(100))
	w.settle()
	w.proc.deadAt = w.proc.calls + 1 // nothing is prepared behind it
	require.NoError(t, w.rotateAll())
	w.restarted(t, renumbering)
	require.Error(t, w.log.failed)
	require.Equal(t, w.stored.Segment, w.log.highest)
	w.proc.fail = nil
	require.NoError(t, w.put(100))
	require.Zero(t, w.counts["full"])
	w.cut(t)
	require.Len(t, w.acked, 1)
}

// A log that went on from a position in a segment with nothing in it does not lead there from an older one: that is said, and
// nothing is left out silently.
func TestStalePosition(t *testing.T) {
	w := newLog(t)
	require.NoError(t, w.put(100))
	stale := Position{}
	_, err := w.log.Rotate()
	require.NoError(t, err)
	w.stored, w.acked = w.log.End(), nil
	w.restarted(t, nil)
	w.proc.deadAt = w.proc.calls + 3 // only the record gets there: the file of segment 1 is not used again
	require.NoError(t, w.put(100))
	require.NoError(t, w.log.Close())
	_, err = Verify(simDir, stale, w.cfg, into(new([]sample)))
	require.ErrorIs(t, err, ErrCorrupt)
	require.ErrorContains(t, err, "begins a log that was opened from segment 2 on, not from 1:8192")
}
