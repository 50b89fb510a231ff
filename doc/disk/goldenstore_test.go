package disk

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

// goldenDir holds a golden store for each format. What a store's directory has stands in each, packed where its name ends in
// packedSuffix; beside it recordsFile, which lists the database's records, and documentsFile, which says what there is to read.
const (
	goldenDir     = "../../testdata/disk"
	packedSuffix  = ".gz"
	recordsFile   = "records.txt"
	documentsFile = "documents.txt"
)

// Golden stores open, and say what they always said. Their files are never written again: a new format is a new directory.
func TestGoldenStores(t *testing.T) {
	if order.Uint16([]byte{1, 0}) != 1 {
		t.Skip("bbolt's file is in the machine's byte order, and this one is little-endian")
	}
	for version := 1; version <= format; version++ {
		t.Run(fmt.Sprint("format ", version), func(t *testing.T) {
			golden := filepath.Join(goldenDir, fmt.Sprint("v", version))
			dir := t.TempDir()
			unpack(t, dir, golden)
			records, err := os.ReadFile(filepath.Join(golden, recordsFile))
			require.NoError(t, err)
			for block := range strings.SplitSeq(strings.TrimSpace(string(records)), "\n\n") {
				checkExample(t, block)
			}
			require.Equal(t, string(records), dumpRecords(t, filepath.Join(dir, databaseFile)))
			requireGood(t, dir)

			documents, err := os.ReadFile(filepath.Join(golden, documentsFile))
			require.NoError(t, err)
			s := openTest(t, dir)
			for line := range strings.Lines(string(documents)) {
				quoted, err := strconv.QuotedPrefix(line)
				require.NoError(t, err)
				name, err := strconv.Unquote(quoted)
				require.NoError(t, err)
				require.Equal(t, line, dumpDocument(t, s, name, version))
				stored, err := s.Load(background, name, 0)
				require.NoError(t, err)
				if stored.Kind == doc.Text { // and it can be written to
					p := newPage(t, s, name)
					p.write(s, 2)
					require.NoError(t, save(s, p.snapshot(s)))
				}
			}
			require.NoError(t, s.Close())
			requireGood(t, dir)
		})
	}
}

func requireGood(t *testing.T, dir string) {
	report, err := Check(background, dir)
	require.NoError(t, err)
	require.True(t, report.OK, "%+v", report)
}

// unpack makes a store's directory of a golden one.
func unpack(t *testing.T, dir, golden string) {
	require.NoError(t, fs.WalkDir(os.DirFS(golden), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == recordsFile || path == documentsFile {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(dir, path), 0o700)
		}
		data, err := os.ReadFile(filepath.Join(golden, path))
		if err != nil {
			return err
		}
		path, packed := strings.CutSuffix(path, packedSuffix)
		if packed {
			r, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				return err
			}
			if data, err = io.ReadAll(r); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(dir, path), data, 0o600)
	}))
}

// dumpRecords lists the records of a database as it stands.
func dumpRecords(t *testing.T, path string) string {
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	values, err := openValues(bytes.NewReader(file), int64(len(file)), func(err error) { require.NoError(t, err) })
	require.NoError(t, err)
	var b strings.Builder
	for _, bucket := range buckets {
		require.NoError(t, values.scan(bucket, nil, nil, func(key, value []byte) error {
			says, _, err := describe(bucket, key, value)
			require.NoError(t, err)
			fmt.Fprintf(&b, "%s\n", example{bucket, key, value, says})
			return nil
		}))
	}
	return b.String()
}

// dumpDocument says in one line what there is to read of a document; of a store of format 1, no more than that had.
func dumpDocument(t *testing.T, s *testStore, name string, version int) string {
	stored, err := s.Load(background, name, 0)
	require.NoError(t, err)
	p := &page{t: t, name: name}
	at := stored.Place()
	content := p.snapshot(s).Content
	line := fmt.Sprintf("%q %s id=%s epoch=%s rev=%d lineage=%s snapshot=%d clients=%d text=%q", name, stored.Kind, at.ID, at.Epoch, at.Rev, at.Lineage,
		stored.Snapshot.Place.Rev, len(stored.Clients), content.String())
	if version == 1 {
		return line + "\n"
	}
	info, err := s.Info(background, name)
	require.NoError(t, err)
	base, err := s.Base(background, at.ID)
	require.NoError(t, err)
	line += fmt.Sprintf(" content=%s floor=%d lineage=%s records-floor=%d base=%s", content.Content(), info.Floor, info.FloorLineage, info.RecordsFloor, base.Content())
	versions, err := s.Versions(background, at.ID)
	require.NoError(t, err)
	for _, v := range versions {
		kept, err := s.VersionContent(background, at.ID, v.Rev)
		require.NoError(t, err)
		line += fmt.Sprintf(" version=%d,%q,%q,%d", v.Rev, v.Name, v.Author, v.Time)
		if kept != nil {
			line += fmt.Sprintf(",%q", kept.String())
		}
	}
	for span := (doc.Span{Level: 1}); span.Last() <= at.Rev; span.Index++ {
		if op, err := s.Span(background, at.ID, at.Epoch, span); len(op) > 0 {
			require.NoError(t, err)
			line += fmt.Sprintf(" span=%d..%d,%x", span.First(), span.Last(), op)
		}
	}
	for rev := info.Floor + 1; rev <= at.Rev; rev++ {
		commits, err := s.Read(background, at.ID, rev, rev, 0)
		require.NoError(t, err)
		line += fmt.Sprintf(" by=%q", commits[0].Author)
	}
	return line + "\n"
}

