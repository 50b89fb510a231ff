package disk

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"tandem/doc"
)

// damageStore makes a store with everything in it, closes it, and returns what Load gives of its documents.
func damageStore(t *testing.T, dir string) map[string]*doc.Stored {
	s := openTest(t, dir)
	for i := range 12 {
		p := newPage(t, s, fmt.Sprint("doc ", i))
		for n := range 1 + i%4 {
			p.write(s, 1+n)
			if n == 1 {
				require.NoError(t, save(s, p.snapshot(s)))
			}
		}
	}
	p := newPage(t, s, "large")
	require.NoError(t, p.append(s, p.batch(2, strings.Repeat("0123456789abcdef", 500))))
	require.NoError(t, save(s, p.snapshot(s)))
	p.write(s, 2)
	stored := map[string]*doc.Stored{}
	for i := range 13 {
		name := fmt.Sprint("doc ", i)
		if i == 12 {
			name = "large"
		}
		d, err := s.Load(background, name, 0)
		require.NoError(t, err)
		stored[name] = d
	}
	require.NoError(t, s.Close())
	return stored
}

// D4: one bit that flips is never a shorter document, an empty one, another one, or the end of the process.
func TestFlippedBits(t *testing.T) {
	dir := t.TempDir()
	stored := damageStore(t, dir)
	used := usedBytes(t, dir)
	seed := uint64(1)
	random := rand.New(rand.NewPCG(seed, 0))
	var refused, damagedLoads, harmless int
	for n := range 120 {
		at, bit := used[random.IntN(len(used))], random.IntN(8)
		if n%2 == 0 { // the pages' headers and elements, and small pages
			at = at/4096*4096 + int64(random.IntN(200))
		}
		harmed := filepath.Join(t.TempDir(), "harmed") // opening writes
		require.NoError(t, os.CopyFS(harmed, os.DirFS(dir)))
		flip(t, filepath.Join(harmed, databaseFile), at, bit)
		bad := 0
		s, err := Open(harmed, Config{Log: smallLog})
		if err == nil {
			for name, want := range stored {
				got, err := s.Load(background, name, doc.Text)
				if err != nil {
					require.ErrorIs(t, err, doc.ErrDamaged, "seed %d, flip %d: byte %d, bit %d", seed, n, at, bit)
					bad++
					continue
				}
				require.Equal(t, want.Place(), got.Place(), "seed %d, flip %d: byte %d, bit %d, %q", seed, n, at, bit, name)
				require.Equal(t, want.Commits, got.Commits)
				require.Equal(t, want.Clients, got.Clients)
				require.Equal(t, want.Snapshot.Hash, got.Snapshot.Hash)
			}
			require.NoError(t, s.Close())
		} else {
			require.NotContains(t, err.Error(), "\n")
		}
		switch {
		case err != nil:
			refused++
		case bad > 0:
			damagedLoads++
		default:
			harmless++
		}
	}
	t.Logf("%d refused at open, %d a damaged document, %d harmless", refused, damagedLoads, harmless)
	require.Greater(t, refused, 10)
	require.Greater(t, damagedLoads, 10)
}

// flip flips a bit in a file.
func flip(t *testing.T, path string, at int64, bit int) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	require.NoError(t, err)
	b[0] ^= 1 << bit
	_, err = f.WriteAt(b[:], at)
	require.NoError(t, err)
}

// usedBytes lists the offsets of the bytes of the pages that count.
func usedBytes(t *testing.T, dir string) (used []int64) {
	path := filepath.Join(dir, databaseFile)
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	w, root, err := newWalker(f, info.Size())
	require.NoError(t, err)
	require.NoError(t, w.page(root, nil, nil, 0))
	for page := range int64(w.highWater) {
		if page < 2 || w.seen[page/64]&(1<<(page%64)) != 0 {
			for b := range w.pageSize {
				used = append(used, page*w.pageSize+b)
			}
		}
	}
	return used
}

