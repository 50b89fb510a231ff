package wal

import (
	"fmt"
	"slices"
)

// prepare has the next segment ready before it is needed, in one goroutine, which Close ends and waits for. It works when an
// Append that took a segment has become durable, so that it does not compete with that, or when somebody waits for it.
func (l *Log) prepare() {
	defer close(l.ended)
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for l.task.size == 0 && !l.closed {
			l.changed.Wait()
		}
		if l.closed {
			return
		}
		l.failed = l.ready(l.task)
		l.task = job{}
		l.changed.Broadcast()
	}
}

// ready does a job. It is called with mu held, and lets go of it while it is at the disk.
func (l *Log) ready(task job) error {
	if spare := l.spare; spare != nil {
		l.spare = nil
		if done, err := l.readySpare(spare, task); done || err != nil {
			return err
		}
	}
	if name := l.doubtful; name != "" {
		if err := l.outside(func() error { return l.remove(name) }); err != nil {
			return err
		}
		l.doubtful = ""
	}
	h := l.header(l.highest+1, task.size)
	seg := l.takeFree(task)
	err := l.outside(func() (err error) {
		if seg != nil {
			return seg.renumber(h)
		}
		seg, err = makeSegment(l.cfg.Files, l.dir, h)
		return err
	})
	if err != nil {
		l.doubtful = segmentFile(h.number)
		if seg != nil {
			l.doubtful = seg.name
			_ = seg.file.Close()
		}
		return err
	}
	l.next, l.highest = seg, h.number
	return nil
}

// readySpare begins the spare anew, under its number. Where that fails, or it does not fit, its number goes to another file (W7):
// that it has the number may be something that only the page cache knows, after a sync that failed in the process before. Where
// the log ends in it this is not so, and it stays.
func (l *Log) readySpare(spare *segment, task job) (done bool, err error) {
	fits := spare.size == task.size && !task.fresh
	if fits {
		h := l.header(spare.number, task.size)
		if err = l.outside(func() error { return spare.renumber(h) }); err == nil {
			l.next = spare
			return true, nil
		}
	}
	if spare.number <= l.end.Segment {
		spare.suspect = true
		l.live = append(l.live, spare)
		return false, err
	}
	_ = spare.file.Close()
	l.doubtful = spare.name
	l.highest = spare.number - 1
	return false, err
}

// outside does something without holding mu.
func (l *Log) outside(f func() error) error {
	l.mu.Unlock()
	defer l.mu.Lock()
	return f()
}

func (l *Log) header(number uint64, size int64) header {
	return header{number: number, salt: l.cfg.salt(), size: size}
}

// remove removes a closed file for good.
func (l *Log) remove(name string) error {
	if err := removeFile(l.cfg.Files, l.dir, name); err != nil {
		return err
	}
	return l.cfg.Files.SyncDir(l.dir)
}

// takeFree takes a free segment of the right size, or returns nil. mu is held.
func (l *Log) takeFree(task job) *segment {
	i := slices.IndexFunc(l.free, func(s *segment) bool { return s.size == task.size })
	if i < 0 || task.fresh {
		return nil
	}
	s := l.free[i]
	l.free = slices.Delete(l.free, i, i+1)
	return s
}

// refill orders the next segment where there is none. A job that failed is not repeated before somebody needs the segment, or
// something was recycled.
func (l *Log) refill() {
	if l.failed == nil {
		l.again()
	}
}

// again is refill, also after a job that failed: why it did is known until the next one has ended. mu is held.
func (l *Log) again() {
	if l.next == nil && l.task.size == 0 && !l.closed {
		l.task = job{size: l.cfg.SegmentBytes}
		l.changed.Broadcast()
	}
}

// settled waits until nothing is being prepared. mu is held.
func (l *Log) settled() {
	for l.task.size != 0 && !l.closed {
		l.changed.Wait()
	}
}

// take makes the prepared segment live, or one of its own size for a large frame, and waits for it if it has to. It becomes
// the current one. writing is held. After an error, which is ErrFull, the current one is the one that was.
func (l *Log) take(need int64, reset bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled()
	size := max(need, l.cfg.SegmentBytes)
	over := l.next != nil && (l.next.size < size || reset)
	bytes := total(l.live) + size
	if over {
		bytes += l.next.size
	}
	if bytes > l.cfg.MaxBytes && !reset {
		return fmt.Errorf("%w: %d bytes are in use, %d with this segment, of at most %d: recycle", ErrFull, total(l.live), bytes, l.cfg.MaxBytes)
	}
	if over { // it stays, empty, because numbers have no gaps
		l.live = append(l.live, l.next)
		l.next = nil
	}
	if l.next == nil {
		l.task = job{size: size, fresh: reset}
		l.changed.Broadcast()
		l.settled()
		if l.failed != nil {
			return fmt.Errorf("%w: prepare a segment of %d bytes in %s: %w", ErrFull, size, l.dir, l.failed)
		}
	}
	l.current = l.next
	l.live = append(l.live, l.next)
	l.next = nil
	return nil
}
