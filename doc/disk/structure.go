package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// errStructure is damage to the database file that is not inside a record.
var errStructure = errors.New("the file's structure is damaged")

// errForeign is a file that bbolt did not write.
var errForeign = errors.New("not a database of this store")

// bbolt's file, as far as it has to be understood before bbolt may touch it: opening scans all pages on a goroutine of
// bbolt's own, where what is wrong is a panic that nobody can recover from. All numbers are in the machine's byte order.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeader  = 16 // id u64, flags u16, count u16, overflow u32
	elementSize = 16 // branch: pos u32, key size u32, page u64; leaf: flags u32, pos u32, key size u32, value size u32
	metaSize    = 64 // magic, version, page size, flags u32; root u64, sequence u64, freelist u64, high water u64, txid u64, checksum u64 = 16+48

	branchFlag = 1
	leafFlag   = 2
	bucketFlag = 1

	maxDepth = 64
	maxPage  = 1 << 28 // bytes of one page with its overflow
)

var order = binary.NativeEndian

type meta struct {
	pageSize  int64
	root      uint64
	highWater uint64
	txid      uint64
}

// walker goes through all pages of a database file, with plain reads.
type walker struct {
	file      io.ReaderAt
	pageSize  int64
	highWater uint64
	seen      []uint64 // a bit for each page

	// failed takes what is wrong with a page, and the walk goes on beside it; nil ends the walk there.
	failed func(error)
}

// checkStructure refuses a file that bbolt could not be trusted with: errForeign or errStructure. It says nothing of what the
// values hold.
func checkStructure(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	w, root, err := newWalker(f, info.Size())
	if err != nil {
		return err
	}
	return w.page(root, nil, nil, 0)
}

// newWalker reads where the pages of a database file begin, and how many there are.
func newWalker(f io.ReaderAt, size int64) (w *walker, root uint64, err error) {
	m, err := newestMeta(f)
	if err != nil {
		return nil, 0, err
	}
	// Dividing, since the high water mark may be any number.
	if pages := uint64(size / m.pageSize); m.highWater > pages {
		return nil, 0, fmt.Errorf("%w: it is cut short, %d pages of %d are there", errStructure, pages, m.highWater)
	}
	return &walker{file: f, pageSize: m.pageSize, highWater: m.highWater, seen: make([]uint64, m.highWater/64+1)}, m.root, nil
}

// newestMeta reads the two meta pages. bbolt would go on with one, which may be a transaction short: so both have to be whole.
func newestMeta(f io.ReaderAt) (m meta, err error) {
	first, err := readMeta(f, 0)
	if err != nil {
		return m, err
	}
	second, err := readMeta(f, first.pageSize)
	if err != nil {
		return m, fmt.Errorf("%w: the second meta page: %w", errStructure, err)
	}
	if first.txid > second.txid {
		return first, nil
	}
	return second, nil
}

func readMeta(f io.ReaderAt, at int64) (m meta, err error) {
	var b [pageHeader + metaSize]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		if errors.Is(err, io.EOF) {
			return m, fmt.Errorf("%w: it is too short", errForeign)
		}
		return m, err
	}
	body := b[pageHeader:]
	if order.Uint32(body) != boltMagic {
		return m, errForeign
	}
	sum := fnv.New64a()
	sum.Write(body[:56])
	if order.Uint64(body[56:]) != sum.Sum64() {
		return m, fmt.Errorf("%w: a meta page has a wrong checksum, and its transaction would be missing", errStructure)
	}
	m = meta{
		pageSize:  int64(order.Uint32(body[8:])),
		root:      order.Uint64(body[16:]),
		highWater: order.Uint64(body[40:]),
		txid:      order.Uint64(body[48:]),
	}
	if v := order.Uint32(body[4:]); v != boltVersion || m.pageSize < 1024 || m.pageSize > 1<<24 {
		return m, fmt.Errorf("%w: version %d, pages of %d bytes", errForeign, v, m.pageSize)
	}
	return m, nil
}

func (w *walker) damage(page uint64, format string, args ...any) error {
	return fmt.Errorf("%w: page %d: %s", errStructure, page, fmt.Sprintf(format, args...))
}

