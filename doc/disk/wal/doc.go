// Package wal is a write-ahead log: records, which are opaque bytes, one after the other in a few files, each durable when
// Append returns. It knows nothing of documents.
//
// There are only four things in it: Log, what a caller has; segments, the files, of which one is the current one; the goroutine
// that prepares the next one; and the chain, which is a log while it is read. FORMAT.md tells what is in the files.
//
//	         free ──renumber──┐
//	                          ├─→ next ──take──→ current ──left──→ live ──Recycle──→ free (two), or removed
//	fresh file ──zeros, name──┘   (prepared,      │
//	                              durable)        └─ Append: one write, one sync
//
//	Open: names ─→ headers ─→ chain from the caller's position ─→ check all ─→ make durable ─→ each record ─→ prepare the next
//
// The caller keeps, elsewhere and durably, what the records say, and stores the Position up to which it has done so; then it
// calls Recycle, and opens the log from there. That order is all that it has to see to.
//
// # What holds
//
//	W1  An append is one write and one sync of bytes that were written before, in a file that has its length and its name: no
//	    change of the file system's own data goes with it. The next segment is durable before it is needed.
//	W2  A file that has the name of a segment has a header that can be read, at any time: it gets its name when all of it is
//	    durable, and is used again in place, one copy of the header after the other. It is used again only when the caller's
//	    position has passed it.
//	W3  A record has the salt of this use of its segment, and a checksum over its place as well; a segment's first record also
//	    says where the log ended before it. So what an earlier use left, a hole, a record at another place, and a
//	    segment that is missing or another, are not taken for what belongs there.
//	W4  The log ends where what follows is no record and nothing after it is one: that is what a crash may tear. Anything else that
//	    is not as it was written is ErrCorrupt, names file and offset, and is neither skipped nor handed out; and then nothing
//	    is written.
//	W5  What Open hands out is durable before it does: a process that was killed leaves bytes and names that nobody has synced, and
//	    one whose sync has failed leaves some that the page cache shows and no sync will ever write.
//	W6  After a write or a sync that failed nothing more goes to that file. The record in doubt is there once or not at all, is
//	    the last one if it is, and is gone for good when anything was appended after Reset, or its Position stored.
//	W7  Numbers of segments have no gaps, from the caller's position up to the prepared one, and none is given to two files: one
//	    that may have it is durably gone before another gets it.
//
// # What does not hold
//
//   - A damaged last record cannot be told from one that a crash has torn, where nothing comes after it: it is missing. Its
//     segment being followed by another that is in use is enough to tell.
//   - The log does not notice that a last segment is missing together with the one prepared behind it, or that all of it was
//     put back to how it was before. The caller's position shows it, if that is later.
//   - One copy of a header that is damaged is survived, not repaired. Both are ErrCorrupt, also in a file that is free.
//   - What a sector that is being written holds already must survive a power cut: a record may share its sector with the one
//     before it.
//   - Where the file system copies what it overwrites, zeros reserve no space: an append may then fail for lack of it with ErrUnsafe,
//     and Open needs space for the last record.
//   - Nobody holds a lock on the directory: that is the caller's.
//
// # Decisions
//
//   - Files are used again in place, and the header says which segment it is: renaming them would need a sync of the directory, and
//     a head that was overwritten before that was durable has cost a prototype acknowledged records.
//   - Zeros are written, not reserved with fallocate, whose blocks are entered as written by the sync that first uses them.
//   - The end of a segment is told by the first record of the next one, not by a mark at its end, which would be another write, or
//     a promise made before the end is known.
//   - A salt in full in each frame, 8 bytes, rather than in the checksum alone: looking for records behind a hole is then a search.
//   - The last record is written again when the log is opened, rather than the log copied: it is the only one that can be in
//     doubt.
//   - A failure to prepare a segment is ErrFull, whatever the reason: nothing is in doubt, and what stands in the log is sound.
//   - An empty segment is passed over, not taken out, where a record is too large for it: W7 is worth more than its bytes.
package wal
