// Package faults drives the real program, `tandem serve` in a process of its own, through what breaks under it: power cuts on a disk
// that forgets, tears and reorders (package liefs), SIGKILL, system calls that fail or are the last, full and read-only disks, damaged
// files. It has no code but tests.
//
//	crowd ─ real WebSockets ─→ server (a child process) ─→ directory ─→ liefs, or a real file system
//	  │                           ↑ killed, started again by the rig
//	  └─→ ledger: who typed what, and what was acknowledged ─→ verdict
//
// Authors type lines that no other edit makes, and remove lines of their own. The rigs know no file of the store but where a comment
// says so. What is checked after each fault and in the end:
//
//	F1  What was acknowledged is there exactly once; a line whose removal was acknowledged is not there.
//	F2  No line is there twice, and no text that nobody typed.
//	F3  When all is quiet, everything is saved, and all replicas of a document, and one that is read anew, are identical.
//	F4  Clients come back by themselves. The server ends when it is told to, and not before.
//
// # What does not hold
//
//   - Damage that looks like what a crash may leave is not held against the server: the last two edits before a kill may be missing where
//     a page of the log is damaged, and a file of the log with an old head may put the whole store back to that time.
//   - strace counts calls by thread: which call of the process is the n-th of a thread differs from run to run.
//
// # Decisions
//
//   - Each rig proves itself: where syncs are made to do nothing, the same rig must find a loss (TestRigControl…).
//   - A seed decides what the authors type and what a cut leaves, but not when the processes run: a failure prints its seed, which
//     makes it likely again, not certain.
//   - The tests are built without the race detector: it would see nothing of the child, and take the time that the cuts need.
package faults
