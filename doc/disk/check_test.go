package disk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"tandem/doc"
	"tandem/ot"
)

// checkBytes checks a database that is in memory.
func checkBytes(t *testing.T, file []byte) *Report {
	report, err := checkValues(background, bytes.NewReader(file), int64(len(file)), "")
	require.NoError(t, err)
	for _, d := range report.Documents {
		require.NotContains(t, d.Problem, "runtime error")
	}
	return report
}

// labelled is the document's content with labels, read from the store.
func (p *page) labelled(s doc.Store) *ot.Text {
	text, err := ot.TextOf(doc.Label(p.snapshot(s).Content.Content(), "Ann"))
	require.NoError(p.t, err)
	return text
}

// saveSpans saves what all whole spans of a level are composed.
func (p *page) saveSpans(s *testStore, level uint8, floor doc.Revision) {
	for span := (doc.Span{Level: level}); span.Last() <= p.place.Rev; span.Index++ {
		if span.First() <= floor {
			continue
		}
		commits, err := s.Read(background, p.place.ID, span.First(), span.Last(), 1<<30)
		require.NoError(p.t, err)
		var composed ot.Op
		for i, c := range commits {
			op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
			require.NoError(p.t, err)
			if op = doc.Label(op, "Ann"); i > 0 {
				op, err = ot.Compose(composed, op)
				require.NoError(p.t, err)
			}
			composed = op
		}
		p.saveSpan(s, span, ot.AppendOp(nil, composed))
	}
}

func (p *page) saveSpan(s *testStore, span doc.Span, op []byte) {
	done := make(chan error, 1)
	s.SaveSpan(p.place.ID, p.place.Epoch, span, op, func(err error) { done <- err })
	require.NoError(p.t, <-done)
}

// erasing makes the document's history another: the same commits under another epoch and, since the first is empty, with another lineage.
func (p *page) erasing(s *testStore) *doc.Rewriting {
	floor := p.floor(s)
	commits, err := s.Read(background, p.place.ID, floor.Rev+1, p.place.Rev, 1<<30)
	require.NoError(p.t, err)
	text, err := s.Base(background, p.place.ID)
	require.NoError(p.t, err)
	text, err = ot.TextOf(doc.Strip(text.Content()))
	require.NoError(p.t, err)
	at := floor
	commits[0].Bytes = ot.AppendOp(nil, nil)
	for i := range commits {
		c := &commits[i]
		op, err := ot.DecodeOp(c.Bytes, ot.StoredLimits)
		require.NoError(p.t, err)
		require.NoError(p.t, text.Apply(op))
		c.Digest, c.Lineage = doc.Digest{}, at.Lineage.Extend(c.Rev, c.Client, c.Seq, c.Bytes)
		at.Rev, at.Lineage = c.Rev, c.Lineage
	}
	at.Epoch[0]++
	return &doc.Rewriting{
		Prev: p.place, Epoch: at.Epoch, Snapshot: &doc.Snapshot{Place: at, Content: text.Snapshot(), Hash: text.Hash()},
		Commits: func(yield func(doc.Commit, error) bool) {
			for _, c := range commits {
				if !yield(c, nil) {
					return
				}
			}
		},
	}
}

func (p *page) erase(s *testStore) {
	r := p.erasing(s)
	require.NoError(p.t, s.Rewrite(background, r))
	p.place = r.Snapshot.Place
}

