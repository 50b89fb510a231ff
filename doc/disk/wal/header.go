package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	magic         = "tandemwl"
	formatVersion = 1

	headerSize = 64   // bytes of one copy; in every version its checksum stands in the last 4
	copyStride = 4096 // bytes from one copy to the next: no sector, and no page, holds both
	dataStart  = 2 * copyStride
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	order      = binary.BigEndian
)

// header is what a segment says of itself. It stands there twice, and is changed one copy after the other, each synced, so that
// at any time one of them is whole (W2).
type header struct {
	number uint64
	salt   uint64 // of this use of the file; never 0, which a hole would have
	size   int64  // bytes of the segment, the header included
}

func (h header) encode() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = order.AppendUint32(b, formatVersion)
	b = order.AppendUint64(b, h.number)
	b = order.AppendUint64(b, h.salt)
	b = order.AppendUint64(b, uint64(h.size))
	b = b[:headerSize-4]
	return order.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// errNoHeader is a copy that is not whole.
var errNoHeader = errors.New("wal: no header")

// decodeHeader reads one copy: errNoHeader, or ErrVersion for one that is whole and of a later format.
func decodeHeader(b []byte) (header, error) {
	if len(b) != headerSize || string(b[:8]) != magic || order.Uint32(b[headerSize-4:]) != crc32.Checksum(b[:headerSize-4], castagnoli) {
		return header{}, errNoHeader
	}
	if version := order.Uint32(b[8:]); version != formatVersion {
		return header{}, fmt.Errorf("%w: it has the format %d and this program knows formats up to %d", ErrVersion, version, formatVersion)
	}
	h := header{number: order.Uint64(b[12:]), salt: order.Uint64(b[20:]), size: int64(order.Uint64(b[28:]))}
	if h.number == 0 || h.salt == 0 || h.size < dataStart {
		return header{}, errNoHeader
	}
	return h, nil
}

// readHeader reads both copies. The first one is written first, so the second may be of the use before. It is never of a later one, but
// where the first has been put back by something that is no crash: an old page in place of a new one. That is survived, too.
func readHeader(f io.ReaderAt) (header, error) {
	var copies []header
	for i := range int64(2) {
		b, err := readUpTo(f, headerSize, i*copyStride)
		if err != nil {
			return header{}, err
		}
		h, err := decodeHeader(b)
		switch {
		case errors.Is(err, ErrVersion):
			return header{}, err
		case err == nil:
			copies = append(copies, h)
		}
	}
	switch {
	case len(copies) == 0:
		return header{}, errNoHeader
	case len(copies) == 1 || copies[0] == copies[1] || copies[0].number > copies[1].number:
		return copies[0], nil
	case copies[0].number < copies[1].number:
		return copies[1], nil
	}
	// A segment with nothing in it is prepared once more under its number. Where something is in it, that says which use it is in.
	b, err := readUpTo(f, 8, dataStart)
	if err == nil && len(b) == 8 && order.Uint64(b) == copies[1].salt {
		return copies[1], nil
	}
	return copies[0], err
}

// readUpTo reads n bytes, or as many as there are.
func readUpTo(f io.ReaderAt, n int, at int64) ([]byte, error) {
	b := make([]byte, n)
	n, err := f.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}
