//go:build linux

package liefs

import (
	"maps"
	"path"
	"slices"
	"sync"
	"syscall"
	"time"
)

// rootID is the inode of the root directory.
const rootID = 1

// A Disk is a tree of files. Its methods may be called from any goroutine.
type Disk struct {
	// Guarded by mu.
	mu     sync.Mutex
	faults faults
	inodes map[uint64]*inode
	next   uint64
	seq    uint64       // of the last change
	names  []nameChange // those that are not durable, in order
	power  power
}

// inode is a file, a directory or a socket.
type inode struct {
	id       uint64
	mode     uint32 // type and permissions
	uid, gid uint32
	changed  time.Time
	path     string // the last that led here, "/" being the root
	opened   int    // handles
	links    int    // names now

	// A file's.
	now, synced image
	pending     []change

	// A directory's.
	entries, durable map[string]uint64
}

// nameChange is what happens to names in one step: each leads to an inode afterwards, or with 0 nowhere.
type nameChange struct {
	seq  uint64
	sets []nameSet
}

type nameSet struct {
	dir  uint64
	name string
	id   uint64
}

// NewDisk is an empty disk without a fault.
func NewDisk() *Disk {
	d := &Disk{inodes: map[uint64]*inode{}, next: rootID, power: newPower()}
	d.create(syscall.S_IFDIR|0o755, "/", 0, 0)
	return d
}

// create makes an inode without a name.
func (d *Disk) create(mode uint32, path string, uid, gid uint32) *inode {
	n := &inode{id: d.next, mode: mode, path: path, uid: uid, gid: gid, changed: time.Now(), now: newImage(), synced: newImage()}
	if n.isDir() {
		n.entries, n.durable = map[string]uint64{}, map[string]uint64{}
	}
	d.inodes[n.id] = n
	d.next++
	return n
}

func (n *inode) isDir() bool { return n.mode&syscall.S_IFMT == syscall.S_IFDIR }

// dir is the directory with an id.
func (d *Disk) dir(id uint64) (*inode, error) {
	n := d.inodes[id]
	switch {
	case n == nil:
		return nil, syscall.ENOENT
	case !n.isDir():
		return nil, syscall.ENOTDIR
	}
	return n, nil
}

// file is the file with an id.
func (d *Disk) file(id uint64) (*inode, error) {
	n := d.inodes[id]
	switch {
	case n == nil:
		return nil, syscall.ENOENT
	case n.isDir():
		return nil, syscall.EISDIR
	}
	return n, nil
}

// lookup is what a name leads to.
func (d *Disk) lookup(parent uint64, name string) (*inode, error) {
	dir, err := d.dir(parent)
	if err != nil {
		return nil, err
	}
	id, ok := dir.entries[name]
	if !ok {
		return nil, syscall.ENOENT
	}
	return d.inodes[id], nil
}

// make makes a file, directory or socket under a name.
func (d *Disk) make(parent uint64, name string, mode, uid, gid uint32) (*inode, error) {
	dir, err := d.dir(parent)
	if err != nil {
		return nil, err
	}
	if _, ok := dir.entries[name]; ok {
		return nil, syscall.EEXIST
	}
	n := d.create(mode, childPath(dir, name), uid, gid)
	d.rename(nameSet{parent, name, n.id})
	return n, nil
}

// remove takes a name away; directory says what it has to lead to.
func (d *Disk) remove(parent uint64, name string, directory bool) error {
	n, err := d.lookup(parent, name)
	switch {
	case err != nil:
		return err
	case directory && !n.isDir():
		return syscall.ENOTDIR
	case !directory && n.isDir():
		return syscall.EISDIR
	case directory && len(n.entries) > 0:
		return syscall.ENOTEMPTY
	}
	d.rename(nameSet{parent, name, 0})
	return nil
}

