//go:build linux

package liefs

import (
	"maps"
	"slices"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// kernelView answers the kernel's requests about a disk. The kernel may keep what it is told: nobody else changes the disk.
type kernelView struct {
	fuse.RawFileSystem // answers what is not here with ENOSYS
	disk               *Disk
}

// kept is how long the kernel may keep names and attributes.
const kept = time.Hour

func (k kernelView) attr(n *inode, out *fuse.Attr) {
	out.Ino, out.Mode, out.Nlink = n.id, n.mode, uint32(n.links)
	out.Size, out.Blocks, out.Blksize = uint64(n.now.size), uint64(len(n.now.blocks))*(blockSize/512), blockSize
	out.Uid, out.Gid = n.uid, n.gid
	out.SetTimes(&n.changed, &n.changed, &n.changed)
}

func (k kernelView) entry(n *inode, out *fuse.EntryOut) {
	out.NodeId, out.Generation = n.id, 1
	out.SetEntryTimeout(kept)
	out.SetAttrTimeout(kept)
	k.attr(n, &out.Attr)
}

// find fills out with what the inode is now.
func (k kernelView) find(id uint64, out *fuse.EntryOut) fuse.Status {
	return fuse.ToStatus(k.disk.inspect(id, func(n *inode) { k.entry(n, out) }))
}

func (k kernelView) Lookup(_ <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if err := k.disk.begin(false); err != nil {
		return fuse.ToStatus(err)
	}
	defer k.disk.mu.Unlock()
	n, err := k.disk.lookup(in.NodeId, name)
	if err != nil {
		return fuse.ToStatus(err)
	}
	k.entry(n, out)
	return fuse.OK
}

func (k kernelView) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	out.SetTimeout(kept)
	return fuse.ToStatus(k.disk.inspect(in.NodeId, func(n *inode) { k.attr(n, &out.Attr) }))
}

func (k kernelView) SetAttr(c <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	if size, ok := in.GetSize(); ok {
		if err := k.disk.truncate(in.NodeId, int64(size)); err != nil {
			return fuse.ToStatus(err)
		}
	}
	mode, hasMode := in.GetMode()
	uid, hasUID := in.GetUID()
	gid, hasGID := in.GetGID()
	if hasMode || hasUID || hasGID {
		err := k.disk.own(in.NodeId, func(n *inode) {
			if hasMode {
				n.mode = n.mode&syscall.S_IFMT | mode&0o7777
			}
			if hasUID {
				n.uid = uid
			}
			if hasGID {
				n.gid = gid
			}
		})
		if err != nil {
			return fuse.ToStatus(err)
		}
	}
	return k.GetAttr(c, &fuse.GetAttrIn{InHeader: in.InHeader}, out)
}

func (k kernelView) add(in *fuse.InHeader, name string, mode uint32, out *fuse.EntryOut) fuse.Status {
	n, err := k.disk.add(in.NodeId, name, mode, in.Uid, in.Gid)
	if err != nil {
		return fuse.ToStatus(err)
	}
	return k.find(n.id, out)
}

func (k kernelView) Mknod(_ <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	if kind := in.Mode & syscall.S_IFMT; kind != syscall.S_IFREG && kind != syscall.S_IFSOCK {
		return fuse.EPERM
	}
	return k.add(&in.InHeader, name, in.Mode, out)
}

func (k kernelView) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return k.add(&in.InHeader, name, syscall.S_IFDIR|in.Mode&0o7777, out)
}

func (k kernelView) Unlink(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return fuse.ToStatus(k.disk.unlink(in.NodeId, name, false))
}

func (k kernelView) Rmdir(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return fuse.ToStatus(k.disk.unlink(in.NodeId, name, true))
}

func (k kernelView) Rename(_ <-chan struct{}, in *fuse.RenameIn, name, newName string) fuse.Status {
	if in.Flags&^unix.RENAME_NOREPLACE != 0 {
		return fuse.EINVAL
	}
	return fuse.ToStatus(k.disk.renameTo(in.NodeId, name, in.Newdir, newName, in.Flags == 0))
}

func (k kernelView) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	if status := k.add(&in.InHeader, name, syscall.S_IFREG|in.Mode&0o7777, &out.EntryOut); !status.Ok() {
		return status
	}
	return k.open(out.NodeId, &out.OpenOut)
}

func (k kernelView) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	return k.open(in.NodeId, out)
}

func (k kernelView) open(id uint64, out *fuse.OpenOut) fuse.Status {
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return fuse.ToStatus(k.disk.inspect(id, func(n *inode) { n.opened++ }))
}

// Release also follows after the power is off, and must then not wait.
func (k kernelView) Release(_ <-chan struct{}, in *fuse.ReleaseIn) {
	k.disk.mu.Lock()
	defer k.disk.mu.Unlock()
	k.disk.inodes[in.NodeId].opened--
}

func (k kernelView) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	n, err := k.disk.read(in.NodeId, buf, int64(in.Offset))
	return fuse.ReadResultData(buf[:n]), fuse.ToStatus(err)
}

func (k kernelView) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	if err := k.disk.write(in.NodeId, data, int64(in.Offset)); err != nil {
		return 0, fuse.ToStatus(err)
	}
	return uint32(len(data)), fuse.OK
}

func (k kernelView) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }

func (k kernelView) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return fuse.ToStatus(k.disk.sync(in.NodeId))
}

func (k kernelView) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return fuse.ToStatus(k.disk.sync(in.NodeId))
}

func (k kernelView) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	if in.Mode&^unix.FALLOC_FL_KEEP_SIZE != 0 {
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	off, end := int64(in.Offset), int64(in.Offset+in.Length)
	return fuse.ToStatus(k.disk.allocate(in.NodeId, off, end, in.Mode == 0))
}

func (k kernelView) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.OK }

func (k kernelView) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return fuse.ToStatus(k.disk.inspect(in.NodeId, func(dir *inode) {
		names := slices.Sorted(maps.Keys(dir.entries))
		for i := int(in.Offset); i < len(names); i++ {
			n := k.disk.inodes[dir.entries[names[i]]]
			if !out.AddDirEntry(fuse.DirEntry{Name: names[i], Mode: n.mode, Ino: n.id, Off: uint64(i) + 1}) {
				return
			}
		}
	}))
}

func (k kernelView) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	if err := k.disk.begin(false); err != nil {
		return fuse.ToStatus(err)
	}
	defer k.disk.mu.Unlock()
	const unbounded = 1 << 30 // blocks, 4 TiB
	size, used := k.disk.faults.capacity, k.disk.used()
	if size == 0 {
		size = unbounded
	}
	free := uint64(max(size-used, 0))
	out.Blocks, out.Bfree, out.Bavail = uint64(size), free, free
	out.Bsize, out.Frsize, out.NameLen = blockSize, blockSize, 255
	out.Files, out.Ffree = unbounded, unbounded
	return fuse.OK
}
