package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/doc"
	"tandem/doc/disk/wal"
)

// maxProblems is how many problems a Report names.
const maxProblems = 100

// A Report is what Check found.
type Report struct {
	OK        bool             `json:"ok"`
	Problems  []string         `json:"problems"`  // what does not concern one document alone, one line each
	Documents []DocumentReport `json:"documents"` // by name
}

// A DocumentReport is what Check found of one document: whether all of it is there and right, or the first thing that is not.
type DocumentReport struct {
	Name     string       `json:"name"`
	OK       bool         `json:"ok"`
	Revision doc.Revision `json:"revision"`
	Problem  string       `json:"problem"`
}

// Check reads all of the store in a directory that no process uses, changes nothing, and holds everything in it against
// everything else. Damage is in the Report; an error says why there is none.
func Check(ctx context.Context, dir string) (*Report, error) {
	report, err := checkDir(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("check store %s: %w", dir, explain(err))
	}
	return report, nil
}

func checkDir(ctx context.Context, dir string) (*Report, error) {
	version, err := readMarker(dir)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		return nil, fmt.Errorf("there is no store: its file %q is not there, or says that it was never ready", markerFile)
	}
	lock, err := os.Open(filepath.Join(dir, lockFile))
	if err == nil {
		defer lock.Close()
		if err := tryLock(lock); errors.Is(err, errLocked) {
			return nil, fmt.Errorf("it is in use by %s; stop that first", holder(lock))
		} else if err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return checkFile(ctx, filepath.Join(dir, databaseFile), filepath.Join(dir, logDir))
}

// CheckDatabase is Check for a database file that has everything, as Store.Copy writes it.
func CheckDatabase(ctx context.Context, path string) (*Report, error) {
	report, err := checkFile(ctx, path, "")
	if err != nil {
		return nil, fmt.Errorf("check database %s: %w", path, err)
	}
	return report, nil
}

// CheckBackup is Check for a backup, whose checksum it looks at first: a backup that is not whole is ErrBackup.
func CheckBackup(ctx context.Context, file string) (*Report, error) {
	f, size, err := openBackup(file)
	if err != nil { // which names the file
		return nil, fmt.Errorf("check backup: %w", err)
	}
	defer f.Close()
	report, err := checkValues(ctx, io.NewSectionReader(f, backupHeader, size), size, "")
	if err != nil {
		return nil, fmt.Errorf("check backup %s: %w", file, err)
	}
	return report, nil
}

func checkFile(ctx context.Context, path, log string) (*Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return checkValues(ctx, f, info.Size(), log)
}

// checkValues checks a database, and the log in front of it; "": there is none.
func checkValues(ctx context.Context, f io.ReaderAt, size int64, log string) (*Report, error) {
	c := &checker{
		ctx: ctx, report: &Report{Problems: []string{}, Documents: []DocumentReport{}},
		said: map[string]bool{}, damaged: map[doc.ID]bool{}, histories: map[doc.ID]bool{}, tails: tails{docs: map[doc.ID]*tail{}},
	}
	values, err := openValues(f, size, c.problem)
	if err != nil {
		c.problem(err) // no page of it can be found
	} else {
		c.values = values
		if log != "" {
			c.log(log)
		}
		c.run()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.report.Documents, func(a, b DocumentReport) int { return strings.Compare(a.Name, b.Name) })
	c.report.OK = c.problems == 0
	for _, d := range c.report.Documents {
		c.report.OK = c.report.OK && d.OK
	}
	if c.problems > maxProblems {
		c.report.Problems = append(c.report.Problems, fmt.Sprintf("and %d more", c.problems-maxProblems))
	}
	return c.report, nil
}

// A checker goes through a database. What it remembers of each document is a few bytes where it is damaged, or was rewritten.
type checker struct {
	ctx       context.Context
	values    *values
	report    *Report
	problems  int             // so far
	said      map[string]bool // of the report: a page that is damaged is met more than once
	damaged   map[doc.ID]bool // documents whose head cannot be read, and which the report names
	histories map[doc.ID]bool // those that are not called like their document
	tails     tails           // what the log has and the database may not have
}

// problem notes what does not concern one document alone.
func (c *checker) problem(err error) {
	text := err.Error()
	if c.said[text] {
		return
	}
	if c.problems++; c.problems <= maxProblems {
		c.said[text] = true
		c.report.Problems = append(c.report.Problems, text)
	}
}

func (c *checker) problemf(format string, args ...any) { c.problem(fmt.Errorf(format, args...)) }

