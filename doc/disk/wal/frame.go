package wal

import (
	"bytes"
	"hash/crc32"
)

const (
	frameSize = 16 // bytes before a record: salt, checksum, length
	linkSize  = 24 // bytes of the link, which the first frame of a segment has before its record

	maxLength = 1<<31 - 1 // bytes of a record, by the format
)

// link says where the log ended before a segment's first record: what stands behind that in earlier segments does not count.
// The zero link is that of the first record of all.
type link struct {
	segment uint64
	salt    uint64 // of that segment
	end     int64
}

// overhead is how many bytes a frame at an offset has around its record.
func overhead(offset int64) int64 {
	if offset == dataStart {
		return frameSize + linkSize
	}
	return frameSize
}

// prefix bytes stand before a frame in the buffer that it is made in: its offset, over which the checksum goes too, so that a
// frame counts nowhere but at its place.
const prefix = 8

// appendFrame appends prefix and frame to b, which is empty.
func appendFrame(b []byte, offset int64, salt uint64, before link, record []byte) []byte {
	b = order.AppendUint64(b, uint64(offset))
	b = order.AppendUint64(b, salt)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint32(b, uint32(len(record)))
	if offset == dataStart {
		b = order.AppendUint64(b, before.segment)
		b = order.AppendUint64(b, before.salt)
		b = order.AppendUint64(b, uint64(before.end))
	}
	b = append(b, record...)
	order.PutUint32(b[prefix+8:], checksum(b[:prefix], b[prefix:]))
	return b
}

// checksum is over the offset, and the frame but the checksum's own place.
func checksum(offset, frame []byte) uint32 {
	sum := crc32.Update(0, castagnoli, offset)
	sum = crc32.Update(sum, castagnoli, frame[:8])
	return crc32.Update(sum, castagnoli, frame[12:])
}

// frame is one that was read. record lies in the buffer that it was read from.
type frame struct {
	before link // of a segment's first
	record []byte
	size   int64 // bytes, all in all
}

// readFrame reads the frame at an offset of a segment whose bytes are b. It is there if it has the segment's salt, ends within
// the segment, and its checksum is right (W3).
func readFrame(b []byte, offset int64, salt uint64) (frame, bool) {
	size, claimed := claim(b, offset, salt)
	if !claimed || size > int64(len(b))-offset {
		return frame{}, false
	}
	f := b[offset : offset+size]
	if order.Uint32(f[8:]) != checksum(order.AppendUint64(nil, uint64(offset)), f) {
		return frame{}, false
	}
	head := overhead(offset)
	read := frame{record: f[head:], size: size}
	if offset == dataStart {
		read.before = link{segment: order.Uint64(f[16:]), salt: order.Uint64(f[24:]), end: int64(order.Uint64(f[32:]))}
	}
	return read, true
}

// claim is how large the frame at an offset says it is, if it begins as one of this segment.
func claim(b []byte, offset int64, salt uint64) (size int64, claimed bool) {
	if int64(len(b))-offset < frameSize || order.Uint64(b[offset:]) != salt {
		return 0, false
	}
	return overhead(offset) + int64(order.Uint32(b[offset+12:])), true
}

// findFrame looks for a frame at an offset or anywhere behind it.
func findFrame(b []byte, offset int64, salt uint64) (at int64, found bool) {
	mark := order.AppendUint64(nil, salt)
	for {
		n := bytes.Index(b[min(offset, int64(len(b))):], mark)
		if n < 0 {
			return 0, false
		}
		offset += int64(n)
		if _, ok := readFrame(b, offset, salt); ok {
			return offset, true
		}
		offset++
	}
}
