package pack

import (
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// A Writer appends msgpack in its shortest form. Get one with Append; it belongs to one goroutine.
type Writer struct {
	buf []byte
	enc *msgpack.Encoder
}

var writers = sync.Pool{New: func() any {
	w := new(Writer)
	w.enc = msgpack.NewEncoder((*sink)(w))
	return w
}}

// Append gives a Writer that appends to buf; Done ends it.
func Append(buf []byte) *Writer {
	w := writers.Get().(*Writer)
	w.buf = buf
	return w
}

// Done is what was written, appended to the buffer that Append was given. The Writer must not be used after it.
func (w *Writer) Done() []byte {
	buf := w.buf
	w.buf = nil
	writers.Put(w)
	return buf
}

// The Encoder's calls fail only where its writer does, and the sink never fails.

// Nil writes a nil.
func (w *Writer) Nil() { _ = w.enc.EncodeNil() }

// Bool writes a boolean.
func (w *Writer) Bool(b bool) { _ = w.enc.EncodeBool(b) }

// Int writes an integer; it must lie within ±MaxInt.
func (w *Writer) Int(n int64) { _ = w.enc.EncodeInt(n) }

// Str writes a string, which must be UTF-8.
func (w *Writer) Str(s string) { _ = w.enc.EncodeString(s) }

// Bin writes a binary string.
func (w *Writer) Bin(b []byte) {
	_ = w.enc.EncodeBytesLen(len(b))
	w.buf = append(w.buf, b...)
}

// Array writes the head of an array of n elements.
func (w *Writer) Array(n int) { _ = w.enc.EncodeArrayLen(n) }

// Raw appends bytes that are encoded already.
func (w *Writer) Raw(b []byte) { w.buf = append(w.buf, b...) }

// sink is a Writer as its own Encoder sees it: somewhere to append to.
type sink Writer

func (s *sink) Write(p []byte) (int, error) {
	s.buf = append(s.buf, p...)
	return len(p), nil
}

func (s *sink) WriteByte(c byte) error {
	s.buf = append(s.buf, c)
	return nil
}
