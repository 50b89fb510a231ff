package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// The formats that this package reads.
const (
	FormatSeq = "seqtrace/1"
	FormatDag = "dagtrace/1"
)

// MaxLine bounds one line of a trace, in bytes.
const MaxLine = 16 << 20

// ErrFormat is wrapped by every error about a file that is there but is not the trace it should be.
var ErrFormat = errors.New("not a readable trace")

// A Header is a trace's first line. Fields that only one format has are zero in the other.
type Header struct {
	Format string `json:"format"`
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Source string `json:"source,omitempty"`

	Txns          int `json:"txns"`
	Patches       int `json:"patches"`
	InsertOnly    int `json:"insertOnly"`
	DeleteOnly    int `json:"deleteOnly"`
	Replace       int `json:"replace"`
	InsertedUnits int `json:"insertedUnits"`
	DeletedUnits  int `json:"deletedUnits"`

	StartLen         int `json:"startLen"`
	EndLen           int `json:"endLen"`
	EndCodePoints    int `json:"endCodePoints"`
	EndBytesUTF8     int `json:"endBytesUtf8"`
	MaxLen           int `json:"maxLen"`
	NonASCIIInserted int `json:"nonAsciiInserted"`
	AstralPatches    int `json:"astralPatches"`

	Agents int `json:"agentsDeclared,omitempty"` // dagtrace/1: agents are 0…Agents−1

	StartSHA256 string `json:"startSha256,omitempty"` // seqtrace/1
	EndSHA256   string `json:"endSha256"`
}

// lines hands out a trace line by line and knows where it is, for errors.
type lines struct {
	path string
	n    int // the line last read, from 1
	scan *bufio.Scanner
	file *os.File
}

func openLines(path string) (*lines, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open trace: %w", err)
	}
	l := &lines{path: path, file: file}
	buffered := bufio.NewReaderSize(file, 64<<10)
	var r io.Reader = buffered
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if r, err = gzip.NewReader(buffered); err != nil {
			file.Close()
			return nil, l.errorf("%w", err)
		}
	}
	l.scan = bufio.NewScanner(r)
	l.scan.Buffer(nil, MaxLine)
	return l, nil
}

func (l *lines) close() { l.file.Close() }

// next is the next line, or nil at the end. It is valid until the call after.
func (l *lines) next() ([]byte, error) {
	if l.scan.Scan() {
		l.n++
		return l.scan.Bytes(), nil
	}
	if err := l.scan.Err(); err != nil {
		l.n++
		return nil, l.errorf("%w", err)
	}
	return nil, nil
}

// header reads line 1 and checks what does not need the rest.
func (l *lines) header(format string) (Header, error) {
	var h Header
	line, err := l.next()
	if err != nil {
		return h, err
	}
	if line == nil {
		return h, l.errorf("the file is empty")
	}
	if err := json.Unmarshal(line, &h); err != nil || h.Format == "" {
		return h, l.errorf("line 1 is not the header of a trace")
	}
	switch {
	case h.Format != format:
		return h, l.errorf("the format is %q, want %q", h.Format, format)
	case h.Unit != "utf16":
		return h, l.errorf("offsets count %q, want \"utf16\"", h.Unit)
	case h.StartLen != 0:
		return h, l.errorf("the session starts from a text of %d units, which is not in the file", h.StartLen)
	case len(h.EndSHA256) != 64:
		return h, l.errorf("endSha256 is missing")
	}
	return h, nil
}

// errorf is an error at the line last read.
func (l *lines) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w: %w", l.path, max(l.n, 1), ErrFormat, fmt.Errorf(format, args...))
}

// want compares a count with the header's.
func (l *lines) want(what string, header, found int) error {
	if header != found {
		return l.errorf("the header promises %d %s, the file holds %d", header, what, found)
	}
	return nil
}