// page checks a page and what is below it. Its keys must lie from low up to, and without, high; nil is no bound.
func (w *walker) page(id uint64, low, high []byte, depth int) error {
	buf, err := w.read(id)
	if err != nil {
		return err
	}
	if err := w.once(id, buf); err != nil {
		return err
	}
	branch, elements, err := w.elements(id, buf, low, high, depth)
	if err != nil {
		return err
	}
	for i, e := range elements {
		switch {
		case branch:
			err = w.page(e.child, e.key, endOf(elements, i, high), depth+1)
		case e.bucket:
			err = w.subBucket(id, e.value, depth)
		}
		if err != nil && w.failed != nil {
			w.failed(err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// elements finds what is in a page, whose keys must lie from low up to, and without, high; nil is no bound.
func (w *walker) elements(id uint64, buf, low, high []byte, depth int) (branch bool, elements []element, err error) {
	if depth > maxDepth {
		return false, nil, w.damage(id, "it lies %d deep", depth)
	}
	flags := order.Uint16(buf[8:])
	if flags != branchFlag && flags != leafFlag {
		return false, nil, w.damage(id, "it has the type %#x", flags)
	}
	elements, err = parseElements(buf, flags)
	if err != nil {
		return false, nil, w.damage(id, "%v", err)
	}
	if flags == branchFlag && len(elements) == 0 {
		return false, nil, w.damage(id, "a branch without children")
	}
	for i, e := range elements {
		switch {
		case i > 0 && bytes.Compare(elements[i-1].key, e.key) >= 0,
			i == 0 && low != nil && bytes.Compare(low, e.key) > 0,
			high != nil && bytes.Compare(e.key, high) >= 0:
			return false, nil, w.damage(id, "its keys are out of order at %d", i)
		}
	}
	return flags == branchFlag, elements, nil
}

// endOf is where the keys below element i of a branch end.
func endOf(elements []element, i int, high []byte) []byte {
	if i+1 < len(elements) {
		return elements[i+1].key
	}
	return high
}

// subBucket checks a bucket by the value that stands for it: a root page and a sequence, then the page itself where it is small.
func (w *walker) subBucket(id uint64, value []byte, depth int) error {
	if len(value) < 16 {
		return w.damage(id, "a bucket's header has %d bytes", len(value))
	}
	if root := order.Uint64(value); root != 0 {
		return w.page(root, nil, nil, depth+1)
	}
	_, err := w.inline(id, value[16:])
	return err
}

// inline finds what is in a bucket that is small enough to stand in the leaf of its own value.
func (w *walker) inline(id uint64, page []byte) ([]element, error) {
	if len(page) < pageHeader || order.Uint16(page[8:]) != leafFlag {
		return nil, w.damage(id, "a bucket inside it is not a leaf")
	}
	elements, err := parseElements(page, leafFlag)
	if err != nil {
		return nil, w.damage(id, "a bucket inside it: %v", err)
	}
	for i, e := range elements {
		if e.bucket || i > 0 && bytes.Compare(elements[i-1].key, e.key) >= 0 {
			return nil, w.damage(id, "a bucket inside it is wrong at %d", i)
		}
	}
	return elements, nil
}

// once notes that a page and its overflow were met, which must be for the first time.
func (w *walker) once(id uint64, buf []byte) error {
	for p := id; p < id+uint64(len(buf))/uint64(w.pageSize); p++ {
		if w.seen[p/64]&(1<<(p%64)) != 0 {
			return w.damage(p, "it is used twice")
		}
		w.seen[p/64] |= 1 << (p % 64)
	}
	return nil
}

// read returns a page with its overflow.
func (w *walker) read(id uint64) ([]byte, error) {
	if id < 2 || id >= w.highWater {
		return nil, w.damage(id, "it lies outside of the file's %d pages", w.highWater)
	}
	buf := make([]byte, w.pageSize)
	if _, err := w.file.ReadAt(buf, int64(id)*w.pageSize); err != nil {
		return nil, err
	}
	if got := order.Uint64(buf); got != id {
		return nil, w.damage(id, "it says that it is page %d", got)
	}
	overflow := uint64(order.Uint32(buf[12:]))
	if overflow >= w.highWater-id || (overflow+1)*uint64(w.pageSize) > maxPage {
		return nil, w.damage(id, "it goes on for %d pages", overflow)
	}
	if overflow == 0 {
		return buf, nil
	}
	buf = make([]byte, (int64(overflow)+1)*w.pageSize)
	_, err := w.file.ReadAt(buf, int64(id)*w.pageSize)
	return buf, err
}

type element struct {
	key, value []byte
	bucket     bool
	child      uint64
}

// parseElements finds a page's elements. A position counts from the element itself. bbolt writes keys and values one after the
// other, the first one right behind the elements: so a count that has become smaller, which would make keys vanish, is seen.
func parseElements(buf []byte, flags uint16) ([]element, error) {
	count := int(order.Uint16(buf[10:]))
	if pageHeader+count*elementSize > len(buf) {
		return nil, fmt.Errorf("it has room for fewer than its %d elements", count)
	}
	elements := make([]element, count)
	next := uint64(pageHeader + count*elementSize)
	for i := range elements {
		at := pageHeader + i*elementSize
		head := buf[at : at+elementSize]
		e := &elements[i]
		var pos, key, value uint64
		if flags == branchFlag {
			pos, key, e.child = uint64(order.Uint32(head)), uint64(order.Uint32(head[4:])), order.Uint64(head[8:])
		} else {
			flags := order.Uint32(head)
			if flags&^bucketFlag != 0 {
				return nil, fmt.Errorf("its element %d has the flags %#x", i, flags)
			}
			e.bucket = flags == bucketFlag
			pos, key, value = uint64(order.Uint32(head[4:])), uint64(order.Uint32(head[8:])), uint64(order.Uint32(head[12:]))
		}
		start := uint64(at) + pos
		if key == 0 || start != next || start+key+value > uint64(len(buf)) {
			return nil, fmt.Errorf("its element %d is not where it belongs", i)
		}
		next = start + key + value
		e.key, e.value = buf[start:start+key], buf[start+key:start+key+value]
	}
	if rest := buf[next:]; count == 0 && len(bytes.TrimRight(rest, "\x00")) > 0 {
		return nil, fmt.Errorf("it has no elements, and something is in it")
	}
	return elements, nil
}
