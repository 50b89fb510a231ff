package disk

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

const goldenDir = "../../testdata/disk/v1"

// describe is what a record says, in one line; and the record encoded again from that.
func describe(bucket string, key, value []byte) (says string, again []byte, err error) {
	switch bucket {
	case namesBucket:
		id, err := decodeName(string(key), value)
		return fmt.Sprintf("%q is %s", key, id), encodeName(string(key), id), err
	case documentsBucket:
		h, err := decodeHead(doc.ID(key), value)
		if err != nil {
			return "", nil, err
		}
		return fmt.Sprintf("%q kind=%s created=%d epoch=%s rev=%d lineage=%s floor=%d records-floor=%d clients=%d snapshot=%d",
			h.name, h.kind, h.created, h.epoch, h.rev, h.lineage, h.floor, h.recordsFloor, h.clients, h.snapshot), h.encode(), nil
	case clientsBucket:
		client, r, err := decodeClient(key, value)
		return fmt.Sprintf("%x seq=%d rev=%d digest=%x", client[:], r.Seq, r.Rev, r.Digest[:]), encodeClient(key, r), err
	case commitsBucket:
		before, commits, err := decodeBlock(key, value)
		if err != nil {
			return "", nil, err
		}
		var b strings.Builder
		fmt.Fprintf(&b, "after=%s", before)
		size := 0
		for _, c := range commits {
			fmt.Fprintf(&b, " [rev=%d client=%x seq=%d digest=%x time=%d op=%x lineage=%s]", c.Rev, c.Client[:], c.Seq, c.Digest[:], c.Time, c.Bytes, c.Lineage)
			size += len(c.Bytes)
		}
		return b.String(), encodeBlock(doc.ID(key[:16]), before, commits, size).value, nil
	case snapshotsBucket:
		s, err := decodeSnapshot(key, value)
		if err != nil {
			return "", nil, err
		}
		return fmt.Sprintf("rev=%d lineage=%s hash=%d length=%d pieces=%08x", s.rev, s.lineage, s.hash, s.length, s.sums), s.encode(key), nil
	case piecesBucket:
		r, err := unseal(bucket, key, value)
		if err != nil {
			return "", nil, err
		}
		op, err := ot.DecodeOp(r.rest, ot.StoredLimits)
		return op.String(), seal(bucket, key, ot.AppendOp([]byte{form}, op)), err
	case trashBucket:
		_, err := unseal(bucket, key, value)
		return "does not count", seal(bucket, key, []byte{form}), err
	}
	return "", nil, fmt.Errorf("there is no bucket %q", bucket)
}

// example is a record as FORMAT.md and the golden files write it.
type example struct {
	bucket     string
	key, value []byte
	says       string
}

func (e example) String() string {
	return fmt.Sprintf("bucket %s\nkey    %x\nvalue  %x\nsays   %s\n", e.bucket, e.key, e.value, e.says)
}

func parseExample(text string) (e example, err error) {
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		switch word {
		case "bucket":
			e.bucket = rest
		case "key":
			e.key, err = hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		case "value":
			e.value, err = hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		case "says":
			e.says = rest
		case "":
		default:
			err = fmt.Errorf("a line begins with %q", word)
		}
		if err != nil {
			return e, err
		}
	}
	return e, nil
}

func checkExample(t *testing.T, text string) {
	e, err := parseExample(text)
	require.NoError(t, err)
	says, again, err := describe(e.bucket, e.key, e.value)
	require.NoError(t, err, "%s", text)
	require.Equal(t, e.says, says)
	require.Equal(t, e.value, again, "%s", text)
	for i := range e.value { // and none of its bytes may be another
		harmed := bytes.Clone(e.value)
		harmed[i] ^= 0x10
		_, _, err := describe(e.bucket, e.key, harmed)
		require.Error(t, err, "byte %d of %s", i, text)
	}
	for n := range e.value {
		_, _, err := describe(e.bucket, e.key, e.value[:n])
		require.Error(t, err, "%d bytes of %s", n, text)
	}
}

// Every example in FORMAT.md is a record.
func TestFormatExamples(t *testing.T) {
	text, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	seen := map[string]bool{}
	for i, part := range strings.Split(string(text), "```record\n") {
		if i == 0 {
			continue
		}
		block, _, ended := strings.Cut(part, "```")
		require.True(t, ended)
		checkExample(t, block)
		e, _ := parseExample(block)
		seen[e.bucket] = true
	}
	for _, bucket := range buckets {
		require.True(t, seen[bucket], "FORMAT.md has no example of %s", bucket)
	}
}

// The golden store opens, and says what it always said. Its files are never written again: a new format is a new directory.
func TestGoldenStore(t *testing.T) {
	if order.Uint16([]byte{1, 0}) != 1 {
		t.Skip("bbolt's file is in the machine's byte order, and this one is little-endian")
	}
	dir := t.TempDir()
	marker, err := os.ReadFile(filepath.Join(goldenDir, markerFile))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, markerFile), marker, 0o600))
	packed, err := os.Open(filepath.Join(goldenDir, databaseFile+".gz"))
	require.NoError(t, err)
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	require.NoError(t, err)
	database, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, databaseFile), database, 0o600))

	records, err := os.ReadFile(filepath.Join(goldenDir, "records.txt"))
	require.NoError(t, err)
	for block := range strings.SplitSeq(strings.TrimSpace(string(records)), "\n\n") {
		checkExample(t, block)
	}
	s := openTest(t, dir)
	require.Equal(t, string(records), dumpRecords(t, s))
	documents, err := os.ReadFile(filepath.Join(goldenDir, "documents.txt"))
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
	_, err := os.Stat(filepath.Join(goldenDir, markerFile))
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
		require.NoError(t, os.WriteFile(filepath.Join(goldenDir, name), text, 0o644))
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
