package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
)

// segment is a file of the log, in one of its uses.
type segment struct {
	header
	name string // of the file, in the log's directory
	file File

	// Changed only under Log.writing, or while nobody else knows the segment.
	end     int64 // bytes up to where its acknowledged records end
	used    bool  // behind end there may be bytes of an earlier use
	suspect bool  // a write or a sync of it failed: nothing is appended to it any more, and it is not recycled
}

const (
	segmentSuffix = ".log"
	freshSuffix   = ".new" // a segment that is being made
)

var (
	segmentName = regexp.MustCompile(`^[0-9a-f]{16}\.log$`)
	freshName   = regexp.MustCompile(`^[0-9a-f]{16}\.new$`)
)

// segmentFile is the name of the file that is made for a number. It keeps the name in its later uses, so that a name is never
// given twice.
func segmentFile(number uint64) string { return fmt.Sprintf("%016x%s", number, segmentSuffix) }

// makeSegment makes a new file, full of zeros: blocks that were never written would have to be entered as written at each
// sync. It gets its name when all of it is durable, so that a file with the name of a segment is always whole.
func makeSegment(files FS, dir string, h header) (seg *segment, err error) {
	name := segmentFile(h.number)
	fresh := filepath.Join(dir, strings.TrimSuffix(name, segmentSuffix)+freshSuffix)
	f, err := files.Create(fresh)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = files.Remove(fresh) // it may be what fills the disk; left there, it is removed when the log is opened
		}
	}()
	if err := writeZeros(f, 0, h.size); err != nil {
		return nil, err
	}
	for i := range int64(2) {
		if _, err := f.WriteAt(h.encode(), i*copyStride); err != nil {
			return nil, err
		}
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	if err := files.Rename(fresh, filepath.Join(dir, name)); err != nil {
		return nil, err
	}
	if err := files.SyncDir(dir); err != nil {
		return nil, err
	}
	return &segment{header: h, name: name, file: f, end: dataStart}, nil
}

// writeZeros fills a part of a file.
func writeZeros(f File, from, to int64) error {
	zeros := make([]byte, min(max(to-from, 0), 256<<10))
	for from < to {
		n := min(to-from, int64(len(zeros)))
		if _, err := f.WriteAt(zeros[:n], from); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// renumber begins another use of a file, in place. One copy of the header is durable before the other is touched (W2). After
// an error it is not known which use it is in.
func (s *segment) renumber(h header) error {
	for i := range int64(2) {
		if _, err := s.file.WriteAt(h.encode(), i*copyStride); err != nil {
			return err
		}
		if err := s.file.Sync(); err != nil {
			return err
		}
	}
	s.header, s.end, s.used = h, dataStart, true
	return nil
}

// clean overwrites what an earlier use left behind the end.
func (s *segment) clean() error {
	if err := writeZeros(s.file, s.end, s.size); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.used = false
	return nil
}

// removeFile removes a file that nobody has open; one that is gone already is no error.
func removeFile(files FS, dir, name string) error {
	if err := files.Remove(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
