// Package disk is the embedded store of documents: a directory with a write-ahead log and one bbolt database. It implements
// doc.Archive. FORMAT.md tells what is in the directory.
//
// There are only seven things in it: Store, what others see; the appender, the one goroutine that writes the log (package wal); the
// checkpointer, the one that moves what is there to the database; the committer, the one that writes the database; the saver, the one
// that feeds it snapshots, and what is trimmed, rewritten or removed; the gatherer, which has spans written together; and the engine, which
// is all that knows bbolt.
//
//	Append ─→ appender ─→ one record of the log, one sync ─→ tails ─→ every done
//	                                                           │ by size, time, need
//	                         checkpointer: blocks, clients, head, and the log's position
//	                                                           ↓
//	SaveSpan ─→ gatherer: 20 ms ──────→│
//	Save, Trim, Rewrite, … ─→ saver ─→ slices of ≤ 256 KiB ─→ committer ─→ engine.update ─→ one transaction
//	Load that creates ─────────────────────────────────────────→                              │ unknown outcome
//	Load, Read ─→ tails, engine.view: short transactions                engine.heal: copy, sync, rename, open
//
// # What holds
//
//	D1  One record of the log takes the batches of all documents that wait, up to MaxTransaction, and does not wait for more. A batch's
//	    condition (id, epoch, revision, lineage; each client's sequence) is checked before, and one that fails, or that meets
//	    damage, is left out alone. Where the tails know all of it, the database is asked once after each checkpoint. Maintenance goes to
//	    the database, and delays no append.
//	D2  What is read is durable: the tails hold what the log has synced and the database may not have; and a bbolt reader, which sees a
//	    commit from the moment its meta page is written, before that is synced, waits for the outcome. Opening syncs both first,
//	    since a process that was killed leaves pages that nobody has synced, and moves all of the log to the database.
//	D3  A document is read wholly or not at all: history must lead, by revisions without a gap and by lineage, from its
//	    snapshot to the revision and lineage of its head, and as many client records must be there as the head says.
//	D4  Everything read is checked: the seal of each record, over its key too; ranges; hash and length of a snapshot; and, when
//	    the store is opened, the structure of all pages. What does not hold is doc.ErrDamaged, which names the document,
//	    or an error of Open; never an empty document, and never the end of the process.
//	D5  After a commit of the database of which it is not known whether it happened, nothing is read or appended until a copy of the
//	    file has been synced and has taken its place; meanwhile every call answers doc.ErrUnavailable with the reason. A word in
//	    the lock file remembers this over the end of the process. After a failed sync of the log nothing is appended until the
//	    database has everything acknowledged, together with a position of the log behind what was in doubt: that never comes back.
//	D6  The trash names all that does not count, yet or any more, in the same transactions: contents (snapshots, bases, what versions
//	    keep), histories, documents, what lies below a floor. So what a crash leaves is found, and removed in slices.
//	D7  A transaction is at most 1 MiB and one record large, a read transaction copies at most 1 MiB and one record, and neither decodes
//	    history, waits, or calls anybody.
//	D8  An archive moves by one small transaction each time: the floor with its base and the records floor; a history with its
//	    epoch and snapshot; a version with its content; a name with its head. What is large is written ahead of it and removed after.
//	    Records of clients are forgotten after the records floor has risen, and counted in the same transactions.
//	D9  What the database has of a document is always a beginning of its history, and the log has the rest: a segment of it is used
//	    again only when the database has, durably, everything up to a position behind it. Moving twice is moving once.
//	D10 A full disk is told before it matters: when the log cannot prepare its next segment, Ready says doc.ErrNoSpace, and what is under
//	    way still fits the current one. It asks for space again every second.
//	D11 Check holds everything against everything else without bbolt: what it calls good is read by Load, Read and the archive.
//
// # What does not hold
//
//   - A head that is damaged in the database while its document is typed in is found by the first append after the next checkpoint, 5 s
//     later at most. What was appended until then is kept apart as the end of a damaged document; where the head is gone altogether,
//     it is not.
//   - Damage to bbolt's own pages is not confined to a document: the store does not open. Values, which are nearly all of the
//     file, are.
//   - A file that is old but whole, or a disk that forgets a whole transaction it has synced, is not seen here. Epoch and
//     lineage show it to the clients.
//   - While the store is being made safe there must be space for a second copy of it. A disk that is full is noticed before that,
//     when pages are written, and needs no copy: what was there stays readable.
//   - The file shrinks by Compact only.
//   - Damage to the very last record of the log cannot be told from a write that was torn: it is taken for that, if the process was
//     killed. It is in the database after some seconds (CheckpointEvery), and behind that nothing of it is needed.
//   - While the whole store is copied (Backup, Compact, Scrub), documents that are new wait, and the log grows, up to its bound.
//   - Compact and Scrub leave nothing of what was removed in the store's files. What the disk below keeps of blocks that were freed,
//     and what backups have, is not theirs.
//   - A composed operation that is damaged is not there for its readers, who have history; Check tells of it.
//   - What a document's history takes counts, where format 1 began it, only what came since.
//   - The lock is flock's: on a network file system it may hold nobody off.
//
// # Decisions
//
//   - Flat buckets with the document's id before every key, rather than a bucket for each document: DeleteBucket is one unbounded
//     transaction, and small documents would each fill pages of their own.
//   - A log in front of bbolt, rather than bbolt alone: a commit of one letter takes 65 µs instead of 187, 200 documents at once get 5
//     times as many commits, and the disk writes 4.3–5.1 kB for a letter instead of 19 (BenchmarkCommit).
//   - One log for all documents, rather than one for each: 200 documents share a sync.
//   - Documents are made in the database at once, rather than in the log: it happens once, and names need no second place.
//   - A block of what gathered since the last checkpoint, up to 32 KiB, rather than a key for each commit: Seek on the last revision
//     finds the block that holds a revision.
//   - A content's key begins with the document's id, commits' and spans' with that of their history: so a base, and what versions keep,
//     stay where they are when history is rewritten, and only what was rewritten is written anew.
//   - Trimming cuts the block that the floor falls into, in the transaction that moves the floor: nothing below it is read from then
//     on, and the first block begins right above.
//   - One goroutine for all that is written ahead and removed: whatever stands in the trash is nobody's work in progress.
//   - Making safe is a copy, rather than writing every page back in place: a power cut in the middle of that could harm
//     what was whole, and the copy is checked before it is used.
//   - Our own walk over the pages before bbolt may open them, rather than recover: bbolt finds its free pages on a goroutine of
//     its own, where a panic ends the process. The free list in the file, which would avoid that, costs pages with every commit.
//   - A meta page with a wrong checksum is refused, although bbolt would go on with the other one: that is the store without
//     its last transaction, which may have been acknowledged.
//   - No DB.Batch: it waits, runs the healthy again with the failed, and swallows panics.
package disk
