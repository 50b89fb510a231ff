package doctest

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tandem/doc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memoryRig is a Memory that works by itself.
func memoryRig(t *testing.T) Rig {
	m := NewMemory(1)
	t.Cleanup(m.Run())
	return Rig{
		Open: func() doc.Store {
			m.Break(nil)
			return m
		},
		Kill: func(doc.Store) { m.Crash(func(i int) bool { return i%2 == 0 }) },
	}
}

func TestMemory(t *testing.T) { Run(t, memoryRig) }

// A Faulty without a plan is the store it wraps.
func TestFaultyWithoutFaults(t *testing.T) {
	Run(t, func(t *testing.T) Rig {
		rig := memoryRig(t)
		return Rig{
			Open: func() doc.Store { return NewFaulty(rig.Open()) },
			Kill: func(s doc.Store) { rig.Kill(s.(*Faulty).store) },
		}
	})
}

func TestMemoryOutcomes(t *testing.T) {
	for _, row := range []struct {
		how   Outcome
		there bool
		err   error
	}{
		{Written, true, nil},
		{Lost, false, ErrUnknown},
		{WrittenLate, true, ErrUnknown},
	} {
		m := NewMemory(1)
		a := open(t, m, "a")
		require.False(t, m.Step(row.how), "nothing waits")
		b := a.small(1, 2)
		conflict := a.small(1, 2)
		conflict.Prev.Epoch[0]++
		var answers []error
		note := func(err error) { answers = append(answers, err) }
		m.Append(b, note)
		m.Append(conflict, note)
		require.Equal(t, 2, m.Pending())
		a.check(t, m)
		m.Slow(2)
		for range 2 {
			require.True(t, m.Step(row.how))
			require.Empty(t, answers)
		}
		require.True(t, m.Step(row.how))
		require.Equal(t, []error{row.err}, answers)
		require.True(t, m.Step(row.how))
		require.ErrorIs(t, answers[1], doc.ErrConflict)
		if row.there {
			a.took(t, b)
		}
		a.check(t, m)
	}
}

func TestMemoryCrash(t *testing.T) {
	m := NewMemory(1)
	authors := []*author{open(t, m, "a"), open(t, m, "b"), open(t, m, "c")}
	for i, a := range authors {
		b := a.small(1, 2)
		m.Append(b, func(error) { t.Error("reported after a crash") })
		if i == 1 {
			a.took(t, b)
		}
	}
	m.Crash(func(i int) bool { return i == 1 })
	require.Zero(t, m.Flush(Written))
	for _, a := range authors {
		a.check(t, m)
	}
}

// The same calls make the same store.
func TestMemoryRepeats(t *testing.T) {
	run := func(seed uint64) doc.Place {
		m := NewMemory(seed)
		a := open(t, m, "a")
		b := a.small(1, 2)
		m.Append(b, func(err error) { require.NoError(t, err) })
		require.Equal(t, 1, m.Flush(Written))
		a.took(t, b)
		return a.check(t, m).Place()
	}
	require.Equal(t, run(1), run(1))
	require.NotEqual(t, run(1).ID, run(2).ID)
}

func TestFaulty(t *testing.T) {
	m := NewMemory(1)
	f := NewFaulty(m)
	a := open(t, f, "a")
	require.Equal(t, 1, f.Calls())
	f.Fail(2, Lost)
	f.Fail(3, WrittenLate)
	f.Fail(4, Lost)
	f.Fail(5, WrittenLate)
	f.Fail(6, Lost)
	b := a.small(1, 1)
	var answers []error
	note := func(err error) { answers = append(answers, err) }
	f.Append(b, note)
	require.Equal(t, 1, m.Flush(Written))
	a.took(t, b)
	f.Append(a.small(1, 1), note)
	late := a.small(2, 1)
	f.Append(late, note)
	require.Equal(t, 2, m.Flush(Written))
	require.NoError(t, answers[0])
	for _, err := range answers[1:] {
		require.ErrorIs(t, err, ErrUnknown)
	}
	a.took(t, late)
	f.Save(a.snapshot(t), note)
	f.Save(a.snapshot(t), note)
	require.Equal(t, 2, m.Flush(Written))
	require.ErrorIs(t, answers[3], ErrUnknown)
	require.ErrorIs(t, answers[4], ErrUnknown)
	_, err := f.Load(background, "a", 0)
	require.ErrorIs(t, err, ErrUnknown)
	require.Empty(t, a.check(t, f).Commits, "the second one was saved")
}

func TestMemoryArchive(t *testing.T) { RunArchive(t, memoryRig) }

// A FaultyArchive without a plan is the archive it wraps.
func TestFaultyArchiveWithoutFaults(t *testing.T) {
	RunArchive(t, func(t *testing.T) Rig {
		rig := memoryRig(t)
		return Rig{
			Open: func() doc.Store { return NewFaultyArchive(rig.Open().(doc.Archive)) },
			Kill: func(s doc.Store) { rig.Kill(s.(*FaultyArchive).archive) },
		}
	})
}

// A call that hangs works, and takes a second longer; Close waits for what it has still to report.
func TestFaultyHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(1)
		defer m.Run()()
		f := NewFaultyArchive(m)
		a := open(t, f, "a")
		a.write(t, f, a.small(1, 4))
		span := doc.Span{Level: 1, Index: 1}
		for name, do := range map[string]func() error{
			"load":      func() error { _, err := f.Load(background, "a", 0); return err },
			"append":    func() error { b := a.small(1, 1); defer a.took(t, b); return appendAndWait(f, b) },
			"save":      func() error { return saveAndWait(f, a.snapshot(t)) },
			"save span": func() error { return saveSpanAndWait(f, a.place.ID, a.place.Epoch, span, spanBytes(span, 3)) },
			"trim":      func() error { return f.Trim(background, a.trimming(t, 0)) },
		} {
			f.Fail(1, Hung)
			began := time.Now()
			require.NoError(t, do(), name)
			require.Equal(t, HangTime, time.Since(began), name)
		}
		a.check(t, m)
		f.Fail(1, Hung)
		ended, cancel := context.WithCancel(background)
		cancel()
		_, err := f.Load(ended, "a", 0)
		require.ErrorIs(t, err, context.Canceled)
		f.Fail(1, Hung)
		reported := false
		f.Append(a.small(1, 1), func(error) { reported = true })
		require.NoError(t, f.Close())
		require.True(t, reported)
	})
}

// A backup is a copy: it does not change with the store, and can be restored again.
func TestMemoryRestore(t *testing.T) {
	m := NewMemory(1)
	t.Cleanup(m.Run())
	a := open(t, m, "a")
	a.write(t, m, a.small(1, 6))
	a.trim(t, m, 3, clientNumber(1))
	backup, then := m.Backup(), *a
	then.clients = maps.Clone(a.clients)
	epochs := []doc.Epoch{a.place.Epoch}
	for range 3 {
		a.write(t, m, a.small(5, 3))
		a.trim(t, m, 7, clientNumber(2))
		later := open(t, m, "later")
		later.write(t, m, later.small(1, 2))
		m.Restore(backup, true)
		requireGone(t, m, later)
		stored, err := m.Load(background, "a", 0)
		require.NoError(t, err)
		require.NotContains(t, epochs, stored.Place().Epoch, "a new one, each time")
		epochs = append(epochs, stored.Place().Epoch)
		*a = then
		a.clients = maps.Clone(then.clients)
		a.place.Epoch = stored.Place().Epoch
		a.checkArchive(t, m)
	}
}
