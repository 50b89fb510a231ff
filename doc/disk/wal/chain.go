package wal

import (
	"errors"
	"fmt"
	"io"
)

// chain is the segments of a log that is being read.
type chain struct {
	files    FS
	dir      string
	from     Position
	segs     []*segment // from.Segment and those after it, without a gap
	free     []*segment // those before it
	leftover []string   // files that were being made

	// Found by check.
	parts []part
	tail  tail
	buf   []byte // the bytes of one segment
}

// part is a segment whose records count. Between the segments of two parts there may be some that are empty, or have only a
// record that was in doubt when the log was reset.
type part struct {
	index int   // of the segment in the chain
	end   int64 // where its records end; openEnd, until it is known, in the last one
}

const openEnd = -1

// tail is where a log ends.
type tail struct {
	index int   // of the segment in the chain; -1 when there is no record
	begin int64 // of the last record
	end   Position
	last  link
	torn  int64 // bytes
}

func (c *chain) close() {
	for _, segs := range [][]*segment{c.segs, c.free} {
		for _, s := range segs {
			_ = s.file.Close() // nothing is to be written
		}
	}
}

// check reads everything, and finds where the log ends, or what is wrong with it (W4). What is not a record is a record
// that a crash has torn if it stands where the log ends, and nothing of this log comes after it. Anything else is damage.
func (c *chain) check() error {
	t := tail{index: -1, end: c.from, last: link{segment: c.from.Segment, end: dataStart}}
	if len(c.segs) == 0 {
		t.end = Position{}
	}
	if err := c.link(); err != nil {
		return err
	}
	for i := range c.parts {
		p := &c.parts[i]
		seg := c.segs[p.index]
		wasOpen := p.end == openEnd
		var err error
		p.end, err = c.read(*p, func(begin int64, _ frame) error {
			t.begin = begin
			return nil
		})
		if err != nil {
			return err
		}
		seg.end = p.end
		if !wasOpen {
			continue
		}
		t.index, t.end, t.last = p.index, Position{seg.number, seg.end}, link{seg.number, seg.salt, seg.end}
		if size, claimed := claim(c.buf, seg.end, seg.salt); claimed {
			t.torn = min(size, seg.size-seg.end)
		}
	}
	if len(c.segs) > 0 && c.from.Offset > c.segs[0].end {
		return fmt.Errorf("%w: segment %d (%s) ends at %d, before %s", ErrCorrupt, c.from.Segment, c.segs[0].name, c.segs[0].end, c.from)
	}
	c.tail = t
	return c.nothingAfter(t.index)
}

// link finds the parts, from the last one back: the first record of each says where the log ended before it.
func (c *chain) link() error {
	firsts := make([]frame, len(c.segs))
	there := make([]bool, len(c.segs))
	p := part{index: -1, end: openEnd}
	for i, seg := range c.segs {
		if err := c.load(seg, min(dataStart+frameSize+linkSize, seg.size)); err != nil {
			return err
		}
		size, claimed := claim(c.buf, dataStart, seg.salt)
		if !claimed || size > seg.size-dataStart {
			continue
		}
		if err := c.load(seg, dataStart+size); err != nil {
			return err
		}
		if firsts[i], there[i] = readFrame(c.buf, dataStart, seg.salt); there[i] {
			p.index = i
		}
	}
	for p.index >= 0 {
		c.parts = append([]part{p}, c.parts...)
		this, before := c.segs[p.index], firsts[p.index].before
		if before.salt == 0 && before.segment > c.from.Segment {
			return fmt.Errorf("%w: segment %d (%s) begins a log that was opened from segment %d on, not from %s", ErrCorrupt, this.number, this.name, before.segment, c.from)
		}
		if before.salt == 0 || before.segment < c.from.Segment {
			return nil
		}
		if before.segment >= this.number {
			return fmt.Errorf("%w: the first record of segment %d (%s) comes after one of segment %d", ErrCorrupt, this.number, this.name, before.segment)
		}
		p = part{index: int(before.segment - c.from.Segment), end: before.end}
		switch left := c.segs[p.index]; {
		case left.salt != before.salt:
			return fmt.Errorf("%w: segment %d (%s) is not the one that segment %d (%s) came after", ErrCorrupt, left.number, left.name, this.number, this.name)
		case !there[p.index]:
			return fmt.Errorf("%w: %s at %d: no record, where the log went on up to %d", ErrCorrupt, left.name, dataStart, before.end)
		}
	}
	return nil
}

