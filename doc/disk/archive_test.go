package disk

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/doc/doctest"
	"tandem/ot"
)

func TestArchiveConformance(t *testing.T) {
	doctest.RunArchive(t, func(t *testing.T) doctest.Rig { return rig(t, Config{}) })
}

// Names come in several read transactions, one after the other.
func TestManyNames(t *testing.T) {
	s := openTest(t, t.TempDir())
	var want []string
	_, err := s.engine.update(func(tx *writing) error {
		for n := range 2*namesChunk + 100 {
			name := fmt.Sprintf("%05d", n)
			want = append(want, name)
			if err := tx.put(namesBucket, []byte(name), encodeName(name, doc.ID{1})); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	for _, limit := range []int{0, 1, namesChunk, namesChunk + 1, len(want) - 1, len(want), len(want) + 1} {
		got, err := s.Names(background, "", limit)
		require.NoError(t, err)
		require.Equal(t, want[:min(limit, len(want))], append([]string{}, got...), "%d", limit)
	}
	require.NoError(t, s.Close())
}

// Spans that wait are written together; one that cannot be written does not keep the others off.
func TestSpansTogether(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p, bad := newPage(t, s, "d"), newPage(t, s, "bad")
	p.write(s, 400)
	bad.write(s, 2)
	require.NoError(t, s.settle(background, p.place.ID))
	require.NoError(t, s.settle(background, bad.place.ID))
	harm(t, s, documentsBucket, bad.place.ID[:])
	gate := make(chan struct{})
	syncs := 0
	s.set(Hooks{BeforeSync: func() error {
		syncs++
		<-gate // while the first transaction is under way the others come together
		return nil
	}})
	op := ot.AppendOp(nil, ot.Op{{Kind: ot.Insert, N: 8, Text: "texttext"}})
	large := bytes.Repeat([]byte("x"), pieceSize+1)
	answers := make(chan error, 300)
	failure := make(chan error, 1)
	for n := range int64(200) {
		s.SaveSpan(p.place.ID, p.place.Epoch, doc.Span{Level: 1, Index: n}, op, func(err error) { answers <- err })
	}
	s.SaveSpan(bad.place.ID, bad.place.Epoch, doc.Span{Level: 1}, op, func(err error) { failure <- err })
	s.SaveSpan(p.place.ID, p.place.Epoch, doc.Span{Level: 7}, large, func(err error) { answers <- err })
	s.SaveSpan(p.place.ID, p.place.Epoch, doc.Span{Level: 2}, op, func(err error) { answers <- err })
	close(gate)
	for range 202 {
		require.NoError(t, <-answers)
	}
	require.ErrorIs(t, <-failure, doc.ErrDamaged)
	require.LessOrEqual(t, syncs, 1+1+3+1, "transactions: the first ones, the others, two parts and their record, what came late")
	for _, row := range []struct {
		span doc.Span
		op   []byte
	}{{doc.Span{Level: 1}, op}, {doc.Span{Level: 1, Index: 199}, op}, {doc.Span{Level: 7}, large}, {doc.Span{Level: 2}, op}} {
		got, err := s.Span(background, p.place.ID, p.place.Epoch, row.span)
		require.NoError(t, err)
		require.True(t, bytes.Equal(row.op, got), "%v", row.span)
	}
	require.NoError(t, s.Close())
}

// harm changes a bit of a stored value.
func harm(t *testing.T, s *testStore, bucket string, key []byte) {
	_, err := s.engine.update(func(tx *writing) error {
		value := bytes.Clone(tx.get(bucket, key))
		value[len(value)/2] ^= 4
		return tx.put(bucket, key, value)
	})
	require.NoError(t, err)
}

// What is damaged is named where it is needed; a cache, what goes, and the rest of the trash are not.
func TestArchiveDamage(t *testing.T) {
	s := openTest(t, t.TempDir())
	p, beside := newPage(t, s, "d"), newPage(t, s, "beside")
	for range 4 {
		p.write(s, 2)
		require.NoError(t, s.settle(background, p.place.ID), "a block for each")
	}
	snap := p.snapshot(s)
	require.NoError(t, save(s, snap))
	id := p.place.ID
	require.NoError(t, s.SaveVersion(background, id, doc.Version{Rev: 3, Name: "kept"}, snap.Content))
	require.NoError(t, s.SaveVersion(background, id, doc.Version{Rev: 4, Name: "named"}, nil))
	p.saveSpans(s, 1, 0)
	base := p.labelledAt(s, 4)
	floor := p.at(s, 4)

	harm(t, s, spansBucket, spanKey(id, doc.Span{Level: 1, Index: 2}))
	op, err := s.Span(background, id, p.place.Epoch, doc.Span{Level: 1, Index: 2})
	require.NoError(t, err)
	require.Nil(t, op, "history has it")
	p.saveSpans(s, 1, 0)
	op, err = s.Span(background, id, p.place.Epoch, doc.Span{Level: 1, Index: 2})
	require.NoError(t, err)
	require.NotNil(t, op, "written anew")

	harm(t, s, commitsBucket, numberKey(id, 2))
	_, err = s.Read(background, id, 1, 1, 0)
	require.ErrorIs(t, err, doc.ErrDamaged)
	require.NoError(t, s.Trim(background, &doc.Trimming{Floor: floor, Base: base}), "what is damaged goes")
	require.NoError(t, s.saver.emptied(background))
	_, err = s.Load(background, "d", 0)
	require.NoError(t, err)

	h, err := s.headOf(background, id)
	require.NoError(t, err)
	number := h.base
	harm(t, s, piecesBucket, pieceKey(id, number, 0))
	_, err = s.Base(background, id)
	require.ErrorIs(t, err, doc.ErrDamaged)
	require.ErrorContains(t, err, `document "d"`)
	harm(t, s, versionsBucket, numberKey(id, 4))
	_, err = s.Versions(background, id)
	require.ErrorIs(t, err, doc.ErrDamaged)
	_, err = s.VersionContent(background, id, 4)
	require.ErrorIs(t, err, doc.ErrDamaged)
	content, err := s.VersionContent(background, id, 3)
	require.NoError(t, err)
	require.Equal(t, snap.Content.String(), content.String())

	// An entry of the trash that is damaged, or names what counts, stays; the others go.
	_, err = s.engine.update(func(tx *writing) error {
		for _, e := range []trashed{contentTrash(id, number), {kind: trashHistory, prefix: id, document: id}, {kind: trashDocument, prefix: doc.ID{1}, document: doc.ID{1}}} {
			if err := e.put(tx); err != nil {
				return err
			}
		}
		return tx.put(trashBucket, []byte{0}, []byte("x"))
	})
	require.NoError(t, err)
	require.ErrorIs(t, s.saver.emptied(background), doc.ErrDamaged)
	require.Equal(t, 3, count(t, s, trashBucket))
	beside.write(s, 1)
	require.Equal(t, beside.place, beside.snapshot(s).Place)
	require.NoError(t, s.Close())
}

func TestVersionLimits(t *testing.T) {
	s := openTest(t, t.TempDir())
	p := newPage(t, s, "d")
	p.write(s, 1)
	long := strings.Repeat("x", maxVersionName)
	author := long[:doc.MaxAuthor]
	require.NoError(t, s.SaveVersion(background, p.place.ID, doc.Version{Rev: 1, Name: long, Author: author}, nil))
	require.ErrorContains(t, s.SaveVersion(background, p.place.ID, doc.Version{Rev: 1, Name: long + "x"}, nil), "1025 bytes, at most 1024 are allowed")
	require.ErrorContains(t, s.SaveVersion(background, p.place.ID, doc.Version{Rev: 1, Author: author + "x"}, nil), "65 bytes, at most 64 are allowed")
	require.ErrorContains(t, s.SaveVersion(background, p.place.ID, doc.Version{Rev: -1}, nil), "a version of revision -1")
	versions, err := s.Versions(background, p.place.ID)
	require.NoError(t, err)
	require.Equal(t, []doc.Version{{Rev: 1, Name: long, Author: author}}, versions)
	require.NoError(t, s.Close())
}

// D1: an append does not wait for a commit of the database.
func TestAppendBesideMaintenance(t *testing.T) {
	s := openTest(t, t.TempDir())
	p := newPage(t, s, "d")
	p.write(s, 1)
	syncing, decided := make(chan struct{}), make(chan struct{})
	s.set(Hooks{AfterSync: func() error { close(syncing); <-decided; return nil }})
	moved := make(chan error, 1)
	go func() { moved <- s.checkpointer.now(background) }()
	<-syncing
	p.write(s, 3)
	close(decided)
	require.NoError(t, <-moved)
	require.Equal(t, p.place, p.snapshot(s).Place)
	s.set(Hooks{})
	require.NoError(t, s.Close())
}

// A store whose database was given up, as a compaction does whose directory cannot be synced, is made safe: again and again until that
// succeeds. Then it can be compacted.
func TestGivenUpIsHealed(t *testing.T) {
	s := openTest(t, t.TempDir())
	p := newPage(t, s, "d")
	p.write(s, 3)
	require.NoError(t, s.checkpointer.now(background))
	s.engine.mu.RLock()
	old := s.engine.db
	s.engine.mu.RUnlock()
	tries := 0
	s.set(Hooks{BeforeCopy: func() error {
		if tries++; tries < 3 {
			return errPulled
		}
		return nil
	}})
	s.engine.giveUp(old, errGivenUp)
	s.heal()
	s.healing.Wait()
	require.Equal(t, 3, tries)
	require.Equal(t, p.place, p.snapshot(s).Place)
	_, err := s.Compact(background)
	require.NoError(t, err)
	p.write(s, 1)
	require.Equal(t, p.place, p.snapshot(s).Place)
	require.NoError(t, s.Close())
}

// A store is opened on a full disk, too: what the log has is served from memory until it can be moved.
func TestOpenOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p := newPage(t, s, "d")
	s.set(Hooks{BeforeSync: func() error { return errFull }})
	p.write(s, 3)
	require.NoError(t, s.Close())
	full := func() error { return errFull }
	again, err := Open(dir, Config{Log: smallLog, Hooks: Hooks{BeforeSync: full}})
	require.NoError(t, err)
	require.Equal(t, p.place, p.snapshot(again).Place)
	p.write(again, 1)
	require.NoError(t, again.Close())
	s = openTest(t, dir)
	require.Equal(t, p.place, p.snapshot(s).Place)
	require.NoError(t, s.Close())
}
