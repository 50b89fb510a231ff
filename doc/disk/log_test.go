package disk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/disk/wal"
)

// D2: what a reader is told is durable. While the log syncs a record nobody sees it; a commit of the database, which bbolt shows as
// soon as its meta page is written, is waited for.
func TestReadsSeeWhatIsDurable(t *testing.T) {
	for _, outcome := range []error{nil, errPulled} {
		s := openTest(t, t.TempDir())
		p := newPage(t, s, "d")
		p.write(s, 2)
		written, decided := make(chan struct{}), make(chan struct{})
		s.set(Hooks{AfterLog: func() error { close(written); <-decided; return outcome }})
		b := p.batch(3, "more")
		appended := make(chan error, 1)
		s.Append(b, func(err error) { appended <- err })
		<-written
		require.Equal(t, p.place, p.snapshot(s).Place)
		got, err := s.Read(background, p.place.ID, 1, 9, 1000)
		require.NoError(t, err)
		require.Len(t, got, 2)
		close(decided)
		require.ErrorIs(t, <-appended, outcome)
		s.set(Hooks{})
		if outcome == nil {
			p.took(b)
		}
		require.NoError(t, s.checkpointer.now(background)) // the log is safe again
		require.Equal(t, p.place, p.snapshot(s).Place)
		p.write(s, 1)
		require.NoError(t, s.Close())
		s = openTest(t, s.dir)
		require.Equal(t, p.place, p.snapshot(s).Place)
		require.NoError(t, s.Close())
	}
}

// D5: after a sync of the log whose outcome is unknown nothing is appended until everything acknowledged stands in the database, and the
// log begins anew; what was in doubt never comes back behind what was acknowledged since.
func TestUnknownOutcomeOfTheLog(t *testing.T) {
	for _, row := range []struct {
		name  string
		hooks Hooks
	}{
		{"not there", Hooks{BeforeLog: once(errPulled)}},
		{"there all the same", Hooks{AfterLog: once(errPulled)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openTest(t, t.TempDir())
			p, beside := newPage(t, s, "d"), newPage(t, s, "beside")
			p.write(s, 3)
			beside.write(s, 3)
			hooks := row.hooks
			hooks.BeforeSync = func() error { return errFull } // the database takes nothing for now
			s.set(hooks)
			err := p.append(s, p.batch(2, "in doubt"))
			require.ErrorIs(t, err, errPulled)
			require.ErrorIs(t, err, doc.ErrUnavailable)
			require.NotErrorIs(t, err, doc.ErrConflict)
			for range 2 {
				require.ErrorIs(t, beside.append(s, beside.batch(1, "x")), doc.ErrUnavailable)
				require.ErrorIs(t, s.checkpointer.now(background), errFull)
			}
			require.Equal(t, p.place, p.snapshot(s).Place)
			s.set(Hooks{})
			require.NoError(t, s.checkpointer.now(background))
			for range 3 {
				p.write(s, 2)
				beside.write(s, 2)
			}
			// The process dies here: what is on disk is what a copy has.
			again := filepath.Join(t.TempDir(), "again")
			require.NoError(t, os.CopyFS(again, os.DirFS(s.dir)))
			for _, dir := range []string{again, s.dir} {
				if dir == s.dir {
					require.NoError(t, s.Close())
				}
				reopened := openTest(t, dir)
				require.Equal(t, p.place, p.snapshot(reopened).Place)
				require.Equal(t, beside.place, beside.snapshot(reopened).Place)
				require.NoError(t, reopened.Close())
			}
		})
	}
}

// A full disk: nothing is lost, reading goes on, and writing when there is space.
func TestDiskFull(t *testing.T) {
	s := openTest(t, t.TempDir())
	p := newPage(t, s, "d")
	p.write(s, 2)
	inode := inodeOf(t, s.dir)
	s.set(Hooks{BeforeLog: func() error { return wal.ErrFull }})
	for range 3 {
		require.ErrorIs(t, p.append(s, p.batch(1, "x")), doc.ErrNoSpace)
		require.Equal(t, p.place, p.snapshot(s).Place)
	}
	// The log has space that it took before; the database has none.
	s.set(Hooks{BeforeSync: func() error { return errFull }})
	for range 3 {
		p.write(s, 1)
		require.Equal(t, p.place, p.snapshot(s).Place)
		err := save(s, p.snapshot(s))
		require.ErrorIs(t, err, errFull)
		require.ErrorIs(t, err, doc.ErrNoSpace)
		_, err = s.Load(background, "new", doc.Text)
		require.ErrorIs(t, err, doc.ErrNoSpace)
	}
	s.set(Hooks{})
	p.write(s, 2)
	require.NoError(t, save(s, p.snapshot(s)))
	require.Equal(t, p.place, p.snapshot(s).Place)
	require.Equal(t, inode, inodeOf(t, s.dir), "no copy is needed, for which there is no space")
	require.NoError(t, s.Close())
}

// D10: a store that runs out of space says so while what is under way still fits, and goes on by itself.
func TestReadyBeforeFull(t *testing.T) {
	s := openTestLog(t, t.TempDir(), wal.Config{SegmentBytes: 64 << 10, MaxBytes: 512 << 10})
	p := newPage(t, s, "d")
	require.NoError(t, s.Ready())
	s.set(Hooks{BeforeSync: func() error { return errFull }})
	long := strings.Repeat("0123456789abcdef", 512)
	told := 0
	for {
		if s.Ready() != nil {
			require.ErrorIs(t, s.Ready(), doc.ErrNoSpace)
			told++
		}
		err := p.append(s, p.batch(1, long))
		if err != nil {
			require.ErrorIs(t, err, doc.ErrNoSpace)
			break
		}
	}
	require.Greater(t, told, 2, "appends that fitted after it had been told")
	require.Equal(t, p.place, p.snapshot(s).Place)
	s.set(Hooks{})
	require.NoError(t, s.checkpointer.now(background))
	require.NoError(t, s.Ready())
	p.write(s, 1)
	require.NoError(t, s.Close())
	s = openTest(t, s.dir)
	require.Equal(t, p.place, p.snapshot(s).Place)
	require.NoError(t, s.Close())
}

// A store whose log is gone is refused: what it had acknowledged may have been there.
func TestLogIsGone(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p := newPage(t, s, "d")
	s.set(Hooks{BeforeSync: func() error { return errPulled }, BeforeCopy: func() error { return errPulled }})
	p.write(s, 1)
	require.Error(t, s.Close())
	require.NoError(t, os.RemoveAll(filepath.Join(dir, logDir)))
	_, err := Open(dir, Config{Log: smallLog})
	require.ErrorIs(t, err, wal.ErrCorrupt)
	report, err := Check(background, dir)
	require.NoError(t, err)
	require.False(t, report.OK)
}
