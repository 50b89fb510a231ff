package wal

import (
	"errors"
	"fmt"
)

// Recycle says that all before a position is kept elsewhere, durably, and that the log will be opened from there or later.
// Segments before that one are free: their files are used again, or removed where there are more than two. It may run
// beside Append.
func (l *Log) Recycle(before Position) error {
	before = before.normal()
	dropped, err := l.release(before)
	if err != nil {
		return err
	}
	err = l.drop(dropped)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.again()       // there may be space now
	if err != nil { // a file that stays is free when the log is opened
		return fmt.Errorf("remove free segments of %s: %w", l.dir, err)
	}
	return nil
}

// drop removes the files of segments that the log does not know any more.
func (l *Log) drop(segs []*segment) error {
	var errs []error
	for _, s := range segs {
		_ = s.file.Close() // there is nothing in it that anybody wants
		errs = append(errs, removeFile(l.cfg.Files, l.dir, s.name))
	}
	return errors.Join(errs...)
}

// release makes segments free, and returns those that are not kept.
func (l *Log) release(before Position) (dropped []*segment, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if l.end.normal().Before(before) {
		return nil, fmt.Errorf("wal: recycle before %s: the log ends at %s", before, l.end)
	}
	kept := l.free[:0:0]
	keep := func(s *segment) {
		if len(kept) < keptFree && s.size == l.cfg.SegmentBytes && !s.suspect {
			kept = append(kept, s)
		} else {
			dropped = append(dropped, s)
		}
	}
	for _, s := range l.free {
		keep(s)
	}
	for len(l.live) > 0 && l.live[0].number < before.Segment {
		keep(l.live[0])
		l.live = l.live[1:]
	}
	l.free = kept
	return dropped, nil
}

// Scrub takes bytes that were recycled out of the files: free segments are removed, durably, and what an earlier use left in the
// current and in the prepared one is overwritten. An Append waits meanwhile. Other segments are left as they are until they
// are recycled: after Rotate, and Recycle before what that returned, there are none, and nothing older is left anywhere.
func (l *Log) Scrub() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	free, next, err := l.scrubbed()
	if err != nil {
		return err
	}
	errs := []error{l.drop(free), l.cfg.Files.SyncDir(l.dir)}
	if next != nil && next.used {
		errs = append(errs, next.clean())
	}
	if l.current != nil && l.current.used && !l.current.suspect {
		if err := l.current.clean(); err != nil {
			// This sync may have been the one that would have told an Append of its failure.
			errs = append(errs, l.fail(fmt.Errorf("overwrite the rest of %s: %w", l.current.name, err)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("scrub log %s: %w", l.dir, err)
	}
	return nil
}

// scrubbed takes the free segments out of the log, and returns them and the prepared one, which nobody takes while writing is
// held.
func (l *Log) scrubbed() (free []*segment, next *segment, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, ErrClosed
	}
	l.settled()
	free, l.free = l.free, nil
	return free, l.next, nil
}
