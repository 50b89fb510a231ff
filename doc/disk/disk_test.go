package disk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tandem/doc"
	"tandem/doc/disk/wal"
	"tandem/doc/doctest"
	"tandem/ot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	background = context.Background()
	errPulled  = errors.New("the plug is pulled")
)

// rig is a store in a directory. A killed store is one that cannot write any more: its file stays as it is at that moment.
func rig(t *testing.T, cfg Config) doctest.Rig {
	dir := filepath.Join(t.TempDir(), "data")
	kills := map[doc.Store]*atomic.Bool{}
	opens := 0
	return doctest.Rig{
		Open: func() doc.Store {
			killed := new(atomic.Bool)
			pulled := func() error {
				if killed.Load() {
					return errPulled
				}
				return nil
			}
			cfg.MaxTransaction = opens % 2 // every second time, each batch alone
			opens++
			checkRig(t, dir)
			cfg.Log = smallLog
			cfg.Hooks = Hooks{BeforeLog: pulled, BeforeSync: pulled, BeforeCopy: pulled}
			s, err := Open(dir, cfg)
			require.NoError(t, err)
			kills[s] = killed
			return s
		},
		Kill: func(s doc.Store) {
			kills[s].Store(true)
			_ = s.Close()
		},
	}
}

// smallLog is a log whose segments are quickly made.
var smallLog = wal.Config{SegmentBytes: 64 << 10}

// checkRig holds what a store has left behind against itself.
func checkRig(t *testing.T, dir string) {
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); errors.Is(err, os.ErrNotExist) {
		return
	}
	report, err := Check(background, dir)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	for _, d := range report.Documents {
		if !strings.Contains(d.Problem, "are composed") { // the suite's spans do not tell what their commits do
			require.True(t, d.OK, "%q: %s", d.Name, d.Problem)
		}
	}
}

func TestConformance(t *testing.T) {
	doctest.Run(t, func(t *testing.T) doctest.Rig { return rig(t, Config{}) })
}

// testStore is a store whose hooks a test can set.
type testStore struct {
	*Store
	t   testing.TB
	dir string

	mu    sync.Mutex
	hooks Hooks
}

func openTest(t testing.TB, dir string) *testStore { return openTestLog(t, dir, smallLog) }

func openTestLog(t testing.TB, dir string, log wal.Config) *testStore {
	ts := &testStore{t: t, dir: dir}
	hook := func(which func(Hooks) func() error) func() error {
		return func() error {
			ts.mu.Lock()
			f := which(ts.hooks)
			ts.mu.Unlock()
			if f == nil {
				return nil
			}
			return f()
		}
	}
	s, err := Open(dir, Config{Log: log, Hooks: Hooks{
		BeforeLog:  hook(func(h Hooks) func() error { return h.BeforeLog }),
		AfterLog:   hook(func(h Hooks) func() error { return h.AfterLog }),
		BeforeSync: hook(func(h Hooks) func() error { return h.BeforeSync }),
		AfterSync:  hook(func(h Hooks) func() error { return h.AfterSync }),
		BeforeCopy: hook(func(h Hooks) func() error { return h.BeforeCopy }),
	}})
	require.NoError(t, err)
	ts.Store = s
	return ts
}

func (ts *testStore) set(h Hooks) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.hooks = h
}

// once fails the next call only.
func once(err error) func() error {
	var called atomic.Bool
	return func() error {
		if called.Swap(true) {
			return nil
		}
		return err
	}
}

// page is a document under test.
type page struct {
	t     testing.TB
	name  string
	place doc.Place
	seq   doc.Seq
}

func newPage(t testing.TB, s doc.Store, name string) *page {
	stored, err := s.Load(background, name, doc.Text)
	require.NoError(t, err)
	p := &page{t: t, name: name, place: stored.Place()}
	p.seq = stored.Clients[doc.ClientID{9}].Seq
	return p
}

// batch is n commits that insert text, which must not be empty.
func (p *page) batch(n int, text string) *doc.Batch {
	b := &doc.Batch{Prev: p.place}
	at := p.place
	op := ot.AppendOp(nil, ot.Op{{Kind: ot.Insert, N: ot.UTF16Len(text), Text: text}})
	for i := range n {
		c := doc.Commit{Rev: at.Rev + 1, Client: doc.ClientID{9}, Seq: p.seq + 1 + doc.Seq(i), Time: 1, Bytes: op, Digest: doc.DigestOf(at.Rev, op)}
		c.Lineage = at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		at.Rev, at.Lineage = c.Rev, c.Lineage
		b.Commits = append(b.Commits, c)
	}
	return b
}

