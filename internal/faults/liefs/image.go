//go:build linux

package liefs

import "maps"

// blockSize is the unit in which space is counted, in bytes.
const blockSize = 4096

// sectorSize is what a disk writes wholly or not at all, if it is honest, in bytes.
const sectorSize = 512

var zeroBlock = make([]byte, blockSize)

// image is the content of a file. Blocks never change once they are in it, so that two images share them.
type image struct {
	size   int64
	blocks map[int64][]byte // by number; one that is missing is a hole
}

func newImage() image { return image{blocks: map[int64][]byte{}} }

func (m *image) clone() image { return image{m.size, maps.Clone(m.blocks)} }

// readAt fills p from off and returns how much of it lies in the file.
func (m *image) readAt(p []byte, off int64) int {
	if off >= m.size {
		return 0
	}
	p = p[:min(int64(len(p)), m.size-off)]
	for done := 0; done < len(p); {
		at := off + int64(done)
		block, ok := m.blocks[at/blockSize]
		if !ok {
			block = zeroBlock
		}
		done += copy(p[done:], block[at%blockSize:])
	}
	return len(p)
}

// writeAt puts p at off, and makes the file longer where it has to.
func (m *image) writeAt(p []byte, off int64) {
	m.size = max(m.size, off+int64(len(p)))
	for len(p) > 0 {
		number, begin := off/blockSize, off%blockSize
		block := make([]byte, blockSize)
		if int64(len(p)) < blockSize || begin > 0 {
			copy(block, m.blocks[number])
		}
		n := copy(block[begin:], p)
		m.blocks[number] = block
		p, off = p[n:], off+int64(n)
	}
}

// truncate gives the file another size. What comes back later is zeros.
func (m *image) truncate(size int64) {
	if size < m.size {
		maps.DeleteFunc(m.blocks, func(number int64, _ []byte) bool { return number*blockSize >= size })
		if rest := size % blockSize; rest > 0 {
			if old, ok := m.blocks[size/blockSize]; ok {
				block := make([]byte, blockSize)
				copy(block, old[:rest])
				m.blocks[size/blockSize] = block
			}
		}
	}
	m.size = size
}

// allocate fills the holes from off to end with zeros that take space.
func (m *image) allocate(off, end int64) {
	for number := off / blockSize; number*blockSize < end; number++ {
		if _, ok := m.blocks[number]; !ok {
			m.blocks[number] = zeroBlock
		}
	}
}

// grows is how many blocks the file takes more after a write from off to end.
func (m *image) grows(off, end int64) (n int64) {
	for number := off / blockSize; number*blockSize < end; number++ {
		if _, ok := m.blocks[number]; !ok {
			n++
		}
	}
	return n
}

// change is one thing that happened to a file.
type change struct {
	seq  uint64
	kind changeKind
	off  int64  // written, allocated
	end  int64  // allocated: where that ends; truncated: the size
	data []byte // written: never changed
}

type changeKind uint8

const (
	written changeKind = iota + 1
	truncated
	allocated
)

func (m *image) apply(c change) {
	switch c.kind {
	case written:
		m.writeAt(c.data, c.off)
	case truncated:
		m.truncate(c.end)
	case allocated:
		m.allocate(c.off, c.end)
	}
}
