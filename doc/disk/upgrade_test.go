package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"tandem/doc"
)

// downgrade makes a store one of format 1, as far as an empty one goes: it has no buckets that are newer.
func downgrade(t *testing.T, dir string) {
	db, err := bbolt.Open(filepath.Join(dir, databaseFile), 0o600, &bbolt.Options{NoFreelistSync: true})
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		for _, name := range newBuckets {
			if err := tx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, db.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, markerFile), []byte("tandem-store 1\n"), 0o600))
}

// A store of format 1 becomes one of format 2 when it is opened, wherever the attempts before were cut off.
func TestUpgrade(t *testing.T) {
	for _, row := range []struct {
		name string
		harm func(t *testing.T, dir string)
	}{
		{"at once", func(*testing.T, string) {}},
		{"cut off before the buckets", func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, lockFile), []byte(unsafeWord), 0o600))
		}},
		{"cut off before the marker", func(t *testing.T, dir string) {
			s := openTest(t, dir)
			require.NoError(t, s.Close())
			require.NoError(t, os.WriteFile(filepath.Join(dir, markerFile), []byte("tandem-store 1\n"), 0o600))
		}},
		{"cut off in the marker", func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, markerFile+copySuffix), []byte("tandem-st"), 0o600))
		}},
		{"made by a format that was cut off before it was ready", func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, markerFile), []byte("tandem-store 1 creating\n"), 0o600))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir)
			require.NoError(t, s.Close())
			downgrade(t, dir)
			row.harm(t, dir)
			for range 2 {
				s = openTest(t, dir)
				marker, err := os.ReadFile(filepath.Join(dir, markerFile))
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintln(markerWord, format), string(marker))
				p := newPage(t, s, "d")
				p.write(s, 2)
				require.Equal(t, p.place, p.snapshot(s).Place)
				require.NoError(t, s.Close())
			}
		})
	}
	t.Run("a bucket is missing that format 1 had", func(t *testing.T) {
		dir := t.TempDir()
		s := openTest(t, dir)
		_, err := s.engine.update(func(tx *writing) error { return tx.tx.DeleteBucket([]byte(documentsBucket)) })
		require.NoError(t, err)
		require.NoError(t, s.Close())
		downgrade(t, dir)
		_, err = Open(dir, Config{})
		require.ErrorContains(t, err, `there is no bucket "documents"`)
		require.Equal(t, "tandem-store 1\n", contents(t, dir)[markerFile])
	})
}

// Authors stand beside the commits, each once in a block.
func TestAuthors(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	p := newPage(t, s, "d")
	long := strings.Repeat("é", doc.MaxAuthor/2)
	var want []string
	for n := range 3 {
		b := p.batch(5+n, "text")
		for i := range b.Commits {
			b.Commits[i].Author = []string{"", "Ann", long, "Ann", "Béla"}[(i+n)%5]
			want = append(want, b.Commits[i].Author)
		}
		require.NoError(t, p.append(s, b))
	}
	for range 2 {
		commits, err := s.Read(background, p.place.ID, 1, p.place.Rev, 1<<20)
		require.NoError(t, err)
		var got []string
		for i := range commits {
			got = append(got, commits[i].Author)
		}
		require.Equal(t, want, got)
		require.NoError(t, s.Close())
		s = openTest(t, dir)
	}
	b := p.batch(2, "text")
	b.Commits[1].Author = long + "x"
	err := p.append(s, b)
	require.ErrorIs(t, err, doc.ErrConflict)
	require.ErrorContains(t, err, "an author of 65 bytes, at most 64 are allowed")
	require.NoError(t, s.Close())
}