// checkStore makes a small store with everything in it, and returns its file.
func checkStore(t *testing.T) []byte {
	dir := t.TempDir()
	s := openTest(t, dir)
	p, q, gone := newPage(t, s, "a"), newPage(t, s, "b"), newPage(t, s, "gone")
	for n := range 3 {
		p.write(s, 1+n)
		q.write(s, 2)
		gone.write(s, 1)
		require.NoError(t, s.settle(background, p.place.ID), "a block for each")
	}
	require.NoError(t, save(s, p.snapshot(s)))
	require.NoError(t, s.Trim(background, &doc.Trimming{Floor: p.place, Base: p.labelled(s)}))
	floor := p.place
	p.write(s, 4)
	p.erase(s)
	require.NoError(t, s.SaveVersion(background, p.place.ID, doc.Version{Rev: 3, Name: "kept"}, q.snapshot(s).Content))
	require.NoError(t, s.SaveVersion(background, q.place.ID, doc.Version{Rev: 3, Name: "named", Author: "Ann"}, nil))
	p.saveSpans(s, 1, floor.Rev)
	q.saveSpans(s, 1, 0)
	q.saveSpans(s, 2, 0)
	require.NoError(t, s.Remove(background, gone.place))
	require.NoError(t, s.saver.emptied(background))
	s.saver.close()
	_, err := s.engine.update(func(tx *writing) error { // what a crash leaves of a snapshot
		c := &content{id: q.place.ID, record: &snapshotRecord{}}
		_, _, err := c.put(tx)
		return err
	})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	file, err := os.ReadFile(filepath.Join(dir, databaseFile))
	require.NoError(t, err)
	w, _, err := newWalker(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	return file[:int64(w.highWater)*w.pageSize]
}

func TestCheckGood(t *testing.T) {
	report := checkBytes(t, checkStore(t))
	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.Equal(t, `{"ok":true,"problems":[],"documents":[{"name":"a","ok":true,"revision":10,"problem":""},`+
		`{"name":"b","ok":true,"revision":6,"problem":""}]}`, string(text))
}

// Every byte of every value that counts: one that has another bit is found, and the other documents go on.
func TestCheckFindsEveryByte(t *testing.T) {
	file := checkStore(t)
	w, root, err := newWalker(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	require.NoError(t, w.page(root, nil, nil, 0))
	d, err := openValues(bytes.NewReader(file), int64(len(file)), func(err error) { require.NoError(t, err) })
	require.NoError(t, err)
	const seed = 5
	random := rand.New(rand.NewPCG(seed, 0))
	flips, others := 0, 0
	flip := func(at int64, what string) {
		bits := []int{random.IntN(8)}
		if os.Getenv("TANDEM_LONG") != "" {
			bits = []int{0, 1, 2, 3, 4, 5, 6, 7}
		}
		for _, bit := range bits {
			file[at] ^= 1 << bit
			report := checkBytes(t, file)
			require.False(t, report.OK, "seed %d: byte %d, bit %d, of %s", seed, at, bit, what)
			for _, d := range report.Documents {
				if d.OK {
					others++
				}
			}
			file[at] ^= 1 << bit
			flips++
		}
	}
	for page := int64(2); page < int64(w.highWater); page++ {
		start := page * w.pageSize
		if w.seen[page/64]&(1<<(page%64)) == 0 || order.Uint16(file[start+8:]) != leafFlag {
			continue
		}
		buf, err := w.read(uint64(page))
		require.NoError(t, err)
		elements, err := parseElements(buf, leafFlag)
		require.NoError(t, err)
		for i, e := range elements {
			at := start + int64(pageHeader+i*elementSize)
			at += int64(order.Uint32(file[at+4:])) + int64(len(e.key))
			for n := range int64(len(e.value)) {
				if e.bucket && (n >= 8 && n < 16 && string(e.key) == piecesBucket || unused(e, n)) {
					continue // the number given last may be any higher one
				}
				flip(at+n, fmt.Sprintf("%q of page %d", e.key, page))
			}
		}
		page += int64(len(buf))/w.pageSize - 1
	}
	require.Len(t, d.buckets, len(buckets))
	t.Logf("%d flips; the other document was read in %d", flips, others)
	require.Greater(t, flips, 2000)
	require.Greater(t, others, flips/3)
}

// unused reports whether byte n of an inline bucket's value is one that nothing is read from: of its page's header, but for type and
// count.
func unused(e element, n int64) bool {
	return order.Uint64(e.value) == 0 && n >= 16 && n < 32 && (n < 24 || n >= 28)
}

// Files that something happened to are never more than a report, soon.
func TestCheckMutations(t *testing.T) {
	good := checkStore(t)
	pages := len(good) / os.Getpagesize()
	const seed = 8
	random := rand.New(rand.NewPCG(seed, 0))
	at := func(page int) []byte { return good[page*os.Getpagesize() : (page+1)*os.Getpagesize()] }
	found := 0
	for n := range 200 {
		file := bytes.Clone(good)
		page := random.IntN(pages) * os.Getpagesize()
		switch n % 6 {
		case 0:
			for range 1 + random.IntN(20) {
				file[random.IntN(len(file))] ^= 1 << random.IntN(8)
			}
		case 1:
			clear(file[page : page+os.Getpagesize()])
		case 2:
			copy(file[page:], at(random.IntN(pages)))
		case 3:
			file = file[:random.IntN(len(file))]
		case 4:
			for range 8 { // in a page's header and its elements
				file[page+random.IntN(min(100, os.Getpagesize()))] = byte(random.IntN(256))
			}
		case 5:
			file = append(file, at(random.IntN(pages))...)
			file[page+8+random.IntN(8)] = 0xff
		}
		start := time.Now()
		if !checkBytes(t, file).OK {
			found++
		}
		require.Less(t, time.Since(start), 10*time.Second, "seed %d, mutation %d", seed, n)
	}
	t.Logf("%d of 200 were found; the others met what does not count", found)
	require.Greater(t, found, 60)
}

// A page that is gone takes the documents with it that have something there, and they are named; the others go on.
func TestCheckDamagedPage(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	const documents = 120
	var writers sync.WaitGroup
	for n := range documents {
		writers.Go(func() {
			name := fmt.Sprint("document ", n)
			stored, err := s.Load(background, name, doc.Text)
			if err != nil {
				return // it is missed below
			}
			p := &page{t: t, name: name, place: stored.Place()}
			_ = p.append(s, p.batch(1, "text"))
		})
	}
	writers.Wait()
	require.NoError(t, s.Close())
	file, err := os.ReadFile(filepath.Join(dir, databaseFile))
	require.NoError(t, err)
	report := checkBytes(t, file)
	require.True(t, report.OK)
	require.Len(t, report.Documents, documents)
	w, root, err := newWalker(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	require.NoError(t, w.page(root, nil, nil, 0))
	some, pages := 0, 0
	for page := range w.highWater {
		if page < 2 || w.seen[page/64]&(1<<(page%64)) == 0 || page == root {
			continue
		}
		pages++
		at := file[int64(page)*w.pageSize : int64(page+1)*w.pageSize]
		before := bytes.Clone(at)
		clear(at)
		report := checkBytes(t, file)
		copy(at, before)
		require.False(t, report.OK)
		require.NotEmpty(t, report.Problems, "page %d", page)
		good := 0
		for _, d := range report.Documents {
			if d.OK {
				require.EqualValues(t, 1, d.Revision)
				good++
			}
		}
		if good > 0 && good < documents {
			some++
			require.Len(t, report.Documents, documents, "page %d", page)
		}
	}
	t.Logf("%d of %d pages took some of the documents", some, pages)
	require.Greater(t, some, pages/2)
}

// Records that are whole but do not fit together are found as well.
func TestCheckFits(t *testing.T) {
	headOf := func(tx *bbolt.Tx, id doc.ID, change func(*head)) error {
		b := tx.Bucket([]byte(documentsBucket))
		h, err := decodeHead(id, b.Get(id[:]))
		if err != nil {
			return err
		}
		change(h)
		return b.Put(id[:], h.encode())
	}
	for _, row := range []struct {
		name string
		harm func(tx *bbolt.Tx, p *page) error
		says string
	}{
		{"a block is gone", func(tx *bbolt.Tx, p *page) error {
			return tx.Bucket([]byte(commitsBucket)).Delete(numberKey(p.place.ID, 4))
		}, "revision 5, after lineage"},
		{"the last block is gone", func(tx *bbolt.Tx, p *page) error {
			return tx.Bucket([]byte(commitsBucket)).Delete(numberKey(p.place.ID, 8))
		}, "history ends at revision 6"},
		{"a client is gone", func(tx *bbolt.Tx, p *page) error {
			return tx.Bucket([]byte(clientsBucket)).Delete(clientKey(p.place.ID, doc.ClientID{9}))
		}, "0 records of clients are there and should be 1"},
		{"a client of the future", func(tx *bbolt.Tx, p *page) error {
			key := clientKey(p.place.ID, doc.ClientID{9})
			return tx.Bucket([]byte(clientsBucket)).Put(key, encodeClient(key, doc.Record{Seq: 9, Rev: 9}))
		}, "committed last revision 9"},
		{"the head is gone", func(tx *bbolt.Tx, p *page) error {
			return tx.Bucket([]byte(documentsBucket)).Delete(p.place.ID[:])
		}, "has no head"},
		{"the name is gone", func(tx *bbolt.Tx, p *page) error {
			return tx.Bucket([]byte(namesBucket)).Delete([]byte(p.name))
		}, "the name does not lead there"},
		{"the name is another document's", func(tx *bbolt.Tx, p *page) error {
			b := tx.Bucket([]byte(namesBucket))
			other, err := decodeName("beside", b.Get([]byte("beside")))
			if err != nil {
				return err
			}
			return b.Put([]byte(p.name), encodeName(p.name, other))
		}, `says that it is "beside"`},
		{"the snapshot is of another content", func(tx *bbolt.Tx, p *page) error {
			key := numberKey(p.place.ID, 1)
			b := tx.Bucket([]byte(snapshotsBucket))
			r, err := decodeSnapshot(key, b.Get(key))
			if err != nil {
				return err
			}
			_, commits, err := decodeBlock(numberKey(p.place.ID, 6), tx.Bucket([]byte(commitsBucket)).Get(numberKey(p.place.ID, 6)))
			if err != nil {
				return err
			}
			r.rev, r.lineage = 6, commits[1].Lineage
			return b.Put(key, r.encode(key))
		}, "history leads to another content"},
		{"a snapshot counts no more", func(tx *bbolt.Tx, p *page) error {
			return headOf(tx, p.place.ID, func(h *head) { h.snapshot = 0 })
		}, "does not count, and is not in the trash"},
		{"a snapshot counts and is in the trash", func(tx *bbolt.Tx, p *page) error {
			e := contentTrash(p.place.ID, 1)
			return tx.Bucket([]byte(trashBucket)).Put(e.key(), e.encode())
		}, "is in the trash"},
		{"a version of the future", func(tx *bbolt.Tx, p *page) error {
			key := numberKey(p.place.ID, 9)
			return tx.Bucket([]byte(versionsBucket)).Put(key, (&versionRecord{}).encode(key))
		}, "a version is named at revision 9"},
		{"a span that tells something else", func(tx *bbolt.Tx, p *page) error {
			key := spanKey(p.place.ID, doc.Span{Level: 2, Index: 1})
			op := ot.AppendOp(nil, ot.Op{{Kind: ot.Insert, N: 3, Text: "abc"}})
			return tx.Bucket([]byte(spansBucket)).Put(key, (&spanRecord{op: op}).encode(key))
		}, "what revisions 5 to 8 are composed: it leads to a content of"},
		{"a span that is composed in another way", func(tx *bbolt.Tx, p *page) error {
			key := spanKey(p.place.ID, doc.Span{Level: 1, Index: 1})
			op := ot.AppendOp(nil, ot.Op{{Kind: ot.Retain, N: 8}, {Kind: ot.Insert, N: 8, Text: "texttext"}})
			return tx.Bucket([]byte(spansBucket)).Put(key, (&spanRecord{op: op}).encode(key))
		}, "it is not what its commits compose to"},
		{"another history", func(tx *bbolt.Tx, p *page) error {
			return headOf(tx, p.place.ID, func(h *head) { h.history[0]++ })
		}, "history ends at revision 0"},
		{"a history of no document", func(tx *bbolt.Tx, p *page) error {
			key := numberKey(doc.ID{1, 2, 3}, 4)
			return tx.Bucket([]byte(commitsBucket)).Put(key, []byte("x"))
		}, "commits has keys that begin with 01020300000000000000000000000000, which are of no document"},
		{"a bucket too many", func(tx *bbolt.Tx, p *page) error {
			_, err := tx.CreateBucket([]byte("others"))
			return err
		}, `a bucket "others"`},
		{"a bucket too few", func(tx *bbolt.Tx, p *page) error {
			return tx.DeleteBucket([]byte(spansBucket))
		}, `there is no bucket ["spans"]`},
		{"numbers given twice", func(tx *bbolt.Tx, p *page) error {
			return tx.Bucket([]byte(piecesBucket)).SetSequence(0)
		}, "a number that was not given yet"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir)
			p, beside := newPage(t, s, "d"), newPage(t, s, "beside")
			for range 4 {
				p.write(s, 2)
				beside.write(s, 2)
				require.NoError(t, s.settle(background, p.place.ID), "a block for each")
			}
			snap := p.snapshot(s)
			require.NoError(t, save(s, snap))
			p.saveSpans(s, 1, 0)
			_, err := s.engine.update(func(tx *writing) error { return row.harm(tx.tx, p) })
			require.NoError(t, err)
			s.saver.close() // it would complain of the trash
			require.NoError(t, s.Close())
			report, err := Check(background, dir)
			require.NoError(t, err)
			require.False(t, report.OK)
			text, err := json.Marshal(report)
			require.NoError(t, err)
			require.Contains(t, strings.ReplaceAll(string(text), `\"`, `"`), row.says)
			require.Equal(t, DocumentReport{Name: "beside", OK: true, Revision: 8}, report.Documents[0], "the others go on")
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	dir := t.TempDir()
	_, err := Check(background, dir)
	require.ErrorContains(t, err, "there is no store")
	_, err = Check(background, filepath.Join(dir, "missing"))
	require.ErrorContains(t, err, "there is no store")
	s := openTest(t, dir)
	newPage(t, s, "d").write(s, 2)
	_, err = Check(background, dir)
	require.ErrorContains(t, err, "check store "+dir+": it is in use by process ")
	require.NoError(t, s.Close())
	before := contents(t, dir)
	report, err := Check(background, dir)
	require.NoError(t, err)
	require.True(t, report.OK)
	require.Equal(t, before, contents(t, dir), "it changes nothing")
	ended, cancel := context.WithCancel(background)
	cancel()
	_, err = CheckDatabase(ended, filepath.Join(dir, databaseFile))
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, os.Truncate(filepath.Join(dir, databaseFile), 0))
	report, err = Check(background, dir)
	require.NoError(t, err)
	require.Equal(t, &Report{Problems: report.Problems, Documents: []DocumentReport{}}, report)
	require.Len(t, report.Problems, 1)
}