// move gives something another name, and takes that from what had it.
func (d *Disk) move(from uint64, name string, to uint64, newName string, replace bool) error {
	n, err := d.lookup(from, name)
	if err != nil {
		return err
	}
	dir, err := d.dir(to)
	if err != nil {
		return err
	}
	if old := d.inodes[dir.entries[newName]]; old != nil {
		switch {
		case old == n:
			return nil
		case !replace:
			return syscall.EEXIST
		case old.isDir() && !n.isDir():
			return syscall.EISDIR
		case !old.isDir() && n.isDir():
			return syscall.ENOTDIR
		case len(old.entries) > 0:
			return syscall.ENOTEMPTY
		}
	}
	d.rename(nameSet{from, name, 0}, nameSet{to, newName, n.id})
	n.path = childPath(dir, newName)
	return nil
}

// rename carries name changes out, and remembers them as one.
func (d *Disk) rename(sets ...nameSet) {
	for _, s := range sets {
		dir := d.inodes[s.dir]
		if old := d.inodes[dir.entries[s.name]]; old != nil {
			old.links--
		}
		if s.id == 0 {
			delete(dir.entries, s.name)
		} else {
			dir.entries[s.name] = s.id
			d.inodes[s.id].links++
		}
		dir.changed = time.Now()
	}
	d.seq++
	d.names = append(d.names, nameChange{d.seq, sets})
}

// alter carries a change of a file out, and remembers it.
func (d *Disk) alter(n *inode, c change) {
	d.seq++
	c.seq = d.seq
	n.now.apply(c)
	n.pending = append(n.pending, c)
	n.changed = time.Now()
}

// settle makes durable what happened to n up to a change; keep is false where that is lost for ever instead (L3).
func (d *Disk) settle(n *inode, upTo uint64, keep bool) {
	if n.isDir() {
		d.settleNames(n.id, upTo, keep)
		return
	}
	for len(n.pending) > 0 && n.pending[0].seq <= upTo {
		if keep {
			n.synced.apply(n.pending[0])
		}
		n.pending = n.pending[1:]
	}
}

// settleNames takes with the changes of a directory those that others, which share a rename with it, went through before.
func (d *Disk) settleNames(id, upTo uint64, keep bool) {
	dirs := map[uint64]bool{id: true}
	due := make([]bool, len(d.names))
	for i, c := range slices.Backward(d.names) {
		if c.seq > upTo || !slices.ContainsFunc(c.sets, func(s nameSet) bool { return dirs[s.dir] }) {
			continue
		}
		due[i] = true
		for _, s := range c.sets {
			dirs[s.dir] = true
		}
	}
	var rest []nameChange
	for i, c := range d.names {
		switch {
		case !due[i]:
			rest = append(rest, c)
		case keep:
			d.persist(c)
		}
	}
	d.names = rest
}

func (d *Disk) persist(c nameChange) {
	for _, s := range c.sets {
		if s.id == 0 {
			delete(d.inodes[s.dir].durable, s.name)
		} else {
			d.inodes[s.dir].durable[s.name] = s.id
		}
	}
}

// used is how much space the files take, in blocks.
func (d *Disk) used() (blocks int64) {
	for _, n := range d.inodes {
		if n.links > 0 || n.opened > 0 {
			blocks += int64(len(n.now.blocks))
		}
	}
	return blocks
}

// Files are the paths of all files as programs see them, with their sizes in bytes.
func (d *Disk) Files() map[string]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string]int64{}
	for _, n := range d.inodes {
		if n.links > 0 && n.mode&syscall.S_IFMT == syscall.S_IFREG {
			files[n.path] = n.now.size
		}
	}
	return files
}

// Pending says how much is not durable: changes of files, and of names.
func (d *Disk) Pending() (files, names int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.inodes {
		files += len(n.pending)
	}
	return files, len(d.names)
}

// sorted are the inodes by id.
func (d *Disk) sorted() []*inode {
	out := slices.Collect(maps.Values(d.inodes))
	slices.SortFunc(out, func(a, b *inode) int { return int(a.id) - int(b.id) })
	return out
}

func childPath(dir *inode, name string) string { return path.Join(dir.path, name) }
