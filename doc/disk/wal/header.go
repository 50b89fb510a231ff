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

// readHeader reads the first copy, which is written first, or else the second.
func readHeader(f io.ReaderAt) (header, error) {
	var found header
	err := errNoHeader
	for i := range 2 {
		b := make([]byte, headerSize)
		if n, err := f.ReadAt(b, int64(i)*copyStride); err != nil && !errors.Is(err, io.EOF) {
			return header{}, err
		} else {
			b = b[:n]
		}
		h, e := decodeHeader(b)
		switch {
		case errors.Is(e, ErrVersion):
			return header{}, e
		case e == nil && err != nil:
			found, err = h, nil
		}
	}
	return found, err
}