// TestMakeGolden writes the golden store of this format where there is none: TANDEM_GOLDEN=make go test -run TestMakeGolden.
func TestMakeGolden(t *testing.T) {
	if os.Getenv("TANDEM_GOLDEN") != "make" {
		return
	}
	golden := filepath.Join(goldenDir, fmt.Sprint("v", format))
	_, err := os.Stat(golden)
	require.ErrorIs(t, err, os.ErrNotExist, "golden files are never written again")
	dir := filepath.Join(t.TempDir(), "data")
	makeGolden(t, dir)
	write := func(path string, data []byte) {
		path = filepath.Join(golden, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, data, 0o644))
	}
	write(recordsFile, []byte(dumpRecords(t, filepath.Join(dir, databaseFile))))
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path == lockFile {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || path == markerFile {
			write(path, data)
			return err
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		write(path+packedSuffix, packed.Bytes())
		return nil
	}))
	s := openTest(t, dir)
	names, err := s.Names(background, "", 100)
	require.NoError(t, err)
	var lines strings.Builder
	for _, name := range names {
		lines.WriteString(dumpDocument(t, s, name, format))
	}
	write(documentsFile, []byte(lines.String()))
	require.NoError(t, s.Close())
}

// makeGolden makes a store with everything in it, as a process leaves it that was killed: some of it is in the log only.
func makeGolden(t *testing.T, dir string) {
	live := t.TempDir()
	raw, err := Open(live, Config{CheckpointEvery: time.Hour, Log: smallLog})
	require.NoError(t, err)
	s := &testStore{Store: raw, t: t, dir: live}
	notes, other, gone := newPage(t, s, "notes/today"), newPage(t, s, "naïve 😀"), newPage(t, s, "gone")
	newPage(t, s, "empty")
	goldenRich(t, s)
	signed := func(p *page, n int, text string, authors ...string) {
		b := p.batch(n, text)
		for i := range b.Commits {
			b.Commits[i].Author = authors[i%len(authors)]
		}
		require.NoError(t, p.append(s, b))
		require.NoError(t, s.settle(background, p.place.ID))
	}
	for n := range 4 {
		signed(notes, 1+n, fmt.Sprintf("%d😀\n", n), "Ann", "", "Béla")
		signed(other, 1+n, fmt.Sprintf("%d😀\n", n), "Ann")
		signed(gone, 1, "gone", "")
	}
	require.NoError(t, s.Remove(background, gone.place))
	require.NoError(t, save(s, notes.snapshot(s)))
	require.NoError(t, s.SaveVersion(background, notes.place.ID, doc.Version{Rev: 2, Name: "first draft", Author: "Béla", Time: 1795472300000}, other.snapshot(s).Content))
	require.NoError(t, s.SaveVersion(background, notes.place.ID, doc.Version{Rev: 9, Name: "sent 😀", Time: 1795472400000}, nil))
	require.NoError(t, s.Trim(background, &doc.Trimming{Floor: notes.at(s, 5), Base: notes.labelledAt(s, 5)}))
	notes.saveSpans(s, 1, 5)
	other.erase(s)
	require.NoError(t, s.saver.emptied(background))
	require.NoError(t, s.saver.do(background, func() error { // what a crash leaves of a snapshot
		c := &content{id: other.place.ID, record: &snapshotRecord{}}
		return s.saver.commit(0, func(*writing) error { return nil }, func(tx *writing) error {
			_, _, err := c.put(tx)
			return err
		})
	}))
	require.NoError(t, s.checkpointer.now(background))
	require.NoError(t, notes.append(s, notes.batch(2, "in the log\n")))
	require.NoError(t, other.append(s, other.batch(1, "in the log\n")))
	require.NoError(t, os.CopyFS(dir, os.DirFS(live)))
	require.NoError(t, s.Close())
}

// goldenRich makes a document with attributes and an embed.
func goldenRich(t *testing.T, s *testStore) {
	stored, err := s.Load(background, "rich", doc.Rich)
	require.NoError(t, err)
	p := &page{t: t, name: "rich", place: stored.Place()}
	var b ot.Builder
	b.InsertText("bold", ot.Attrs{{Key: "bold", Value: ot.Bool(true)}})
	b.InsertEmbed(ot.Embed{Type: "image", Value: "a.png"}, ot.Attrs{{Key: "width", Value: ot.Int(300)}})
	b.InsertText(" plain\n", nil)
	batch := p.batch(1, "x")
	c := &batch.Commits[0]
	c.Bytes = ot.AppendOp(nil, b.Op())
	c.Lineage = p.place.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
	require.NoError(t, p.append(s, batch))
	require.NoError(t, save(s, p.snapshot(s)))
}