func (p *page) took(b *doc.Batch) {
	last := b.Commits[len(b.Commits)-1]
	p.place.Rev, p.place.Lineage, p.seq = last.Rev, last.Lineage, last.Seq
}

func (p *page) append(s doc.Store, b *doc.Batch) error {
	done := make(chan error, 1)
	s.Append(b, func(err error) { done <- err })
	err := <-done
	if err == nil {
		p.took(b)
	}
	return err
}

func (p *page) write(s doc.Store, n int) {
	require.NoError(p.t, p.append(s, p.batch(n, "text")))
}

// snapshot is the document's content, read from the store.
func (p *page) snapshot(s doc.Store) *doc.Snapshot {
	stored, err := s.Load(background, p.name, 0)
	require.NoError(p.t, err)
	text := stored.Snapshot.Content.Snapshot()
	for _, c := range stored.Commits {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		require.NoError(p.t, err)
		require.NoError(p.t, text.Apply(op))
	}
	return &doc.Snapshot{Place: stored.Place(), Content: text.Snapshot(), Hash: text.Hash()}
}

func save(s doc.Store, snap *doc.Snapshot) error {
	done := make(chan error, 1)
	s.Save(snap, func(err error) { done <- err })
	return <-done
}

// A commit of the database is seen by nobody before its outcome is known.
func TestReadsWaitForTheDatabase(t *testing.T) {
	for _, outcome := range []error{nil, errPulled} {
		s := openTest(t, t.TempDir())
		p := newPage(t, s, "d")
		p.write(s, 2)
		written, decided := make(chan struct{}), make(chan struct{})
		s.set(Hooks{
			AfterSync:  func() error { close(written); <-decided; return outcome },
			BeforeCopy: func() error { return errPulled },
		})
		created := make(chan error, 1)
		go func() {
			_, err := s.Load(background, "new", doc.Text)
			created <- err
		}()
		<-written
		ended, cancel := context.WithCancel(background)
		cancel()
		_, err := s.Load(ended, "d", 0)
		require.ErrorIs(t, err, context.Canceled)
		answers := make(chan error, 1)
		go func() {
			_, err := s.Load(background, "d", 0)
			answers <- err
		}()
		select {
		case err := <-answers:
			require.Fail(t, "a read did not wait", "%v", err)
		default:
		}
		close(decided)
		err = <-answers
		require.ErrorIs(t, <-created, outcome)
		if outcome == nil {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, doc.ErrUnavailable)
		}
		s.set(Hooks{BeforeCopy: func() error { return errPulled }})
		_ = s.Close()
	}
}

// D5: after a commit of the database whose outcome is unknown nothing is answered until it was copied; then everything acknowledged is there.
func TestUnknownOutcome(t *testing.T) {
	for _, row := range []struct {
		name  string
		hooks Hooks
	}{
		{"not there", Hooks{BeforeSync: once(errPulled)}},
		{"there all the same", Hooks{AfterSync: once(errPulled)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openTest(t, t.TempDir())
			p, beside := newPage(t, s, "d"), newPage(t, s, "beside")
			p.write(s, 3)
			beside.write(s, 3)
			require.NoError(t, save(s, p.snapshot(s)))
			p.write(s, 2)
			healed := make(chan struct{})
			hooks := row.hooks
			tries := 0
			hooks.BeforeCopy = func() error {
				if tries++; tries < 3 {
					return errPulled
				}
				<-healed
				return nil
			}
			s.set(hooks)
			inode := inodeOf(t, s.dir)
			err := save(s, p.snapshot(s))
			require.ErrorIs(t, err, errPulled)
			require.NotErrorIs(t, err, doc.ErrConflict)

			_, err = s.Load(background, "d", 0)
			require.ErrorIs(t, err, doc.ErrUnavailable)
			require.ErrorIs(t, err, errPulled, "it says why")
			_, err = s.Load(background, "new", doc.Text)
			require.ErrorIs(t, err, doc.ErrUnavailable)
			_, err = s.Read(background, p.place.ID, 1, 1, 1)
			require.ErrorIs(t, err, doc.ErrUnavailable)
			require.ErrorIs(t, beside.append(s, beside.batch(1, "x")), doc.ErrUnavailable)
			require.ErrorIs(t, save(s, &doc.Snapshot{Place: p.place, Content: ot.NewText()}), doc.ErrUnavailable)
			mark, err := os.ReadFile(filepath.Join(s.dir, lockFile))
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(mark), unsafeWord))

			close(healed)
			s.healing.Wait()
			require.NotEqual(t, inode, inodeOf(t, s.dir), "another file")
			require.Equal(t, p.place, p.snapshot(s).Place)
			require.Equal(t, beside.place, beside.snapshot(s).Place)
			p.write(s, 2)
			beside.write(s, 2)
			require.NoError(t, s.Close())
			s = openTest(t, s.dir)
			require.Equal(t, p.place, p.snapshot(s).Place)
			require.NoError(t, s.Close())
		})
	}
}

