// Package script plays whole sessions that are written down as text: testdata/scripts. A block of commands, a line "----", and
// the whole state that they lead to; what differs is a failed test, and -update writes what came out.
//
// There are two interpreters. A World is a server's doc.State over a model of its store, and any number of clients' Pendings; nothing
// moves in it by itself: each message is delivered, lost or left lying by a command, and so is each commit. A Page is one
// Pending alone, and the TypeScript client plays the same files (client-js/test/scripts.test.ts).
//
// The format and the commands are in testdata/scripts/README.md.
package script
