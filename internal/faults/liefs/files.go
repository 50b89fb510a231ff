//go:build linux

package liefs

import (
	"bytes"
	"syscall"
)

// What programs do with files; each is one step, and fails where the power is off.

func (d *Disk) read(id uint64, p []byte, off int64) (int, error) {
	if err := d.begin(false); err != nil {
		return 0, err
	}
	defer d.mu.Unlock()
	n, err := d.file(id)
	if err != nil {
		return 0, err
	}
	return n.now.readAt(p, off), nil
}

func (d *Disk) write(id uint64, p []byte, off int64) error {
	if err := d.beginChange(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	n, err := d.file(id)
	if err != nil {
		return err
	}
	if err := d.space(n.now.grows(off, off+int64(len(p)))); err != nil {
		return err
	}
	d.alter(n, change{kind: written, off: off, data: bytes.Clone(p)})
	return nil
}

func (d *Disk) truncate(id uint64, size int64) error {
	if err := d.beginChange(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	n, err := d.file(id)
	if err != nil {
		return err
	}
	d.alter(n, change{kind: truncated, end: size})
	return nil
}

// allocate makes sure that there is space from off to end, and with grow that the file is that long.
func (d *Disk) allocate(id uint64, off, end int64, grow bool) error {
	if err := d.beginChange(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	n, err := d.file(id)
	if err != nil {
		return err
	}
	if err := d.space(n.now.grows(off, end)); err != nil {
		return err
	}
	d.alter(n, change{kind: allocated, off: off, end: end})
	if grow && end > n.now.size {
		d.alter(n, change{kind: truncated, end: end})
	}
	return nil
}

func (d *Disk) add(parent uint64, name string, mode, uid, gid uint32) (n *inode, err error) {
	if err := d.beginChange(); err != nil {
		return nil, err
	}
	defer d.mu.Unlock()
	return d.make(parent, name, mode, uid, gid)
}

func (d *Disk) unlink(parent uint64, name string, directory bool) error {
	if err := d.beginChange(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	return d.remove(parent, name, directory)
}

func (d *Disk) renameTo(from uint64, name string, to uint64, newName string, replace bool) error {
	if err := d.beginChange(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	return d.move(from, name, to, newName, replace)
}

// own changes what L1 does not speak of: permissions and owner.
func (d *Disk) own(id uint64, change func(n *inode)) error {
	if err := d.beginChange(); err != nil {
		return err
	}
	defer d.mu.Unlock()
	n := d.inodes[id]
	if n == nil {
		return syscall.ENOENT
	}
	change(n)
	return nil
}

// inspect calls f with an inode, which f must not keep.
func (d *Disk) inspect(id uint64, f func(n *inode)) error {
	if err := d.begin(false); err != nil {
		return err
	}
	defer d.mu.Unlock()
	n := d.inodes[id]
	if n == nil {
		return syscall.ENOENT
	}
	f(n)
	return nil
}
