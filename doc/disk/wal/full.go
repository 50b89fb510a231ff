package wal

import "fmt"

// Full says why a segment could not be had once the current one is full, before it is: nil, or an error that is ErrFull. What fits the
// rest of the current segment can be appended all the same. While it is tried again, what it says stays: only a segment that is there
// proves that there is space. It answers from memory.
func (l *Log) Full() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch live := total(l.live); {
	case l.next == nil && l.failed != nil:
		return fmt.Errorf("%w: prepare a segment in %s: %w", ErrFull, l.dir, l.failed)
	case live+l.cfg.SegmentBytes > l.cfg.MaxBytes:
		return fmt.Errorf("%w: %d bytes are in use, of at most %d: recycle", ErrFull, live, l.cfg.MaxBytes)
	}
	return nil
}

// Retry has a segment prepared again that could not be: there may be space now.
func (l *Log) Retry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.again()
}
