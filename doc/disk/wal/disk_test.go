package wal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"sync"
	"syscall"
)

// disk is a simulated one. What a process has done to it is in the cache; what a Sync has made durable survives a power cut; of
// the rest any part may: each sector of each write, each name, by itself and in any order. After a Sync that has failed, the
// cache shows what later syncs do not write, as Linux does it.
type disk struct {
	mu    sync.Mutex
	nodes map[string]*node // by path, as a process sees it
	kept  map[string]*node // as it is durable
	names []naming         // not durable yet, in order
}

type node struct {
	path    string // that a process sees it by
	dir     bool
	cache   []byte
	kept    []byte
	pending []write
}

type write struct {
	offset int64
	bytes  []byte
}

// naming is one change of names, which happens wholly or not at all.
type naming struct {
	path string
	node *node  // nil: the name goes
	gone string // a name that goes with it
}

func newDisk() *disk {
	root := map[string]*node{"/": {dir: true}, path.Dir(simDir): {dir: true}}
	return &disk{nodes: root, kept: maps.Clone(root)}
}

const sector = 512

// sectors cuts writes where a power cut may tear them.
func sectors(writes []write) (cut []write) {
	for _, w := range writes {
		for len(w.bytes) > 0 {
			n := min(int64(len(w.bytes)), sector-w.offset%sector)
			cut = append(cut, write{w.offset, w.bytes[:n]})
			w = write{w.offset + n, w.bytes[n:]}
		}
	}
	return cut
}

func put(b []byte, w write) []byte {
	if grow := w.offset + int64(len(w.bytes)) - int64(len(b)); grow > 0 {
		b = append(b, make([]byte, grow)...)
	}
	copy(b[w.offset:], w.bytes)
	return b
}

func (n naming) apply(to map[string]*node) {
	if n.gone != "" {
		delete(to, n.gone)
	}
	if n.node == nil {
		delete(to, n.path)
	} else {
		to[n.path] = n.node
		n.node.path = n.path
	}
}

// pieces is how many things a power cut decides about.
func (d *disk) pieces() int {
	n := len(d.names)
	for _, node := range d.allNodes() {
		n += len(sectors(node.pending))
	}
	return n
}

// allNodes are the files that may be there after a power cut, in an order that is the same in every run.
func (d *disk) allNodes() (all []*node) {
	add := func(n *node) {
		if n != nil && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	for _, names := range []map[string]*node{d.nodes, d.kept} {
		for _, path := range slices.Sorted(maps.Keys(names)) {
			add(names[path])
		}
	}
	for _, n := range d.names {
		add(n.node)
	}
	return all
}

// clone is the disk as the next process meets it where only the process has ended.
func (d *disk) clone() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	same := map[*node]*node{nil: nil}
	for _, n := range d.allNodes() {
		c := *n
		c.cache, c.kept, c.pending = slices.Clone(n.cache), slices.Clone(n.kept), slices.Clone(n.pending)
		same[n] = &c
	}
	to := newDisk()
	to.nodes, to.kept = map[string]*node{}, map[string]*node{}
	for name, n := range d.nodes {
		to.nodes[name] = same[n]
	}
	for name, n := range d.kept {
		to.kept[name] = same[n]
	}
	for _, n := range d.names {
		to.names = append(to.names, naming{n.path, same[n.node], n.gone})
	}
	return to
}

// cutPower returns the disk as it is afterwards. keep says of each piece, in order, how many of its bytes survive; a name
// survives if that is not 0.
func (d *disk) cutPower(keep func(bytes int) int) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := map[*node]*node{}
	for _, n := range d.allNodes() {
		kept := slices.Clone(n.kept)
		for _, w := range sectors(n.pending) {
			if m := keep(len(w.bytes)); m > 0 {
				kept = put(kept, write{w.offset, w.bytes[:m]})
			}
		}
		after[n] = &node{path: n.path, dir: n.dir, cache: kept, kept: slices.Clone(kept)}
	}
	names := maps.Clone(d.kept)
	for _, n := range d.names {
		if keep(1) > 0 {
			n.apply(names)
		}
	}
	fresh := &disk{nodes: map[string]*node{}, kept: map[string]*node{}}
	for name, n := range names {
		if parent := names[path.Dir(name)]; parent != nil && parent.dir {
			fresh.nodes[name], fresh.kept[name] = after[n], after[n]
		}
	}
	return fresh
}

// tear keeps each piece or loses it, by one of a few characters that a power cut may have.
func tear(rng *rand.Rand) func(int) int {
	odds := []float64{0, 0.1, 0.5, 0.9, 1}[rng.IntN(5)]
	midway := []float64{0, 0.05, 0.9}[rng.IntN(3)]
	return func(bytes int) int {
		switch {
		case rng.Float64() < midway:
			return rng.IntN(bytes + 1)
		case rng.Float64() < odds:
			return bytes
		}
		return 0
	}
}