// load reads a segment, up to an offset, into buf.
func (c *chain) load(seg *segment, to int64) error {
	if int64(cap(c.buf)) < to {
		c.buf = make([]byte, to)
	}
	c.buf = c.buf[:to]
	if _, err := io.ReadFull(io.NewSectionReader(seg.file, 0, to), c.buf); err != nil {
		return fmt.Errorf("read %s: %w", seg.name, err)
	}
	return nil
}

// read goes over the records of a part, from the segment's start, and returns where they end.
func (c *chain) read(p part, each func(begin int64, f frame) error) (end int64, err error) {
	seg := c.segs[p.index]
	if err := c.load(seg, seg.size); err != nil {
		return 0, err
	}
	at := int64(dataStart)
	for at != p.end {
		f, ok := readFrame(c.buf, at, seg.salt)
		switch {
		case !ok && p.end == openEnd:
			if later, found := findFrame(c.buf, at, seg.salt); found {
				return 0, fmt.Errorf("%w: %s at %d: no record, but there is one at %d", ErrCorrupt, seg.name, at, later)
			}
			return at, nil
		case !ok:
			return 0, fmt.Errorf("%w: %s at %d: no record, where the log went on up to %d", ErrCorrupt, seg.name, at, p.end)
		case p.index == 0 && at < c.from.Offset && at+f.size > c.from.Offset:
			return 0, fmt.Errorf("%w: %s at %d: a record of %d bytes, and none that begins at %s", ErrCorrupt, seg.name, at, f.size, c.from)
		}
		if err := each(at, f); err != nil {
			return 0, err
		}
		at += f.size
	}
	return at, nil
}

// nothingAfter refuses records behind the segment that the log ends in.
func (c *chain) nothingAfter(index int) error {
	for _, seg := range c.segs[index+1:] {
		if err := c.load(seg, seg.size); err != nil {
			return err
		}
		if at, found := findFrame(c.buf, dataStart, seg.salt); found {
			return fmt.Errorf("%w: %s at %d: no record, but there is one at %d", ErrCorrupt, seg.name, dataStart, at)
		}
	}
	return nil
}

// secure makes durable what was read, before anybody acts on it (W5): the process that wrote it may have been killed before it
// had synced, or have failed to. Names, by their directory; bytes, by writing the last record again, because only that can be
// one that was not acknowledged, and because a sync alone does not write what the system has wrongly taken for written.
func (c *chain) secure() error {
	if err := makeDir(c.files, c.dir); err != nil {
		return err
	}
	for _, name := range c.leftover {
		if err := removeFile(c.files, c.dir, name); err != nil {
			return err
		}
	}
	if err := c.files.SyncDir(c.dir); err != nil {
		return err
	}
	t := c.tail
	if t.index < 0 {
		return nil
	}
	seg := c.segs[t.index]
	last := make([]byte, t.end.Offset-t.begin)
	if _, err := seg.file.ReadAt(last, t.begin); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", seg.name, err)
	}
	if _, err := seg.file.WriteAt(last, t.begin); err != nil {
		return fmt.Errorf("write the last record of %s again: %w", seg.name, err)
	}
	if err := seg.file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", seg.name, err)
	}
	return nil
}

// replay hands out the records from the chain's position on.
func (c *chain) replay(each func(begin, end Position, record []byte) error) (Replay, error) {
	r := Replay{Torn: c.tail.torn}
	for _, p := range c.parts {
		number := c.segs[p.index].number
		_, err := c.read(p, func(at int64, f frame) error {
			begin := Position{number, at}
			if begin.Before(c.from) {
				return nil
			}
			r.Records++
			r.Bytes += int64(len(f.record))
			return each(begin, Position{number, at + f.size}, f.record)
		})
		if err != nil {
			return r, err
		}
	}
	return r, nil
}
