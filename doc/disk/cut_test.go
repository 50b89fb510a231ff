package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// crowd is how many clients the document of the cut tests has: more than one transaction forgets.
const crowd = forgetSlice + 100

// crowdOf commits something of n clients, each its first.
func (p *page) crowdOf(s *testStore, n int) (clients []doc.ClientID) {
	b := p.batch(n, "x")
	at := p.place
	for i := range b.Commits {
		c := &b.Commits[i]
		binary.BigEndian.PutUint32(c.Client[:], uint32(i+1))
		c.Seq = 1
		c.Lineage = at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		at.Rev, at.Lineage = c.Rev, c.Lineage
		clients = append(clients, c.Client)
	}
	require.NoError(p.t, p.append(s, b))
	p.seq = 0
	return clients
}

// cutStore makes a store with a document of which everything takes several slices.
func cutStore(t *testing.T, dir string) (p *page, clients []doc.ClientID) {
	s := openTest(t, dir)
	p, clients = cutDocument(t, s)
	_, err := s.Compact(background) // it is copied often
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return p, clients
}

func cutDocument(t *testing.T, s *testStore) (p *page, clients []doc.ClientID) {
	p = newPage(t, s, "d")
	newPage(t, s, "beside").write(s, 1)
	clients = p.crowdOf(s, crowd)
	for range 4 { // 384 KiB
		require.NoError(t, p.append(s, p.batch(1, strings.Repeat("0123456789abcdef", 6<<10))))
	}
	p.saveSpans(s, 3, 0)
	require.NoError(t, s.SaveVersion(background, p.place.ID, doc.Version{Rev: 7, Name: "old"}, p.snapshot(s).Content))
	require.NoError(t, save(s, p.snapshot(s)))
	require.NoError(t, s.Trim(background, &doc.Trimming{Floor: p.at(s, 3), Base: p.labelledAt(s, 3)}))
	p.write(s, 3)
	require.NoError(t, s.saver.emptied(background))
	return p, clients
}

// A transaction is run again without what has failed in it: whatever is written stands that.
func TestTransactionsRunAgain(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	s.committer.close()
	errAgain := errors.New("again")
	s.committer = newCommitter(func(f func(*writing) error) (bool, error) {
		_, err := s.engine.update(func(tx *writing) error {
			if err := f(tx); err != nil {
				return err
			}
			return errAgain
		})
		if !errors.Is(err, errAgain) {
			return false, err
		}
		return s.engine.update(f)
	}, s.heal, 1<<20)
	p, clients := cutDocument(t, s)
	require.NoError(t, s.Trim(background, &doc.Trimming{Floor: p.at(s, crowd+2), Base: p.labelledAt(s, crowd+2), Forget: clients, RecordsFloor: crowd}))
	p.saveSpans(s, 1, crowd+2)
	p.erase(s)
	stored, err := s.Load(background, "d", 0)
	require.NoError(t, err)
	require.Len(t, stored.Clients, 1)
	require.Zero(t, stored.Clients[doc.ClientID{9}].Digest)
	span := doc.Span{Level: 1, Index: crowd/2 + 2}
	large := bytes.Repeat([]byte("x"), 2*pieceSize)
	p.saveSpan(s, span, large)
	op, err := s.Span(background, p.place.ID, p.place.Epoch, span)
	require.NoError(t, err)
	require.True(t, bytes.Equal(large, op))
	p.saveSpans(s, 1, crowd+2) // over it
	beside := newPage(t, s, "beside")
	require.NoError(t, s.Remove(background, beside.place))
	require.NoError(t, s.saver.emptied(background))
	require.Zero(t, count(t, s, trashBucket))
	require.NoError(t, s.Close())
	requireGood(t, dir)
}

// at is the place of a revision that history reaches.
func (p *page) at(s *testStore, rev doc.Revision) doc.Place {
	commits, err := s.Read(background, p.place.ID, rev, rev, 0)
	require.NoError(p.t, err)
	at := p.place
	at.Rev, at.Lineage = rev, commits[0].Lineage
	return at
}

// labelledAt is the content at a revision, with labels.
func (p *page) labelledAt(s *testStore, rev doc.Revision) *ot.Text {
	base, err := s.Base(background, p.place.ID)
	require.NoError(p.t, err)
	info, err := s.Info(background, p.name)
	require.NoError(p.t, err)
	text := base.Snapshot()
	commits, err := s.Read(background, p.place.ID, info.Floor+1, rev, 1<<30)
	require.NoError(p.t, err)
	for _, c := range commits {
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		require.NoError(p.t, err)
		require.NoError(p.t, text.Apply(doc.Label(op, "Ann")))
	}
	return text
}

