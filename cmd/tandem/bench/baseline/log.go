package baseline

import (
	"fmt"
	"os"
	"path/filepath"
)

// logBytes is how large the log is.
const logBytes = 16 << 20

// A log is a file that is written in a circle (B3).
type log struct {
	file *os.File
	at   int64
}

// createLog makes a zero-filled log in a directory, which it makes as well.
func createLog(dir string) (*log, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the baseline's directory: %w", err)
	}
	file, err := os.Create(filepath.Join(dir, "baseline.log"))
	if err != nil {
		return nil, fmt.Errorf("make the baseline's log: %w", err)
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < logBytes; at += int64(len(zeros)) {
		if _, err := file.WriteAt(zeros, at); err != nil {
			return nil, fmt.Errorf("fill the baseline's log: %w", err)
		}
	}
	if err := file.Sync(); err != nil {
		return nil, fmt.Errorf("fill the baseline's log: %w", err)
	}
	return &log{file: file}, nil
}

// append returns when the record is on disk.
func (l *log) append(record []byte) error {
	if int64(len(record)) > logBytes-l.at {
		l.at = 0
	}
	if _, err := l.file.WriteAt(record, l.at); err != nil {
		return fmt.Errorf("write the baseline's log: %w", err)
	}
	l.at += int64(len(record))
	if err := syncData(l.file); err != nil {
		return fmt.Errorf("sync the baseline's log: %w", err)
	}
	return nil
}

func (l *log) close() { _ = l.file.Close() }
