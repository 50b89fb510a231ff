package child

import (
	"bytes"
	"sync"
)

// tailBytes is how much a Tail keeps, in bytes.
const tailBytes = 32 << 10

// FirstLine takes what a process prints, of which only the first line matters.
type FirstLine struct {
	Line chan string // gets the line
	got  bool
	buf  []byte
}

// NewFirstLine is ready to be written to.
func NewFirstLine() *FirstLine { return &FirstLine{Line: make(chan string, 1)} }

// Write is called by one goroutine, that of exec.
func (f *FirstLine) Write(p []byte) (int, error) {
	if !f.got {
		f.buf = append(f.buf, p...)
		if line, _, ok := bytes.Cut(f.buf, []byte("\n")); ok {
			f.got = true
			f.Line <- string(line)
		}
	}
	return len(p), nil
}

// Tail keeps the end of what is written to it.
type Tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailBytes; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