func inodeOf(t *testing.T, dir string) any {
	info, err := os.Stat(filepath.Join(dir, databaseFile))
	require.NoError(t, err)
	return sysOf(info)
}

// A store that was closed, or killed, before it was safe again is copied before it is opened.
func TestOpenMakesSafe(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p := newPage(t, s, "d")
	p.write(s, 2)
	s.set(Hooks{AfterSync: once(errPulled), BeforeCopy: func() error { return errPulled }})
	require.ErrorIs(t, save(s, p.snapshot(s)), errPulled)
	require.Error(t, s.Close())
	_, err := Open(dir, Config{Hooks: Hooks{BeforeCopy: func() error { return errPulled }}})
	require.ErrorIs(t, err, errPulled)
	inode := inodeOf(t, dir)
	s = openTest(t, dir)
	require.NotEqual(t, inode, inodeOf(t, dir))
	require.Equal(t, p.place, p.snapshot(s).Place)
	require.NoError(t, s.Close())
	inode = inodeOf(t, dir)
	s = openTest(t, dir)
	require.Equal(t, inode, inodeOf(t, dir), "once")
	require.NoError(t, s.Close())
}

// D6: a snapshot cut off after any of its transactions.
func TestSaveCutOff(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p := newPage(t, s, "d")
	long := strings.Repeat("0123456789abcdef", 6<<10)
	for range 6 { // 576 KiB: three pieces
		require.NoError(t, p.append(s, p.batch(1, long)))
	}
	snap := p.snapshot(s)
	for cut := range 3 {
		n := 0
		s.set(Hooks{BeforeSync: func() error {
			if n++; n > cut {
				return errPulled
			}
			return nil
		}, BeforeCopy: func() error { return errPulled }})
		require.Error(t, save(s, snap))
		_ = s.Close()
		s = openTest(t, dir)
		stored, err := s.Load(background, "d", 0)
		require.NoError(t, err)
		require.Zero(t, stored.Snapshot.Place.Rev)
		require.Len(t, stored.Commits, 6)
	}
	require.NoError(t, save(s, snap))
	require.NoError(t, p.append(s, p.batch(1, "x")))
	require.NoError(t, save(s, p.snapshot(s)))
	stored, err := s.Load(background, "d", 0)
	require.NoError(t, err)
	require.EqualValues(t, 7, stored.Snapshot.Place.Rev)
	require.NoError(t, s.Close())
	s = openTest(t, dir)
	s.saver.close() // it has tidied up, or leaves that to the next one
	s.saver = newSaver(s.Store)
	for {
		pieces, trash, snapshots := count(t, s, piecesBucket), count(t, s, trashBucket), count(t, s, snapshotsBucket)
		if trash > 0 {
			s.saver.tidy()
			continue
		}
		require.Equal(t, [2]int{3, 1}, [2]int{pieces, snapshots}, "nothing is left of the others")
		break
	}
	require.NoError(t, s.Close())
}

func count(t *testing.T, s *testStore, bucket string) (n int) {
	require.NoError(t, s.engine.view(background, func(tx *reading) error {
		n = 0
		tx.scan(bucket, nil, nil, func(_, _ []byte) bool { n++; return true })
		return nil
	}))
	return n
}
