package wal

import (
	"errors"
	"fmt"
)

// Append adds a record, which is durable when the error is nil, and returns where it ends. One write and one sync. The
// errors: ErrFull and ErrTooLarge (nothing was written), ErrUnsafe (it may have been), ErrClosed.
func (l *Log) Append(record []byte) (end Position, err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.usable(); err != nil {
		return Position{}, err
	}
	length := int64(len(record))
	if limit := l.maxRecord(); length > limit {
		return Position{}, fmt.Errorf("%w: it has %d bytes, of at most %d", ErrTooLarge, length, limit)
	}
	if seg := l.current; seg == nil || seg.end+overhead(seg.end)+length > seg.size {
		const page = 4096 // sizes are multiples, as file systems hand it out
		need := (dataStart + overhead(dataStart) + length + page - 1) / page * page
		if err := l.take(need, false); err != nil {
			return Position{}, err
		}
	}
	seg := l.current
	l.buf = appendFrame(l.buf[:0], seg.end, seg.salt, l.last, record)
	written := l.buf[prefix:]
	if int64(cap(l.buf)) > l.cfg.SegmentBytes {
		l.buf = nil // what a rare large record took is not kept
	}
	if _, err := seg.file.WriteAt(written, seg.end); err != nil {
		return Position{}, l.fail(fmt.Errorf("write %d bytes at %d of %s: %w", len(written), seg.end, seg.name, err))
	}
	if err := seg.file.Sync(); err != nil {
		return Position{}, l.fail(fmt.Errorf("sync %s: %w", seg.name, err))
	}
	seg.end += int64(len(written))
	l.last = link{segment: seg.number, salt: seg.salt, end: seg.end}
	return l.advance(), nil
}

// maxRecord is the size of a record for which there is room once all before it is recycled: beside it live the current segment,
// and a prepared one that is too small for it.
func (l *Log) maxRecord() int64 {
	return min(maxLength, l.cfg.MaxBytes-2*l.cfg.SegmentBytes-2*dataStart)
}

// usable says why nothing can be written. writing is held.
func (l *Log) usable() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	return l.unsafe
}

// fail is the end of the current segment (W6): after a failed sync the system may take pages for written that are not, so that
// syncing again proves nothing.
func (l *Log) fail(cause error) error {
	l.current.suspect = true
	l.unsafe = fmt.Errorf("%w: %w", ErrUnsafe, cause)
	return l.unsafe
}

// advance publishes the end of the current segment, and has the next one prepared.
func (l *Log) advance() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = Position{Segment: l.current.number, Offset: l.current.end}
	l.refill()
	return l.end
}

// Rotate goes on in another segment, so that Recycle can free the current one, and returns where that starts. In a segment
// with nothing in it the log stays. Errors as of Append.
func (l *Log) Rotate() (Position, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.usable(); err != nil {
		return Position{}, err
	}
	if l.current == nil || l.current.end > dataStart {
		if err := l.take(0, false); err != nil {
			return Position{}, err
		}
	}
	return l.advance(), nil
}

// Reset makes the log usable after ErrUnsafe: it goes on in a new file, whose number is above all before, and MaxBytes does not
// hold it back. Once the caller has stored the Position durably, nothing that stood in the log counts any more, and the
// record in doubt least of all; until then that may be there when the log is opened, unless something was appended since.
// After an error the log is as unusable as before, and Reset may be tried again.
func (l *Log) Reset() (Position, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.usable(); errors.Is(err, ErrClosed) {
		return Position{}, err
	}
	if err := l.take(0, true); err != nil {
		return Position{}, err
	}
	l.unsafe = nil
	return l.advance(), nil
}