// D6: whatever an archive does may be cut off after any of its transactions. The document is as it was or as it is to be; nothing is
// left that is not found again; and it can be done again.
func TestArchiveCutOff(t *testing.T) {
	origin := filepath.Join(t.TempDir(), "origin")
	made, clients := cutStore(t, origin)
	large := strings.Repeat("0123456789abcdef", 20<<10) // 320 KiB
	kept, err := ot.TextOf(ot.Op{{Kind: ot.Insert, N: len(large), Text: large}})
	require.NoError(t, err)
	span := doc.Span{Level: 6, Index: 2}
	prepared := filepath.Join(t.TempDir(), "prepared")
	require.NoError(t, os.CopyFS(prepared, os.DirFS(origin)))
	s := openTest(t, prepared)
	trim := &doc.Trimming{Floor: made.at(s, crowd+2), Base: made.labelledAt(s, crowd+2).Snapshot(), Forget: clients, RecordsFloor: crowd}
	rewriting := made.erasing(s)
	require.NoError(t, s.Close())
	for _, row := range []struct {
		name string
		do   func(s *testStore, p *page) error
		done func(t *testing.T, s *testStore, p *page) bool
		min  int // transactions, at least
	}{
		{"trim", func(s *testStore, p *page) error { return s.Trim(background, trim) }, func(t *testing.T, s *testStore, p *page) bool {
			info, err := s.Info(background, p.name)
			require.NoError(t, err)
			base, err := s.Base(background, p.place.ID)
			require.NoError(t, err)
			if info.Floor == 3 {
				require.Equal(t, 3, base.Len())
				require.Equal(t, crowd+1, info.Clients)
				return false
			}
			require.Equal(t, 2*96<<10+crowd, base.Len())
			require.EqualValues(t, crowd, info.RecordsFloor, "before any is forgotten")
			return info.Clients == 1
		}, 1 + 2 + 2},
		{"rewrite", func(s *testStore, p *page) error { return s.Rewrite(background, rewriting) }, func(t *testing.T, s *testStore, p *page) bool {
			stored, err := s.Load(background, p.name, 0)
			require.NoError(t, err)
			p.place = stored.Place()
			return p.place.Epoch != made.place.Epoch
		}, 1 + 1 + 2 + 2},
		{"a version", func(s *testStore, p *page) error {
			return s.SaveVersion(background, p.place.ID, doc.Version{Rev: 7, Name: "new"}, kept)
		}, func(t *testing.T, s *testStore, p *page) bool {
			versions, err := s.Versions(background, p.place.ID)
			require.NoError(t, err)
			require.Len(t, versions, 1)
			content, err := s.VersionContent(background, p.place.ID, 7)
			require.NoError(t, err)
			require.Equal(t, versions[0].Name == "new", content.String() == large)
			return versions[0].Name == "new"
		}, 2 + 1},
		{"a large span", func(s *testStore, p *page) error {
			done := make(chan error, 1)
			s.SaveSpan(p.place.ID, p.place.Epoch, span, []byte(large), func(err error) { done <- err })
			return <-done
		}, func(t *testing.T, s *testStore, p *page) bool {
			op, err := s.Span(background, p.place.ID, p.place.Epoch, span)
			require.NoError(t, err)
			require.True(t, op == nil || string(op) == large)
			return op != nil
		}, 3},
		{"remove", func(s *testStore, p *page) error { return s.Remove(background, p.place) }, func(t *testing.T, s *testStore, p *page) bool {
			_, err := s.Load(background, p.name, 0)
			if err == nil {
				return false
			}
			require.ErrorIs(t, err, doc.ErrNotFound)
			return true
		}, 1 + 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			for cut, over := 0, false; !over; cut++ {
				require.Less(t, cut, 40)
				dir := filepath.Join(t.TempDir(), "data")
				require.NoError(t, os.CopyFS(dir, os.DirFS(origin)))
				p := *made
				p.t = t
				s := openTest(t, dir)
				var n atomic.Int64
				s.set(Hooks{BeforeSync: func() error {
					if n.Add(1) > int64(cut) {
						return errPulled
					}
					return nil
				}, BeforeCopy: func() error { return errPulled }})
				err := row.do(s, &p)
				if err == nil {
					err = s.saver.emptied(background)
				}
				over = err == nil
				_ = s.Close()

				p = *made
				p.t = t
				s = openTest(t, dir)
				if done := row.done(t, s, &p); !done {
					require.False(t, over)
					require.NoError(t, row.do(s, &p), "again, after cut %d", cut)
					require.True(t, row.done(t, s, &p))
				}
				require.NoError(t, s.saver.emptied(background))
				require.Zero(t, count(t, s, trashBucket))
				require.NoError(t, s.Close())
				report, err := Check(background, dir)
				require.NoError(t, err)
				require.Empty(t, report.Problems, "cut %d", cut)
				for _, d := range report.Documents {
					if !strings.Contains(d.Problem, "are composed") { // a span here is no operation
						require.True(t, d.OK, "cut %d: %s", cut, d.Problem)
					}
				}
				if over {
					require.GreaterOrEqual(t, cut, row.min, "transactions")
				}
			}
		})
	}
}

// floor is the place of the floor.
func (p *page) floor(s *testStore) doc.Place {
	info, err := s.Info(background, p.name)
	require.NoError(p.t, err)
	at := info.Place
	at.Rev, at.Lineage = info.Floor, info.FloorLineage
	return at
}
