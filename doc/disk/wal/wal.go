package wal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
)

// What opening a log finds.
var (
	// ErrCorrupt is damage that no crash explains: a record, a header or a segment that should be there is not, or is another.
	ErrCorrupt = errors.New("wal: damaged")
	// ErrVersion is a log that a later version of the program has written.
	ErrVersion = errors.New("wal: a later format")
)

// What appending answers.
var (
	// ErrFull is a record that no segment is to be had for: MaxBytes are in use, there is no space on the disk, or it refuses
	// to make a file. Nothing was written, nothing is in doubt, and it may be tried again, best after Recycle.
	ErrFull = errors.New("wal: no segment to be had")
	// ErrTooLarge is a record for which there will never be room.
	ErrTooLarge = errors.New("wal: record too large")
	// ErrUnsafe is a write or a sync that failed. Whether the record is there is not known; every later Append answers the
	// same, until Reset.
	ErrUnsafe = errors.New("wal: outcome unknown")
	// ErrClosed is a log after Close.
	ErrClosed = errors.New("wal: closed")
)

const (
	defaultSegmentBytes = 4 << 20
	defaultMaxBytes     = 64 << 20
	minSegmentBytes     = 2 * dataStart
	minSegments         = 4 // in MaxBytes: the current one, one passed over, and as much again for a large record

	keptFree = 2 // free segments that are kept to be recycled
)

// Config is how a log is kept. The zero Config works.
type Config struct {
	SegmentBytes int64 // size of a segment, at least 16 KiB; default 4 MiB
	MaxBytes     int64 // of all live segments, at least 4 segments: beyond, Append is ErrFull; default 64 MiB
	Files        FS    // default: the operating system's

	salt func() uint64 // default: from crypto/rand; tests repeat a run with it
}

func (c Config) withDefaults() (Config, error) {
	if c.SegmentBytes == 0 {
		c.SegmentBytes = defaultSegmentBytes
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = max(defaultMaxBytes, minSegments*c.SegmentBytes)
	}
	if c.Files == nil {
		c.Files = osFS{}
	}
	if c.salt == nil {
		c.salt = randomSalt
	}
	if c.SegmentBytes < minSegmentBytes {
		return c, fmt.Errorf("wal: SegmentBytes is %d: it must be at least %d", c.SegmentBytes, minSegmentBytes)
	}
	if c.MaxBytes/minSegments < c.SegmentBytes {
		return c, fmt.Errorf("wal: MaxBytes is %d: it must be at least %d segments of %d", c.MaxBytes, minSegments, c.SegmentBytes)
	}
	return c, nil
}

func randomSalt() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return max(order.Uint64(b[:]), 1)
}

// Log is an open log. Its methods may be called from any goroutine.
type Log struct {
	// Immutable after Open.
	dir   string
	cfg   Config
	ended chan struct{} // closed when the goroutine that prepares segments has ended

	// writing is held over writes and syncs, so that one follows the other. Who asks for End and Live, and who recycles, must
	// not wait for a slow disk: hence the second mutex. It is taken before mu.
	writing sync.Mutex
	// Guarded by writing.
	current *segment // appended to; nil from Open to the first Append: nothing is appended to what was there
	last    link     // where the acknowledged log ends
	unsafe  error
	buf     []byte // a frame is made here

	mu      sync.Mutex
	changed sync.Cond
	// Guarded by mu.
	end      Position
	live     []*segment // by number; the current one is the last
	next     *segment   // prepared to follow; its number is highest
	spare    *segment   // found at the end of the log, with nothing in it: prepared once more under its number, which is highest
	free     []*segment
	doubtful string // file that may have the number after highest, from a job that failed: it must be gone before that is given again
	highest  uint64 // the highest number that a file has
	task     job    // what is to be prepared now
	failed   error  // why the last job that has ended was not done
	closed   bool
}

// job is a segment to be prepared; a size of 0 is none.
type job struct {
	size  int64 // bytes
	fresh bool  // never a file that was there
}

// End returns where the acknowledged log ends.
func (l *Log) End() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// Live returns how many bytes the segments have that are not recycled. A prepared one, and free ones, are not counted.
func (l *Log) Live() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return total(l.live)
}

func total(segs []*segment) (bytes int64) {
	for _, s := range segs {
		bytes += s.size
	}
	return bytes
}

// Close waits for what is being written, and closes the files. What was acknowledged is durable without it.
func (l *Log) Close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	<-l.ended
	l.mu.Lock()
	defer l.mu.Unlock()
	files := append(append([]*segment{l.next, l.spare}, l.live...), l.free...)
	var errs []error
	for _, s := range files {
		if s != nil {
			errs = append(errs, s.file.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close log %s: %w", l.dir, err)
	}
	return nil
}
