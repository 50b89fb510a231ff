package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Replay says what was read when a log was opened.
type Replay struct {
	Records, Bytes int64 // handed out; the bytes are the records' own
	Torn           int64 // bytes of a last record that was not written wholly, as far as can be told; it does not count
}

// Open opens the log in a directory, which is made where it is missing, and calls each with every record from a position on, in
// order. A record is valid during the call. An error of each ends Open. Everything has been checked, and made durable, before
// each is called for the first time. The log is then ready to append, in a segment that begins anew.
//
// The caller sees to it that nobody else has the directory open. Files in it that are not named like segments are left alone.
func Open(dir string, from Position, cfg Config, each func(begin, end Position, record []byte) error) (*Log, Replay, error) {
	l, replay, err := open(dir, from.normal(), cfg, each)
	if err != nil {
		return nil, Replay{}, fmt.Errorf("open log %s: %w", dir, err)
	}
	return l, replay, nil
}

func open(dir string, from Position, cfg Config, each func(begin, end Position, record []byte) error) (_ *Log, replay Replay, err error) {
	cfg, err = cfg.withDefaults()
	if err != nil {
		return nil, replay, err
	}
	dir = filepath.Clean(dir)
	c, err := find(cfg.Files, dir, from, true)
	if err != nil {
		return nil, replay, err
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err = c.check(); err != nil {
		return nil, replay, err
	}
	if err = c.secure(); err != nil {
		return nil, replay, err
	}
	if replay, err = c.replay(each); err != nil {
		return nil, replay, err
	}
	l := &Log{dir: dir, cfg: cfg, ended: make(chan struct{}), last: c.tail.last, end: c.tail.end, free: c.free, live: c.segs}
	l.changed.L = &l.mu
	if n := len(c.segs); n > 0 {
		l.highest = c.segs[n-1].number
		if n-1 > c.tail.index {
			l.live, l.spare = c.segs[:n-1:n-1], c.segs[n-1]
		}
	}
	l.task = job{size: cfg.SegmentBytes}
	go l.prepare()
	return l, replay, nil
}

// Verify reads a log as Open does, and changes nothing.
func Verify(dir string, from Position, cfg Config, each func(begin, end Position, record []byte) error) (Replay, error) {
	replay, err := verify(dir, from.normal(), cfg, each)
	if err != nil {
		return Replay{}, fmt.Errorf("verify log %s: %w", dir, err)
	}
	return replay, nil
}

func verify(dir string, from Position, cfg Config, each func(begin, end Position, record []byte) error) (Replay, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Replay{}, err
	}
	c, err := find(cfg.Files, filepath.Clean(dir), from, false)
	if err != nil {
		return Replay{}, err
	}
	defer c.close()
	if err := c.check(); err != nil {
		return Replay{}, err
	}
	return c.replay(each)
}

// find opens the segments of a directory, and puts those from a position on into a chain.
func find(files FS, dir string, from Position, write bool) (c *chain, err error) {
	c = &chain{files: files, dir: dir, from: from}
	if from.Offset < dataStart {
		return c, fmt.Errorf("%w: no record begins at %s, before %d", ErrCorrupt, from, dataStart)
	}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	names, err := files.Names(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case freshName.MatchString(name):
			c.leftover = append(c.leftover, name)
			continue
		case !segmentName.MatchString(name):
			continue
		}
		seg, err := openSegment(files, dir, name, write)
		if err != nil {
			return c, err
		}
		if seg.number < from.Segment {
			c.free = append(c.free, seg)
		} else {
			c.segs = append(c.segs, seg)
		}
	}
	return c, c.line()
}

// openSegment opens a file that has the name of a segment, and so was whole once.
func openSegment(files FS, dir, name string, write bool) (*segment, error) {
	f, err := files.Open(filepath.Join(dir, name), write)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(f)
	var size int64
	if err == nil {
		size, err = f.Size()
	}
	switch {
	case errors.Is(err, errNoHeader):
		err = fmt.Errorf("%w: %s has no header that can be read, neither at 0 nor at %d", ErrCorrupt, name, copyStride)
	case err != nil:
		err = fmt.Errorf("%s: %w", name, err)
	case size < h.size:
		err = fmt.Errorf("%w: %s has %d bytes and had %d", ErrCorrupt, name, size, h.size)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &segment{header: h, name: name, file: f, end: dataStart, used: true}, nil
}

// line sorts the chain, which has every number from that of its position on, once. Before a log's first segment was made there
// is none.
func (c *chain) line() error {
	slices.SortFunc(c.segs, func(a, b *segment) int { return Position{a.number, 0}.Compare(Position{b.number, 0}) })
	if len(c.segs) == 0 && len(c.free) == 0 && c.from == (Position{}).normal() {
		return nil
	}
	for i := range max(len(c.segs), 1) {
		number := c.from.Segment + uint64(i)
		switch {
		case i == len(c.segs) || c.segs[i].number > number:
			return fmt.Errorf("%w: segment %d is missing; there are %s", ErrCorrupt, number, c.names())
		case c.segs[i].number < number:
			return fmt.Errorf("%w: segment %d is there twice, as %s and %s", ErrCorrupt, c.segs[i].number, c.segs[i-1].name, c.segs[i].name)
		}
	}
	return nil
}

func (c *chain) names() string {
	var all []string
	for _, s := range slices.Concat(c.free, c.segs) {
		all = append(all, fmt.Sprintf("%d (%s)", s.number, s.name))
	}
	if all == nil {
		return "none"
	}
	return strings.Join(all, ", ")
}