// Records that are whole but do not fit together are damage as well, and are named.
func TestMissingRecords(t *testing.T) {
	for _, row := range []struct {
		name string
		harm func(tx *bbolt.Tx, id []byte) error
		says string
	}{
		{"a block in the middle", func(tx *bbolt.Tx, id []byte) error {
			return tx.Bucket([]byte(commitsBucket)).Delete(append(id, 0, 0, 0, 0, 0, 0, 0, 4))
		}, "revision 3: it is missing"},
		{"the last block", func(tx *bbolt.Tx, id []byte) error {
			return tx.Bucket([]byte(commitsBucket)).Delete(append(id, 0, 0, 0, 0, 0, 0, 0, 6))
		}, "history ends here"},
		{"a client's record", func(tx *bbolt.Tx, id []byte) error {
			return tx.Bucket([]byte(clientsBucket)).Delete(clientKey(doc.ID(id), doc.ClientID{9}))
		}, "0 records of clients are there and should be 1"},
		{"the head", func(tx *bbolt.Tx, id []byte) error {
			return tx.Bucket([]byte(documentsBucket)).Delete(id)
		}, "has no head"},
		{"an older head", func(tx *bbolt.Tx, id []byte) error {
			b := tx.Bucket([]byte(documentsBucket))
			h, err := decodeHead(doc.ID(id), b.Get(id))
			if err != nil {
				return err
			}
			h.rev = 4
			return b.Put(id, h.encode())
		}, "committed last what is not there"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir)
			p, beside := newPage(t, s, "d"), newPage(t, s, "beside")
			for range 3 {
				p.write(s, 2)
				beside.write(s, 2)
				require.NoError(t, s.checkpointer.now(background))
			}
			_, err := s.engine.update(func(tx *writing) error {
				key := bytes.Clone(p.place.ID[:])
				return row.harm(tx.tx, key)
			})
			require.NoError(t, err)
			_, err = s.Load(background, "d", doc.Text)
			require.ErrorIs(t, err, doc.ErrDamaged)
			require.ErrorContains(t, err, `document "d"`)
			require.ErrorContains(t, err, row.says)
			require.NoError(t, beside.append(s, beside.batch(1, "x")), "the others go on")
			require.Equal(t, beside.place, beside.snapshot(s).Place)
			require.NoError(t, s.Close())
		})
	}
}

// A batch that meets damage is taken out of its transaction; the others are written.
func TestDamageIsIsolated(t *testing.T) {
	s := openTest(t, t.TempDir())
	p, beside := newPage(t, s, "d"), newPage(t, s, "beside")
	p.write(s, 1)
	_, err := s.engine.update(func(tx *writing) error {
		value := bytes.Clone(tx.get(documentsBucket, p.place.ID[:]))
		binary.BigEndian.PutUint32(value[len(value)-sealSize:], 0)
		return tx.put(documentsBucket, p.place.ID[:], value)
	})
	require.NoError(t, err)
	gate := make(chan struct{})
	s.set(Hooks{BeforeSync: func() error { <-gate; return nil }})
	first := make(chan error, 1) // it holds the committer, so that the others come together
	nothing := func(*writing) error { return nil }
	s.committer.edit(&work{check: nothing, write: nothing, done: func(err error) { first <- err }})
	bad, good := p.batch(1, "x"), beside.batch(1, "x")
	c := &bad.Commits[0]
	c.Client = doc.ClientID{8} // somebody new, of whom the database is asked
	c.Lineage = p.place.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
	badAnswer, goodAnswer := make(chan error, 1), make(chan error, 1)
	s.Append(bad, func(err error) { badAnswer <- err })
	s.Append(good, func(err error) { goodAnswer <- err })
	// And one whose writing panics, as bbolt does over a bad page.
	panicked := make(chan error, 1)
	s.committer.edit(&work{
		check: nothing,
		write: func(*writing) error { panic("bad page") },
		done:  func(err error) { panicked <- err },
	})
	close(gate)
	require.NoError(t, <-first)
	require.ErrorIs(t, <-badAnswer, doc.ErrDamaged)
	require.ErrorIs(t, <-panicked, doc.ErrDamaged)
	require.NoError(t, <-goodAnswer)
	beside.took(good)
	require.Equal(t, beside.place, beside.snapshot(s).Place)
	require.NoError(t, s.Close())
}

// TestDamageIsFoundWhileTyping: an append that the log's tail says all about asks no database, until a checkpoint has given it some of the tail.
func TestDamageIsFoundWhileTyping(t *testing.T) {
	for name, spoil := range map[string]func(tx *writing, id doc.ID) error{
		"the head is gone": func(tx *writing, id doc.ID) error { return tx.delete(documentsBucket, id[:]) },
		"the head is damaged": func(tx *writing, id doc.ID) error {
			value := bytes.Clone(tx.get(documentsBucket, id[:]))
			binary.BigEndian.PutUint32(value[len(value)-sealSize:], 0)
			return tx.put(documentsBucket, id[:], value)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t, t.TempDir())
			p := newPage(t, s, "d")
			for range 3 {
				p.write(s, 1)
			}
			_, err := s.engine.update(func(tx *writing) error { return spoil(tx, p.place.ID) })
			require.NoError(t, err)
			p.write(s, 1) // it is in the log, and durable
			require.NoError(t, s.checkpointer.now(background))
			require.Error(t, p.append(s, p.batch(1, "x")))
			require.NoError(t, s.Close())
		})
	}
}
