// Package liefs is a file system that keeps what was synced apart from what was only written, so that a test can cut the power, fail
// a sync, fill the disk, or have it lie. It lives in memory and is mounted with FUSE, which needs Linux, root and /dev/fuse.
//
// There are only two types that matter:
//
//	Disk   the files: what reads show, what is durable, and the changes between the two; and what is wrong with the disk at
//	       the moment, which can be changed while it is mounted. It knows no FUSE
//	Mount  a Disk in a directory
//
//	write, truncate, allocate ─→ now ─────→ reads, and mappings of the file
//	                              │
//	                          pending ──→ sync ─→ synced
//	                              └─────→ Cut: some of it, torn ─→ the next Disk
//
// # What holds
//
//	L1  A sync that succeeds makes durable what its file, or its directory, went through before the sync began. The name of a file
//	    is its directory's: it is durable once the directory has been synced, and not with the file.
//	L2  After a Cut each byte is as it was at the last sync or after a change since, and each name likewise; a file that became
//	    longer may be longer and hold zeros there. A rename is there wholly or not at all.
//	L3  A sync that fails leaves the file as programs see it. With Lost its changes never become durable, and the next sync succeeds
//	    without them, as a kernel does it that takes a page for clean once it could not be written.
//	L4  From Freeze on nothing is carried out, and nobody is answered, until Thaw; what waited fails then. So a process that is
//	    killed in between has met the disk as the power cut left it, and no error before.
//	L5  What Cut decides follows from its seed and from what was pending, in the order of the inodes.
//
// # What does not hold
//
//   - Modes, owners and times are durable at once. There are no hard links, symbolic links and extended attributes.
//   - A cut never brings back a page that a program had overwritten before the last sync: this disk forgets, it does not rot.
//   - What a mapping writes is a write when the kernel hands it over, as on any file system.
package liefs
