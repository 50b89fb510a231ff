//go:build linux

package liefs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Cut is the disk as it is after a power cut at this moment: what was durable, and of the rest what the dice say (L2). Its faults are
// those that were set, but for a sync that was to fail. The old disk must be frozen, and stays as it is.
func (d *Disk) Cut(seed uint64) *Disk {
	rng := rand.New(rand.NewPCG(seed, 0))
	return d.cut(
		func(names []nameChange) []nameChange { return survivors(rng, names) },
		func(file *image, pending []change) { wear(rng, file, pending) },
	)
}

// HardCut is Cut where nothing survives but what was synced.
func (d *Disk) HardCut() *Disk {
	return d.cut(func([]nameChange) []nameChange { return nil }, func(*image, []change) {})
}

// cut makes the next disk; names says which changes of names are on it, and wear brings to a file what is on it of its changes.
func (d *Disk) cut(names func([]nameChange) []nameChange, wear func(*image, []change)) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := &Disk{inodes: map[uint64]*inode{}, next: d.next, faults: d.faults, power: newPower()}
	next.faults.failAfter = 0
	kept := names(d.names)
	for _, n := range d.sorted() {
		after := &inode{id: n.id, mode: n.mode, uid: n.uid, gid: n.gid, path: n.path, changed: n.changed}
		if n.isDir() {
			after.durable = maps.Clone(n.durable)
		} else {
			after.synced = n.synced.clone()
			wear(&after.synced, n.pending)
			after.now = after.synced.clone()
		}
		next.inodes[n.id] = after
	}
	for _, c := range kept {
		next.persist(c)
	}
	next.sweep()
	return next
}

// sweep has the names lead where the durable ones do, counts them, and forgets what none leads to.
func (d *Disk) sweep() {
	reached := map[uint64]*inode{rootID: d.inodes[rootID]}
	for queue := []*inode{d.inodes[rootID]}; len(queue) > 0; queue = queue[1:] {
		if queue[0].isDir() {
			queue[0].entries = maps.Clone(queue[0].durable)
		}
		for name, id := range queue[0].entries {
			n := d.inodes[id]
			n.links++
			n.path = childPath(queue[0], name)
			if reached[id] == nil {
				reached[id] = n
				queue = append(queue, n)
			}
		}
	}
	d.inodes = reached
}

// survivors are those of a row of changes that reached the disk: none, all, the first ones, or any.
func survivors[T any](rng *rand.Rand, all []T) []T {
	switch rng.IntN(4) {
	case 0:
		return nil
	case 1:
		return all
	case 2:
		return all[:rng.IntN(len(all)+1)]
	}
	return slices.DeleteFunc(slices.Clone(all), func(T) bool { return rng.IntN(2) == 0 })
}

// wear brings to a file what reached the disk of its changes. Each write may be torn, and what made the file longer may leave the
// length alone.
func wear(rng *rand.Rand, file *image, pending []change) {
	kept := survivors(rng, pending)
	for len(pending) > 0 {
		c := pending[0]
		pending = pending[1:]
		if len(kept) == 0 || kept[0].seq != c.seq {
			if c.kind == written && rng.IntN(4) == 0 {
				file.truncate(max(file.size, c.off+int64(len(c.data))))
			}
			continue
		}
		kept = kept[1:]
		if c.kind == written && rng.IntN(3) == 0 {
			tear(rng, file, c)
			continue
		}
		file.apply(c)
	}
}

// tear writes a part of a write: its first bytes, or some of its sectors.
func tear(rng *rand.Rand, file *image, c change) {
	if rng.IntN(2) == 0 {
		file.writeAt(c.data[:rng.IntN(len(c.data)+1)], c.off)
		return
	}
	for off := 0; off < len(c.data); {
		// Sectors are the disk's, not the write's.
		end := min(len(c.data), off+sectorSize-int((c.off+int64(off))%sectorSize))
		if rng.IntN(2) == 0 {
			file.writeAt(c.data[off:end], c.off+int64(off))
		}
		off = end
	}
}
