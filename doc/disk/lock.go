package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

var errLocked = errors.New("locked")

// lockPoll is how often a lock that another process has is tried again.
const lockPoll = 20 * time.Millisecond

// dirLock is a locked file that says who uses the directory. bbolt locks its own file, but that lock goes with the file when
// a copy takes its place. The first line is one of two words of the same length, and is written in place: after a failed
// commit there may be no space for more, and a process that is killed before the store is safe again leaves a page cache that
// its successor must not trust. A power cut takes the page cache, too.
type dirLock struct {
	file *os.File
	safe bool // what the file said when it was locked
}

const (
	safeWord   = "safe  \n"
	unsafeWord = "unsafe\n"
)

// lockDir takes the lock, waiting at most wait for another process to let go.
func lockDir(path, owner string, wait time.Duration) (*dirLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(wait)
	for {
		err = tryLock(f)
		if !errors.Is(err, errLocked) || !time.Now().Before(deadline) {
			break
		}
		time.Sleep(lockPoll)
	}
	if err != nil {
		if errors.Is(err, errLocked) {
			err = fmt.Errorf("it is in use by %s; stop that first, or choose another directory", holder(f))
		}
		f.Close()
		return nil, err
	}
	word := make([]byte, len(unsafeWord))
	n, _ := f.ReadAt(word, 0)
	l := &dirLock{file: f, safe: string(word[:n]) != unsafeWord}
	if err := l.write(owner); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

func (l *dirLock) write(owner string) error {
	owner = strings.Join(strings.Fields(owner), " ")
	word := safeWord
	if !l.safe {
		word = unsafeWord
	}
	text := fmt.Sprintf("%s%d %s\n", word, os.Getpid(), owner)
	if _, err := l.file.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	return l.file.Truncate(int64(len(text)))
}

// mark notes whether the page cache shows what is on disk. It does what it can: the file system may be failing.
func (l *dirLock) mark(safe bool) {
	word := unsafeWord
	if safe {
		word = safeWord
	}
	_, _ = l.file.WriteAt([]byte(word), 0)
}

// unlock lets go. The file stays: removing it would let two processes lock two files of one name.
func (l *dirLock) unlock() { _ = l.file.Close() }

// holder reads who has the lock.
func holder(f *os.File) string {
	text, _ := io.ReadAll(io.NewSectionReader(f, 0, 1<<10))
	lines := strings.SplitN(string(text), "\n", 3)
	if len(lines) < 2 {
		return "another process"
	}
	pid, owner, _ := strings.Cut(lines[1], " ")
	if owner == "" {
		return "process " + pid
	}
	return fmt.Sprintf("process %s (%s)", pid, owner)
}
