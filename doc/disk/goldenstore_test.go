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

// goldenDir holds a golden store for each format.
const goldenDir = "../../testdata/disk"

// The golden store opens, and says what it always said. Its files are never written again: a new format is a new directory.
func TestGoldenStore(t *testing.T) {
	if order.Uint16([]byte{1, 0}) != 1 {
		t.Skip("bbolt's file is in the machine's byte order, and this one is little-endian")
	}
	dir := t.TempDir()
	marker, err := os.ReadFile(filepath.Join(goldenDir, "v1", markerFile))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, markerFile), marker, 0o600))
	packed, err := os.Open(filepath.Join(goldenDir, "v1", databaseFile+".gz"))
	require.NoError(t, err)
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	require.NoError(t, err)
	database, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, databaseFile), database, 0o600))

	records, err := os.ReadFile(filepath.Join(goldenDir, "v1", "records.txt"))
	require.NoError(t, err)
	for block := range strings.SplitSeq(strings.TrimSpace(string(records)), "\n\n") {
		checkExample(t, block)
	}
	s := openTest(t, dir)
	require.Equal(t, string(records), dumpRecords(t, s))
	documents, err := os.ReadFile(filepath.Join(goldenDir, "v1", "documents.txt"))
	require.NoError(t, err)
	require.Equal(t, string(documents), dumpDocuments(t, s))
	for _, name := range goldenNames { // and it can be written to
		p := newPage(t, s, name)
		p.write(s, 2)
		require.NoError(t, save(s, p.snapshot(s)))
	}
	require.NoError(t, s.Close())
}

var goldenNames = []string{"notes/today", "empty", "naïve 😀"}

func dumpRecords(t *testing.T, s *testStore) string {
	var b strings.Builder
	for _, bucket := range buckets {
		pairs, _, err := s.chunk(background, bucket, nil, nil, 1<<30)
		require.NoError(t, err)
		for _, p := range pairs {
			says, _, err := describe(bucket, p.key, p.value)
			require.NoError(t, err)
			fmt.Fprintf(&b, "%s\n", example{bucket, p.key, p.value, says})
		}
	}
	return b.String()
}

func dumpDocuments(t *testing.T, s *testStore) string {
	var b strings.Builder
	for _, name := range goldenNames {
		stored, err := s.Load(background, name, 0)
		require.NoError(t, err)
		p := &page{t: t, name: name}
		at := stored.Place()
		fmt.Fprintf(&b, "%q %s id=%s epoch=%s rev=%d lineage=%s snapshot=%d clients=%d text=%q\n", name, stored.Kind, at.ID, at.Epoch, at.Rev, at.Lineage,
			stored.Snapshot.Place.Rev, len(stored.Clients), p.snapshot(s).Content.String())
	}
	return b.String()
}

// TestMakeGolden writes the golden store where there is none.
func TestMakeGolden(t *testing.T) {
	if os.Getenv("TANDEM_GOLDEN") != "make" {
		return
	}
	_, err := os.Stat(filepath.Join(goldenDir, "v1", markerFile))
	require.ErrorIs(t, err, os.ErrNotExist, "golden files are never written again")
	dir := t.TempDir()
	s := openTest(t, dir)
	for i, name := range goldenNames {
		p := newPage(t, s, name)
		if name == "empty" {
			continue
		}
		for n := range 4 {
			require.NoError(t, p.append(s, p.batch(1+n, fmt.Sprintf("%d😀\n", n))))
			if n == 1 && i == 0 {
				require.NoError(t, save(s, p.snapshot(s)))
			}
		}
	}
	require.NoError(t, s.Close())
	s = openTest(t, dir)
	write := func(name string, text []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(goldenDir, "v1", name), text, 0o644))
	}
	write("records.txt", []byte(dumpRecords(t, s)))
	write("documents.txt", []byte(dumpDocuments(t, s)))
	f, err := os.Open(filepath.Join(dir, databaseFile))
	require.NoError(t, err)
	defer f.Close()
	m, err := newestMeta(f)
	require.NoError(t, err)
	pages := make([]byte, int64(m.highWater)*m.pageSize)
	_, err = f.ReadAt(pages, 0)
	require.NoError(t, err)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(pages)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	write(databaseFile+".gz", packed.Bytes())
	marker, err := os.ReadFile(filepath.Join(dir, markerFile))
	require.NoError(t, err)
	write(markerFile, marker)
	require.NoError(t, s.Close())
}