// process is one run of a program on a disk: an FS. Its calls that change something are counted, can be made to fail, and end
// with it.
type process struct {
	*disk
	rng     *rand.Rand
	calls   int
	failAt  map[int]fault      // by call, from 1
	deadAt  int                // from this call on nothing happens any more; 0: never
	skip    func(c call) bool  // calls that are left out, though they report success
	fail    func(c call) fault // calls that fail
	opening bool               // Open is running
	log     []string           // of the calls
}

// call is one that changes something. at is where it writes, and for a sync where the last write began that it makes durable.
type call struct {
	what, path string
	at         int64
	opening    bool
}

func (p *process) skips(what, path string, at int64) bool {
	return p.skip != nil && p.skip(call{what, path, at, p.opening})
}

// fault is how a call fails.
type fault int

const (
	failBefore fault = 1 + iota // nothing has happened
	failAfter                   // it has happened all the same
	failHalf                    // a write is half there, a sync has let some of it go to the disk
	failFull                    // there is no space
)

var (
	errDead  = errors.New("the process is gone")
	errFault = errors.New("injected")
	errSpace = fmt.Errorf("%w: %w", syscall.ENOSPC, errFault)
)

// begin counts a call. done: it must not have an effect.
func (p *process) begin(what, path string, at int64) (f fault, err error) {
	p.calls++
	p.log = append(p.log, what+" "+path)
	if p.deadAt != 0 && p.calls >= p.deadAt {
		return failBefore, errDead
	}
	f = p.failAt[p.calls]
	if f == 0 && p.fail != nil {
		f = p.fail(call{what, path, at, p.opening})
	}
	switch f {
	case 0:
		return 0, nil
	case failFull:
		return f, errSpace
	default:
		return f, errFault
	}
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deadAt = 1
}

func (p *process) Names(dir string) (names []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := p.nodes[dir]; n == nil || !n.dir {
		return nil, fs.ErrNotExist
	}
	for name := range p.nodes {
		if path.Dir(name) == dir && name != "/" {
			names = append(names, path.Base(name))
		}
	}
	return names, nil
}

// rename does a change of names.
func (p *process) rename(what string, n naming) error {
	f, err := p.begin(what, n.path, 0)
	if err == nil || f == failAfter {
		n.apply(p.nodes)
		p.names = append(p.names, n)
	}
	return err
}

func (p *process) Mkdir(dir string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.nodes[dir] != nil:
		return fs.ErrExist
	case p.nodes[path.Dir(dir)] == nil:
		return fs.ErrNotExist
	}
	return p.rename("mkdir", naming{path: dir, node: &node{dir: true}})
}

func (p *process) SyncDir(dir string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, err := p.begin("syncdir", dir, 0)
	if p.skips("syncdir", dir, 0) {
		return err
	}
	if err == nil || f == failAfter {
		p.names = slices.DeleteFunc(p.names, func(n naming) bool {
			if path.Dir(n.path) != dir {
				return false
			}
			n.apply(p.kept)
			return true
		})
	}
	return err
}

func (p *process) Create(name string) (File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := &node{}
	if err := p.rename("create", naming{path: name, node: n}); err != nil {
		return nil, err
	}
	return &file{p, n, true}, nil
}

func (p *process) Open(name string, write bool) (File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.nodes[name]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	return &file{p, n, write}, nil
}

func (p *process) Rename(from, to string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nodes[from] == nil {
		return fs.ErrNotExist
	}
	return p.rename("rename", naming{path: to, node: p.nodes[from], gone: from})
}

func (p *process) Remove(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nodes[name] == nil {
		return fs.ErrNotExist
	}
	return p.rename("remove", naming{path: name})
}

type file struct {
	*process
	node *node
	may  bool // write
}

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := copy(b, f.node.cache[min(at, int64(len(f.node.cache))):])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.may {
		return 0, fs.ErrPermission
	}
	how, err := f.begin("write", f.node.path, at)
	if f.skips("write", f.node.path, at) {
		return len(b), err
	}
	n := len(b)
	switch {
	case err == nil || how == failAfter:
	case how == failHalf:
		n /= 2
	default:
		n = 0
	}
	w := write{at, slices.Clone(b[:n])}
	f.node.cache = put(f.node.cache, w)
	f.node.pending = append(f.node.pending, w)
	return n, err
}

func (f *file) Size() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.node.cache)), nil
}

func (f *file) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	how, err := f.begin("sync", f.node.path, lastWrite(f.node))
	if f.skips("sync", f.node.path, lastWrite(f.node)) {
		return err
	}
	if errors.Is(err, errDead) {
		return err
	}
	for _, w := range sectors(f.node.pending) {
		if err == nil || how == failAfter || how == failHalf && f.rng.IntN(2) == 0 {
			f.node.kept = put(f.node.kept, w)
		}
	}
	f.node.pending = nil // also when it failed: the cache goes on showing what the disk does not have
	return err
}

// lastWrite is where the last write to a file began that is not durable; -1: there is none.
func lastWrite(n *node) int64 {
	if len(n.pending) == 0 {
		return -1
	}
	return n.pending[len(n.pending)-1].offset
}

func (f *file) Close() error { return nil }
