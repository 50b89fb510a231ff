package disk

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goldenBackup is a backup of format 1, packed, with what its documents have beside it. Neither is ever written again.
const goldenBackup = "../../testdata/disk/backup1"

// said is what a store says of its documents, but for their epochs, which a restore gives anew.
func said(t *testing.T, s *testStore) string {
	var b strings.Builder
	names, err := s.Names(background, "", 100)
	require.NoError(t, err)
	for _, name := range names {
		stored, err := s.Load(background, name, 0)
		require.NoError(t, err)
		at := (&page{t: t, name: name}).snapshot(s)
		fmt.Fprintf(&b, "%q %s rev=%d lineage=%s clients=%d length=%d hash=%x\n",
			name, stored.Kind, at.Place.Rev, at.Place.Lineage, len(stored.Clients), at.Content.Len(), at.Hash)
	}
	return b.String()
}

// A backup of before is restored by every later version.
func TestGoldenBackup(t *testing.T) {
	if order.Uint16([]byte{1, 0}) != 1 {
		t.Skip("bbolt's file is in the machine's byte order, and this one is little-endian")
	}
	packed, err := os.ReadFile(filepath.Join(goldenBackup, "backup.gz"))
	require.NoError(t, err)
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	file, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "backup")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	dir := filepath.Join(t.TempDir(), "restored")
	_, err = Restore(dir, path, Config{})
	require.NoError(t, err)
	requireGood(t, dir)
	want, err := os.ReadFile(filepath.Join(goldenBackup, documentsFile))
	require.NoError(t, err)
	s := openTest(t, dir)
	require.Equal(t, string(want), said(t, s))
	require.NoError(t, s.Close())
	requireGood(t, dir)
}

// TestMakeGoldenBackup makes the golden backup of the golden store of format 2 where TANDEM_GOLDEN is make. It never replaces one.
func TestMakeGoldenBackup(t *testing.T) {
	if os.Getenv("TANDEM_GOLDEN") != "make" {
		return
	}
	require.NoError(t, os.Mkdir(goldenBackup, 0o755))
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	unpack(t, dir, filepath.Join(goldenDir, "v2"))
	s := openTest(t, dir)
	_, err := s.Backup(background, path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(goldenBackup, documentsFile), []byte(said(t, s)), 0o644))
	require.NoError(t, s.Close())
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	require.NoError(t, err)
	_, err = zip.Write(file)
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	require.NoError(t, os.WriteFile(filepath.Join(goldenBackup, "backup.gz"), packed.Bytes(), 0o644))
}
