// Package trace reads recorded editing sessions, so that tests, benchmarks and `tandem replay` can type them again, and
// writes the one session of our own in testdata/traces.
//
// There are only four types: a Seq is a session in one order, a Dag keeps its real concurrency, both hold Patches, and a
// Header says what the file promises about itself. A transaction is a []Patch, applied one after the other; Op makes one
// ot.Op of it.
//
// # The two formats
//
// Both are JSON lines, plain or gzip'd (told by the first two bytes, not by the name). All offsets and lengths count UTF-16
// code units. Every session starts from the empty document.
//
//	seqtrace/1   line 1   the header: counts, startSha256 and endSha256 of the text's UTF-8 bytes
//	             line n   [offset, deleted, "inserted"]      a transaction
//	                      [offset, deleted, "inserted", 1]   a further patch of the transaction before
//	dagtrace/1   line 1   the header: counts and endSha256
//	             line n   {"a": agent, "p": [parents], "x": [[offset, deleted, "inserted"], …]}
//	                      transaction n−2, made on the merge of its parents
//
// # What holds of what was read
//
//	R1  No patch of a Seq reaches past the text's end, the text at the end holds no half of a surrogate pair, the counts are
//	    those of the header, and the text has the header's endSha256. A damaged or truncated file is an error with its path
//	    and line, never a shorter session.
//	R2  A Dag's parents come before their transaction, and its counts are those of the header. Whether the patches fit the
//	    text is found by transforming: only a central order says what the text is.
//	R3  The expected text is made by plain splices on UTF-16 code units, which share nothing with package ot.
//
// # Why
//
// The readers are strict because a replay that silently read half of a file would still say "identical". The header's unknown
// fields are let through: they are remarks of whoever recorded the session. A whole session is held in memory (the largest
// has 260,000 patches, 10 MB): a replay goes over it several times.
package trace