// each goes through a bucket, beside pages that are damaged.
func (c *checker) each(bucket string, visit func(key, value []byte)) {
	err := c.values.all(bucket, c.problem, func(key, value []byte) error {
		visit(key, value)
		return c.ctx.Err()
	})
	if err != nil {
		c.problem(err)
	}
}

// log reads the log from where the database says that it has everything.
func (c *checker) log(dir string) {
	value, err := c.values.get(metaBucket, logKey)
	if err != nil {
		c.problem(err)
		return
	}
	from, err := decodePosition(value)
	if err != nil {
		c.problemf("the position of the log: %w", err)
		return
	}
	if value != nil {
		err = logIsThere(dir)
	}
	if err == nil {
		_, err = wal.Verify(dir, from, wal.Config{}, c.tails.replay)
	}
	if err != nil {
		c.problem(err)
	}
}

func (c *checker) run() {
	c.listBuckets()
	c.each(namesBucket, c.name)
	c.each(documentsBucket, c.nameless)
	c.each(trashBucket, c.trash)
	c.each(metaBucket, func(key, value []byte) {
		if _, err := unseal(metaBucket, key, value); err != nil {
			c.problem(err)
		}
	})
	c.each(straysBucket, func(key, _ []byte) {
		c.problemf("the end of a document that was found damaged was kept apart, under %x", key)
	})
	for _, bucket := range []string{clientsBucket, commitsBucket, snapshotsBucket, piecesBucket, spansBucket, versionsBucket} {
		c.orphans(bucket)
	}
}

// listBuckets holds the buckets against those that there should be. A store of format 1 lacks all that are newer.
func (c *checker) listBuckets() {
	known := map[string]bool{}
	missing := func(names []string) (missing []string) {
		for _, name := range names {
			known[name] = true
			if _, there := c.values.buckets[name]; !there {
				missing = append(missing, name)
			}
		}
		return missing
	}
	newer := missing(newBuckets)
	if all := missing(buckets); len(all) > 0 && (len(newer) < len(newBuckets) || len(all) > len(newer)) {
		c.problemf("there is no bucket %q", all)
	}
	for name, b := range c.values.buckets {
		if !known[name] {
			c.problemf("there is a bucket %q, which no store has", name)
		}
		if b.sequence != 0 && name != piecesBucket {
			c.problemf("the bucket %q gives numbers, up to %d, which it should not", name, b.sequence)
		}
	}
}

// name checks the document that a name stands for.
func (c *checker) name(key, value []byte) {
	d := DocumentReport{Name: string(key)}
	err := doc.CheckName(d.Name)
	var id doc.ID
	if err == nil {
		id, err = decodeName(d.Name, value)
	}
	if err == nil {
		err = guard(func() error { return c.named(id, &d) })
	}
	if d.OK = err == nil; !d.OK {
		d.Problem = err.Error()
	}
	c.report.Documents = append(c.report.Documents, d)
}

func (c *checker) named(id doc.ID, d *DocumentReport) error {
	value, err := c.values.get(documentsBucket, id[:])
	if err != nil {
		return err
	}
	if value == nil {
		return fmt.Errorf("document %s has no head", id)
	}
	h, err := decodeHead(id, value)
	if err != nil {
		c.damaged[id] = true
		return err
	}
	ahead := c.tails.of(id)
	if d.Revision = h.rev; ahead.end.Epoch == h.epoch {
		d.Revision = max(h.rev, ahead.end.Rev)
	}
	if h.name != d.Name {
		return fmt.Errorf("document %s says that it is %q", id, h.name)
	}
	return c.document(h, ahead)
}

// nameless finds heads without a name.
func (c *checker) nameless(key, value []byte) {
	if len(key) != len(doc.ID{}) {
		c.problemf("a document's key has %d bytes", len(key))
		return
	}
	id := doc.ID(key)
	if c.damaged[id] {
		return
	}
	h, err := decodeHead(id, value)
	if err != nil {
		c.damaged[id] = true
		c.problemf("document %s, which has no name: %w", id, err)
		return
	}
	if h.history != id {
		c.histories[h.history] = true
	}
	name, err := c.values.get(namesBucket, []byte(h.name))
	owner := id
	if err == nil && name != nil {
		if owner, err = decodeName(h.name, name); err != nil {
			return // the report says so of the name
		}
	}
	if err == nil && (name == nil || owner != id) {
		err = errors.New("the name does not lead there")
	}
	if err != nil {
		c.report.Documents = append(c.report.Documents, DocumentReport{
			Name: h.name, Revision: h.rev, Problem: fmt.Sprintf("document %s has a head, and by its name: %v", id, err),
		})
	}
}
